"""The guesses that any map must beat: a phrase's usual position, and everywhere alike.

Positions are fractions of the image's height and width; the letterbox plays no part in them.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image

from models.heatmap import Heatmap
from models.imaging import read_image_file
from models.preprocessing import Letterbox
from training.data.manifest import ImageReportPair
from training.evaluation.regions import Mark, RegionMask

CELLS = 64  # the position map divides an image's height and width into so many parts
PositionMap = Float[np.ndarray, "cells cells"]


class CenterPrior:
    """The mean position map of each phrase over the regions of some pairs."""

    def __init__(self, pairs: Sequence[ImageReportPair], marks: Sequence[Mark]) -> None:
        self._sums: dict[str, PositionMap] = defaultdict(_nowhere)
        self._sums_of: dict[tuple[str, str], PositionMap] = defaultdict(_nowhere)
        self._counts = Counter(mark.phrase for mark in marks)
        self._counts_of = Counter((mark.phrase, pairs[mark.row].patient_id) for mark in marks)
        shapes = {image: read_image_file(image).shape for image in {mark.image for mark in marks}}
        for mark in marks:
            covered = position_map(mark.region(*shapes[mark.image]))
            self._sums[mark.phrase] += covered
            self._sums_of[mark.phrase, pairs[mark.row].patient_id] += covered

    def position(self, phrase: str, *, without_patient: str) -> PositionMap | None:
        """Return the mean over all patients but one; None where no region is left."""
        own = (phrase, without_patient)
        count = self._counts[phrase] - self._counts_of[own]
        if count == 0:
            return None
        others = self._sums[phrase] - self._sums_of.get(own, _nowhere())
        return np.asarray(others / count)


def position_map(region: RegionMask) -> PositionMap:
    """Return the share of each cell that a region covers."""
    picture = Image.fromarray(region.astype(np.float32))
    return np.asarray(picture.resize((CELLS, CELLS), Image.Resampling.BOX), dtype=np.float64)


def lay_on_patches(position: PositionMap, box: Letterbox) -> Heatmap:
    """Average a position map within each patch's part of the picture: a map like the model's."""
    rows, columns = box.grid
    down = _shares(_edges(rows, box.stride, box.picture_height), len(position))
    across = _shares(_edges(columns, box.stride, box.picture_width), len(position))
    weights = down @ position @ across.T
    return Heatmap(weights / weights.sum(), box)


def uniform_map(box: Letterbox) -> Heatmap:
    """Return the map that says nothing."""
    return Heatmap(np.full(box.grid, 1.0 / np.prod(box.grid)), box)


def _nowhere() -> PositionMap:
    return np.zeros((CELLS, CELLS))


def _edges(patches: int, stride: int, scaled: int) -> Float[np.ndarray, " edges"]:
    """Return where patches begin and end, as fractions of the picture."""
    return np.asarray(np.minimum(np.arange(patches + 1) * stride / scaled, 1.0))


def _shares(edges: Float[np.ndarray, " edges"], cells: int) -> Float[np.ndarray, "parts cells"]:
    """Return what share of each part, from edge to edge, lies in each cell."""
    grid = np.linspace(0.0, 1.0, cells + 1)
    starts, ends = edges[:-1, None], edges[1:, None]
    overlap = np.minimum(ends, grid[1:]) - np.maximum(starts, grid[:-1])
    return np.asarray(np.clip(overlap, 0.0, None) / (ends - starts))
