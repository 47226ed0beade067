"""Synthetic manifests and images for the tests of the check."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rows = list[dict[str, Any]]  # Any: JSON

GOOD = {"image": "a.png", "report": "A mass.", "patient_id": "p"}


def picture(seed: int, *, height: int = 96, width: int = 80) -> NDArray[np.uint8]:
    """Draw soft shapes and a little noise; every seed shows others."""
    random = np.random.default_rng(seed)
    shapes = Image.fromarray(random.integers(40, 210, (9, 9), dtype=np.uint8))
    grey = np.asarray(shapes.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    return (grey + random.integers(-3, 4, grey.shape)).clip(0, 255).astype(np.uint8)


def manifest_of(folder: Path, rows: Rows) -> Path:
    """Write a manifest, and images that differ: a.png, b.png and c.png."""
    for seed, name in enumerate("abc"):
        Image.fromarray(picture(seed)).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    Image.fromarray(np.full((8, 8), 7, dtype=np.uint8)).save(folder / "blank.png")
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
