"""The checkpoint folder: safetensors, settings, tokenizer, prompts, graphs, and their hashes.

Nothing here needs torch: the server opens checkpoints with it, `aga.py` makes networks of them.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import safe_open

from models.config import FORMAT_VERSION, ModelConfig
from models.folders import MANIFEST, FolderFault, finish_draft, refuse_other_kinds, start_draft
from models.tokenizing import ReportTokenizer

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
IDENTITY_FILES = (CONFIG, WEIGHTS, TOKENIZER)


class CheckpointError(ValueError):
    """The folder is no checkpoint, or one of its files is not what it should be."""


@dataclass(frozen=True)
class Checkpoint:
    """An opened checkpoint folder whose files match their hashes."""

    path: Path
    config: ModelConfig
    identity: str
    files: Mapping[str, str]  # relative path -> sha256

    def file(self, name: str) -> Path:
        """Return the path of a file that the manifest lists.

        Raises:
            CheckpointError: the checkpoint has no such file.
        """
        if name not in self.files:
            raise CheckpointError(f"{self.path}: the checkpoint holds no {name}")
        return self.path / name

    def tokenizer(self) -> ReportTokenizer:
        """Read the tokenizer."""
        text = self.file(TOKENIZER).read_text("utf-8")
        return ReportTokenizer.from_json(text, max_pieces=self.config.text.max_pieces)

    def thresholds(self) -> dict[str, float]:
        """Return where the two gates stand: `language` and `vision` (sigma of Eqs. 5 and 7)."""
        with safe_open(self.file(WEIGHTS), framework="np") as weights:
            return {
                gate: float(weights.get_tensor(f"{gate}_gate.threshold"))
                for gate in ("language", "vision")
            }


def open_checkpoint(path: Path | str) -> Checkpoint:
    """Check a checkpoint folder against its manifest and read its settings.

    Raises:
        CheckpointError: there is no checkpoint, its format is unknown, or a file does not match
            its hash; the message names the file.
    """
    folder = Path(path)
    files = _read_manifest(folder)
    for name, digest in files.items():
        if sha256_of(folder / name) != digest:
            raise CheckpointError(f"{folder / name}: does not match its hash in {MANIFEST}")
    return Checkpoint(folder, _read_config(folder / CONFIG), _identity(files), files)


def write_checkpoint(
    path: Path | str,
    config: ModelConfig,
    *,
    weights: bytes,
    tokenizer: str,
    extras: Mapping[str, str],
) -> Checkpoint:
    """Write a checkpoint folder whole or not at all; a checkpoint already there is replaced.

    Args:
        extras: further text files by relative path, as prompts or the run's settings.

    Raises:
        CheckpointError: the path holds something that is no checkpoint, or cannot be written.
    """
    folder = Path(path)
    try:
        refuse_other_kinds(folder, kind="a checkpoint", lists=IDENTITY_FILES)
        draft = start_draft(folder)
    except FolderFault as error:
        raise CheckpointError(str(error)) from error
    content = {"format_version": FORMAT_VERSION, "model": config.model_dump(mode="json")}
    files = {
        CONFIG: json.dumps(content, indent=2, sort_keys=True).encode(),
        WEIGHTS: weights,
        TOKENIZER: tokenizer.encode(),
    } | {name: text.encode() for name, text in extras.items()}
    for name, data in files.items():
        _write(draft / name, data)
    write_manifest(draft)
    finish_draft(draft, folder)
    return open_checkpoint(folder)


def write_manifest(folder: Path) -> None:
    """Hash every file of the folder into its manifest, which is written last and whole."""
    names = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and file.name not in {MANIFEST, f"{MANIFEST}.draft"}
    )
    _write_manifest(folder, {name: sha256_of(folder / name) for name in names})


def forget_broken(folder: Path, *, under: str) -> None:
    """Take broken and missing files out of the manifest where they are about to be made anew.

    Files elsewhere stay listed with their hashes, so that what is broken there is still refused.

    Args:
        under: the beginning of their relative paths.

    Raises:
        CheckpointError: there is no checkpoint.
    """
    files = _read_manifest(folder)
    broken = {
        name
        for name, digest in files.items()
        if name.startswith(under) and not _is_whole(folder / name, digest)
    }
    if broken:
        _write_manifest(folder, {name: files[name] for name in files if name not in broken})


def _read_manifest(folder: Path) -> dict[str, str]:
    """Read which files a checkpoint has, with their hashes."""
    files = _read_json(folder / MANIFEST).get("files")
    if not isinstance(files, dict) or not all(name in files for name in IDENTITY_FILES):
        raise CheckpointError(f"{folder / MANIFEST}: lists no complete checkpoint")
    return files


def _write_manifest(folder: Path, files: Mapping[str, str]) -> None:
    content = {"format_version": FORMAT_VERSION, "identity": _identity(files), "files": files}
    draft = folder / f"{MANIFEST}.draft"
    _write(draft, json.dumps(content, indent=2).encode())
    os.replace(draft, folder / MANIFEST)


def sha256_of(path: Path) -> str:
    """Hash a file.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from error


def _is_whole(path: Path, digest: str) -> bool:
    try:
        return sha256_of(path) == digest
    except CheckpointError:
        return False


def _identity(files: Mapping[str, str]) -> str:
    listed = "\n".join(f"{name} {files[name]}" for name in IDENTITY_FILES)
    return hashlib.sha256(listed.encode()).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"{path.parent}: no checkpoint there ({path.name}: {error.strerror})"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path}: not JSON") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: not a JSON object")
    return content


def _read_config(path: Path) -> ModelConfig:
    content = _read_json(path)
    if content.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: format version {content.get('format_version')!r}, "
            f"this program reads {FORMAT_VERSION}; train it anew"
        )
    try:
        return ModelConfig.model_validate(content.get("model"))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(f"{path}: {key or 'model'}: {first['msg']}") from error


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
