"""Intervals around a figure: bootstrap over patients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

DRAWS = 500


@dataclass(frozen=True)
class Figure:
    """A metric with its 95 % interval and its chance level; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    n: int


def bootstrap(
    metric: Callable[[Int[np.ndarray, " rows"]], float | None],
    patients: Sequence[str],
    *,
    chance: float | None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Figure:
    """Take a metric of all rows, and its spread when patients are drawn with replacement.

    Args:
        metric: of the rows with these indices; None where it is undefined on them.
    """
    of_patient: dict[str, list[int]] = {}
    for row, patient in enumerate(patients):
        of_patient.setdefault(patient, []).append(row)
    groups = [np.array(rows) for rows in of_patient.values()]
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        chosen = random.integers(len(groups), size=len(groups))
        drawn.append(metric(np.concatenate([groups[i] for i in chosen])))
    defined = [value for value in drawn if value is not None]
    low, high = np.quantile(defined, [0.025, 0.975]) if defined else (None, None)
    value = metric(np.arange(len(patients)))
    return Figure(
        value=value,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        chance=chance,
        n=len(patients),
    )
