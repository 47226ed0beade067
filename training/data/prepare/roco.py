"""ROCO and ROCOv2: figures of open-access papers with their captions.

ROCO keeps `train/radiology/captions.txt` (name, tab, caption) beside `images/`; ROCOv2 keeps
`train_captions.csv` beside `train/`. One figure is one patient here, as nothing says otherwise.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from models.manifest import Row
from training.data.prepare.left_out import LeftOut
from training.data.prepare.source import Source, Tell
from training.data.prepare.tables import read_lines, read_table

SPLITS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}


def _rows(root: Path, _: Namespace, tell: Tell) -> Iterator[Row]:
    SOURCE.find(root, "*/radiology/captions.txt", "*_captions.csv")
    left_out = LeftOut()
    for folder, split in SPLITS.items():
        for path, words in _captions(root, folder):
            caption = " ".join(words.split())
            if not caption:
                left_out.count("without a caption")
            elif image := left_out.image(path):  # papers are withdrawn, and their figures with them
                yield {"image": image, "report": caption, "study_id": image.stem, "split": split}
    left_out.tell(tell)


def _captions(root: Path, folder: str) -> Iterator[tuple[Path, str]]:
    first, second = root / folder / "radiology", root / f"{folder}_captions.csv"
    if (first / "captions.txt").is_file():
        for line in read_lines(first / "captions.txt"):
            name, _, caption = line.partition("\t")
            yield first / "images" / f"{name.strip()}.jpg", caption
    if second.is_file():
        for row in read_table(second, columns=("ID", "Caption")):
            yield root / folder / f"{row['ID']}.jpg", row["Caption"]


SOURCE = Source(
    title="ROCO or ROCOv2: figures of papers with their captions",
    origin="ROCO is fetched by its GitHub repository razorx89/roco-dataset, ROCOv2 lies on Zenodo",
    rows=_rows,
)
