"""CheXpert: labels with their doubts, splits by folder, and the reports of CheXpert Plus."""

from collections import Counter
from pathlib import Path

import pytest

from models.manifest import ManifestError
from tests.training.data.prepare.files import write_image, write_table
from tests.training.data.prepare.prepared import prepared
from tests.training.data.prepare.published_chest import chexpert, observed


def test_an_image_carries_labels_doubts_and_its_report(tmp_path: Path) -> None:
    rows, told = prepared("chexpert", tmp_path)
    assert rows[1] == {
        "image": "CheXpert-v1.0-small/train/patient00000/study1/view2_lateral.jpg",
        "report": "Clear at 0. None.",
        "findings": "Clear at 0.",
        "impression": "None.",
        "study_id": "patient00000/study1",
        "patient_id": "patient00000",
        "split": "train",
        "labels": ["Edema"],
        "uncertain": ["Fracture"],
        "view": "lateral",
        "sex": "Female",
        "age": "60",
    }
    assert Counter(row["split"] for row in rows) == {"train": 50, "validation": 8, "test": 4}
    assert told == ["left out 2 images without a report in CheXpert Plus"]


def test_reports_without_the_section_are_left_out(tmp_path: Path) -> None:
    rows, told = prepared("chexpert", tmp_path, "--section", "findings")
    assert len(rows) == 60
    assert told[0] == "left out 2 images whose report lacks the section"


def test_without_reports_every_image_is_there(tmp_path: Path) -> None:
    chexpert(tmp_path)
    rows, told = prepared("chexpert", tmp_path, write=False)
    assert (len(rows), told) == (64, [])
    assert not any("report" in row for row in rows)


def test_the_official_validation_images_can_be_the_test(tmp_path: Path) -> None:
    """Then patients of the training folder are drawn for validation, each as a whole."""
    chexpert(tmp_path)
    rows, _ = prepared("chexpert", tmp_path, "--valid", "test", write=False)
    for row in rows:
        assert (row["split"] == "test") == ("/train/" not in row["image"])
    splits = {(row["patient_id"], row["split"]) for row in rows}
    assert len(splits) == 32


def test_patients_of_another_manifest_are_left_out(tmp_path: Path) -> None:
    chexpert(tmp_path)
    (tmp_path / "others.jsonl").write_text('{"image": "a.png", "patient_id": "patient00003"}\n')
    options = ["--without", str(tmp_path / "others.jsonl")]
    rows, told = prepared("chexpert", tmp_path, *options, write=False)
    assert "patient00003" not in {row["patient_id"] for row in rows}
    assert told == [f"left out 2 images of patients of {tmp_path}/others.jsonl"]


def test_copies_in_another_format_are_taken(tmp_path: Path) -> None:
    chexpert(tmp_path)
    image = tmp_path / "CheXpert-v1.0-small" / "train" / "patient00000" / "study1"
    (image / "view1_frontal.jpg").unlink()
    write_image(image / "view1_frontal.png", seed=7)
    rows, _ = prepared("chexpert", tmp_path, write=False)
    assert rows[0]["image"].endswith("patient00000/study1/view1_frontal.png")


def test_a_path_that_is_none_is_told(tmp_path: Path) -> None:
    chexpert(tmp_path)
    write_table(tmp_path / "CheXpert-v1.0-small" / "train.csv", [{"Path": "a.jpg"} | observed()])
    with pytest.raises(ManifestError, match=r"train\.csv: 'a\.jpg' is no path as train/patient"):
        prepared("chexpert", tmp_path, write=False)
