"""Test sets: rows where columns hold, one label each, so many of each class."""

import json
from collections import Counter
from pathlib import Path

import pytest

from models.manifest import ManifestError
from training.comparison.config import TestSet as Settings  # pytest collects names with Test
from training.comparison.pairs import read_set
from training.config import ConfigError

LABELS = (["a"], ["b"], ["a", "b"], [], ["c"])


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"image": f"{n}.png", "labels": LABELS[n % 5], "site": "one" if n < 50 else "two"}
        | {"report": "A report.", "split": "test"}
        for n in range(100)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_classes_are_balanced_and_single(manifest: Path) -> None:
    settings = Settings(manifest=manifest, classes=("a", "b"), per_class=7, retrieval=True)
    pairs = read_set("two", settings, manifest.parent)
    assert Counter(map(tuple, (pair.labels or () for pair in pairs))) == {("a",): 7, ("b",): 7}
    assert pairs == read_set("two", settings, manifest.parent)  # the same draw every time


def test_only_rows_where_the_columns_hold_count(manifest: Path) -> None:
    settings = Settings(manifest=manifest, prompts="one", where={"site": ("two",)})
    assert len(read_set("half", settings, manifest.parent)) == 50


def test_too_few_pairs_of_a_class_are_an_error(manifest: Path) -> None:
    settings = Settings(manifest=manifest, classes=("a",), per_class=21, retrieval=True)
    with pytest.raises(ConfigError, match=r"sets.one: a: 20 pairs have this label alone, 21"):
        read_set("one", settings, manifest.parent)


def test_no_row_is_an_error(manifest: Path) -> None:
    settings = Settings(manifest=manifest, prompts="one", where={"site": ("three",)})
    with pytest.raises(ConfigError, match=r"sets.none: 0 pairs are left"):
        read_set("none", settings, manifest.parent)


def test_a_class_that_no_pair_shows_is_an_error(manifest: Path) -> None:
    settings = Settings(manifest=manifest, classes=("typo",), retrieval=True)
    with pytest.raises(ConfigError, match=r"sets.one: typo: no pair has this label alone"):
        read_set("one", settings, manifest.parent)


def test_a_set_without_reports_serves_zero_shot_and_no_retrieval(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image": "a.png", "label": "a", "split": "test"}\n' * 3)
    assert len(read_set("one", Settings(manifest=path, prompts="one"), tmp_path)) == 3
    with pytest.raises(ManifestError, match="report: is missing"):
        read_set("one", Settings(manifest=path, retrieval=True), tmp_path)


def test_a_probe_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image": "a.png", "split": "test"}\n' * 3)
    with pytest.raises(ConfigError, match=r"sets.one: probe, fine_tune and texts need labels"):
        read_set("one", Settings(manifest=path, probe=(1.0,)), tmp_path)
    with pytest.raises(ConfigError, match=r"sets.one: probe, fine_tune and texts need labels"):
        read_set("one", Settings(manifest=path, fine_tune=(1.0,)), tmp_path)
