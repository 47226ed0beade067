"""The rows that a zero-shot metric counts: a column of each class, beside what is true."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Shaped

from training.evaluation.statistics import Measure, Rows
from training.evaluation.zero_shot import ClassMetric

Labels = Sequence[frozenset[str] | None]  # of each row; None: unknown; empty: nothing was found
CaseMetric = Callable[[np.ndarray, np.ndarray], float | None]  # of columns, and their truth


@dataclass(frozen=True)
class Cases:
    """Scores or decisions of rows for classes, what is true, and whose the rows are."""

    columns: Shaped[np.ndarray, "rows classes"]
    truth: Bool[np.ndarray, "rows classes"]
    patients: Sequence[str]

    def measure(self, metric: CaseMetric, *, chance: float | None) -> Measure:
        """Return a metric of all classes as a measure."""
        return Measure(partial(self._of_rows, metric), self.patients, chance)

    def measure_class(self, metric: ClassMetric, place: int, *, chance: float | None) -> Measure:
        """Return a metric of one class as a measure."""
        column = Cases(self.columns[:, [place]], self.truth[:, [place]], self.patients)
        return column.measure(
            lambda columns, truth: metric(columns[:, 0], truth[:, 0]), chance=chance
        )

    def shares(self) -> Float[np.ndarray, " classes"]:
        """Return how often each class occurs; without rows, never."""
        return np.asarray(self.truth.sum(axis=0) / max(1, len(self.truth)))

    def _of_rows(self, metric: CaseMetric, rows: Rows) -> float | None:
        return metric(self.columns[rows], self.truth[rows])


def labelled_cases(
    columns: Shaped[np.ndarray, "rows classes"],
    labels: Labels,
    patients: Sequence[str],
    *,
    classes: Sequence[str],
) -> Cases:
    """Keep the rows whose labels are known, of these classes or of others."""
    kept = [row for row, one in enumerate(labels) if one is not None]
    return _keep(columns, labels, patients, classes, kept)


def single_cases(
    columns: Shaped[np.ndarray, "rows classes"],
    labels: Labels,
    patients: Sequence[str],
    *,
    classes: Sequence[str],
) -> Cases:
    """Keep the rows with exactly one label of these classes."""
    kept = [row for row, one in enumerate(labels) if len((one or frozenset()) & {*classes}) == 1]
    return _keep(columns, labels, patients, classes, kept)


def _keep(
    columns: Shaped[np.ndarray, "rows classes"],
    labels: Labels,
    patients: Sequence[str],
    classes: Sequence[str],
    kept: Sequence[int],
) -> Cases:
    truth = [[name in (labels[row] or ()) for name in classes] for row in kept]
    return Cases(
        columns=columns[np.array(kept, dtype=np.int64)],
        truth=np.array(truth, dtype=bool).reshape(len(kept), len(classes)),
        patients=[patients[row] for row in kept],
    )
