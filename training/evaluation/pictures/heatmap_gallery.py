"""Words on images: each image above its map of a word, with the marked boxes (Fig. 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from models.aga import AGA
from models.heatmap import render_overlay
from training.data.manifest import ImageReportPair
from training.evaluation.pictures.canvas import image_note, new_figure
from training.evaluation.regions import Box, Mark
from training.evaluation.word_maps import Question, WordFinder, map_words

COLUMNS = 5
INCHES = 2.1  # side of a picture
OUTLINE = "#56B4E9"  # seen on grey and on every color of the heat


@dataclass(frozen=True)
class Exhibit:
    """A word or phrase to be looked for on the image of a pair, and where it is, if known."""

    row: int  # of the pairs
    words: str
    boxes: tuple[Box, ...] = ()


def choose_exhibits(
    marks: Sequence[Mark], *, asked_as: Mapping[str, str] | None = None, per_phrase: int = 1
) -> list[Exhibit]:
    """Take the first images that mark each phrase: nobody picks the beautiful ones."""
    chosen: dict[str, list[Exhibit]] = {}
    for mark in marks:
        taken = chosen.setdefault(mark.phrase, [])
        if len(taken) < per_phrase:
            taken.append(
                Exhibit(mark.row, (asked_as or {}).get(mark.phrase, mark.phrase), mark.boxes)
            )
    return [exhibit for phrase in sorted(chosen) for exhibit in chosen[phrase]]


def draw_gallery(
    model: AGA, pairs: Sequence[ImageReportPair], exhibits: Sequence[Exhibit], *, title: str
) -> Figure:
    """Draw every image and, below it, the patches that its words gather.

    Words are read in the image's own report where they stand there, else as a text of their own.
    The weights are those that the service shows; the model is in evaluation mode.

    Raises:
        ValueError: there is nothing to show, or words hold no word that the model reads.
    """
    if not exhibits:
        raise ValueError("a gallery needs an exhibit")
    finder = WordFinder(model.tokenizer)
    maps = map_words(model, pairs, [_question(finder, pairs, one) for one in exhibits])
    shown = [pairs[one.row] for one in exhibits]
    lines, columns = -(-len(exhibits) // COLUMNS), min(COLUMNS, len(exhibits))
    note = image_note(shown) + (
        ". Blue: the marked region" if any(e.boxes for e in exhibits) else ""
    )
    figure = new_figure(title, note, width=INCHES * max(columns, 2), height=2.3 * INCHES * lines)
    grid = figure.subplots(2 * lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, (exhibit, pair, heatmap) in enumerate(zip(exhibits, shown, maps, strict=True)):
        above, column = 2 * (place // COLUMNS), place % COLUMNS
        grey = pair.read_grey()
        name = exhibit.words if heatmap.weights.any() else f"{exhibit.words}: no patch"
        grid[above, column].set_title(name, fontsize=8)
        _show(grid[above, column], np.stack([grey] * 3, axis=-1), exhibit.boxes)
        _show(grid[above + 1, column], render_overlay(grey, heatmap), exhibit.boxes)
    return figure


def _question(finder: WordFinder, pairs: Sequence[ImageReportPair], exhibit: Exhibit) -> Question:
    for text in (pairs[exhibit.row].report, exhibit.words):
        if places := finder.find(exhibit.words, text):
            return Question(exhibit.row, text, places)
    raise ValueError(f"{exhibit.words!r} holds no word that the model reads")


def _show(axes: Axes, picture: UInt8[np.ndarray, "height width 3"], boxes: Sequence[Box]) -> None:
    axes.imshow(picture)
    for x0, y0, x1, y1 in boxes:
        edges = (x0 - 0.5, y0 - 0.5)  # imshow counts from pixel centers, boxes from their edges
        axes.add_patch(
            Rectangle(edges, x1 - x0, y1 - y0, fill=False, edgecolor=OUTLINE, linewidth=1.2)
        )
