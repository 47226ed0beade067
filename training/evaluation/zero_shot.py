"""Zero-shot metrics from class scores: AUROC per finding, accuracy of the best class."""

import numpy as np
from jaxtyping import Bool, Float, Int


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


def macro_auroc(
    scores: Float[np.ndarray, "rows classes"], truth: Bool[np.ndarray, "rows classes"]
) -> float | None:
    """Return the mean AUROC over the classes for which it is defined."""
    each = [auroc(scores[:, c], truth[:, c]) for c in range(scores.shape[1])]
    defined = [value for value in each if value is not None]
    return float(np.mean(defined)) if defined else None


def accuracy(scores: Float[np.ndarray, "rows classes"], truth: Int[np.ndarray, " rows"]) -> float:
    """Return the share of rows whose best class is the true one."""
    return float((scores.argmax(axis=1) == truth).mean())
