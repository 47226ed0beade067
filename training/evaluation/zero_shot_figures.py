"""Zero-shot figures with intervals; a row whose label is unknown takes no part in them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int

from models.prompts import PromptSet
from training.evaluation.statistics import Figure, bootstrap
from training.evaluation.zero_shot import accuracy, auroc, macro_auroc

Rows = Int[np.ndarray, " rows"]


def zero_shot_figures(
    scores: Float[np.ndarray, "rows classes"],
    labels: Sequence[frozenset[str] | None],
    patients: Sequence[str],
    *,
    prompts: PromptSet,
) -> dict[str, Figure]:
    """Return AUROC of each class and their mean; accuracy as well where classes compete.

    AUROC counts the rows with a label, of the prompts' classes or another; accuracy those with
    exactly one label of the classes.

    Args:
        labels: of each row; None where it is unknown, an empty set where nothing was found.
    """
    truth = np.array([[name in (one or ()) for name in prompts.labels] for one in labels])
    labelled = np.flatnonzero([one is not None for one in labels])
    figures = {
        "zero_shot_macro_auroc": _figure(
            lambda rows: macro_auroc(scores[rows], truth[rows]), labelled, patients, chance=0.5
        )
    }
    for number, name in enumerate(prompts.labels):
        metric = partial(_auroc_of, scores[:, number], truth[:, number])
        figures[f"zero_shot_auroc/{name}"] = _figure(metric, labelled, patients, chance=0.5)
    if prompts.mode == "classes":
        figures["zero_shot_accuracy"] = _accuracy(scores, truth, patients)
    return figures


def _accuracy(
    scores: Float[np.ndarray, "rows classes"],
    truth: Bool[np.ndarray, "rows classes"],
    patients: Sequence[str],
) -> Figure:
    """Measure accuracy beside the share of the commonest class."""
    single = np.flatnonzero(truth.sum(axis=1) == 1)
    classes = truth.argmax(axis=1)  # read at single rows only
    counts = np.bincount(classes[single])
    return _figure(
        lambda rows: accuracy(scores[rows], classes[rows]),
        single,
        patients,
        chance=float(counts.max() / counts.sum()) if len(single) else None,
    )


def _figure(
    metric: Callable[[Rows], float | None],
    chosen: Rows,
    patients: Sequence[str],
    *,
    chance: float | None,
) -> Figure:
    """Bootstrap a metric over the patients of chosen rows; of no row it is undefined."""
    if len(chosen) == 0:
        return Figure(value=None, low=None, high=None, chance=chance, n=0)
    of_chosen = [patients[row] for row in chosen]
    return bootstrap(lambda rows: metric(chosen[rows]), of_chosen, chance=chance)


def _auroc_of(
    scores: Float[np.ndarray, " all"], truth: Bool[np.ndarray, " all"], rows: Rows
) -> float | None:
    return auroc(scores[rows], truth[rows])
