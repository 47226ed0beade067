"""All pictures of one checkpoint: its run's thresholds, and each set's images by label and maps."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from models.aga import AGA
from training.data.manifest import ImageReportPair
from training.evaluation.pictures.canvas import image_note, save_picture
from training.evaluation.pictures.embedding_map import (
    draw_embedding_map,
    name_labels,
    place_images,
)
from training.evaluation.pictures.heatmap_gallery import choose_exhibits, draw_gallery
from training.evaluation.pictures.run_curves import NoCurve, draw_thresholds, read_events
from training.evaluation.regions import Mark

LEAST_IMAGES, MOST_IMAGES = 3, 2000  # of a t-SNE: a plane needs three, and more take minutes


@dataclass(frozen=True)
class ShownSet:
    """Pairs as a model embeds them and as their manifest marks them."""

    pairs: Sequence[ImageReportPair]
    images: Float[np.ndarray, "pairs dim"]
    marks: Sequence[Mark]
    asked_as: Mapping[str, str] = field(default_factory=dict)  # words by phrase of the marks


def draw_album(model: AGA, metrics: Path, sets: Mapping[str, ShownSet], folder: Path) -> list[Path]:
    """Draw what there is to draw, and return the PNG files; each has an SVG beside it.

    Args:
        model: in evaluation mode.
        metrics: the log of its run, which may be missing or tell of no thresholds.
        sets: by the name that begins their files' names.
    """
    note = image_note(next(iter(sets.values())).pairs)
    pictures = _thresholds(metrics, note, folder)
    for name, shown in sets.items():
        pictures += _embeddings(name, shown, folder) + _maps(model, name, shown, folder)
    return pictures


def _thresholds(metrics: Path, note: str, folder: Path) -> list[Path]:
    if not metrics.is_file():
        return []
    with suppress(NoCurve):
        title = "Grouping thresholds (as Figs. 3 and 4)"
        curves = draw_thresholds(read_events(metrics), title=title, note=note)
        return [save_picture(curves, folder / "thresholds")[0]]
    return []


def _embeddings(name: str, shown: ShownSet, folder: Path) -> list[Path]:
    count = len(shown.pairs)
    if count < LEAST_IMAGES:
        return []
    rows = np.linspace(0, count - 1, min(count, MOST_IMAGES)).astype(int)  # evenly over all
    names = name_labels([shown.pairs[row].labels for row in rows])
    title, note = f"{name}: image embeddings (as Fig. 6)", image_note(shown.pairs)
    drawn = draw_embedding_map(place_images(shown.images[rows]), names, title=title, note=note)
    return [save_picture(drawn, folder / f"{name}-embeddings")[0]]


def _maps(model: AGA, name: str, shown: ShownSet, folder: Path) -> list[Path]:
    exhibits = choose_exhibits(shown.marks, asked_as=shown.asked_as)
    if not exhibits:
        return []
    title = f"{name}: what words gather (as Fig. 5)"
    gallery = draw_gallery(model, shown.pairs, exhibits, title=title)
    return [save_picture(gallery, folder / f"{name}-maps")[0]]
