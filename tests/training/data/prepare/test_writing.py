"""Manifests are written whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.manifest import ManifestError, Row
from training.data.prepare.writing import write_manifest


def test_paths_are_relative_to_the_manifest(tmp_path: Path) -> None:
    out = tmp_path / "made" / "pairs.jsonl"
    write_manifest([{"image": tmp_path / "scans" / "a.png", "report": "clear"}], out)
    assert out.read_text() == '{"image": "../scans/a.png", "report": "clear"}\n'


def test_a_source_that_breaks_leaves_the_manifest_of_before(tmp_path: Path) -> None:
    def breaks() -> Iterator[Row]:
        yield {"image": tmp_path / "a.png", "report": "clear"}
        raise ManifestError("a table ends early")

    out = tmp_path / "pairs.jsonl"
    out.write_text("before\n")
    with pytest.raises(ManifestError, match="ends early"):
        write_manifest(breaks(), out)
    assert out.read_text() == "before\n"


def test_nothing_to_write_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="nothing written"):
        write_manifest([], tmp_path / "pairs.jsonl")
    assert not list(tmp_path.iterdir())


def test_another_kind_of_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"ends in \.jsonl"):
        write_manifest([{"image": tmp_path / "a.png"}], tmp_path / "pairs.csv")
