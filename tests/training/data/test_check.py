"""The manifest check: every kind of problem, each with its row."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from training.data.check import check_manifest
from training.data.program import main
from training.program import run

Rows = list[dict[str, Any]]  # Any: JSON


def manifest_of(folder: Path, rows: Rows) -> Path:
    """Write a manifest and three different images: a.png, b.png and c.png."""
    random = np.random.default_rng(0)
    for name in "abc":
        pixels = random.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


GOOD = {"image": "a.png", "report": "A mass.", "patient_id": "p"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"image": "none.png"}, "row 2: image: {folder}/none.png: No such file or directory"),
        ({"image": "broken.png"}, "row 2: image: {folder}/broken.png: not a readable"),
        ({"report": "..."}, "row 2: report: is missing or holds no word"),
        ({"report": None}, "row 2: report: is missing or holds no word"),
        ({"image": None}, "row 2: image: is missing or no text"),
        ({"labels": "edema"}, "row 2: labels: takes a list of strings, got 'edema'"),
        ({"split": "dev"}, "row 2: split: 'dev' is none of train, validation, test"),
        ({"split": "test"}, "row 2: patient_id: 'p' stands in test here and in train in row 1"),
        ({"image": "a.png"}, "row 2: image: {folder}/a.png shows the same as row 1"),
        ({"image": "copy.png"}, "row 2: image: {folder}/copy.png shows the same as row 1"),
    ],
)
def test_a_problem_is_named_with_its_row(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    manifest = manifest_of(tmp_path, [GOOD, GOOD | {"image": "b.png"} | row])
    (found,) = check_manifest(manifest)
    assert found.startswith(problem.format(folder=tmp_path))


def test_every_row_is_checked(tmp_path: Path) -> None:
    bad = {"image": "none.png", "patient_id": "p", "split": "test"}
    problems = check_manifest(manifest_of(tmp_path, [GOOD, bad, bad | {"report": "A."}]))
    assert [problem[:6] for problem in problems] == ["row 2:"] * 3 + ["row 3:"] * 2


def test_a_line_that_is_no_json_is_a_problem_too(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path, [GOOD | {"report": ""}])
    manifest.write_text(manifest.read_text() + "{\n")
    first, second = check_manifest(manifest)
    assert first.startswith("row 1: report")
    assert second.startswith(f"{manifest}:2: not JSON")


@pytest.mark.parametrize(("image", "status"), [("b.png", None), ("a.png", 1)])
def test_the_exit_status_says_whether_there_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str, status: int | None
) -> None:
    manifest = manifest_of(tmp_path, [GOOD, GOOD | {"image": image}])
    monkeypatch.setattr(sys, "argv", ["data", "check", str(manifest)])
    code = None
    try:
        run(main)
    except SystemExit as ended:
        code = ended.code
    assert code == status


def test_that_no_row_has_a_report_is_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sets with labels or boxes alone are there to measure on; one report makes the rest faults."""
    silent = {name: value for name, value in GOOD.items() if name != "report"}
    assert check_manifest(manifest_of(tmp_path, [silent])) == []
    assert "note: no row has a report to learn from" in capsys.readouterr().err
