"""Comparisons as data: what they name exists, and mistakes are told in one line."""

from pathlib import Path

import pytest
import yaml

from models.prompts import find_prompt_set
from training.comparison.config import comparison_names, read_comparison
from training.comparison.runs import plan_runs
from training.config import ConfigError


@pytest.mark.parametrize("name", comparison_names())
def test_a_shipped_comparison_names_recipes_settings_and_prompts_that_exist(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AGA_DATA", "AGA_WEIGHTS"):
        monkeypatch.setenv(variable, "/somewhere")
    comparison = read_comparison(name)
    runs = plan_runs(comparison, Path("pairs.jsonl"), Path("runs"))
    assert len(runs) == len(comparison.every_recipe) * len(comparison.seeds)
    assert {run.config.seed for run in runs} == set(comparison.seeds)
    for settings in comparison.sets.values():
        assert not settings.prompts or find_prompt_set(settings.prompts)


def test_the_rows_of_training_reach_every_run() -> None:
    comparison = read_comparison("phantom-eus")
    runs = plan_runs(comparison, Path("pairs.jsonl"), Path("runs"))
    assert all("hospital E" not in run.config.data.where["hospital"] for run in runs)


def test_environment_variables_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(SOUND | {"train": {"manifest": "$HELD/pairs.jsonl"}}))
    monkeypatch.delenv("HELD", raising=False)
    with pytest.raises(ConfigError, match=r"study.yaml: the environment variable HELD is not set"):
        read_comparison(str(path))
    monkeypatch.setenv("HELD", "/data")
    assert read_comparison(str(path)).train.manifest == Path("/data/pairs.jsonl")


SOUND = {
    "name": "one",
    "recipes": {"AGA": "phantom"},
    "reference": "phantom",
    "train": {"manifest": "pairs.jsonl"},
    "sets": {"test": {"manifest": "pairs.jsonl", "retrieval": True}},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "aga"}, "reference 'aga' is none of the recipes"),
        ({"train": {}}, "train: Value error, takes either manifest or phantom"),
        ({"settings": ["seed=3"]}, "settings: Value error, 'seed=3' is said by seeds"),
        ({"seed": 1}, "seed: Extra inputs are not permitted"),
        ({"recipes": {"A": "phantom", "B": "x/phantom.yaml"}}, "'phantom' stands there twice"),
        ({"seeds": [0, 0]}, "0 stands there twice"),
        ({"sets": {"test": {"manifest": "pairs.jsonl"}}}, "sets.test: Value error, asks for none"),
        ({"sets": {}}, "sets: Dictionary should have at least 1 item"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(SOUND | change))
    with pytest.raises(ConfigError, match=message) as refused:
        read_comparison(str(path))
    assert str(refused.value).startswith(str(path))


def test_an_unknown_comparison_lists_those_that_ship() -> None:
    with pytest.raises(ConfigError, match=r"no such file or comparison; comparisons: .*phantom-ch"):
        read_comparison("nowhere")
