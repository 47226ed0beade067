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
    grouped = np.array([row for rows in of_patient.values() for row in rows])
    sizes = np.array([len(rows) for rows in of_patient.values()])
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        chosen = random.integers(len(sizes), size=len(sizes))
        drawn.append(metric(grouped[_members(sizes, chosen)]))
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


def _members(
    sizes: Int[np.ndarray, " groups"], chosen: Int[np.ndarray, " chosen"]
) -> Int[np.ndarray, " members"]:
    """Return the places of the chosen groups' members, where the groups stand one after another."""
    ends = np.cumsum(sizes[chosen])
    starts = np.cumsum(sizes)[chosen] - sizes[chosen]
    shifts = starts - (ends - sizes[chosen])  # from the place among the drawn to that in its group
    return np.asarray(np.arange(ends[-1]) + np.repeat(shifts, sizes[chosen]))
