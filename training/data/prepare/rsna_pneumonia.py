"""The RSNA Pneumonia Detection Challenge: radiographs with boxes around what may be pneumonia.

`stage_2_train_labels.csv` has a row for each box, or one without a box; the images are
`stage_2_train_images/PATIENT.dcm` of 1024 pixels a side. One image is one patient. There are no
reports, and the challenge's own test images have no labels.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path

from models.manifest import ManifestError, Row
from training.data.prepare.left_out import LeftOut
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of
from training.data.prepare.tables import read_lines, read_table

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}  # as GLoRIA and MGCA divide
FILES = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
PHRASE = "pneumonia"

Box = list[float]  # x0, y0, x1, y1 in pixels


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    boxes = _boxes(SOURCE.find(root, "stage_2_train_labels.csv"))
    images = SOURCE.find(root, "stage_2_train_images")
    classes = _classes(root)
    splits = _splits(options.splits) if options.splits else None
    left_out = LeftOut()
    for patient, marked in boxes.items():
        split = split_of(patient, shares=SHARES) if splits is None else splits.get(patient)
        if split is None:
            left_out.count("that no split file has")
        elif image := left_out.image(images / f"{patient}.dcm"):
            yield {
                "image": image,
                "patient_id": patient,
                "split": split,
                "labels": [PHRASE] if marked else [],
                **({"boxes": {PHRASE: marked}} if marked else {}),
                **({"class": classes[patient]} if patient in classes else {}),
            }
    left_out.tell(tell)


def _boxes(table: Path) -> dict[str, list[Box]]:
    found: dict[str, list[Box]] = {}
    for row in read_table(table, columns=("patientId", "x", "y", "width", "height", "Target")):
        boxes = found.setdefault(row["patientId"], [])
        if row["Target"] == "1":
            boxes.append(_box(row, where=f"{table}: {row['patientId']}"))
        elif row["Target"] != "0":
            raise ManifestError(f"{table}: Target: takes 0 or 1, got {row['Target']!r}")
    return found


def _box(row: Mapping[str, str], *, where: str) -> Box:
    try:
        x, y, width, height = (float(row[name]) for name in ("x", "y", "width", "height"))
    except ValueError as error:
        raise ManifestError(f"{where}: a box takes four numbers") from error
    return [x, y, x + width, y + height]


def _classes(root: Path) -> dict[str, str]:
    """Return the finer class of each image, where its table was fetched: normal, or not."""
    table = root / "stage_2_detailed_class_info.csv"
    if not table.is_file():
        return {}
    rows = read_table(table, columns=("patientId", "class"))
    return {row["patientId"]: row["class"] for row in rows}


def _splits(folder: Path) -> dict[str, str]:
    """Read which patients a folder's train.txt, val.txt and test.txt name, one a line."""
    found: dict[str, str] = {}
    for name, split in FILES.items():
        path = folder / f"{name}.txt"
        for line in read_lines(path) if path.is_file() else ():
            patient = Path(line.strip()).stem
            if patient and found.setdefault(patient, split) != split:
                raise ManifestError(f"{path}: {patient} stands in {found[patient]} too")
    if not found:
        raise ManifestError(f"{folder}: holds no patients in train.txt, val.txt or test.txt")
    return found


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--splits",
        type=Path,
        metavar="DIR",
        help="train.txt, val.txt and test.txt with a patient or image a line; without, patients "
        "are drawn, 70/15/15",
    )


SOURCE = Source(
    title="RSNA Pneumonia Detection Challenge: radiographs with boxes, no reports",
    origin="it is kaggle.com's competition rsna-pneumonia-detection-challenge, stage 2",
    rows=_rows,
    add_options=_options,
)
