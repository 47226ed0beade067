"""Open-i: sections, MeSH terms and images of a study, and XML that is none."""

from pathlib import Path

import pytest

from models.manifest import ManifestError
from tests.training.data.prepare.prepared import prepared


def test_both_images_of_a_study_carry_its_sections_and_terms(tmp_path: Path) -> None:
    rows, told = prepared("openi", tmp_path)
    assert len(rows) == 2 * 29
    assert told == ["left out 2 images whose report lacks the section"]
    assert rows[2] == {
        "image": "NLMCXR_png/CXR2_1_IM-0001-3001.png",
        "report": "Heart size 2. No acute disease.",
        "findings": "Heart size 2.",
        "impression": "No acute disease.",
        "study_id": "2",
        "patient_id": "2",
        "split": rows[3]["split"],
        "labels": ["Cardiomegaly", "Opacity"],
    }
    assert rows[3]["image"].endswith("4001.png")


def test_the_report_is_the_section_that_is_asked_for(tmp_path: Path) -> None:
    rows, _ = prepared("openi", tmp_path, "--section", "impression")
    assert {row["report"] for row in rows} == {"No acute disease."}


def test_broken_xml_is_told_by_its_file(tmp_path: Path) -> None:
    prepared("openi", tmp_path)
    (tmp_path / "ecgen-radiology" / "7.xml").write_text("<eCitation><uId")
    with pytest.raises(ManifestError, match=r"7\.xml: not XML"):
        prepared("openi", tmp_path, write=False)


def test_entities_that_blow_up_are_refused(tmp_path: Path) -> None:
    """Ten to the ninth laughs: expat stops long before they fill the memory."""
    levels = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "laugh">{levels}]><a>&l9;</a>'
    prepared("openi", tmp_path)
    (tmp_path / "ecgen-radiology" / "7.xml").write_text(bomb)
    with pytest.raises(ManifestError, match=r"7\.xml: not XML .*amplification"):
        prepared("openi", tmp_path, write=False)
