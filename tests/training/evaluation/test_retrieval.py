"""Retrieval metrics on matrices that can be ranked by eye."""

import itertools

import numpy as np
import pytest

from training.evaluation.retrieval import (
    best_ranks,
    chance_by_rank,
    label_chance,
    median_of_chance,
    number_labels,
    precision_at_k,
    unique_reports,
)

SIMILARITY = np.array([[0.9, 0.5, 0.1, 0.3], [0.2, 0.4, 0.8, 0.6]])
# query 0 ranks candidates 0, 1, 3, 2; query 1 ranks 2, 3, 1, 0


def at(*candidates: list[int]) -> np.ndarray:
    """Return which candidates are relevant, query by query."""
    return np.array([[place in wanted for place in range(4)] for wanted in candidates])


def test_precision_counts_the_query_label_among_the_best() -> None:
    value = precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=2)
    assert value == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=1) == 1.0


def test_ties_are_broken_by_index() -> None:
    assert precision_at_k(np.zeros((1, 3)), [1], [1, 2, 2], k=1) == 1.0
    assert best_ranks(np.zeros((2, 4)), at([2], [0])).tolist() == [3, 1]


@pytest.mark.parametrize("k", [0, 5])
def test_k_outside_the_candidates_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match=str(k)):
        precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=k)


def test_the_rank_of_the_own_report() -> None:
    assert best_ranks(SIMILARITY, at([3], [3])).tolist() == [3, 2]


def test_of_several_relevant_candidates_the_best_counts() -> None:
    assert best_ranks(SIMILARITY, at([2, 3], [0, 1])).tolist() == [3, 3]


def test_ranks_agree_with_sorting() -> None:
    random = np.random.default_rng(0)
    scores, relevant = random.integers(0, 4, (30, 9)) / 4, random.random((30, 9)) < 0.3
    relevant[:, 4] |= ~relevant.any(axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    sorted_ranks = np.take_along_axis(relevant, order, axis=1).argmax(axis=1) + 1
    assert best_ranks(scores, relevant).tolist() == sorted_ranks.tolist()


def test_a_query_without_a_relevant_candidate_is_refused() -> None:
    with pytest.raises(ValueError, match="relevant"):
        best_ranks(SIMILARITY, at([3], []))


@pytest.mark.parametrize("candidates", [1, 2, 5, 1000])
def test_with_one_relevant_candidate_chance_is_k_of_all_and_its_median_the_middle(
    candidates: int,
) -> None:
    by_rank = chance_by_rank(np.array([1, 1, 1]), candidates=candidates)
    assert by_rank == pytest.approx(np.arange(1, candidates + 1) / candidates)
    assert median_of_chance(by_rank) == (candidates + 1) / 2


def test_chance_with_several_relevant_candidates_agrees_with_all_orders() -> None:
    first = [min(order.index(0), order.index(1)) + 1 for order in itertools.permutations(range(5))]
    counted = [np.mean([place <= k for place in first]) for k in range(1, 6)]
    by_rank = chance_by_rank(np.array([2]), candidates=5)
    assert by_rank == pytest.approx(counted)
    assert median_of_chance(by_rank) == np.median(first)


def test_identical_reports_count_once() -> None:
    rows, places = unique_reports(["a", "b", "a"])
    assert rows == [0, 1]
    assert places.tolist() == [0, 1, 0]


def test_a_set_of_findings_is_one_label() -> None:
    numbers = number_labels([frozenset("ab"), frozenset("ba"), frozenset()])
    assert numbers.tolist() == [0, 0, 1]
    assert label_chance(numbers) == pytest.approx((2 / 3) ** 2 + (1 / 3) ** 2)
