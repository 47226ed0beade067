"""Zero-shot metrics from class scores and from decisions. Undefined is None: a class not there.

Each takes the rows of one class; `macro` is the mean over the classes that define it.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Shaped

ClassMetric = Callable[[np.ndarray, np.ndarray], float | None]  # of a column, and its truth


def auroc(scores: Float[np.ndarray, " rows"], truth: Bool[np.ndarray, " rows"]) -> float | None:
    """Return the area under the ROC curve, or None where one of the two outcomes is absent.

    By ranks (Mann and Whitney): the share of couples, one of each outcome, that are in order.
    """
    positives = int(truth.sum())
    couples = positives * (len(truth) - positives)
    if couples == 0:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # rows that tie share their mean rank
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / couples)


def f1(decided: Bool[np.ndarray, " rows"], truth: Bool[np.ndarray, " rows"]) -> float | None:
    """Return the harmonic mean of precision and recall, or None where the class never occurs."""
    if not truth.any():
        return None
    return float(2 * (decided & truth).sum() / (decided.sum() + truth.sum()))


def recall(decided: Bool[np.ndarray, " rows"], truth: Bool[np.ndarray, " rows"]) -> float | None:
    """Return the share of a class's rows that are found, or None where it never occurs."""
    return float(decided[truth].mean()) if truth.any() else None


def balanced_accuracy(
    decided: Bool[np.ndarray, " rows"], truth: Bool[np.ndarray, " rows"]
) -> float | None:
    """Return the mean of sensitivity and specificity, or None where an outcome is absent."""
    found, refused = recall(decided, truth), recall(~decided, ~truth)
    return None if found is None or refused is None else (found + refused) / 2


def accuracy(
    decided: Bool[np.ndarray, "rows classes"], truth: Bool[np.ndarray, "rows classes"]
) -> float:
    """Return the share of right decisions, one per row and class."""
    return float((decided == truth).mean())


def top_1_accuracy(
    decided: Bool[np.ndarray, "rows classes"], truth: Bool[np.ndarray, "rows classes"]
) -> float:
    """Return the share of rows whose one decided class is the true one."""
    return float((decided & truth).any(axis=1).mean())


def macro(
    metric: ClassMetric,
    columns: Shaped[np.ndarray, "rows classes"],
    truth: Bool[np.ndarray, "rows classes"],
) -> float | None:
    """Return the mean of a metric over the classes for which it is defined."""
    each = [metric(columns[:, c], truth[:, c]) for c in range(columns.shape[1])]
    defined = [value for value in each if value is not None]
    return float(np.mean(defined)) if defined else None


def best_classes(scores: Float[np.ndarray, "rows classes"]) -> Bool[np.ndarray, "rows classes"]:
    """Decide for each row's best class; of classes that tie, for the first."""
    return np.asarray(np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None])
