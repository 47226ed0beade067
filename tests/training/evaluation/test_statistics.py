"""Intervals, paired tests and spread, against what can be known beforehand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from training.evaluation.statistics import (
    Difference,
    Measure,
    bootstrap,
    holm,
    mean_measure,
    paired_difference,
    spread_over_seeds,
)

PATIENTS = [str(row // 2) for row in range(80)]  # 40 patients of two rows


def noise(seed: int, *, shift: float = 0.0, rows: int = 80) -> Measure:
    """Return a mean over rows that are drawn around a shift."""
    values = np.random.default_rng(seed).normal(shift, 1.0, rows)
    return mean_measure(values, PATIENTS[:rows], chance=None)


def constant(value: float | None, patients: Sequence[str] = PATIENTS) -> Measure:
    return Measure(lambda rows: value, patients, chance=None)


def test_a_drawn_patient_brings_every_row() -> None:
    drawn: list[list[int]] = []

    def note(rows: np.ndarray) -> float:
        drawn.append(sorted(rows.tolist()))
        return 0.0

    bootstrap(note, ["a", "b", "a"], chance=None, draws=50)
    assert {tuple(rows) for rows in drawn} == {(0, 0, 2, 2), (0, 1, 2), (1, 1)}


def test_an_interval_resamples_patients_not_rows() -> None:
    values = np.array([1.0] * 50 + [0.0] * 50)
    one_each = [str(i) for i in range(100)]
    two_patients = ["a"] * 50 + ["b"] * 50
    narrow = mean_measure(values, one_each, chance=None).figure()
    wide = mean_measure(values, two_patients, chance=None).figure()
    assert narrow.low is not None
    assert narrow.low > 0.3
    assert (wide.low, wide.high) == (0.0, 1.0)


def test_of_no_rows_a_figure_is_undefined_and_keeps_its_chance() -> None:
    figure = Measure(lambda rows: 1 / 0, [], chance=0.5).figure()
    assert (figure.value, figure.low, figure.high, figure.chance, figure.n) == (*[None] * 3, 0.5, 0)


def test_a_checkpoint_does_not_differ_from_itself() -> None:
    same = paired_difference([noise(0)], [noise(0)])
    assert (same.value, same.low, same.high, same.p, same.n) == (0.0, 0.0, 0.0, 1.0, 80)


def test_swapping_sides_turns_the_difference_round() -> None:
    one = paired_difference([noise(0, shift=0.3)], [noise(1)])
    other = paired_difference([noise(1)], [noise(0, shift=0.3)])
    assert None not in (one.value, one.low, one.high)
    assert other.value == -(one.value or 0)
    assert (other.low, other.high) == pytest.approx((-(one.high or 0), -(one.low or 0)))
    assert other.p == one.p


def test_a_metric_that_is_no_mean_is_paired_by_the_same_rows() -> None:
    values = np.random.default_rng(0).normal(size=80)
    median = Measure(lambda rows: float(np.median(values[rows])), PATIENTS, chance=None)
    higher = Measure(lambda rows: float(np.median(values[rows] + 0.25)), PATIENTS, chance=None)
    difference = paired_difference([higher], [median], draws=50)
    assert (difference.low, difference.high) == pytest.approx((0.25, 0.25))
    assert difference.p == pytest.approx(2 / 51)


def test_the_p_value_counts_the_draws_on_the_rarer_side() -> None:
    # one patient of 1 and one of -1/2: a draw gives 1, 1/4 or -1/2
    values = np.array([1.0, -0.5])
    leads = mean_measure(values, ["a", "b"], chance=None)
    found = paired_difference([leads], [constant(0.0, ["a", "b"])], draws=2000)
    assert (found.value, found.low, found.high) == (0.25, -0.5, 1.0)
    assert found.p == pytest.approx(2 * 1 / 4, abs=0.05)


def known_difference(trial: int) -> Difference:
    """Compare two checkpoints that see the same 80 rows; the first is better by 0.2."""
    random = np.random.default_rng(trial)
    of_patient, of_row = np.repeat(random.normal(size=40), 2), random.normal(0, 0.5, (2, 80))
    left, right = (
        mean_measure(shift + of_patient + values, PATIENTS, chance=None)
        for shift, values in zip((0.2, 0.0), of_row, strict=True)
    )
    return paired_difference([left], [right], draws=100)


def known_difference_of_methods(trial: int) -> Difference:
    """Compare three seeds a side; the first method is better by 0.5, give or take each seed."""
    random = np.random.default_rng(trial)
    rows = random.normal(size=80)
    left, right = (
        [mean_measure(rows + random.normal(mean, 0.3), PATIENTS, chance=None) for _ in range(3)]
        for mean in (0.5, 0.0)
    )
    return paired_difference(left, right, draws=100)


def coverage(found: Sequence[Difference], truth: float) -> float:
    intervals = [(one.low, one.high) for one in found if one.low is not None]
    return float(np.mean([low < truth < (high or 0.0) for low, high in intervals]))


@pytest.mark.slow
def test_the_interval_covers_a_known_difference() -> None:
    found = [known_difference(trial) for trial in range(100)]
    assert 0.87 <= coverage(found, 0.2) <= 0.99
    assert np.mean([one.p is not None and one.p < 0.05 for one in found]) > 0.5


@pytest.mark.slow
def test_the_interval_over_three_seeds_covers_a_known_difference() -> None:
    found = [known_difference_of_methods(trial) for trial in range(100)]
    assert coverage(found, 0.5) >= 0.90


@pytest.mark.slow
def test_of_eight_like_methods_holm_calls_none_better_in_most_trials() -> None:
    def seeds(start: int) -> list[Measure]:
        return [constant(float(np.random.default_rng(start + s).normal())) for s in range(3)]

    false = 0
    for trial in range(60):
        reference = seeds(1000 * trial)
        methods = [seeds(1000 * trial + 10 * method) for method in range(1, 9)]
        values = holm([paired_difference(one, reference, draws=200).p for one in methods])
        false += any(p is not None and p < 0.05 for p in values)
    assert false <= 8  # of 60, where one in twenty is meant: the draws alone gave 38 %


@pytest.mark.slow
def test_without_a_difference_few_are_called_significant() -> None:
    found = [
        paired_difference([noise(2 * trial)], [noise(2 * trial + 1)], draws=100)
        for trial in range(100)
    ]
    assert np.mean([one.p is not None and one.p < 0.05 for one in found]) <= 0.10


def test_the_variance_over_two_seeds_is_that_of_their_mean() -> None:
    # figures 0 and 1: the mean's standard error is sqrt(1/2 / 2) = 1/2, and one degree of freedom
    # is Cauchy's distribution: 97.5 % lie below tan(.475 pi), and half beyond one error
    two = [constant(0.0), constant(1.0)]
    found = paired_difference(two, [constant(0.0)])
    assert found.value == 0.5
    assert found.p == pytest.approx(0.5, abs=0.01)
    assert found.high is not None
    assert found.high - 0.5 == pytest.approx(0.5 * math.tan(0.475 * math.pi), rel=0.02)


@pytest.mark.parametrize("sides", [([None], [1.0]), ([1.0], [1.0, None])])
def test_a_side_that_is_undefined_leaves_the_difference_undefined(
    sides: tuple[list[float | None], list[float | None]],
) -> None:
    left, right = ([constant(value) for value in side] for side in sides)
    found = paired_difference(left, right, draws=20)
    assert found == Difference(value=None, low=None, high=None, p=None, n=80)


def test_measures_of_different_rows_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="80, 40"):
        paired_difference([noise(0)], [noise(0, rows=40)])
    with pytest.raises(ValueError, match="nothing to compare"):
        paired_difference([], [noise(0)])


def test_of_no_rows_the_difference_is_undefined() -> None:
    empty = constant(1.0, [])
    assert paired_difference([empty], [empty]).p is None


def test_spread_over_seeds() -> None:
    spread = spread_over_seeds([1.0, 2.0, None, 6.0])
    assert (spread.mean, spread.least, spread.most, spread.n) == (3.0, 1.0, 6.0, 3)
    assert spread.deviation == pytest.approx(np.sqrt((4 + 1 + 9) / 2))


def test_one_seed_has_no_deviation_and_none_no_mean() -> None:
    assert spread_over_seeds([0.5]).deviation is None
    assert (spread_over_seeds([None]).mean, spread_over_seeds([]).n) == (None, 0)


def test_holm_multiplies_by_the_comparisons_that_are_left() -> None:
    # sorted: .01 x 3, .02 x 2, .03 x 1, which may not fall below the one before
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, None, 0.7]) == [1.0, None, 1.0]
    assert holm([]) == []
