"""MIMIC-CXR: both trees, sections, views, labels and splits, and the sizes of the paper."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from models.imaging import read_image_file
from models.manifest import ManifestError
from tests.training.data.prepare.files import write_table
from tests.training.data.prepare.prepared import prepared
from tests.training.data.prepare.published_chest import mimic_cxr, observed
from training.data.prepare.mimic_cxr import PAPER, compared
from training.data.prepare.source import SourceMissing


def test_an_image_carries_sections_labels_view_and_the_official_split(tmp_path: Path) -> None:
    rows, told = prepared("mimic-cxr", tmp_path)
    assert rows[3] == {
        "image": "files/p10/p10000101/s50000201/00000001-00000007.jpg",
        "report": "Lungs are clear at level 1. No effusion. No acute process.",
        "findings": "Lungs are clear at level 1. No effusion.",
        "impression": "No acute process.",
        "study_id": "50000201",
        "patient_id": "10000101",
        "split": "train",
        "labels": ["Edema"],
        "uncertain": ["Pneumonia"],
        "negative": ["Fracture"],
        "view": "LATERAL",
    }
    assert "labels" not in rows[0]  # its study was not labelled
    splits = Counter(row["split"] for row in rows)
    assert splits == {"train": 40, "validation": 10, "test": 7}
    assert told == [
        "left out 2 images without findings and impression",
        f"left out 1 images that are missing, as {tmp_path}/files/p10/p10000127/s50000227/"
        "0000001b-00000007.jpg",
    ]


def test_the_report_is_the_section_and_images_without_it_are_counted(tmp_path: Path) -> None:
    rows, told = prepared("mimic-cxr", tmp_path, "--section", "findings")
    assert {row["report"] for row in rows} == {row["findings"] for row in rows}
    assert len(rows) == 55
    assert told[0] == "left out 4 images without findings"


def test_views_are_chosen_and_the_others_counted(tmp_path: Path) -> None:
    rows, told = prepared("mimic-cxr", tmp_path, "--views", "PA", "AP")
    assert {row["view"] for row in rows} == {"PA"}
    assert told[0] == "left out 30 images of other views than PA, AP"


def test_the_dicom_tree_is_read_with_tables_and_reports_elsewhere(tmp_path: Path) -> None:
    mimic_cxr(tmp_path / "dicom", ending=".dcm")
    for path in (tmp_path / "dicom").glob("*.csv*"):
        shutil.move(path, tmp_path / path.name)
    for path in (tmp_path / "dicom" / "files").rglob("*.txt"):
        target = tmp_path / "mimic-cxr-reports" / path.relative_to(tmp_path / "dicom")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    options = ["--tables", str(tmp_path), "--reports", str(tmp_path)]
    rows, _ = prepared("mimic-cxr", tmp_path / "dicom", *options, write=False)
    assert len(rows) == 57
    image = tmp_path / "dicom" / rows[0]["image"]
    assert image.suffix == ".dcm"
    assert read_image_file(image).shape == (64, 64)


def test_without_reports_it_says_where_they_come_from(tmp_path: Path) -> None:
    mimic_cxr(tmp_path)
    for path in tmp_path.rglob("*.txt"):
        path.unlink()
    with pytest.raises(SourceMissing, match=r"files/p\*/p\*/s\*\.txt is missing; MIMIC-CXR"):
        prepared("mimic-cxr", tmp_path, write=False)


def test_without_any_image_it_is_an_error(tmp_path: Path) -> None:
    mimic_cxr(tmp_path)
    for path in tmp_path.rglob("*.jpg"):
        path.unlink()
    with pytest.raises(ManifestError, match=r"\.jpg: is missing, as are all 58 images"):
        prepared("mimic-cxr", tmp_path, write=False)


def test_missing_labels_are_told(tmp_path: Path) -> None:
    rows, told = prepared("mimic-cxr", tmp_path, "--labeler", "negbio")
    assert told[0] == f"without labels: {tmp_path} holds no mimic-cxr-2.0.0-negbio.csv"
    assert not any("labels" in row for row in rows)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "validate"], "subject 1 stands in two splits"),
        (["train", "dev"], "split: 'dev' is none of train, validate, test"),
        (["train"], "subject 10000100 has no split"),
    ],
)
def test_a_wrong_split_is_told(tmp_path: Path, splits: list[str], message: str) -> None:
    mimic_cxr(tmp_path)
    rows = [{"dicom_id": "a", "subject_id": 1, "study_id": 2, "split": split} for split in splits]
    write_table(tmp_path / "mimic-cxr-2.0.0-split.csv.gz", rows)
    with pytest.raises(ManifestError, match=message):
        prepared("mimic-cxr", tmp_path, write=False)


def test_a_label_that_is_none_is_told(tmp_path: Path) -> None:
    mimic_cxr(tmp_path)
    table = tmp_path / "mimic-cxr-2.0.0-chexpert.csv"
    (tmp_path / "mimic-cxr-2.0.0-chexpert.csv.gz").unlink()
    write_table(table, [{"subject_id": 1, "study_id": 2} | observed(Edema="2")])
    with pytest.raises(ManifestError, match=r"study 2: Edema: takes 1, 0, -1 or nothing, got '2'"):
        prepared("mimic-cxr", tmp_path, write=False)


def test_the_complete_set_is_compared_with_the_paper() -> None:
    same = compared(Counter(PAPER), section="findings", views=[])
    assert same == "as many pairs as the paper has: 270,742 train, 2,130 validation, 3,858 test"
    fewer = Counter(PAPER) - Counter(train=42)
    assert "by -42 train, +0 validation, +0 test" in compared(fewer, section="findings", views=[])
    assert "not compared" in compared(fewer, section="both", views=[])
    assert "not compared" in compared(fewer, section="findings", views=["PA"])


def test_the_complete_set_is_known_by_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.prepare.mimic_cxr.COMPLETE", 60)
    _, told = prepared("mimic-cxr", tmp_path, "--section", "findings")
    assert "by -270,702 train, -2,122 validation, -3,851 test" in told[-1]
