"""COVID-style collections: one `metadata.csv` with clinical notes beside a folder of images.

The layout of J. P. Cohen's covid-chestxray-dataset (2020).
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from models.manifest import Row
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of
from training.data.prepare.tables import read_table

COLUMNS = ("patientid", "finding", "view", "modality", "folder", "filename", "clinical_notes")


def _rows(root: Path, _: Namespace, tell: Tell) -> Iterator[Row]:
    left_out = 0
    for row in read_table(SOURCE.find(root, "metadata.csv"), columns=COLUMNS):
        image = root / row["folder"] / row["filename"]
        report = " ".join(row["clinical_notes"].split())
        if not report or not image.is_file():  # some rows are volumes, which are kept elsewhere
            left_out += 1
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
    if left_out:
        tell(f"left out {left_out:,} rows without a note or without their image")


SOURCE = Source(
    title="radiographs with clinical notes, in the layout of the covid-chestxray-dataset",
    origin="it is J. P. Cohen's covid-chestxray-dataset on GitHub; licences differ by image",
    rows=_rows,
)
