"""The paper's rule: what it decides, and that knowing nothing scores what the tables print."""

import numpy as np
import pytest

from models.prompts import PromptPair, PromptSet
from training.evaluation.paper_profile import (
    paper_chance,
    paper_measures,
    standardized_decisions,
)
from training.evaluation.statistics import Measure

FIVE = PromptSet(name="five", classes={name: ["a"] for name in "abcde"})
YES_NO = PromptSet(name="yes-no", classes={"a": PromptPair(positive=["a"], negative=["no a"])})
NAMES = ("aga_paper_accuracy", "aga_paper_macro_f1", "aga_paper_macro_auc")


def values(measures: dict[str, Measure]) -> list[float | None]:
    everyone = {name: np.arange(len(one.patients)) for name, one in measures.items()}
    return [measures[name].metric(everyone[name]) for name in NAMES]


def units(random: np.random.Generator, rows: int) -> np.ndarray:
    drawn = random.normal(size=(rows, 64))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def test_a_column_decides_half_a_deviation_above_its_mean() -> None:
    column = np.array([[0.0], [0.0], [1.0], [3.0]])  # mean 1, deviation 1.22
    assert standardized_decisions(column).ravel().tolist() == [False, False, False, True]


def test_a_flat_column_decides_nowhere() -> None:
    assert not standardized_decisions(np.full((7, 1), 0.1)).any()


def test_random_embeddings_on_five_balanced_classes_score_what_chance_says() -> None:
    random = np.random.default_rng(0)
    labels = [frozenset(name) for name in "abcde" for _ in range(200)]
    patients = [str(row) for row in range(1000)]
    drawn = []
    for _ in range(100):
        similarity = units(random, 1000) @ units(random, 5).T
        drawn.append(values(paper_measures(similarity, None, labels, patients, prompts=FIVE)))
    means = 100 * np.mean(np.array(drawn, dtype=float), axis=0)
    assert means == pytest.approx([61.5, 24.3, 50.0], abs=0.5)


@pytest.mark.parametrize(
    ("shares", "expected"),  # in percent
    [
        ([0.2] * 5, (61.5, 24.3)),
        ([0.225, 0.775], (50.0, 35.1)),  # RSNA, two columns
        ([1 / 3] * 3, (56.4, 32.0)),
    ],
)
def test_chance_has_a_closed_form(shares: list[float], expected: tuple[float, float]) -> None:
    chance = paper_chance(np.array(shares))
    assert (100 * chance.accuracy, 100 * chance.f1) == pytest.approx(expected, abs=0.05)
    assert chance.auc == 0.5


def test_every_figure_stands_beside_the_chance_of_its_class_shares() -> None:
    labels = [frozenset(name) for name in "abcde"]
    measures = paper_measures(np.eye(5), None, labels, list("vwxyz"), prompts=FIVE)
    chance = paper_chance(np.array([0.2] * 5))
    assert [measures[name].chance for name in NAMES] == [chance.accuracy, chance.f1, chance.auc]
    assert values(measures) == [1.0, 1.0, 1.0]


def test_a_finding_gives_two_columns_one_true_where_the_other_is_not() -> None:
    yes, no = frozenset("a"), frozenset[str]()
    similarity, against = np.array([[3.0], [0], [0], [0]]), np.array([[0.0], [1], [1], [1]])
    measures = paper_measures(similarity, against, [yes, no, no, no], list("wxyz"), prompts=YES_NO)
    # of the second column's three, each stands .58 deviations above the mean
    assert values(measures) == [1.0, 1.0, 1.0]
    assert measures["aga_paper_accuracy"].chance == paper_chance(np.array([0.25, 0.75])).accuracy


def test_without_labels_nothing_is_shown() -> None:
    assert paper_measures(np.eye(5), None, [None] * 5, list("vwxyz"), prompts=FIVE) == {}
