"""A network and a handful of marked pairs, of several shapes, for the tests of localization."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.aga import AGA
from tests.helpers import tiny_model
from training.data.manifest import ImageReportPair, read_pairs

SHAPES = ((64, 64), (50, 80), (90, 41), (64, 64))  # height, width
REPORTS = (
    "Large left pleural effusion. No pneumothorax.",
    "The heart is normal in size. Small pleural effusion.",
    "There is a mass in the right upper lobe.",
    "A nodule is seen.",
)
BOXES = (
    {"pleural effusion": [[0, 32, 32, 64]]},
    {"cardiomediastinum": [10, 10, 30, 40], "pleural effusion": [[40, 25, 80, 50]]},
    {"mass": [[0, 0, 20, 30]]},
    {"fracture": [0, 0, 16, 16]},  # stands in no report
)


@pytest.fixture(scope="package")
def model() -> AGA:
    return tiny_model()


@pytest.fixture(scope="package")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write four images of four patients, the first two of which are for training."""
    folder = tmp_path_factory.mktemp("marked")
    random = np.random.default_rng(0)
    rows = []
    for number, (shape, report, boxes) in enumerate(zip(SHAPES, REPORTS, BOXES, strict=True)):
        pixels = random.integers(256, size=shape, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        split = "train" if number < 2 else "test"
        rows.append(
            {"image": f"{number}.png", "report": report, "boxes": boxes, "split": split}
            | {"patient_id": f"patient {number}"}
        )
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="package")
def pairs(manifest: Path) -> list[ImageReportPair]:
    return list(read_pairs(manifest))
