"""COVID-style collections: one `metadata.csv` with clinical notes beside a folder of images.

The layout of J. P. Cohen's covid-chestxray-dataset (2020).
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from models.manifest import Row
from training.data.prepare.left_out import LeftOut
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of
from training.data.prepare.tables import read_table

COLUMNS = ("patientid", "finding", "view", "modality", "folder", "filename", "clinical_notes")


def _rows(root: Path, _: Namespace, tell: Tell) -> Iterator[Row]:
    left_out = LeftOut()
    for row in read_table(SOURCE.find(root, "metadata.csv"), columns=COLUMNS):
        report = " ".join(row["clinical_notes"].split())
        if not report:
            left_out.count("without a note")
            continue
        image = left_out.image(root / row["folder"] / row["filename"])
        if image is None:  # some rows are volumes, which are kept elsewhere
            continue
        yield {
            "image": image,
            "report": report,
            "patient_id": row["patientid"],
            "split": split_of(row["patientid"]),
            "label": row["finding"],
            "view": row["view"],
            "modality": row["modality"],
        }
    left_out.tell(tell)


SOURCE = Source(
    title="radiographs with clinical notes, in the layout of the covid-chestxray-dataset",
    origin="it is J. P. Cohen's covid-chestxray-dataset on GitHub; licences differ by image",
    rows=_rows,
)
