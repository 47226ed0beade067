"""AUROC of a classifier that learned from a fraction of the labels, over draws (Tables 3, 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from training.evaluation.label_draws import KnownLabels, Rows, draw_rows
from training.evaluation.statistics import DRAWS, Figure, bootstrap
from training.evaluation.zero_shot import auroc, macro

CHANCE = 0.5  # of an AUROC, whatever the classes' shares

Columns = Int[np.ndarray, " judged"]
# Learn some classes from some training rows, by a seed; score the test rows for these classes.
Learn = Callable[[Rows, Columns, int], Float[np.ndarray, "others judged"]]


@dataclass(frozen=True)
class LabelPlan:
    """Which fractions of the labels are tried, and how often."""

    fractions: tuple[float, ...] = (0.01, 0.1, 1.0)  # of Table 3; Table 4 has 0.1, 0.5, 1.0
    draws: int = 20  # of each fraction below 1; all labels are one draw
    seed: int = 0
    resamples: int = DRAWS  # of the test patients, for the interval


@dataclass(frozen=True)
class ProbeFigure:
    """What a fraction of the labels gives.

    `auroc` is the mean over the draws of the mean over the classes; its interval comes from the
    patients of the test set alone. `deviation` is that of the draws, None where there is one.
    """

    fraction: float
    labels: float  # training images whose labels were used, mean over the draws
    draws: int
    auroc: Figure
    deviation: float | None
    classes: int  # that have examples and counterexamples in training and test


def probe_figures(
    learn: Learn, train: KnownLabels, test: KnownLabels, *, plan: LabelPlan
) -> list[ProbeFigure]:
    """Learn from each fraction of the labels, several draws of each, and judge on the test set.

    Raises:
        ValueError: a patient stands in both sets, or a fraction is not in (0, 1].
    """
    if shared := set(train.patients) & set(test.patients):
        raise ValueError(f"{len(shared)} patients stand in training and test")
    judged = _judged_classes(train.truth, test.truth)
    figures = []
    for fraction in plan.fractions:
        seeds = [plan.seed + draw for draw in range(plan.draws if fraction < 1.0 else 1)]
        drawn = [
            draw_rows(train.truth, train.patients, fraction=fraction, seed=seed) for seed in seeds
        ]
        scores = [learn(rows, judged, seed) for rows, seed in zip(drawn, seeds, strict=True)]
        figure, deviation = _over_draws(
            np.stack(scores), test.truth[:, judged], test.patients, resamples=plan.resamples
        )
        labels = float(np.mean([len(rows) for rows in drawn]))
        figures.append(
            ProbeFigure(fraction, labels, len(drawn), figure, deviation, classes=len(judged))
        )
    return figures


def _judged_classes(
    train: Bool[np.ndarray, "rows classes"], test: Bool[np.ndarray, "others classes"]
) -> Columns:
    """Return the classes with both outcomes in training and test; of others no AUROC is known."""
    both = [truth.any(axis=0) & ~truth.all(axis=0) for truth in (train, test)]
    return np.flatnonzero(both[0] & both[1])


def _over_draws(
    scores: Float[np.ndarray, "draws rows classes"],
    truth: Bool[np.ndarray, "rows classes"],
    patients: Sequence[str],
    *,
    resamples: int,
) -> tuple[Figure, float | None]:
    """Return the mean AUROC over the draws with its interval, and their standard deviation."""
    if not truth.shape[1]:
        return Figure(None, None, None, CHANCE, len(truth)), None
    ordered = [_ordered(scores[:, :, c], shown) for c, shown in enumerate(truth.T)]

    def mean(rows: Int[np.ndarray, " chosen"]) -> float | None:
        times = np.bincount(rows, minlength=len(truth)).astype(np.float32)
        each = [
            _weighted(share, times[shown], times[~shown])
            for share, shown in zip(ordered, truth.T, strict=True)
        ]
        defined = [value for value in each if value is not None]
        return float(np.mean(defined)) if defined else None

    values = [macro(auroc, one, truth) for one in scores]
    deviation = float(np.std(np.array(values, dtype=float), ddof=1)) if len(values) > 1 else None
    return bootstrap(mean, patients, chance=CHANCE, draws=resamples), deviation


def _ordered(
    scores: Float[np.ndarray, "draws rows"], shown: Bool[np.ndarray, " rows"]
) -> Float[np.ndarray, "examples others"]:
    """Return of each couple in how large a share of the draws it is in order; a tie is half.

    Its mean is the AUROC, averaged over the draws: computed once, whatever patients are drawn.
    """
    total = np.zeros((int(shown.sum()), int((~shown).sum())), dtype=np.float32)
    for one in scores:
        total += (np.sign(one[shown][:, None] - one[~shown]) + 1) / 2
    return np.asarray(total / len(scores))


def _weighted(
    share: Float[np.ndarray, "examples others"],
    examples: Float[np.ndarray, " examples"],
    others: Float[np.ndarray, " others"],
) -> float | None:
    """Average over couples, each row as many times as it was drawn; None without a couple."""
    couples = float(examples.sum()) * float(others.sum())
    return float(examples @ share @ others) / couples if couples else None
