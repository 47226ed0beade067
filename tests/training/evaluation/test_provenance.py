"""A result names its run, its data and its code."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from models.aga import save_checkpoint
from models.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from models.prompts import find_prompt_set
from tests.helpers import tiny_model
from training.code_version import code_version
from training.data.manifest import fingerprint, read_pairs
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
