"""CheXpert: radiographs of Stanford with labels, and with the reports of CheXpert Plus.

CheXpert-v1.0 or its small copy: `train.csv`, `valid.csv` and, where it was fetched, `test.csv` lie
beside the folders of these names.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from models.manifest import Row, read_rows
from training.data.prepare.chexpert_tables import (
    Radiograph,
    read_plus_reports,
    read_radiographs,
    without_ending,
)
from training.data.prepare.left_out import LeftOut
from training.data.prepare.report_parts import add_section_option
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of

SPLITS = {"train": "train", "valid": "validation", "test": "test"}
DRAWN = {"train": 0.975, "validation": 0.025}  # about 5,000 images for validation


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    train = SOURCE.find(root, "train.csv", "CheXpert-v1.0*/train.csv")
    left_out, others = LeftOut(), _patients(options.without)
    for radiograph, said in _with_reports(_radiographs(train.parent), options, left_out):
        if radiograph.patient in others:
            left_out.count(f"of patients of {options.without}")
        elif image := left_out.image(train.parent / radiograph.path):
            row = radiograph.row(image, _split(radiograph, options.valid))
            yield row | said | radiograph.observations.columns()
    left_out.tell(tell)


def _radiographs(folder: Path) -> Iterator[Radiograph]:
    for name in SPLITS:
        if (folder / f"{name}.csv").is_file():
            yield from read_radiographs(folder / f"{name}.csv")


def _patients(manifest: Path | None) -> set[str]:
    """Return who stands in a manifest that nothing may be learned from."""
    return {str(row.get("patient_id")) for row in read_rows(manifest)} if manifest else set()


def _with_reports(
    radiographs: Iterator[Radiograph], options: Namespace, left_out: LeftOut
) -> Iterator[tuple[Radiograph, Row]]:
    """Pair images with their reports: what is kept in memory is the images, not the texts."""
    if not options.reports:
        yield from ((radiograph, {}) for radiograph in radiographs)
        return
    waiting = {without_ending(radiograph.path): radiograph for radiograph in radiographs}
    for name, said in read_plus_reports(options.reports, options.section):
        radiograph = waiting.pop(name, None)
        if radiograph is None:
            left_out.count("of CheXpert Plus that no table of CheXpert has")
        elif said["report"]:
            yield radiograph, said
        else:
            left_out.count("whose report lacks the section")
    for _ in waiting:
        left_out.count("without a report in CheXpert Plus")


def _split(radiograph: Radiograph, valid: str) -> str:
    folder, _, _ = radiograph.path.partition("/")
    if valid == "test":
        return split_of(radiograph.patient, shares=DRAWN) if folder == "train" else "test"
    return SPLITS[folder]


def _options(parser: ArgumentParser) -> None:
    add_section_option(parser)
    parser.add_argument("--reports", type=Path, help="df_chexpert_plus_240401.csv")
    parser.add_argument(
        "--valid",
        choices=("validation", "test"),
        default="validation",
        help="what the official validation images become; with test, 2.5 %% of the training "
        "patients are drawn for validation (validation)",
    )
    parser.add_argument(
        "--without",
        type=Path,
        metavar="MANIFEST",
        help="leave out its patients, as those of CheXpert 5x200",
    )


SOURCE = Source(
    title="CheXpert: radiographs with labels, and reports of CheXpert Plus",
    origin="CheXpert and CheXpert Plus come from stanfordaimi.azurewebsites.net, on registration",
    rows=_rows,
    add_options=_options,
)
