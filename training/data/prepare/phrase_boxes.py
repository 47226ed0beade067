"""Phrases of reports with boxes around what they mean, in the layout of MS-CXR.

`MS_CXR_Local_Alignment_v1.1.0.csv` has a row for each box; the JSON of that name, as COCO has it,
does too. The images are those of MIMIC-CXR-JPG. Version 1.0.0 has no splits: then all is test data.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from models.imaging import FORMATS
from models.manifest import ManifestError, Row
from models.plain_json import read_json
from training.data.prepare.left_out import LeftOut
from training.data.prepare.source import Source, Tell
from training.data.prepare.tables import read_lines, read_table

NAMES = ("MS_CXR_Local_Alignment_v*.csv", "MS_CXR_Local_Alignment_v*.json")
COLUMNS = (
    *("category_name", "label_text", "path", "x", "y", "w", "h"),
    *("image_width", "image_height"),
)
SPLITS = {"train": "train", "val": "validation", "test": "test", "": "test"}
SAME_SHAPE = 0.01  # by so much the two scales of a resized copy may differ

Box = list[float]  # x0, y0, x1, y1 in pixels
Cells = Mapping[str, Any]  # Any: numbers as JSON or as text


@dataclass
class _Marked:
    """An image with all its boxes."""

    path: str
    size: tuple[float, float]  # width and height of the published image
    split: str
    boxes: dict[str, list[Box]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)


def _rows(root: Path, options: Namespace, tell: Tell) -> Iterator[Row]:
    table = SOURCE.find(root, *NAMES)
    cells = _coco(table) if table.suffix == ".json" else read_table(table, columns=COLUMNS)
    folder: Path = options.images or root
    in_tree = (folder / "files").is_dir()  # else all images lie in one folder
    left_out, resized = LeftOut(), 0
    for marked in _by_image(cells, table):
        image = left_out.image(folder / (marked.path if in_tree else Path(marked.path).name))
        if image is None:
            continue
        scale = _scale(image, marked.size)
        resized += scale != 1
        yield {
            "image": image,
            **_ids(marked.path),
            "split": marked.split,
            "labels": sorted(marked.labels),
            "boxes": {
                phrase: [[scale * side for side in box] for box in boxes]
                for phrase, boxes in marked.boxes.items()
            },
        }
    left_out.tell(tell)
    if resized:
        tell(f"{resized:,} images are resized copies: their boxes are too")


def _by_image(rows: Iterator[Cells], table: Path) -> Iterator[_Marked]:
    found: dict[str, _Marked] = {}
    for number, row in enumerate(rows, start=1):
        where = f"{table}: box {number}"
        split = SPLITS.get(str(row.get("split", "")))
        if split is None:
            raise ManifestError(f"{where}: split: {row['split']!r} is none of train, val, test")
        try:
            x, y, width, height = (float(row[name]) for name in ("x", "y", "w", "h"))
            size = float(row["image_width"]), float(row["image_height"])
        except (TypeError, ValueError) as error:
            raise ManifestError(f"{where}: takes numbers for box and image") from error
        marked = found.setdefault(row["path"], _Marked(row["path"], size, split))
        phrase = " ".join(str(row["label_text"]).split())
        marked.boxes.setdefault(phrase, []).append([x, y, x + width, y + height])
        marked.labels.add(row["category_name"])
    yield from found.values()


def _coco(path: Path) -> Iterator[Cells]:
    """Yield the boxes of the JSON as its table has them."""
    try:
        content = read_json("\n".join(read_lines(path)))
        images = {image["id"]: image for image in content["images"]}
        categories = {category["id"]: category["name"] for category in content["categories"]}
        for box in content["annotations"]:
            image = images[box["image_id"]]
            yield {
                "category_name": categories[box["category_id"]],
                "label_text": box["label_text"],
                "path": image["path"],
                "image_width": image["width"],
                "image_height": image["height"],
                **dict(zip("xywh", box["bbox"], strict=True)),
                "split": box.get("split", ""),
            }
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"{path}: not the JSON of MS-CXR ({error})") from error


def _scale(image: Path, published: tuple[float, float]) -> float:
    """Return how much smaller a copy is than the published image.

    Raises:
        ManifestError: it is of another shape: it was cropped, and nobody knows where.
    """
    if image.suffix == ".dcm":  # nobody resizes these
        return 1
    with Image.open(image, formats=FORMATS) as opened:
        size = opened.size
    across, down = size[0] / published[0], size[1] / published[1]
    if abs(across / down - 1) > SAME_SHAPE:
        raise ManifestError(
            f"{image}: is {size[0]} x {size[1]}, no scaled copy of "
            f"{published[0]:.0f} x {published[1]:.0f}: where its boxes lie is unknown"
        )
    return across


def _ids(path: str) -> Row:
    """Return patient and study of files/p10/p10000032/s50414267/DICOM.jpg, named as MIMIC does."""
    parts = PurePosixPath(path).parts
    if len(parts) < 3:
        return {}
    return {"study_id": parts[-2].removeprefix("s"), "patient_id": parts[-3].removeprefix("p")}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="MIMIC-CXR-JPG's folder, or one that holds all its images (--root)",
    )


SOURCE = Source(
    title="MS-CXR: phrases with boxes on images of MIMIC-CXR, no reports",
    origin="MS-CXR comes from physionet.org, credentialed; its images are MIMIC-CXR-JPG's",
    rows=_rows,
    add_options=_options,
)
