"""Put a finished folder in the place of an older one of its kind, whole or not at all."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from models.plain_json import read_json

MANIFEST = "manifest.json"


class FolderFault(ValueError):
    """A folder cannot be written, or is not ours to replace."""


def refuse_other_kinds(folder: Path, *, kind: str, lists: Collection[str]) -> None:
    """Let a folder be replaced only if it is empty, missing, or of the kind that replaces it.

    Args:
        kind: what the folder should be, as "an index".
        lists: files that the manifest of each such folder lists; other kinds have one too.

    Raises:
        FolderFault: it holds something else, or cannot be read.
    """
    try:
        empty = not folder.exists() or not any(folder.iterdir())
    except OSError as error:
        raise FolderFault(f"{folder}: cannot be written ({error.strerror})") from error
    if not empty and not set(lists) <= _listed(folder):
        raise FolderFault(f"{folder}: exists and is not {kind}; nothing was written")


def start_draft(folder: Path) -> Path:
    """Make an empty folder beside another for its successor; one left from before is emptied.

    Raises:
        FolderFault: it cannot be written.
    """
    place = folder.resolve()
    draft = place.with_name(f".{place.name}.draft")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
    except OSError as error:
        raise FolderFault(f"{folder}: cannot be written ({error.strerror})") from error
    return draft


def finish_draft(draft: Path, folder: Path) -> None:
    """Move a draft to its place; between the two renames the old one waits beside it."""
    for path in (*draft.rglob("*"), draft):
        _sync(path)
    place = folder.resolve()
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    draft.rename(place)
    _sync(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def _listed(folder: Path) -> set[str]:
    """Name the files that a folder's manifest lists; none where it has no manifest."""
    try:
        content = read_json((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return set()
    files = content.get("files") if isinstance(content, dict) else None
    return set(files) if isinstance(files, dict) else set()


def _sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
