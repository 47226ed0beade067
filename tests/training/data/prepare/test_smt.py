"""Submucosal tumors: reports, classes and hospitals by folder."""

from pathlib import Path

import pytest

from models.manifest import ManifestError
from tests.training.data.prepare.files import write_image, write_table
from tests.training.data.prepare.prepared import prepared


def test_a_hospital_that_is_held_out_is_test_alone(tmp_path: Path) -> None:
    rows, _ = prepared("smt", tmp_path)
    held_out = [row for row in rows if row["hospital"] == "hospital E"]
    assert len(held_out) == 28
    assert {(row["split"], row["label"]) for row in held_out} == {("test", "lipoma")}
    others = [row for row in rows if row["hospital"] != "hospital E"]
    assert {row["split"] for row in others} == {"train", "validation", "test"}
    splits = {(row["patient_id"], row["split"]) for row in rows}
    assert len(splits) == len({patient for patient, _ in splits}) == 42


def test_an_image_may_have_a_text_of_its_own(tmp_path: Path) -> None:
    rows, _ = prepared("smt", tmp_path)
    reports = {row["image"]: row["report"] for row in rows}
    assert reports["hospital A/003/02.png"] == "The layer of origin is the fourth."
    assert reports["hospital A/003/01.png"] == "Hypoechoic lesion of 3 mm."


def test_an_image_without_a_text_is_told(tmp_path: Path) -> None:
    prepared("smt", tmp_path)
    (tmp_path / "hospital A" / "003" / "report.txt").unlink()  # 02.png has a text of its own
    rows, told = prepared("smt", tmp_path, "--held-out", "hospital E", write=False)
    assert "hospital A/003/01.png" not in {row["image"] for row in rows}
    assert told == ["left out 1 images without a report"]


def test_a_patient_without_a_class_and_an_unknown_hospital_are_told(tmp_path: Path) -> None:
    prepared("smt", tmp_path)
    with pytest.raises(ManifestError, match="holds no hospital hospital X"):
        prepared("smt", tmp_path, "--held-out", "hospital X", write=False)
    (tmp_path / "labels.csv").write_text("hospital,patient,label\n")
    with pytest.raises(ManifestError, match=r"labels\.csv: has no row for hospital A, 000"):
        prepared("smt", tmp_path, write=False)


def test_so_many_test_images_of_each_class_make_the_balanced_set(tmp_path: Path) -> None:
    labels = []
    for number in range(60):
        patient = tmp_path / "hospital A" / f"{number:03}"
        write_image(patient / "01.png", seed=number, size=8)
        (patient / "report.txt").write_text("A lesion.")
        label = ("GIST", "NET")[number % 2]
        labels.append({"hospital": "hospital A", "patient": f"{number:03}", "label": label})
    write_table(tmp_path / "labels.csv", labels)
    everything, _ = prepared("smt", tmp_path, write=False)
    rows, _ = prepared("smt", tmp_path, "--per-class=2", write=False)
    assert [row["label"] for row in rows] == ["GIST", "GIST", "NET", "NET"]
    assert all(row in everything and row["split"] == "test" for row in rows)


def test_a_class_with_too_few_test_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="NET: 0 are there, 1 are asked for"):
        prepared("smt", tmp_path, "--per-class=1")


def test_hospitals_that_are_held_out_make_a_set_of_their_own(tmp_path: Path) -> None:
    rows, _ = prepared("smt", tmp_path, "--only-held-out")
    assert len(rows) == 28
    assert {row["hospital"] for row in rows} == {"hospital E"}
