"""A result names its run, its data and its code."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from models.aga import save_checkpoint
from models.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from models.prompts import find_prompt_set
from tests.helpers import tiny_model
from training.code_version import code_version
from training.data.manifest import ImageReportPair, fingerprint, read_pairs
from training.evaluate import _prompt_set
from training.evaluation.provenance import provenance

PROMPTS = find_prompt_set("phantom-chest")


def checkpoint(folder: Path, *, settings: str | None) -> Checkpoint:
    extras = {} if settings is None else {"run/config.yaml": settings}
    save_checkpoint(tiny_model(), folder / "checkpoint", extras=extras)
    return open_checkpoint(folder / "checkpoint")


def facts(opened: Checkpoint, manifest: Path) -> dict[str, Any]:  # Any: JSON
    return provenance(opened, manifest, read_pairs(manifest), PROMPTS)


def test_a_result_names_what_decides_it(tmp_path: Path, manifest: Path) -> None:
    opened = checkpoint(tmp_path, settings="seed: 7\n")
    found = facts(opened, manifest)
    assert found["checkpoint"] == opened.identity
    assert found["config_sha256"] == hashlib.sha256(b"seed: 7\n").hexdigest()
    assert found["seed"] == 7
    assert found["data_fingerprint"] == fingerprint(read_pairs(manifest))
    assert found["manifest_sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    assert found["code"] == code_version()
    assert (found["pairs"], found["distinct_reports"]) == (4, 4)
    assert found["prompt_set"] == "phantom-chest"


def test_other_prompts_of_the_same_name_are_told_apart(tmp_path: Path, manifest: Path) -> None:
    opened = checkpoint(tmp_path, settings=None)
    other = PROMPTS.model_copy(update={"version": 99})
    found = provenance(opened, manifest, read_pairs(manifest), other)
    assert found["prompt_set_sha256"] != facts(opened, manifest)["prompt_set_sha256"]


def test_a_checkpoint_without_a_run_has_no_seed(tmp_path: Path, manifest: Path) -> None:
    found = facts(checkpoint(tmp_path, settings=None), manifest)
    assert (found["config_sha256"], found["seed"]) == (None, None)


@pytest.mark.parametrize("settings", ["[", "name: a", "seed: x", "7"])
def test_settings_without_a_seed_are_refused(tmp_path: Path, manifest: Path, settings: str) -> None:
    with pytest.raises(CheckpointError, match="seed"):
        facts(checkpoint(tmp_path, settings=settings), manifest)


def test_a_result_names_the_code_that_trained_the_network(tmp_path: Path, manifest: Path) -> None:
    versions = {"aga": "0.1", "commit": "abc"}
    extras = {"run/run.json": json.dumps({"versions": versions})}
    save_checkpoint(tiny_model(), tmp_path / "checkpoint", extras=extras)
    assert facts(open_checkpoint(tmp_path / "checkpoint"), manifest)["trained_with"] == versions
    assert facts(checkpoint(tmp_path / "b", settings=None), manifest)["trained_with"] is None
    save_checkpoint(tiny_model(), tmp_path / "c", extras={"run/run.json": "[]"})
    with pytest.raises(CheckpointError, match=r"run.json: is no JSON object"):
        facts(open_checkpoint(tmp_path / "c"), manifest)


def test_a_checkpoints_own_prompts_come_before_those_that_ship(tmp_path: Path) -> None:
    labels = frozenset({"edema", "pleural effusion"})  # of phantom-5x200 too, which ships
    pairs = [ImageReportPair(tmp_path / "a.png", "A.", "s", "p", "test", labels)]
    assert getattr(_prompt_set(pairs, tmp_path, ""), "name", None) == "phantom-5x200"
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "phantom-chest.yaml").write_text(PROMPTS.model_dump_json())
    assert getattr(_prompt_set(pairs, tmp_path, ""), "name", None) == "phantom-chest"
