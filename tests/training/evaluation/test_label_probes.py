"""Who classifiers learn from, and who they are judged on."""

from pathlib import Path

import numpy as np
import pytest

from training.config import ConfigError
from training.data.manifest import ImageReportPair
from training.evaluation.label_probes import Lessons, Shares, plan_lessons, read_shares

BOTH = Shares(linear=(1.0,), tuned=(1.0,))


def people(count: int, split: str) -> list[ImageReportPair]:
    """Make labelled pairs of patients of their own; every other one has a mass."""
    labels = [frozenset(["mass"] if n % 2 else []) for n in range(count)]
    return [
        ImageReportPair(Path(f"{n}.png"), "", f"{n}", f"{split} {n}", split, shown)
        for n, shown in enumerate(labels)
    ]


def splits_of(lessons: Lessons, part: str) -> set[str]:
    return {pair.split for pair in lessons.of(getattr(lessons, part))}


def test_the_own_splits_train_and_choose_where_they_have_labels() -> None:
    others = people(6, "train") + people(4, "validation")
    lessons = plan_lessons(people(8, "test"), ["mass"], BOTH, others)
    assert splits_of(lessons, "train") == splits_of(lessons, "tuned") == {"train"}
    assert splits_of(lessons, "watched") == {"validation"}
    assert (len(lessons.train), len(lessons.watched), len(lessons.test)) == (6, 4, 8)


def test_without_a_training_split_nobody_is_in_two_parts() -> None:
    lessons = plan_lessons(people(20, "test"), ["mass"], BOTH)
    assert sorted([*lessons.train, *lessons.test]) == list(range(20))
    assert len(lessons.test) == 6
    assert sorted([*lessons.tuned, *lessons.watched]) == sorted(lessons.train)
    assert lessons.source == "70 % of the evaluated patients"


def test_pairs_without_labels_take_no_part() -> None:
    unknown = ImageReportPair(Path("u.png"), "", "u", "u", "test", None)
    lessons = plan_lessons([unknown, *people(8, "test")], ["mass"], BOTH)
    assert 0 not in np.concatenate([lessons.train, lessons.test])


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(ConfigError, match="2 patients with labels are too few"):
        plan_lessons(people(2, "test"), ["mass"], BOTH)


def test_shares_are_read_once_each() -> None:
    assert read_shares(probe="0.01,1,1.0", fine_tune="") == Shares(linear=(0.01, 1.0))
    assert read_shares(probe="", fine_tune="") is None


@pytest.mark.parametrize("wrong", ["0", "1.5", "-1", "nan", "all"])
def test_a_share_that_is_none_is_named(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"--fine-tune: takes shares .* got '{wrong}'"):
        read_shares(probe="1", fine_tune=f"0.1,{wrong}")
