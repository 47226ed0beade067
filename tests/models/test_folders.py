"""A folder takes the place of its own kind only, and whole."""

import json
from pathlib import Path

import pytest

from models.folders import FolderFault, finish_draft, refuse_other_kinds, start_draft


def folder_with(folder: Path, manifest: str) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    return folder


def test_a_folder_of_the_same_kind_may_be_replaced(tmp_path: Path) -> None:
    manifest = json.dumps({"files": {"reports": "0", "vectors": "0", "more": "0"}})
    folder = folder_with(tmp_path / "old", manifest)
    refuse_other_kinds(folder, kind="an index", lists=("reports", "vectors"))


@pytest.mark.parametrize(
    "manifest", ["", "[]", "[" * 9999, "{}", '{"files": 3}', '{"files": {"reports": "0"}}']
)
def test_a_manifest_alone_is_no_leave(tmp_path: Path, manifest: str) -> None:
    folder = folder_with(tmp_path / "other", manifest)
    with pytest.raises(FolderFault, match="other: exists and is not an index; nothing was written"):
        refuse_other_kinds(folder, kind="an index", lists=("reports", "vectors"))


def test_nothing_and_an_empty_folder_are_free(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        refuse_other_kinds(folder, kind="an index", lists=("reports",))


def test_a_file_is_no_place_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("data")
    with pytest.raises(FolderFault, match="file: cannot be written"):
        refuse_other_kinds(tmp_path / "file", kind="an index", lists=())


def test_a_draft_starts_empty_and_takes_the_place_whole(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "place", "old")
    (start_draft(folder) / "half").write_text("left by a crash")
    draft = start_draft(folder)
    (draft / "deep").mkdir()
    (draft / "deep/new").write_text("new")
    finish_draft(draft, folder)
    assert [path.name for path in folder.rglob("*")] == ["deep", "new"]
    assert [path.name for path in tmp_path.iterdir()] == ["place"]
