"""What is wrong with a comparison is known before any of its runs trains."""

from pathlib import Path

import pytest

from tests.training.comparison.studies import TINY, study
from training.comparison.config import TestSet as Settings  # pytest collects names with Test
from training.comparison.config import read_comparison
from training.comparison.prepared import prepare, prompts_of
from training.config import ConfigError
from training.data.manifest import ImageReportPair


def test_nothing_to_learn_from_is_told_before_any_run(tmp_path: Path) -> None:
    train = TINY["train"] | {"where": {"sex": ["unknown"]}}
    comparison = read_comparison(str(study(tmp_path, train=train)))
    with pytest.raises(ConfigError, match="no pair of the split train has sex: unknown"):
        prepare(comparison, tmp_path / "out")


def test_prompts_of_other_classes_are_refused(tmp_path: Path) -> None:
    name, few = next(iter(TINY["sets"].items()))
    other = {key: value for key, value in few.items() if key not in ("classes", "per_class")}
    sets = {name: other | {"prompts": "phantom-eus"}}
    comparison = read_comparison(str(study(tmp_path, sets=sets)))
    with pytest.raises(ConfigError, match=r"no pair has a class of phantom-eus: GIST.*; they have"):
        prepare(comparison, tmp_path / "out")


def test_a_mistake_in_a_recipe_is_known_before_any_run(tmp_path: Path) -> None:
    comparison = read_comparison(str(study(tmp_path, settings=["optimization.epoch=1"])))
    with pytest.raises(ConfigError, match=r"optimization\.epoch"):
        prepare(comparison, tmp_path / "out")
    assert not (tmp_path / "out" / "tiny").exists()


def test_prompts_are_those_of_the_classes_of_a_set(tmp_path: Path) -> None:
    shown = [ImageReportPair(Path("a.png"), "", "s", "p", "test", frozenset(["NET"]))]
    chosen = Settings(manifest=tmp_path, prompts="phantom-eus", classes=("NET", "GIST"))
    assert prompts_of(chosen, shown, where="sets.a").labels == ("NET", "GIST")
    foreign = Settings(manifest=tmp_path, prompts="phantom-eus", classes=("NET", "lipoma"))
    with pytest.raises(ConfigError, match="phantom-eus has no prompts for lipoma"):
        prompts_of(foreign, shown, where="sets.a")
