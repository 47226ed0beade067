"""The tables of CheXpert and of CheXpert Plus: which images there are, and what was reported.

`train.csv`, `valid.csv` and `test.csv` name images as `CheXpert-v1.0-small/train/patient00001/
study1/view1_frontal.jpg`; the table of CheXpert Plus as `train/patient00001/…`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.manifest import ManifestError, Row
from training.data.prepare.observations import OBSERVATIONS, Observations, read_observations
from training.data.prepare.report_parts import report_of
from training.data.prepare.tables import read_table

SECTIONS = ("findings", "impression")
FOLDERS = ("train", "valid", "test")
DETAILS = {"Sex": "sex", "Age": "age", "AP/PA": "projection"}  # the test table has none of these


@dataclass(frozen=True, slots=True)
class Radiograph:
    """An image of a table."""

    path: str  # train/patient00001/study1/view1_frontal.jpg
    observations: Observations
    details: tuple[str, ...]  # by DETAILS

    @property
    def patient(self) -> str:
        """Return the patient, as the path names them."""
        return self.path.split("/")[1]

    @property
    def frontal(self) -> bool:
        """Whether the file's name says so, as the table's column does."""
        return "frontal" in PurePosixPath(self.path).name

    def row(self, image: Path, split: str) -> Row:
        """Return the manifest's row but for labels and report."""
        _, patient, study, _ = self.path.split("/")
        named = zip(DETAILS.values(), self.details, strict=True)
        return {
            "image": image,
            "study_id": f"{patient}/{study}",
            "patient_id": patient,
            "split": split,
            "view": "frontal" if self.frontal else "lateral",
            **{name: value for name, value in named if value},
        }


def read_radiographs(table: Path) -> Iterator[Radiograph]:
    """Read one of CheXpert's tables.

    Raises:
        ManifestError: a path or a label is none.
    """
    alike: dict[Observations, Observations] = {}
    for row in read_table(table, columns=("Path", *OBSERVATIONS)):
        found = read_observations(row, where=f"{table}: {row['Path']}")
        yield Radiograph(
            place_in_set(row["Path"], table=table),
            alike.setdefault(found, found),
            tuple(row.get(name, "") for name in DETAILS),
        )


def place_in_set(path: str, *, table: Path) -> str:
    """Return a path from the split's folder on, whatever stands before it."""
    parts = path.replace("\\", "/").split("/")[-4:]
    if len(parts) < 4 or parts[0] not in FOLDERS:
        raise ManifestError(f"{table}: {path!r} is no path as train/patient00001/study1/view1.jpg")
    return "/".join(parts)


def read_plus_reports(table: Path, section: str) -> Iterator[tuple[str, Row]]:
    """Yield the images of CheXpert Plus, without their endings, with report and sections.

    A report without the section is empty.
    """
    columns = ("path_to_image", "section_findings", "section_impression")
    for row in read_table(table, columns=columns):
        texts = {name: " ".join(row[f"section_{name}"].split()) for name in SECTIONS}
        sections = {name: text for name, text in texts.items() if text}
        path = place_in_set(row["path_to_image"], table=table)
        yield without_ending(path), {"report": report_of(sections, section), **sections}


def without_ending(path: str) -> str:
    """Return what images of the same name share whatever their format is."""
    return path.rpartition(".")[0]
