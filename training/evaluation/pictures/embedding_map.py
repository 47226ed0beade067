"""Images as points, near each other where their embeddings are: t-SNE, colored by label (Fig. 6).

t-SNE keeps neighbors together. The size of a cluster and the gap between two say nothing.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from training.evaluation.pictures.canvas import COLORS, MARKS, new_figure

PERPLEXITY = 30.0  # about how many neighbors count; less where images are few
UNLABELLED, NOTHING, SEVERAL = "unknown", "no finding", "several findings"
PLAIN = {UNLABELLED: "0.9", NOTHING: "0.75", SEVERAL: "0.5"}  # greys, behind the others


def place_images(
    images: Float[np.ndarray, "images dim"], *, seed: int = 0
) -> Float[np.ndarray, "images 2"]:
    """Place images in the plane so that those with similar embeddings are neighbors.

    Raises:
        ValueError: there are fewer than three.
    """
    if len(images) < 3:
        raise ValueError(f"a map needs three images at least, got {len(images)}")
    perplexity = min(PERPLEXITY, (len(images) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    return np.asarray(tsne.fit_transform(images.astype(np.float64)))


def name_labels(labels: Sequence[frozenset[str] | None]) -> list[str]:
    """Give every image one name: its label, or that it has none or several."""
    return [_name(shown) for shown in labels]


def draw_embedding_map(
    places: Float[np.ndarray, "images 2"], names: Sequence[str], *, title: str, note: str
) -> Figure:
    """Draw every image as a mark whose color and shape stand for its name."""
    figure = new_figure(title, note, width=7.5, height=5.5)
    axes = figure.add_subplot()
    plain = [name for name in PLAIN if name in names]
    for place, name in enumerate([*plain, *sorted(set(names) - set(PLAIN))]):
        rows = [row for row, one in enumerate(names) if one == name]
        number = place - len(plain)
        axes.scatter(
            places[rows, 0],
            places[rows, 1],
            s=20,
            linewidths=0,
            color=PLAIN.get(name, COLORS[number % len(COLORS)]),
            marker="." if name in PLAIN else MARKS[number % len(MARKS)],
            label=f"{name} ({len(rows)})",
        )
    axes.set(xticks=[], yticks=[], xlabel="t-SNE of image embeddings; axes have no unit")
    axes.set_aspect("equal", adjustable="datalim")
    figure.legend(loc="outside right upper", frameon=False, fontsize=8, markerscale=1.6)
    return figure


def _name(shown: frozenset[str] | None) -> str:
    if shown is None:
        return UNLABELLED
    return SEVERAL if len(shown) > 1 else next(iter(shown), NOTHING)
