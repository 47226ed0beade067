"""Zero-shot metrics from class scores: AUROC per finding, accuracy of the best class."""

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.metrics import roc_auc_score


def auroc(scores: Float[np.ndarray, " rows"], truth: Bool[np.ndarray, " rows"]) -> float | None:
    """Return the area under the ROC curve, or None where one of the two outcomes is absent."""
    if truth.all() or not truth.any():
        return None
    return float(roc_auc_score(truth, scores))


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
