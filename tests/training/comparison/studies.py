"""A comparison small enough for a test."""

from pathlib import Path
from typing import Any

import yaml

TINY: dict[str, Any] = {  # Any: YAML
    "name": "tiny",
    "recipes": {"AGA": "phantom", "MGCA": "mgca"},
    "reference": "phantom",
    "seeds": [3],
    "settings": [
        *("optimization.epochs=1", "optimization.batch_size=8"),
        *("model.preprocessing.size=64", "model.dim=16"),
    ],
    "train": {"phantom": {"kind": "chest", "n": 40, "seed": 0}},
    "sets": {
        "few": {
            "phantom": {"kind": "chest", "n": 30, "seed": 1},
            "splits": ["train", "validation", "test"],
            "retrieval": True,
            "prompts": "phantom-effusion",
            "probe": [1.0],
            "texts": True,
        }
    },
}


def study(folder: Path, **changes: object) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY | changes))
    return path
