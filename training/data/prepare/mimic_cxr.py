"""MIMIC-CXR and MIMIC-CXR-JPG: radiographs of a hospital in Boston with their reports.

Images lie in `files/p10/p10000032/s50414267/DICOM.jpg` (or `.dcm`), reports in
`files/p10/p10000032/s50414267.txt`, which come with the DICOM set (`mimic-cxr-reports.zip`); views,
splits and labels are tables of the JPG set (docs/decisions/0030-published-data.md).
"""

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.manifest import ManifestError, Row
from training.data.prepare.left_out import LeftOut
from training.data.prepare.observations import OBSERVATIONS, Observations, read_observations
from training.data.prepare.report_parts import add_section_option, report_of
from training.data.prepare.sections import sections_of
from training.data.prepare.source import Source, SourceMissing, Tell
from training.data.prepare.tables import read_lines, read_table

COMPLETE = 377_110  # images that the whole set has
PAPER = {"train": 270_742, "validation": 2_130, "test": 3_858}  # pairs, section 4.1.1
SPLITS = {"train": "train", "validate": "validation", "test": "test"}
IDS = ("subject_id", "study_id")
PARTS = {"both": "findings and impression", "findings": "findings", "impression": "impression"}


@dataclass(frozen=True)
class _Tree:
    """The set as it lies on a disk."""

    metadata: Path
    files: Path
    reports: Path
    splits: dict[str, str]  # by patient
    labels: dict[str, Observations]  # by study
    sections: Callable[[Path], dict[str, str]]  # of a report's file

    def row(self, cells: dict[str, str], options: Namespace, left_out: LeftOut) -> Row | None:
        """Make a row of an image, unless something that is asked for is missing."""
        if options.views and cells["ViewPosition"] not in options.views:
            left_out.count(f"of other views than {', '.join(options.views)}")
            return None
        subject, study = cells["subject_id"], cells["study_id"]
        place = f"p{subject[:2]}/p{subject}/s{study}"
        said = self.sections(self.reports / f"{place}.txt")
        report = report_of(said, options.section)
        if not report:
            left_out.count(f"without {PARTS[options.section]}")
            return None
        image = left_out.image(self.files / place / f"{cells['dicom_id']}.jpg")
        if image is None:
            return None
        if subject not in self.splits:
            raise ManifestError(f"{self.metadata}: subject {subject} has no split")
        return {
            "image": image,
            "report": report,
            **said,
            "study_id": study,
            "patient_id": subject,
            "split": self.splits[subject],
            **(self.labels[study].columns() if study in self.labels else {}),
            "view": cells["ViewPosition"],
        }


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    tables: Path = options.tables or root
    tree = _Tree(
        metadata=SOURCE.find(tables, "mimic-cxr-*-metadata.csv*"),
        files=SOURCE.find(root, "files"),
        reports=_reports(options.reports or root),
        splits=_splits(SOURCE.find(tables, "mimic-cxr-*-split.csv*")),
        labels=_labels(tables, options.labeler, tell),
        sections=lru_cache(1024)(_sections),  # the images of a study follow each other
    )
    left_out, counts, images = LeftOut(), Counter[str](), 0
    for cells in read_table(tree.metadata, columns=("dicom_id", *IDS, "ViewPosition")):
        images += 1
        if row := tree.row(cells, options, left_out):
            counts[row["split"]] += 1
            yield row
    left_out.tell(tell)
    if images == COMPLETE:
        tell(compared(counts, section=options.section, views=options.views))


def compared(counts: Counter[str], *, section: str, views: list[str]) -> str:
    """Say how the pairs of the complete set compare with those that the paper counts."""
    paper = ", ".join(f"{count:,} {split}" for split, count in PAPER.items())
    if section != "findings" or views:
        return f"the paper's sizes ({paper}) are of all views with --section findings: not compared"
    differences = {split: counts[split] - count for split, count in PAPER.items()}
    if not any(differences.values()):
        return f"as many pairs as the paper has: {paper}"
    told = ", ".join(f"{difference:+,} {split}" for split, difference in differences.items())
    return f"differs from the paper's {paper} by {told}: its findings were cut by other rules"


def _reports(folder: Path) -> Path:
    """Find where p10/p10000032/s50414267.txt lies below a folder."""
    for place in (folder / "mimic-cxr-reports" / "files", folder / "files", folder):
        if next(place.glob("p*/p*/s*.txt"), None):
            return place
    raise SourceMissing(f"{folder}: files/p*/p*/s*.txt is missing; {SOURCE.origin}")


def _sections(path: Path) -> dict[str, str]:
    return sections_of("\n".join(read_lines(path))) if path.is_file() else {}


def _splits(table: Path) -> dict[str, str]:
    """Return each patient's split: it is published for each image, and the same for all of one."""
    found: dict[str, str] = {}
    for row in read_table(table, columns=("dicom_id", *IDS, "split")):
        if row["split"] not in SPLITS:
            raise ManifestError(f"{table}: split: {row['split']!r} is none of {', '.join(SPLITS)}")
        split = SPLITS[row["split"]]
        if found.setdefault(row["subject_id"], split) != split:
            raise ManifestError(f"{table}: subject {row['subject_id']} stands in two splits")
    return found


def _labels(tables: Path, labeler: str, tell: Tell) -> dict[str, Observations]:
    """Return each study's labels, alike ones kept once."""
    table = next(iter(sorted(tables.glob(f"mimic-cxr-*-{labeler}.csv*"))), None)
    if table is None:
        tell(f"without labels: {tables} holds no mimic-cxr-2.0.0-{labeler}.csv")
        return {}
    alike: dict[Observations, Observations] = {}
    found = {}
    for row in read_table(table, columns=(*IDS, *OBSERVATIONS)):
        labels = read_observations(row, where=f"{table}: study {row['study_id']}")
        found[row["study_id"]] = alike.setdefault(labels, labels)
    return found


def _options(parser: ArgumentParser) -> None:
    add_section_option(parser)
    parser.add_argument("--reports", type=Path, help="where the reports lie, if not in --root")
    parser.add_argument("--tables", type=Path, help="where the CSV files lie, if not in --root")
    parser.add_argument(
        "--views", nargs="+", default=[], metavar="VIEW", help="as PA AP LATERAL LL (all)"
    )
    parser.add_argument(
        "--labeler", choices=("chexpert", "negbio"), default="chexpert", help="(chexpert)"
    )


SOURCE = Source(
    title="MIMIC-CXR or MIMIC-CXR-JPG: radiographs with reports",
    origin="MIMIC-CXR (reports) and MIMIC-CXR-JPG (images, CSV files) come from physionet.org, "
    "credentialed",
    rows=_rows,
    add_options=_options,
)
