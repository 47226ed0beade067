"""Endoscopic ultrasound of submucosal tumors, as the paper's own set is described (section 4.1).

That set is not public. A folder per hospital holds a folder per patient, which holds images and
`report.txt`, or a text of its own for an image (`01.png`, `01.txt`). `labels.csv` names each
patient's class. Hospitals that are held out become the paper's set SN: all of them are `test`.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from models.manifest import ManifestError, Row
from training.data.prepare.draws import draw_by_class
from training.data.prepare.left_out import LeftOut
from training.data.prepare.source import Source, Tell
from training.data.prepare.splits import split_of
from training.data.prepare.tables import read_lines, read_table

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".dcm"})


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    rows = _everything(root, options, tell)
    if options.only_held_out:
        yield from (row for row in rows if row["hospital"] in options.held_out)
    elif options.per_class:
        known = [row for row in rows if row["hospital"] not in options.held_out]
        yield from draw_by_class(
            (row for row in known if row["split"] == "test"),
            classes={str(row["label"]) for row in known},
            label=lambda row: str(row["label"]),
            name=lambda row: f"{row['patient_id']}/{row['image'].name}",
            count=options.per_class,
            seed=0,
        )
    else:
        yield from rows


def _everything(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    hospitals = sorted(path.name for path in root.iterdir() if path.is_dir())
    if unknown := set(options.held_out) - set(hospitals):
        raise ManifestError(f"{root}: holds no hospital {', '.join(sorted(unknown))}")
    table = SOURCE.find(root, "labels.csv")
    label_of = {
        (row["hospital"], row["patient"]): row["label"]
        for row in read_table(table, columns=("hospital", "patient", "label"))
    }
    left_out = LeftOut()
    for hospital in hospitals:
        for patient in sorted(path for path in (root / hospital).iterdir() if path.is_dir()):
            label = label_of.get((hospital, patient.name))
            if label is None:
                raise ManifestError(f"{table}: has no row for {hospital}, {patient.name}")
            yield from _patient(patient, label, left_out, held_out=hospital in options.held_out)
    left_out.tell(tell)


def _patient(folder: Path, label: str, left_out: LeftOut, *, held_out: bool) -> Iterator[Row]:
    hospital, patient = folder.parent.name, f"{folder.parent.name}/{folder.name}"
    for image in sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGES):
        texts = [image.with_suffix(".txt"), folder / "report.txt"]
        report = next((_text(text) for text in texts if text.is_file()), "")
        if not report:
            left_out.count("without a report")
        else:
            yield {
                "image": image,
                "report": report,
                "study_id": patient,
                "patient_id": patient,
                "split": "test" if held_out else split_of(patient),
                "label": label,
                "hospital": hospital,
            }


def _text(path: Path) -> str:
    return " ".join(" ".join(read_lines(path)).split())


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--held-out",
        action="append",
        default=[],
        metavar="HOSPITAL",
        help="a hospital that nothing is learned from: the paper's set SN; may be given again",
    )
    parser.add_argument(
        "--only-held-out", action="store_true", help="those hospitals alone: SN as a manifest"
    )
    parser.add_argument(
        "--per-class",
        type=int,
        metavar="N",
        help="of the other hospitals' test images, N of each class: 200 for the paper's 3x200",
    )


SOURCE = Source(
    title="endoscopic ultrasound of submucosal tumors: a folder per hospital and patient",
    origin="the paper's set is not public; lay out yours as hospital/patient/image and report.txt",
    rows=_rows,
    add_options=_options,
)
