"""ROCO and ROCOv2: captions and splits of both layouts."""

from pathlib import Path

from tests.training.data.prepare.files import write_image, write_table
from tests.training.data.prepare.prepared import prepared


def test_splits_are_the_publishers_and_lost_images_are_told(tmp_path: Path) -> None:
    rows, told = prepared("roco", tmp_path)
    splits = [row["split"] for row in rows]
    assert [splits.count(name) for name in ("train", "validation", "test")] == [32, 9, 9]
    assert rows[0]["report"] == "Axial CT with a lesion of 0 mm"
    assert rows[0]["image"] == "train/radiology/images/ROCO_50000.jpg"
    lost = tmp_path / "validation" / "radiology" / "images" / "ROCO_100000.jpg"
    assert told == [f"left out 2 images that are missing, as {lost}"]


def test_the_second_version_is_read_too(tmp_path: Path) -> None:
    write_image(tmp_path / "valid" / "ROCOv2_2023_valid_000001.jpg", seed=1)
    caption = {"ID": "ROCOv2_2023_valid_000001", "Caption": "Chest, with an effusion"}
    write_table(tmp_path / "valid_captions.csv", [caption])
    rows, _ = prepared("roco", tmp_path, write=False)
    assert rows == [
        {
            "image": "valid/ROCOv2_2023_valid_000001.jpg",
            "report": "Chest, with an effusion",
            "study_id": "ROCOv2_2023_valid_000001",
            "split": "validation",
        }
    ]
