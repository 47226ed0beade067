"""Metrics against values worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluation.retrieval import (
    hits_at_k,
    label_chance,
    number_labels,
    precision_at_k,
    unique_reports,
)
from training.evaluation.zero_shot import accuracy, auroc, macro_auroc

SIMILARITY = np.array([[0.9, 0.5, 0.1, 0.3], [0.2, 0.4, 0.8, 0.6]])


def test_precision_counts_the_query_label_among_the_best() -> None:
    # query 0 ranks candidates 0, 1, 3, 2; query 1 ranks 2, 3, 1, 0
    value = precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=2)
    assert value == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=1) == 1.0


def test_ties_are_broken_by_index() -> None:
    assert precision_at_k(np.zeros((1, 3)), [1], [1, 2, 2], k=1) == 1.0


@pytest.mark.parametrize("k", [0, 5])
def test_k_outside_the_candidates_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match=str(k)):
        precision_at_k(SIMILARITY, [7, 8], [7, 8, 8, 7], k=k)


def test_recall_finds_the_own_report() -> None:
    assert hits_at_k(SIMILARITY, np.array([3, 3]), k=2).tolist() == [False, True]
    assert hits_at_k(SIMILARITY, np.array([3, 3]), k=3).tolist() == [True, True]


def test_identical_reports_count_once() -> None:
    rows, places = unique_reports(["a", "b", "a"])
    assert rows == [0, 1]
    assert places.tolist() == [0, 1, 0]


def test_a_set_of_findings_is_one_label() -> None:
    numbers = number_labels([frozenset("ab"), frozenset("ba"), frozenset()])
    assert numbers.tolist() == [0, 0, 1]
    assert label_chance(numbers) == pytest.approx((2 / 3) ** 2 + (1 / 3) ** 2)


def test_auroc_is_the_share_of_ordered_couples() -> None:
    truth = np.array([True, False, True, False])
    assert auroc(np.array([0.9, 0.1, 0.4, 0.6]), truth) == pytest.approx(3 / 4)


def test_auroc_counts_a_tie_as_half_and_agrees_with_the_usual_program() -> None:
    random = np.random.default_rng(0)
    scores, truth = random.integers(0, 5, 200) / 4, random.random(200) < 0.3
    assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
    assert auroc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5


def test_auroc_of_one_outcome_is_undefined_not_nan() -> None:
    scores = np.array([[0.1, 0.2], [0.3, 0.1]])
    truth = np.array([[True, True], [True, False]])
    assert auroc(scores[:, 0], truth[:, 0]) is None
    assert macro_auroc(scores, truth) == 1.0


def test_accuracy_takes_the_best_class() -> None:
    assert accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])) == 0.5
