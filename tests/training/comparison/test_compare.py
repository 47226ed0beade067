"""`training.compare` from a config to a report, with real runs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from training.compare import _prompts, compare
from training.comparison.config import TestSet as Settings  # pytest collects names with Test
from training.comparison.config import read_comparison
from training.comparison.pairs import manifest_of
from training.comparison.runs import plan_runs, train_missing
from training.config import ConfigError

TINY: dict[str, Any] = {  # Any: YAML
    "name": "tiny",
    "recipes": {"AGA": "phantom", "MGCA": "mgca"},
    "reference": "phantom",
    "seeds": [3],
    "settings": [
        *("optimization.epochs=1", "optimization.batch_size=8"),
        *("model.preprocessing.size=64", "model.dim=16"),
    ],
    "train": {"phantom": {"kind": "chest", "n": 40, "seed": 0}},
    "sets": {
        "few": {
            "phantom": {"kind": "chest", "n": 30, "seed": 1},
            "splits": ["train", "validation", "test"],
            "retrieval": True,
            "prompts": "phantom-effusion",
            "probe": [1.0],
            "texts": True,
        }
    },
}


def study(folder: Path, **changes: object) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY | changes))
    return path


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    return compare(read_comparison(str(study(folder))), folder, jobs=1)


@pytest.mark.slow
def test_a_report_has_tables_and_pictures(report: Path) -> None:
    text = report.read_text()
    assert "Prec@5" in text
    assert all((report.parent / picture).is_file() for picture in _pictures(text))
    suffixes = {path.suffix for path in (report.parent / "tables").iterdir()}
    assert suffixes == {".md", ".csv", ".tex"}


@pytest.mark.slow
def test_every_result_says_what_it_rests_on(report: Path) -> None:
    facts = json.loads((report.parent / "results" / "mgca-3.json").read_text())["few"]
    named = {"config_sha256", "data_fingerprint", "code", "seed", "pairs", "prompt_set_sha256"}
    assert named <= facts.keys()
    assert facts["seed"] == 3
    assert {"value", "low", "high", "chance", "n"} == facts["figures"]["precision_at_5"].keys()


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_figures(report: Path) -> None:
    result, folder = report.parent / "results" / "mgca-3.json", report.parent.parent
    before = result.read_bytes()
    shutil.rmtree(report.parent / "runs" / "mgca-3")
    compare(read_comparison(str(folder / "tiny.yaml")), folder, jobs=1)
    assert result.read_bytes() == before


@pytest.mark.slow
def test_a_run_of_other_settings_is_no_run_of_the_comparison(report: Path, tmp_path: Path) -> None:
    other = read_comparison(str(study(tmp_path, settings=[*TINY["settings"], "model.dim=8"])))
    with pytest.raises(ConfigError, match="was trained with another model; remove it"):
        compare(other, report.parent.parent, jobs=1)


@pytest.mark.slow
def test_a_run_by_other_code_is_kept_and_told(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = report.parent / "runs" / "mgca-3" / "checkpoint" / "run" / "run.json"
    before = facts.read_text()
    versions = json.loads(before)["versions"] | {"commit": "0" * 40}
    facts.write_text(json.dumps(json.loads(before) | {"versions": versions}))
    try:
        comparison = read_comparison(str(report.parent.parent / "tiny.yaml"))
        manifest = manifest_of(comparison.train, report.parent.parent / "data").resolve()
        train_missing(plan_runs(comparison, manifest, report.parent / "runs"), jobs=1)
    finally:
        facts.write_text(before)
    assert f"mgca-3: kept; its code was {'0' * 40}" in capsys.readouterr().err


def test_nothing_to_learn_from_is_told_before_any_run(tmp_path: Path) -> None:
    train = TINY["train"] | {"where": {"sex": ["unknown"]}}
    comparison = read_comparison(str(study(tmp_path, train=train)))
    with pytest.raises(ConfigError, match="no pair of the split train has sex: unknown"):
        compare(comparison, tmp_path / "out", jobs=1)


def test_prompts_of_other_classes_are_refused(tmp_path: Path) -> None:
    name, few = next(iter(TINY["sets"].items()))
    other = {key: value for key, value in few.items() if key not in ("classes", "per_class")}
    sets = {name: other | {"prompts": "phantom-eus"}}
    comparison = read_comparison(str(study(tmp_path, sets=sets)))
    with pytest.raises(ConfigError, match=r"no pair has a class of phantom-eus: GIST.*; they have"):
        compare(comparison, tmp_path / "out", jobs=1)


def _pictures(text: str) -> list[str]:
    return [line.split("(")[-1].rstrip(")") for line in text.splitlines() if line.startswith("![")]


def test_a_mistake_in_a_recipe_is_known_before_any_run(tmp_path: Path) -> None:
    comparison = read_comparison(str(study(tmp_path, settings=["optimization.epoch=1"])))
    with pytest.raises(ConfigError, match=r"optimization\.epoch"):
        compare(comparison, tmp_path / "out", jobs=1)
    assert not (tmp_path / "out" / "tiny").exists()


@pytest.mark.slow
def test_a_run_that_fails_is_named_and_leaves_no_folder(tmp_path: Path) -> None:
    settings = [*TINY["settings"], "device=nowhere"]
    comparison = read_comparison(str(study(tmp_path, settings=settings)))
    with pytest.raises(ConfigError, match=r"(phantom|mgca)-3: device: 'nowhere' .*\.log"):
        compare(comparison, tmp_path / "out", jobs=1)
    assert not any(path.is_dir() for path in (tmp_path / "out/tiny/runs").glob("*-3"))


def test_prompts_are_those_of_the_classes_of_a_set(tmp_path: Path) -> None:
    found = _prompts(Settings(manifest=tmp_path, prompts="phantom-eus", classes=("NET", "GIST")))
    assert found.labels == ("NET", "GIST")
    with pytest.raises(ConfigError, match="phantom-eus has no prompts for lipoma"):
        _prompts(Settings(manifest=tmp_path, prompts="phantom-eus", classes=("NET", "lipoma")))
