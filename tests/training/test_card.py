"""What a checkpoint says of itself: its data, its figures with intervals, its limits."""

import json
import subprocess
from pathlib import Path

import pytest

from models.prompts import find_prompt_set, read_prompt_set
from training.card import KeptEpoch, extras
from training.code_version import code_version
from training.config import RunConfig
from training.data.manifest import ImageReportPair
from training.evaluation.statistics import Figure
from training.run_data import RunPairs

KEPT = KeptEpoch(3, 1.5, {"recall_at_10": Figure(0.4, 0.3, 0.5, 0.02, 100)})


def card(*synthetic: object) -> str:
    """Return the card of a run on so many images, and what their rows say of their making."""
    pairs = [
        ImageReportPair(Path(f"{n}.png"), "A.", "s", "p", "train", None, {"synthetic": value})
        for n, value in enumerate(synthetic)
    ]
    config = RunConfig.model_validate({"data": {"manifest": "pairs.jsonl"}})
    return extras(config, RunPairs(pairs, pairs, []), KEPT)["README.md"]


@pytest.mark.parametrize("told", [True, "true", "True"])
def test_the_manifest_says_that_images_are_synthetic(told: object) -> None:
    assert "All training images are synthetic." in card(told, told)
    assert "1 of 2 training images are synthetic." in card(told, None)
    assert "synthetic" not in card(False, None)


def test_the_card_gives_intervals_and_limits() -> None:
    text = card(None)
    assert "| recall_at_10 | 0.400 | 0.300 to 0.500 | 0.020 | 100 |" in text
    assert "training pairs of `pairs.jsonl` alone" in text
    assert "## Limits" in text


def test_the_card_names_the_method() -> None:
    assert "- Objective: the method `aga`" in card(None)


def test_a_checkpoint_carries_whole_prompts_where_a_set_has_templates(tmp_path: Path) -> None:
    config = RunConfig(prompt_sets=("chexpert-5x200",))
    files = extras(config, RunPairs([], [], []), KEPT)
    (tmp_path / "copy.yaml").write_text(files["prompts/chexpert-5x200.yaml"])
    assert "templates" not in files["prompts/chexpert-5x200.yaml"]
    assert read_prompt_set(tmp_path / "copy.yaml") == find_prompt_set("chexpert-5x200")


def test_the_run_names_its_code() -> None:
    run = extras(RunConfig(), RunPairs([], [], []), KEPT)["run/run.json"]
    assert json.loads(run)["versions"].keys() >= {"torch", *code_version()}


def test_a_checkout_names_its_commit_and_a_lodger_does_not(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "Another project")
    assert "commit" not in code_version(package)
    git("add", ".")
    git("commit", "-q", "-m", "Hold the package")
    assert code_version(package)["commit"] == git("rev-parse", "HEAD")
    (package / "__init__.py").write_text("changed = True\n")
    assert code_version(package)["commit"].endswith("-dirty")
