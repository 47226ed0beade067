"""A folder of one's own: images, and a table of reports whatever its columns are called.

Persons are taken out on the way in, unless one asks to keep them (`identity`).
"""

from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.imaging import UnreadableImage
from models.manifest import ManifestError, Row
from training.data.manifest import SPLITS, frame_of
from training.data.prepare.identity import Identities, Kept, Removed, coded, holds_date
from training.data.prepare.own_files import OwnFiles, header_of
from training.data.prepare.own_table import OURS, TABLES, Cells, add_table_options, read_cells
from training.data.prepare.pseudonyms import DEFAULT_KEY, Pseudonyms, read_key
from training.data.prepare.report_parts import add_section_option, report_of
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of
from training.data.prepare.tables import read_lines

ALIASES = {"val": "validation", "valid": "validation", "dev": "validation"}


def _add_options(parser: ArgumentParser) -> None:
    add_table_options(parser)
    add_section_option(parser)
    parser.add_argument(
        "--keep-identities",
        action="store_true",
        help="leave images where they lie and ids as they are; without it patients and studies "
        "get pseudonyms, and pictures are written anew as PNG beside the manifest",
    )
    parser.add_argument(
        "--key",
        type=Path,
        default=DEFAULT_KEY,
        help=f"the secret behind the pseudonyms, made where there is none ({DEFAULT_KEY})",
    )


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    identities = _identities(root, options, tell)
    files = OwnFiles(root)
    left_out: dict[str, list[int]] = defaultdict(list)  # rows by reason: a file may name a person
    burned_in, splits = Counter[str](), Counter[str]()
    for number, cells in enumerate(_cells(root, options, files), start=1):
        report = cells.get("report") or report_of(cells, options.section)
        paths = _paths(files, cells) if report else []
        if not paths:
            left_out["that lead to no image" if report else "without a report"].append(number)
        for path in paths:
            try:
                row = _row(path, cells, identities, where=f"row {number}")
            except UnreadableImage as error:
                left_out[f"with an unreadable image ({error})"].append(number)
                continue
            burned_in[row.get("burned_in_annotation", "none")] += 1
            splits[row["split"]] += 1
            yield row | {"report": report}
    for reason, numbers in left_out.items():
        tell(f"left out {len(numbers):,} rows {reason}; the first is row {numbers[0]:,}")
    _warn(burned_in, tell)
    if splits and (empty := [split for split in SPLITS if not splits[split]]):
        tell(f"no patient fell into {', '.join(empty)}: they are drawn by patient, or give a split")


def _identities(root: Path, options: Namespace, tell: Tell) -> Identities:
    if options.keep_identities:
        return Kept()
    if options.out.parent.resolve().is_relative_to(root.resolve()):
        raise ManifestError(f"{options.out}: lies in {root}; pictures would be written among yours")
    key = read_key(options.key)
    tell(f"pseudonyms are made with {options.key}: guard it as you guard the names themselves")
    tell("report texts are taken as they are: names, ids and dates in them are not searched for")
    return Removed(Pseudonyms(key), options.out.parent / "images")


def _cells(root: Path, options: Namespace, files: OwnFiles) -> Iterator[Cells]:
    """Yield the rows of the table, or without one the texts that lie beside images."""
    tables = sorted({path for pattern in TABLES for path in root.glob(pattern)})
    if options.table is None and not tables:
        beside = files.with_report()
        if not beside:
            SOURCE.find(root, *TABLES)
        for path, report in beside:
            yield {
                "image": str(path.relative_to(root)),
                "report": "\n".join(read_lines(report)).strip(),
            }
        return
    if options.table is None and len(tables) > 1:
        raise ManifestError(f"{root}: holds {len(tables)} tables; say which with --table")
    yield from read_cells(options.table or tables[0], options.columns)


def _paths(files: OwnFiles, cells: Cells) -> list[Path]:
    if "image" in cells:
        return files.of_image(cells["image"])
    return files.of_study(cells["study_id"]) if "study_id" in cells else []


def _row(path: Path, cells: Cells, identities: Identities, *, where: str) -> Row:
    """Make a row of an image, but for its report.

    Raises:
        UnreadableImage: its picture cannot be written anew.
        ManifestError: a value of the table cannot be used; names the row and the column.
    """
    header = header_of(path)
    row = identities.picture(path, frame_of(cells, where=where)) | (coded(header) if header else {})
    study = cells.get("study_id") or (header.study_uid if header else "")
    patient = cells.get("patient_id") or (header.patient_id if header else "")
    ids = {"study": study, "patient": patient or study}
    row |= {f"{kind}_id": identities.named(kind, value) for kind, value in ids.items() if value}
    row |= _sections(cells) | _labels(cells)
    row |= _metadata(cells, may_hold_dates=isinstance(identities, Kept), where=where)
    row["split"] = _split(cells, where) or split_of(row.get("patient_id", row["image"].name))
    return row


def _sections(cells: Cells) -> Row:
    return {name: cells[name] for name in ("findings", "impression") if name in cells}


def _labels(cells: Cells) -> dict[str, Any]:  # Any: a label, or a list of them
    found: dict[str, Any] = {"label": cells["label"]} if "label" in cells else {}
    if "labels" in cells:
        parts = cells["labels"].strip("[]").replace("|", ";").replace(",", ";").split(";")
        found["labels"] = [part.strip(" \"'") for part in parts if part.strip(" \"'")]
    return found


def _metadata(cells: Cells, *, may_hold_dates: bool, where: str) -> Row:
    further = {name: value for name, value in cells.items() if name not in OURS}
    for name, value in further.items():
        if holds_date(value) and not may_hold_dates:
            raise ManifestError(f"{where}: {name}: looks like a date; dates are not taken along")
    return further


def _split(cells: Cells, where: str) -> str | None:
    split = cells.get("split", "").lower()
    if not split:
        return None
    if (named := ALIASES.get(split, split)) not in SPLITS:
        raise ManifestError(f"{where}: split: {split!r} is none of {', '.join(SPLITS)}")
    return named


def _warn(burned_in: Counter[str], tell: Tell) -> None:
    if marked := burned_in["yes"]:
        tell(
            f"{marked:,} images are marked as having text in their pixels, which may name a person"
        )
    if silent := burned_in["unknown"]:
        tell(f"{silent:,} DICOM images do not say whether they have text in their pixels")


SOURCE = Source(
    title="images of your own, DICOM, PNG or JPEG, with a table of reports or a text beside each",
    origin="it is yours: a CSV or TSV table with a column of images or studies and one of reports, "
    "or a NAME.txt beside each image NAME",
    rows=_rows,
    add_options=_add_options,
)
