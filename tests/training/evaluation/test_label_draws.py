"""A fraction of the labels: by patient, in proportion, with every class."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from training.data.manifest import ImageReportPair
from training.evaluation.label_draws import draw_rows, known_labels, split_rows

BALANCED = np.eye(5, dtype=bool)[np.arange(100) % 5]  # five classes of twenty
ALONE = [f"p{row}" for row in range(100)]


def pair(patient: str, labels: frozenset[str] | None) -> ImageReportPair:
    return ImageReportPair(Path("x.png"), "", patient, patient, "train", labels)


def test_pairs_without_labels_take_no_part() -> None:
    pairs = [pair("a", None), pair("b", frozenset(["mass"])), pair("c", frozenset())]
    found = known_labels(pairs, ["edema", "mass"])
    assert found.rows.tolist() == [1, 2]
    assert found.truth.tolist() == [[False, True], [False, False]]
    assert found.patients == ("b", "c")


def test_classes_are_drawn_in_proportion() -> None:
    rows = draw_rows(BALANCED, ALONE, fraction=0.5, seed=3)
    assert Counter((rows % 5).tolist()) == dict.fromkeys(range(5), 10)


@pytest.mark.parametrize("seed", range(20))
def test_one_percent_still_holds_every_class(seed: int) -> None:
    truth = np.zeros((100, 4), dtype=bool)
    truth[:50, 0] = truth[7, 1] = truth[[7, 8], 2] = True
    truth[:99, 3] = True  # one counterexample
    rows = draw_rows(truth, ALONE, fraction=0.01, seed=seed)
    assert truth[rows].any(axis=0).all()
    assert not truth[rows].all(axis=0).any()
    assert len(rows) <= 4


def test_a_patient_is_drawn_whole() -> None:
    patients = [f"p{row // 4}" for row in range(100)]
    rows = draw_rows(BALANCED, patients, fraction=0.2, seed=0)
    assert set(Counter(rows // 4).values()) == {4}
    assert len(rows) == 20


def test_a_seed_gives_one_draw_and_seeds_differ() -> None:
    draws = [draw_rows(BALANCED, ALONE, fraction=0.1, seed=seed).tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_all_labels_are_all_rows() -> None:
    assert draw_rows(BALANCED, ALONE, fraction=1.0, seed=0).tolist() == list(range(100))


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.5])
def test_a_fraction_outside_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match=str(fraction)):
        draw_rows(BALANCED, ALONE, fraction=fraction, seed=0)


def test_a_split_shares_no_patient_and_loses_no_row() -> None:
    patients = [f"p{row // 2}" for row in range(100)]
    train, test = split_rows(BALANCED, patients, test_share=0.3, seed=0)
    assert not {patients[row] for row in train} & {patients[row] for row in test}
    assert sorted([*train, *test]) == list(range(100))
    assert len(test) == 30
