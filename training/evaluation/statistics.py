"""Intervals, paired tests and spread over seeds: what a figure is worth, by drawing patients.

A metric is held as a `Measure`, a function of rows: its figure, and its difference from another
checkpoint's, come from drawing patients with replacement. Undefined is None, never NaN.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Int, Shaped
from scipy.stats import t

DRAWS = 500
PAIRED_DRAWS = 2000  # the least p value is 2 / 2001: low enough to correct for many comparisons

Rows = Int[np.ndarray, " rows"]
Metric = Callable[[Rows], float | None]  # of rows by number, repeated where drawn more than once


@dataclass(frozen=True)
class Figure:
    """A metric with its 95 % interval and its chance level; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    n: int


@dataclass(frozen=True)
class Measure:
    """A metric, the patient of each row that it can be taken of, and its chance level."""

    metric: Metric
    patients: Sequence[str]
    chance: float | None

    def figure(self, *, draws: int = DRAWS) -> Figure:
        """Take the metric of all rows, with its interval."""
        return bootstrap(self.metric, self.patients, chance=self.chance, draws=draws)


@dataclass(frozen=True)
class Difference:
    """By how much one figure exceeds another on the same rows; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    p: float | None  # two-sided
    n: int


@dataclass(frozen=True)
class Spread:
    """A figure over training seeds: the n that define it, and their sample deviation if n > 1."""

    mean: float | None
    deviation: float | None
    least: float | None
    most: float | None
    n: int


def mean_measure(
    values: Shaped[np.ndarray, " rows"], patients: Sequence[str], *, chance: float | None
) -> Measure:
    """Return the measure of a metric that is a mean over rows."""
    return Measure(partial(_mean, np.asarray(values, dtype=float)), patients, chance)


def bootstrap(
    metric: Metric,
    patients: Sequence[str],
    *,
    chance: float | None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Figure:
    """Take a metric of all rows, and its spread when patients are drawn with replacement."""
    if not patients:
        return Figure(value=None, low=None, high=None, chance=chance, n=0)
    random = np.random.default_rng(seed)
    low, high = _interval(metric(rows) for rows in draw_patients(patients, random, draws=draws))
    value = metric(np.arange(len(patients)))
    return Figure(value=value, low=low, high=high, chance=chance, n=len(patients))


def paired_difference(
    left: Sequence[Measure],
    right: Sequence[Measure],
    *,
    seed: int = 0,
    draws: int = PAIRED_DRAWS,
) -> Difference:
    """Return how far the left mean exceeds the right one on the same rows, with a p value.

    Patients are drawn, the same for both sides; and of several seeds a side one less than there
    are, with replacement, which keeps the variance of a mean of few seeds unbiased (Rao and Wu,
    1988). With one seed a side the result speaks of two checkpoints, not of their methods: its
    interval is that of the draws, and its p value twice the smaller share of draws,
    (1 + count) / (1 + draws), on one side of 0. Of few seeds the draws take few values, so with
    several the standard deviation of the draws goes into a t distribution with one degree of
    freedom for each seed but one a side (pooled, as if both varied alike).

    Args:
        left, right: the same metric of one checkpoint per training seed.

    Raises:
        ValueError: a side is empty, or the measures have not the same rows.
    """
    patients = _shared_patients(left, right)
    if not patients:
        return Difference(value=None, low=None, high=None, p=None, n=0)
    random, of_seeds = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    drawn = [
        _lead(_draw_seeds(left, of_seeds), _draw_seeds(right, of_seeds), rows)
        for rows in draw_patients(patients, random, draws=draws)
    ]
    value, n = _lead(left, right, np.arange(len(patients))), len(patients)
    if value is None:
        return Difference(value=None, low=None, high=None, p=None, n=n)
    if freedom := len(left) + len(right) - 2:
        return _by_t(value, drawn, freedom=freedom, n=n)
    low, high = _interval(drawn)
    return Difference(value=value, low=low, high=high, p=_two_sided_p(drawn), n=n)


def spread_over_seeds(values: Sequence[float | None]) -> Spread:
    """Return mean, deviation and extremes of a figure's defined values, one per training seed."""
    defined = [value for value in values if value is not None]
    if not defined:
        return Spread(mean=None, deviation=None, least=None, most=None, n=0)
    return Spread(
        mean=float(np.mean(defined)),
        deviation=float(np.std(defined, ddof=1)) if len(defined) > 1 else None,
        least=min(defined),
        most=max(defined),
        n=len(defined),
    )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct p values for their number (Holm, 1979); an undefined one is no comparison."""
    defined = [(p, place) for place, p in enumerate(p_values) if p is not None]
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0  # a larger p value never becomes the smaller one
    for rank, (p, place) in enumerate(sorted(defined)):
        least = max(least, min(1.0, p * (len(defined) - rank)))
        corrected[place] = least
    return corrected


def draw_patients(
    patients: Sequence[str], random: np.random.Generator, *, draws: int
) -> Iterator[Rows]:
    """Yield the rows of as many patients as there are, drawn with replacement."""
    of_patient: dict[str, list[int]] = {}
    for row, patient in enumerate(patients):
        of_patient.setdefault(patient, []).append(row)
    grouped = np.array([row for rows in of_patient.values() for row in rows])
    sizes = np.array([len(rows) for rows in of_patient.values()])
    for _ in range(draws):
        chosen = random.integers(len(sizes), size=len(sizes))
        yield grouped[_members(sizes, chosen)]


def _members(
    sizes: Int[np.ndarray, " groups"], chosen: Int[np.ndarray, " chosen"]
) -> Int[np.ndarray, " members"]:
    """Return the places of the chosen groups' members, where the groups stand one after another."""
    ends = np.cumsum(sizes[chosen])
    starts = np.cumsum(sizes)[chosen] - sizes[chosen]
    shifts = starts - (ends - sizes[chosen])  # from the place among the drawn to that in its group
    return np.asarray(np.arange(ends[-1]) + np.repeat(shifts, sizes[chosen]))


def _interval(
    drawn: Iterator[float | None] | Sequence[float | None],
) -> tuple[float, float] | tuple[None, None]:
    defined = [value for value in drawn if value is not None]
    if not defined:
        return None, None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _two_sided_p(drawn: Sequence[float | None]) -> float | None:
    defined = np.array([value for value in drawn if value is not None])
    if len(defined) == 0:
        return None
    count = min((defined <= 0).sum(), (defined >= 0).sum())
    return min(1.0, 2.0 * float(1 + count) / (1 + len(defined)))


def _by_t(value: float, drawn: Sequence[float | None], *, freedom: int, n: int) -> Difference:
    """Return the difference with the interval and p value of a t distribution."""
    defined = [lead for lead in drawn if lead is not None]
    error = float(np.std(defined, ddof=1)) if len(defined) > 1 else 0.0
    if error == 0.0:  # nothing varies: all that can be said is whether the sides are alike
        p = 1.0 if value == 0.0 else 1.0 / (1 + len(defined))
        return Difference(value=value, low=value, high=value, p=p, n=n)
    reach = float(t.ppf(0.975, freedom)) * error
    p = 2.0 * float(t.sf(abs(value) / error, freedom))
    return Difference(value=value, low=value - reach, high=value + reach, p=p, n=n)


def _shared_patients(left: Sequence[Measure], right: Sequence[Measure]) -> Sequence[str]:
    if not left or not right:
        raise ValueError(f"nothing to compare: {len(left)} measures against {len(right)}")
    everyone = [list(measure.patients) for measure in (*left, *right)]
    if any(one != other for one, other in pairwise(everyone)):
        rows = ", ".join(str(len(patients)) for patients in everyone)
        raise ValueError(f"measures of different rows cannot be paired: they have {rows} rows")
    return everyone[0]


def _draw_seeds(measures: Sequence[Measure], random: np.random.Generator) -> list[Measure]:
    number = len(measures)
    return [measures[place] for place in random.integers(number, size=max(1, number - 1))]


def _lead(left: Sequence[Measure], right: Sequence[Measure], rows: Rows) -> float | None:
    """Return the left mean less the right one, or None where any measure is undefined."""
    sides = [[measure.metric(rows) for measure in side] for side in (left, right)]
    ours, theirs = ([value for value in side if value is not None] for side in sides)
    if len(ours) < len(left) or len(theirs) < len(right):
        return None
    return float(np.mean(ours) - np.mean(theirs))


def _mean(values: Shaped[np.ndarray, " all"], rows: Rows) -> float:
    return float(values[rows].mean())
