"""What every picture shares: its title, what it must say of its images, and its two files.

Figures are drawn without pyplot, which keeps a state of its own. One figure gives one file, byte
for byte: no date, no random names.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from training.data.manifest import ImageReportPair

WARNING = "Not for clinical use"
DOTS = 150  # per inch, of the PNG
GREY = "0.35"
# Told apart with color-blind eyes too (Okabe and Ito, 2008), and each with a mark of its own.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D00", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "h")


def new_figure(title: str, note: str, *, width: float, height: float) -> Figure:
    """Make an empty figure with a title over it and a note below that.

    Args:
        note: what a reader must know of the images, from `image_note`.
        width, height: inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(f"{title}\n{note}" if note else title, fontsize=10, wrap=True)
    return figure


def image_note(pairs: Sequence[ImageReportPair]) -> str:
    """Say which of the images are synthetic, and that no picture of them is for the clinic."""
    made = sum(pair.synthetic for pair in pairs)
    if not made:
        return WARNING
    which = "Synthetic images" if made == len(pairs) else f"{made} of {len(pairs)} images synthetic"
    return f"{which}. {WARNING}"


def save_picture(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write a figure beside its twin, `stem`.png and `stem`.svg; return both paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    png, svg = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")
    with mpl.rc_context({"svg.hashsalt": stem.name}):  # else names inside the file are random
        figure.savefig(png, dpi=DOTS)
        figure.savefig(svg, metadata={"Date": None})
    return png, svg
