"""The command: its exit status, its text, and the files that it writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, tiny_tokenizer
from tests.training.data.check.fixtures import GOOD, manifest_of
from training.data.program import main
from training.program import run


def status(patch: pytest.MonkeyPatch, *arguments: object) -> int | str | None:
    patch.setattr(sys, "argv", ["data", "check", *map(str, arguments)])
    try:
        run(main)
    except SystemExit as ended:
        return ended.code
    return None


@pytest.mark.parametrize(("image", "code"), [("b.png", None), ("a.png", 1)])
def test_a_problem_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str, code: int | None
) -> None:
    manifest = manifest_of(tmp_path, [GOOD, GOOD | {"image": image}])
    assert status(monkeypatch, manifest) == code


def test_a_warning_does_not_fail_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"image": "b.png", "report": "A mass.", "split": "test"}
    assert status(monkeypatch, manifest_of(tmp_path, [GOOD, other])) is None
    text = capsys.readouterr().out
    assert "row 2: report: the same as of another patient" in text
    assert text.endswith("2 rows, 0 problems, 1 warning\n")


def test_many_problems_stay_readable_and_go_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = manifest_of(tmp_path, [{"image": "a.png", "report": "."}] * 2_000)
    listing, page = tmp_path / "made" / "all.txt", tmp_path / "made" / "page.html"
    assert status(monkeypatch, manifest, "--no-images", "--list", listing, "--html", page) == 1
    taken = capsys.readouterr()
    assert len(taken.out.splitlines()) < 70
    assert "and 1,995 more (--list FILE writes all)" in taken.out
    assert taken.err.endswith(f"error: {manifest}: 2,000 problems\n")
    assert len(listing.read_text().splitlines()) == 2_000
    assert page.read_text().startswith("<!doctype html>")


def test_a_tokenizer_is_named_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, file = manifest_of(tmp_path, [GOOD]), tmp_path / "tokenizer.json"
    file.write_text(tiny_tokenizer().to_json())
    assert status(monkeypatch, manifest, "--tokenizer", file) is None
    assert "pieces per word" in capsys.readouterr().out
    file.write_text("{}")
    assert status(monkeypatch, manifest, "--tokenizer", file) == 1
    assert f"error: {file}: no tokenizer.json" in capsys.readouterr().err


def test_the_command_starts_without_torch() -> None:
    code = "import sys, training.data.program, training.program; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
