"""Phrases with boxes: table and JSON alike, and boxes that fit the image that lies there."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.manifest import ManifestError
from tests.training.data.prepare.prepared import prepared
from tests.training.data.prepare.published_chest import phrase_boxes

TABLE = "MS_CXR_Local_Alignment_v1.1.0.csv"


def table_of(root: Path) -> list[dict[str, str]]:
    with (root / TABLE).open(newline="") as file:
        return list(csv.DictReader(file))


def as_coco(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Write the boxes as COCO has them; version 1.0.0 knows no splits."""
    paths = list(dict.fromkeys(row["path"] for row in rows))
    names = sorted({row["category_name"] for row in rows})
    return {
        "info": {"version": "1.0.0"},
        "categories": [{"id": place, "name": name} for place, name in enumerate(names)],
        "images": [
            {"id": place, "file_name": Path(path).name, "path": path, "width": 64, "height": 64}
            for place, path in enumerate(paths)
        ],
        "annotations": [
            {
                "id": place,
                "image_id": paths.index(row["path"]),
                "category_id": names.index(row["category_name"]),
                "label_text": row["label_text"],
                "bbox": [int(row[side]) for side in "xywh"],
            }
            for place, row in enumerate(rows)
        ],
    }


def test_a_phrase_has_all_its_boxes_and_mimics_ids(tmp_path: Path) -> None:
    rows, told = prepared("phrase-boxes", tmp_path)
    assert rows[0] == {
        "image": "files/p10/p10000100/s50000200/00000000.jpg",
        "study_id": "50000200",
        "patient_id": "10000100",
        "split": "test",
        "labels": ["Edema", "Pneumonia"],
        "boxes": {
            "hazy opacities": [[4.0, 8.0, 24.0, 38.0], [36.0, 8.0, 56.0, 38.0]],
            "a patch on the left": [[4.0, 8.0, 24.0, 38.0]],
        },
    }
    assert (len(rows), told) == (12, [])


def test_the_json_says_the_same_as_the_table(tmp_path: Path) -> None:
    rows, _ = prepared("phrase-boxes", tmp_path)
    coco = as_coco(table_of(tmp_path))
    (tmp_path / TABLE).unlink()
    (tmp_path / "MS_CXR_Local_Alignment_v1.0.0.json").write_text(json.dumps(coco))
    again, _ = prepared("phrase-boxes", tmp_path, write=False)
    assert again == rows


def test_images_may_lie_in_one_folder_and_be_missing(tmp_path: Path) -> None:
    phrase_boxes(tmp_path / "boxes")
    for number, image in enumerate(sorted((tmp_path / "boxes").rglob("*.jpg"))):
        if number:
            (tmp_path / "flat").mkdir(exist_ok=True)
            shutil.move(image, tmp_path / "flat" / image.name)
    options = [f"--images={tmp_path}/flat"]
    rows, told = prepared("phrase-boxes", tmp_path / "boxes", *options, write=False)
    assert len(rows) == 11
    assert told == [f"left out 1 images that are missing, as {tmp_path}/flat/00000000.jpg"]


def resized(root: Path, width: int, height: int) -> None:
    path = root / "files/p10/p10000100/s50000200/00000000.jpg"
    Image.fromarray(np.zeros((height, width), np.uint8)).save(path)


def test_boxes_shrink_with_a_resized_copy(tmp_path: Path) -> None:
    phrase_boxes(tmp_path)
    resized(tmp_path, 32, 32)
    rows, told = prepared("phrase-boxes", tmp_path, write=False)
    assert rows[0]["boxes"]["a patch on the left"] == [[2.0, 4.0, 12.0, 19.0]]
    assert told == ["1 images are resized copies: their boxes are too"]


def test_a_cropped_copy_is_refused(tmp_path: Path) -> None:
    phrase_boxes(tmp_path)
    resized(tmp_path, 32, 31)
    with pytest.raises(ManifestError, match="is 32 x 31, no scaled copy of 64 x 64"):
        prepared("phrase-boxes", tmp_path, write=False)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("x", "", "box 1: takes numbers"), ("split", "dev", "box 1: split: 'dev' is none of")],
)
def test_a_wrong_cell_is_told(tmp_path: Path, column: str, value: str, message: str) -> None:
    phrase_boxes(tmp_path)
    rows = table_of(tmp_path)
    rows[0][column] = value
    with (tmp_path / TABLE).open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    with pytest.raises(ManifestError, match=message):
        prepared("phrase-boxes", tmp_path, write=False)


def test_another_json_is_refused(tmp_path: Path) -> None:
    phrase_boxes(tmp_path)
    (tmp_path / TABLE).unlink()
    (tmp_path / "MS_CXR_Local_Alignment_v1.0.0.json").write_text('{"images": []}')
    with pytest.raises(ManifestError, match=r"not the JSON of MS-CXR \('categories'\)"):
        prepared("phrase-boxes", tmp_path, write=False)
