"""Read manifests: one row per image, as JSONL, CSV or Parquet (docs: the manifest format).

A value that is missing, empty or null is left out of its row. Paths stay as written; they are
relative to the manifest.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from models.plain_json import read_json

Row = dict[str, Any]  # Any: a manifest may hold any JSON value in any column

JSON_COLUMNS = frozenset({"labels", "boxes", "masks"})  # a table's cells hold these as JSON
PLAIN_COLUMNS = ("image", "report", "study_id", "patient_id", "split")  # one value, never several


Placed = tuple[str, Row]  # a row behind the place that a message names


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
    return (_checked(row, where) for where, row in reader(path))


def _read_jsonl(path: Path) -> Iterator[Placed]:
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            where = f"{path}:{number}"
            row = _parse_json(line, where=where)
            if not isinstance(row, dict):
                raise ManifestError(f"{where}: not a JSON object")
            yield where, row


def _read_csv(path: Path) -> Iterator[Placed]:
    rows = csv.reader(_lines(path), strict=True)
    try:
        columns = next(rows, [])
        if not columns or len(set(columns)) < len(columns):
            raise ManifestError(f"{path}:1: the first line must name the columns, each once")
        for cells in rows:
            if cells:
                where = f"{path}:{rows.line_num}"
                yield where, _csv_row(columns, cells, where=where)
    except csv.Error as error:
        raise ManifestError(f"{path}:{rows.line_num}: {error}") from error


def _csv_row(columns: list[str], cells: list[str], *, where: str) -> Row:
    if len(cells) != len(columns):
        raise ManifestError(f"{where}: {len(cells)} cells, but {len(columns)} columns")
    return _decoded(dict(zip(columns, cells, strict=True)), where=where)


def _read_parquet(path: Path) -> Iterator[Placed]:
    from pyarrow import parquet  # slow to import, and other kinds of manifest do without

    try:
        batches = parquet.ParquetFile(path).iter_batches()
        rows = (row for batch in batches for row in batch.to_pylist())
        for number, row in enumerate(rows, start=1):
            where = f"{path}: row {number}"
            yield where, _decoded(row, where=where)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(f"{path}: not a readable Parquet file") from error


def _decoded(row: Row, *, where: str) -> Row:
    """Parse JSON that a table keeps as text; a nested column is taken as it is."""
    texts = [name for name in JSON_COLUMNS & row.keys() if row[name] and isinstance(row[name], str)]
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
        return read_json(text)
    except ValueError as error:
        raise ManifestError(f"{where}: not JSON ({error})") from error


def _checked(row: Row, where: str) -> Row:
    """Leave out what is missing, and refuse several values where one belongs."""
    for name in PLAIN_COLUMNS:
        if isinstance(row.get(name), list | dict):
            raise ManifestError(f"{where}: {name}: takes one value, not a list or an object")
    return {name: value for name, value in row.items() if value is not None and value != ""}


_READERS: dict[str, Callable[[Path], Iterator[Placed]]] = {
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
