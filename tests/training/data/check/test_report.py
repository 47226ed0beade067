"""The check of a manifest: each kind of problem with its row, notes, and figures by hand."""

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from models.tokenizing import ReportTokenizer
from tests.training.data.check.fixtures import GOOD, Rows, manifest_of, picture
from training.data.check import Report, check_manifest
from training.data.check.figures import Table
from training.data.check.findings import SHOWN, Kind
from training.data.check.survey import MOST_NAMES, OTHER, Tally


def lines(report: Report) -> list[str]:
    return [line for found in report.findings.first.values() for line in found]


def table(report: Report, title: str) -> Table:
    (found,) = (table for table in report.tables if table.title == title)
    return found


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"image": "none.png"}, "row 2: image: {folder}/none.png: No such file or directory"),
        ({"image": "broken.png"}, "row 2: image: {folder}/broken.png: not a readable"),
        ({"image": "blank.png"}, "row 2: image: {folder}/blank.png is of one grey level"),
        ({"report": "..."}, "row 2: report: is missing or holds no word"),
        ({"report": None}, "row 2: report: is missing or holds no word"),
        ({"image": None}, "row 2: image: is missing or no text"),
        ({"labels": "edema"}, "row 2: labels: takes a list of strings, got 'edema'"),
        ({"split": "dev"}, "row 2: split: 'dev' is none of train, validation, test"),
        (
            {"split": "test"},
            "row 2: patient_id: the same patient stands in test here and in train in row 1",
        ),
        ({"image": "a.png"}, "row 2: image: shows the same as row 1"),
        ({"image": "copy.png"}, "row 2: image: shows the same as row 1"),
    ],
)
def test_a_problem_is_named_with_its_row(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    report = check_manifest(manifest_of(tmp_path, [GOOD, GOOD | {"image": "b.png"} | row]))
    (found,) = lines(report)
    assert found.startswith(problem.format(folder=tmp_path))
    assert (report.findings.problems, report.findings.warnings) == (1, 0)


def test_every_row_is_checked_and_every_line_listed(tmp_path: Path) -> None:
    bad = {"image": "none.png", "patient_id": "p", "split": "test"}
    listing = StringIO()
    check_manifest(manifest_of(tmp_path, [GOOD, bad, bad | {"report": "A."}]), listing=listing)
    listed = sorted(line[:14] for line in listing.getvalue().splitlines())
    assert listed == ["problem: row 2"] * 3 + ["problem: row 3"] * 2


def test_of_many_problems_of_a_kind_the_first_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    count = 100
    rows: Rows = [{"image": "a.png", "report": "."}] * count
    report = check_manifest(manifest_of(tmp_path, rows), images=False)
    assert report.findings.counts == {Kind.NO_WORD: count}
    assert [line[:6] for line in lines(report)] == [f"row {n}:" for n in range(1, SHOWN + 1)]


def test_a_line_that_is_no_json_is_a_problem_and_ends_the_check(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, [GOOD | {"report": "."}])
    manifest.write_text(manifest.read_text() + "{\n")
    first, second = sorted(lines(check_manifest(manifest)), key=lambda line: line[:3] != "row")
    assert first.startswith("row 1: report")
    assert second.startswith(f"{manifest}:2: not JSON")


def leaking(**of_second: str) -> Rows:
    """Make two studies of two patients in two splits."""
    return [
        GOOD | {"split": "train"},
        {"image": "b.png", "report": "Other.", "patient_id": "q", "split": "test"} | of_second,
    ]


def test_a_report_of_another_patient_in_another_split_is_a_warning(tmp_path: Path) -> None:
    report = check_manifest(manifest_of(tmp_path, leaking(report="A mass.")))
    assert report.findings.counts == {Kind.SAME_REPORT: 1}
    assert lines(report)[0].startswith("row 2: report: the same as of another patient")
    assert (report.findings.problems, report.findings.warnings) == (0, 1)


def test_the_rows_of_a_patient_in_two_splits_are_named_once(tmp_path: Path) -> None:
    rows = leaking(report="A mass.", patient_id="p", image="near.jpg")
    manifest = manifest_of(tmp_path, rows)
    Image.fromarray(picture(0)).save(tmp_path / "near.jpg")
    assert check_manifest(manifest).findings.counts == {Kind.TWO_SPLITS: 1}


def test_an_image_in_another_encoding_in_another_split_is_a_warning(tmp_path: Path) -> None:
    rows = [*leaking(image="near.jpg"), {"image": "c.png", "report": "C.", "split": "validation"}]
    manifest = manifest_of(tmp_path, rows)
    Image.fromarray((picture(0) * 0.95).astype(np.uint8)).save(tmp_path / "near.jpg", quality=70)
    report = check_manifest(manifest)
    assert report.findings.counts == {Kind.NEAR_IMAGE: 1}
    (pair,) = report.near_pairs
    assert (pair.row, pair.other) == (2, 1)


def test_alike_images_of_one_split_are_no_warning(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, leaking(image="near.jpg", split="train"))
    Image.fromarray(picture(0)).save(tmp_path / "near.jpg")
    assert check_manifest(manifest).findings.counts == {}


def test_blank_images_do_not_look_alike(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, leaking(image="blank.png"))
    Image.fromarray(np.full((9, 9), 99, dtype=np.uint8)).save(tmp_path / "a.png")
    assert check_manifest(manifest).findings.counts == {Kind.BLANK: 2}


def test_without_images_no_pixel_is_read(tmp_path: Path) -> None:
    rows = [GOOD, GOOD | {"image": "none.png"}, GOOD | {"image": "broken.png"}]
    report = check_manifest(manifest_of(tmp_path, rows), images=False)
    assert report.findings.counts == {}
    assert "Size of images in pixels" not in [table.title for table in report.tables]


SET: Rows = [
    {"study_id": "1", "patient_id": "p", "report": "a mass", "labels": ["mass"], "findings": "x"},
    {"study_id": "1", "patient_id": "p", "report": "a mass", "labels": ["mass", "edema"]},
    {"study_id": "2", "patient_id": "p", "report": "a mass", "labels": []},
    {"study_id": "3", "patient_id": "q", "report": "b b b b", "label": "mass", "split": "test"},
]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Check four rows: three pairs of two studies to train with, one to test with."""
    vocabulary = {"[UNK]": 0, "a": 1, "mass": 2}
    words = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    words.pre_tokenizer = Whitespace()
    images = ["a.png", "b.png", "c.png", "near.jpg"]
    rows = [{"image": image} | row for image, row in zip(images, SET, strict=True)]
    manifest = manifest_of(tmp_path, rows)
    Image.fromarray(picture(7, height=50, width=120)).save(tmp_path / "near.jpg")
    return check_manifest(manifest, tokenizer=ReportTokenizer(words, max_pieces=3))


def test_splits_are_counted_in_pairs_studies_patients_and_reports(report: Report) -> None:
    assert table(report, "Splits").rows == (
        ("train", 3, "75.0 %", 2, 1, 1),
        ("validation", 0, "0 %", 0, 0, 0),
        ("test", 1, "25.0 %", 1, 1, 1),
        ("all", 4, "100 %", 3, 2, 2),
    )


def test_classes_are_counted_by_split(report: Report) -> None:
    assert table(report, "Classes").rows == (
        ("mass", "2 (66.7 %)", "0", "1 (100 %)", 3, "75.0 %"),
        ("edema", "1 (33.3 %)", "0", "0", 1, "25.0 %"),
        ("(no label)", "1 (33.3 %)", "0", "0", 1, "25.0 %"),
    )


def test_lengths_are_given_in_words_and_pieces(report: Report) -> None:
    assert table(report, "Length of reports").rows == (
        ("words", 2, 2, 2, 4, 4, 4),
        ("pieces", 2, 2, 2, 4, 4, 4),
    )
    assert table(report, "Reports by length").rows[:4] == (
        ("1 to 1", 0),
        ("2 to 2", 3),
        ("3 to 3", 0),
        ("4 to 4", 1),
    )


def test_the_tokenizer_is_judged_by_its_pieces(report: Report) -> None:
    assert [row[1] for row in table(report, "Tokenizer").rows] == [
        "1.00",
        "4 (40.0 %)",
        1,
        "1 (25.0 %)",
    ]


def test_images_are_told_by_size_and_ending(report: Report) -> None:
    sizes = table(report, "Size of images in pixels")
    assert sizes.rows == (
        ("shorter side", 50, 50, 80, 80, 80, 80),
        ("longer side", 96, 96, 96, 120, 120, 120),
    )
    assert sizes.remark == "Sizes: 2; the commonest is 80 x 96 (75.0 %)."
    assert table(report, "Files by ending").rows == ((".png", 3, "75.0 %"), (".jpg", 1, "25.0 %"))


def test_columns_are_counted_where_they_hold_a_value(report: Report) -> None:
    rows = {row[0]: row[1:] for row in table(report, "Columns").rows}
    assert rows["findings"] == (1, "25.0 %", "a section of the report (--text-column findings)")
    assert rows["image"] == (4, "100 %", "the picture")


def test_notes_tell_what_is_missing_repeated_or_cut(report: Report) -> None:
    assert report.notes == [
        "No pairs in validation.",
        "Classes without a pair in test: edema.",
        "2 of 3 studies (66.7 %) have a report that another one has too, word for word. "
        "2 reports differ; the commonest stands in 2 studies, first in row 1.",
        "1 of 4 reports (25.0 %) have more than 3 pieces; what stands behind is not read.",
        "1 of 4 reports (25.0 %) have a piece that the tokenizer does not know.",
    ]


def test_a_study_with_two_reports_counts_once_among_those_that_repeat(tmp_path: Path) -> None:
    texts = [("1", "One."), ("1", "Two."), ("1", "One."), ("2", "Two."), ("3", "One."), ("4", "X.")]
    rows = [GOOD | {"study_id": study, "report": text} for study, text in texts]
    notes = check_manifest(manifest_of(tmp_path, rows), images=False).notes
    assert notes[-1] == (
        "3 of 4 studies (75.0 %) have a report that another one has too, word for word. "
        "3 reports differ; the commonest stands in 2 studies, first in row 1."
    )


@pytest.mark.parametrize(("words", "long"), [(95, False), (96, True)])
def test_words_tell_which_reports_are_cut_where_no_tokenizer_is_named(
    tmp_path: Path, words: int, long: bool
) -> None:
    manifest = manifest_of(tmp_path, [GOOD | {"report": " ".join(["word"] * words)}])
    notes = check_manifest(manifest, images=False).notes
    assert (
        any(note.startswith("1 of 1 reports (100 %) have more than 95") for note in notes) == long
    )


def test_a_tally_of_too_many_names_does_not_grow() -> None:
    tally = Tally()
    for number in range(MOST_NAMES + 5):
        tally.add(f"name {number}")
    assert len(tally.number_of) == MOST_NAMES + 1
    assert tally.names()[0] == OTHER
    assert tally.total(OTHER) == 5


def test_that_no_row_has_a_report_is_a_note(tmp_path: Path) -> None:
    """Sets with labels or boxes alone are there to measure on; one report makes the rest faults."""
    silent: Rows = [{"image": "a.png", "patient_id": "p"}, {"image": "b.png", "patient_id": "q"}]
    checked = check_manifest(manifest_of(tmp_path, silent))
    assert not checked.findings.counts
    assert "No row has a report to learn from." in checked.notes
    checked = check_manifest(manifest_of(tmp_path, [*silent, GOOD | {"image": "c.png"}]))
    assert lines(checked) == [
        f"row {number}: report: is missing or holds no word" for number in (1, 2)
    ]


def test_a_column_of_another_name_that_no_row_has_is_a_fault(tmp_path: Path) -> None:
    checked = check_manifest(manifest_of(tmp_path, [GOOD]), text_column="fnidings")
    assert lines(checked) == ["row 1: fnidings: is missing or holds no word"]
