"""What the server opens at its start."""

import shutil
from pathlib import Path

import pytest

from models.checkpoint import CheckpointError, open_checkpoint, write_manifest
from models.prompts import prompt_set_names
from service.engine.onnx_engine import OnnxEngine
from service.index.faiss_index import Report, write_index
from service.resources import Resources, open_resources
from service.settings import Settings

pytestmark = pytest.mark.slow
SET = "{name: mine, classes: {mass: [a mass], other: [no mass]}}"


@pytest.fixture
def checkpoint(exported: Path, tmp_path: Path) -> Path:
    engine = OnnxEngine(open_checkpoint(exported))
    vectors, reports = engine.encode_texts(["a mass"]).pooled, [Report("r", "a mass", {})]
    write_index(
        tmp_path / "index", vectors, reports, identity=engine.identity, precision=engine.precision
    )
    return Path(shutil.copytree(exported, tmp_path / "checkpoint"))


def opened(checkpoint: Path) -> Resources:
    return open_resources(Settings(checkpoint=checkpoint, index=checkpoint.parent / "index"))


def test_a_prompt_set_that_the_manifest_does_not_list_is_not_used(checkpoint: Path) -> None:
    (checkpoint / "prompts/aaa.yaml").write_text(SET)
    (checkpoint / "prompts/body-region.yaml").write_text(SET)
    room = opened(checkpoint)
    names = list(room.prompts.named)
    assert names[0] == "phantom-chest"
    assert sorted(names) == prompt_set_names()
    assert room.prompts.named["body-region"].name == "body-region"


def test_a_listed_prompt_set_comes_first_and_hides_a_shipped_one(checkpoint: Path) -> None:
    (checkpoint / "prompts/aaa.yaml").write_text(SET)
    (checkpoint / "prompts/phantom-chest.yaml").write_text(SET)
    write_manifest(checkpoint)
    sets = opened(checkpoint).prompts.named
    assert list(sets)[:2] == ["aaa", "phantom-chest"]
    assert sets["phantom-chest"].name == "mine"


def test_a_listed_prompt_set_that_is_broken_is_named(checkpoint: Path) -> None:
    (checkpoint / "prompts/aaa.yaml").write_text("classes: 3")
    write_manifest(checkpoint)
    with pytest.raises(CheckpointError, match=r"prompts/aaa\.yaml"):
        opened(checkpoint)
