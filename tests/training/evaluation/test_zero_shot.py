"""Zero-shot metrics by hand and against the usual program."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from training.evaluation.zero_shot import (
    accuracy,
    auroc,
    balanced_accuracy,
    best_classes,
    f1,
    macro,
    recall,
    top_1_accuracy,
)

YES_NO = np.array([True, True, False, False, False])  # two of five
DECIDED = np.array([True, False, True, False, False])


@pytest.fixture
def three_classes() -> tuple[np.ndarray, np.ndarray]:
    """Draw scores of 200 rows for three classes, and their true classes."""
    random = np.random.default_rng(0)
    return random.random((200, 3)), random.choice(3, 200, p=[0.6, 0.3, 0.1])


def one_hot(classes: np.ndarray) -> np.ndarray:
    return np.asarray(classes[:, None] == np.arange(3))


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
    assert macro(auroc, scores, truth) == 1.0


def test_macro_auroc_agrees_with_the_usual_program(
    three_classes: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, classes = three_classes
    usual = roc_auc_score(one_hot(classes), scores, average="macro")
    assert macro(auroc, scores, one_hot(classes)) == pytest.approx(usual)


def test_f1_is_twice_the_right_ones_over_decided_and_true() -> None:
    assert f1(DECIDED, YES_NO) == 2 * 1 / (2 + 2)


def test_recall_is_the_share_that_is_found() -> None:
    assert recall(DECIDED, YES_NO) == 1 / 2


def test_balanced_accuracy_is_the_mean_of_sensitivity_and_specificity() -> None:
    assert balanced_accuracy(DECIDED, YES_NO) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert balanced_accuracy(DECIDED, YES_NO) == pytest.approx(
        balanced_accuracy_score(YES_NO, DECIDED)
    )


def test_a_class_that_never_occurs_has_no_value() -> None:
    nowhere = np.zeros(5, dtype=bool)
    assert f1(DECIDED, nowhere) is None
    assert recall(DECIDED, nowhere) is None
    assert balanced_accuracy(DECIDED, nowhere) is None
    assert macro(f1, nowhere[:, None], nowhere[:, None]) is None


def test_accuracy_counts_every_decision() -> None:
    assert accuracy(DECIDED[:, None], YES_NO[:, None]) == 3 / 5


def test_top_1_accuracy_takes_the_best_class_and_of_ties_the_first() -> None:
    decided = best_classes(np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]]))
    assert decided.tolist() == [[False, True], [True, False], [True, False]]
    truth = np.array([[False, True], [False, True], [True, False]])
    assert top_1_accuracy(decided, truth) == pytest.approx(2 / 3)


def test_decisions_among_classes_agree_with_the_usual_program(
    three_classes: tuple[np.ndarray, np.ndarray],
) -> None:
    scores, classes = three_classes
    truth, decided, best = one_hot(classes), best_classes(scores), scores.argmax(axis=1)
    assert top_1_accuracy(decided, truth) == pytest.approx((best == classes).mean())
    macro_f1, mean_recall = partial(macro, f1), partial(macro, recall)
    assert macro_f1(decided, truth) == pytest.approx(f1_score(classes, best, average="macro"))
    assert mean_recall(decided, truth) == pytest.approx(balanced_accuracy_score(classes, best))
