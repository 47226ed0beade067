"""Every source goes the whole way: prepared, checked, learned from, measured."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import TINY
from tests.training.data.prepare.published import PUBLISHED, WITHOUT_REPORTS
from training.config import read_config, recipe_path
from training.data import program
from training.data.prepare import SOURCES
from training.data.prepare.source import SourceMissing
from training.evaluate import main as evaluate
from training.pretrain import pretrain

Call = Callable[..., None]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call a program as the shell does."""

    def as_shell(main: Callable[[], None], *arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", ["program", *map(str, arguments)])
        main()

    return as_shell


def test_every_source_has_a_fixture() -> None:
    assert PUBLISHED.keys() == SOURCES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_source_is_prepared_checked_learned_from_and_measured(
    name: str, tmp_path: Path, call: Call
) -> None:
    """A set without reports is measured by a network that learned from another one."""
    manifest = prepare(name, tmp_path / "measured-on", call)
    learned = prepare("covid", tmp_path, call) if name in WITHOUT_REPORTS else manifest
    settings = [*TINY, f"data.manifest={learned}", f"out={tmp_path}", "prompt_sets=[]"]
    checkpoint = pretrain(read_config(recipe_path("phantom"), settings))
    out = tmp_path / "measured"
    call(
        *(evaluate, "--checkpoint", checkpoint, "--data", manifest),
        *("--split", "all", "--out", out),
    )
    figures = json.loads((out / "metrics.json").read_text())["figures"]
    assert ("recall_at_10" in figures) == (name not in WITHOUT_REPORTS)
    assert 0 <= figures[WITHOUT_REPORTS.get(name, "recall_at_10")]["value"] <= 1


def prepare(name: str, folder: Path, call: Call) -> Path:
    """Prepare the fixture of a source and check what comes out."""
    root, manifest = folder / "published", folder / "prepared" / "pairs.jsonl"
    options = PUBLISHED[name](root)
    call(program.main, name, "--root", root, "--out", manifest, *options)
    call(program.main, "check", manifest)
    return manifest


@pytest.mark.parametrize("name", SOURCES)
def test_an_empty_folder_says_what_is_missing_and_where_it_comes_from(
    name: str, tmp_path: Path, call: Call
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissing, match="is missing") as refused:
        call(
            *(program.main, name, "--root", tmp_path / "empty"),
            *("--out", tmp_path / "pairs.jsonl"),
        )
    assert SOURCES[name].origin in str(refused.value)
