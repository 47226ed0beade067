"""Read the tables and texts of published data sets, plain or gzipped."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.manifest import ManifestError


def read_table(
    path: Path, *, columns: Sequence[str], delimiter: str = ","
) -> Iterator[dict[str, str]]:
    """Yield a table's rows by column; further columns come along.

    Raises:
        ManifestError: the file cannot be read, or lacks one of `columns`; names file and line.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter=delimiter, restval="", strict=True)
            _check(path, table.fieldnames or (), columns)
            for row in table:
                if None in row:
                    raise ManifestError(f"{path}:{table.line_num}: more cells than columns")
                yield row
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8 text") from error
    except csv.Error as error:
        raise ManifestError(f"{path}: {error}") from error
    except (OSError, EOFError) as error:  # gzip: no such data, or cut off
        raise ManifestError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def read_lines(path: Path) -> Iterator[str]:
    """Yield a text file's lines without their ends.

    Raises:
        ManifestError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line in file:
                yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not UTF-8 text") from error
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error


def _check(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    if missing := [name for name in wanted if name not in found]:
        raise ManifestError(f"{path}: has no column {', '.join(missing)}")
