"""A table of reports whose columns are called as its hospital calls them."""

import gzip
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from models.manifest import ManifestError
from training.data.prepare.tables import read_table

OURS = (
    *("image", "report", "findings", "impression", "study_id", "patient_id"),
    *("split", "label", "labels", "frame"),
)  # a manifest's columns, which a table may have under these or other names
TABLES = ("*.csv", "*.tsv", "*.csv.gz")
DELIMITERS = (",", ";", "\t", "|")

Cells = dict[str, str]  # a row's values under the manifest's names, none of them empty


def add_table_options(parser: ArgumentParser) -> None:
    """Let one name the table, and say what its columns are called."""
    parser.add_argument(
        "--table", type=Path, help="the table of reports, CSV or TSV (the one in --root)"
    )
    parser.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="OURS=YOURS",
        help=f"what your columns are called, as in report=Befund; ours are {', '.join(OURS)}; "
        "by any other name a column is taken along as metadata",
    )


def read_cells(table: Path, columns: Sequence[str]) -> Iterator[Cells]:
    """Yield a table's rows under our names.

    Args:
        columns: what the table calls them, each `ours=theirs`.

    Raises:
        ManifestError: the table cannot be read, or a column that is needed is not named.
    """
    wanted = _mapping(columns)
    names: Mapping[str, str] = {}
    for row in read_table(table, columns=list(wanted.values()), delimiter=_delimiter(table)):
        if not names:
            names = {name: name for name in OURS if name in row} | wanted
            _check(table, names, row)
        cells = {ours: row[theirs].strip() for ours, theirs in names.items()}
        yield {name: value for name, value in cells.items() if value}


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    pairs = [column.partition("=") for column in columns]
    if wrong := [column for column, pair in zip(columns, pairs, strict=True) if not all(pair)]:
        raise ManifestError(f"--columns: takes OURS=YOURS, got {wrong[0]!r}")
    return {ours: theirs for ours, _, theirs in pairs}


def _delimiter(table: Path) -> str:
    """Return what parts the names in the first line most often."""
    opened = gzip.open if table.suffix == ".gz" else open
    try:
        with opened(table, "rb") as file:
            line = file.readline().decode(errors="replace")
    except (OSError, EOFError) as error:
        raise ManifestError(f"{table}: {getattr(error, 'strerror', None) or error}") from error
    return max(DELIMITERS, key=line.count)


def _check(table: Path, names: Mapping[str, str], row: Mapping[str, str]) -> None:
    needed = {
        "report=… (or findings=… impression=…)": {"report", "findings", "impression"},
        "image=… (paths, folders, file names or SOP Instance UIDs) or study_id=… (Study Instance "
        "UIDs or accession numbers)": {"image", "study_id"},
    }
    if missing := [option for option, any_of in needed.items() if not any_of & names.keys()]:
        found = ", ".join(map(repr, row))
        raise ManifestError(
            f"{table}: has columns {found}; say which are ours by --columns {' and '.join(missing)}"
        )
