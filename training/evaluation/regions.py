"""The regions that a manifest marks for phrases: boxes and masks, in pixels of the image."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from models.imaging import read_image_file
from models.manifest import ManifestError
from training.data.manifest import ImageReportPair

Box = tuple[float, float, float, float]  # x0, y0, x1, y1
RegionMask = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class Mark:
    """A phrase that a pair's image shows, and where: boxes, or the file of a mask."""

    row: int  # of the pairs
    phrase: str
    image: Path
    boxes: tuple[Box, ...] = ()
    mask: Path | None = None

    def region(self, height: int, width: int) -> RegionMask:
        """Return the marked pixels of an image of this size: those whose centers are inside.

        Raises:
            ManifestError: the mask has another size, or no pixel of the image is marked.
        """
        marked = (
            _in_boxes(self.boxes, height, width)
            if self.mask is None
            else read_image_file(self.mask) > 0
        )
        if marked.shape != (height, width):
            raise ManifestError(
                f"{self.mask}: is {marked.shape[1]} x {marked.shape[0]} pixels, "
                f"the image {width} x {height}"
            )
        if not marked.any():
            raise ManifestError(f"{self.image}: {self.phrase!r} marks no pixel of the image")
        return marked


def read_marks(pairs: Sequence[ImageReportPair], folder: Path) -> list[Mark]:
    """Return every phrase that the pairs' boxes or masks mark; a mask wins over boxes.

    Args:
        folder: the manifest's, to which the masks' paths are relative.

    Raises:
        ManifestError: a column is no object, a box no box, or a mask's file is missing.
    """
    marks: list[Mark] = []
    for row, pair in enumerate(pairs):
        boxes = {
            phrase: Mark(row, phrase, pair.image, boxes=_boxes(value, phrase, pair))
            for phrase, value in _phrases(pair, "boxes")
        }
        masks = {
            phrase: Mark(row, phrase, pair.image, mask=_mask(value, phrase, pair, folder))
            for phrase, value in _phrases(pair, "masks")
        }
        marks.extend((boxes | masks).values())
    return marks


def _phrases(pair: ImageReportPair, column: str) -> Iterator[tuple[str, Any]]:  # Any: JSON
    """Yield the phrases of a column; a null, as Parquet has for absent ones, is left out."""
    content = pair.metadata.get(column, {})
    if not isinstance(content, Mapping):
        raise ManifestError(f"{pair.image}: {column}: takes an object of phrases, not {content!r}")
    return ((phrase, value) for phrase, value in content.items() if value is not None)


def _boxes(value: Any, phrase: str, pair: ImageReportPair) -> tuple[Box, ...]:  # Any: JSON
    listed = value if isinstance(value, list) and value and isinstance(value[0], list) else [value]
    if not all(map(_is_box, listed)):
        raise ManifestError(
            f"{pair.image}: boxes: {phrase!r}: takes [x0, y0, x1, y1] with x0 < x1 and y0 < y1, "
            f"or a list of these, got {value!r}"
        )
    return tuple((float(x0), float(y0), float(x1), float(y1)) for x0, y0, x1, y1 in listed)


def _is_box(value: Any) -> bool:  # Any: JSON
    if not isinstance(value, list) or len(value) != 4:
        return False
    if not all(isinstance(number, int | float) for number in value):
        return False
    x0, y0, x1, y1 = value
    return bool(x0 < x1 and y0 < y1)


def _mask(value: Any, phrase: str, pair: ImageReportPair, folder: Path) -> Path:  # Any: JSON
    if not isinstance(value, str):
        raise ManifestError(f"{pair.image}: masks: {phrase!r}: takes a path, got {value!r}")
    if not (folder / value).is_file():
        raise ManifestError(f"{folder / value}: no such mask")
    return folder / value


def _in_boxes(boxes: Sequence[Box], height: int, width: int) -> RegionMask:
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    marked = np.zeros((height, width), dtype=bool)
    for x0, y0, x1, y1 in boxes:
        inside = ((y0 <= rows) & (rows < y1))[:, None] & ((x0 <= columns) & (columns < x1))
        marked |= inside
    return marked
