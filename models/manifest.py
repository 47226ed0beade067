"""Read manifests: one row per image, as JSONL, CSV or Parquet (docs: the manifest format).

A value that is missing, empty or null is left out of its row. Paths stay as written; they are
relative to the manifest.
"""

import csv
import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]  # Any: a manifest may hold any JSON value in any column

JSON_COLUMNS = frozenset({"labels", "boxes", "masks"})  # a table's cells hold these as JSON


class ManifestError(ValueError):
    """A manifest cannot be read; the message names the file, and the line where there is one."""


def read_rows(path: Path) -> Iterator[Row]:
    """Read a manifest row by row, so that its size never matters.

    Raises:
        ManifestError: the file is missing, of another kind, or broken.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(_READERS)
        raise ManifestError(f"{path}: a manifest ends in one of {kinds}")
    if not path.is_file():
        raise ManifestError(f"{path}: no such file")
    return (_present(row) for row in reader(path))


def _read_jsonl(path: Path) -> Iterator[Row]:
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            row = _parse_json(line, where=f"{path}:{number}")
            if not isinstance(row, dict):
                raise ManifestError(f"{path}:{number}: not a JSON object")
            yield row


def _read_csv(path: Path) -> Iterator[Row]:
    rows = csv.reader(_lines(path), strict=True)
    try:
        columns = next(rows, [])
        if not columns or len(set(columns)) < len(columns):
            raise ManifestError(f"{path}:1: the first line must name the columns, each once")
        for cells in rows:
            if cells:
                yield _csv_row(columns, cells, where=f"{path}:{rows.line_num}")
    except csv.Error as error:
        raise ManifestError(f"{path}:{rows.line_num}: {error}") from error


def _csv_row(columns: list[str], cells: list[str], *, where: str) -> Row:
    if len(cells) != len(columns):
        raise ManifestError(f"{where}: {len(cells)} cells, but {len(columns)} columns")
    row: Row = dict(zip(columns, cells, strict=True))
    return row | {
        name: _parse_json(row[name], where=f"{where}: {name}")
        for name in JSON_COLUMNS & row.keys()
        if row[name]
    }


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ManifestError(f"{path}: reading Parquet needs the package pyarrow") from error
    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                yield _decoded(row, where=str(path))
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(f"{path}: not a readable Parquet file") from error


def _decoded(row: Row, *, where: str) -> Row:
    """Parse JSON that a table keeps as text; a nested column is taken as it is."""
    texts = [name for name in JSON_COLUMNS & row.keys() if isinstance(row[name], str)]
    return row | {name: _parse_json(row[name], where=f"{where}: {name}") for name in texts}


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write the mark
            yield from file
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8 text") from error
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error


def _parse_json(text: str, *, where: str) -> Any:  # Any: whatever the JSON holds
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise ManifestError(f"{where}: not JSON ({reason})") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _present(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None and value != ""}


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
