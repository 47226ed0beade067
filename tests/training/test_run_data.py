"""What a run learns from: checks that come before the first step."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.manifest import ManifestError
from training.config import ConfigError, RunConfig, read_config, recipe_path
from training.pretrain import pretrain
from training.run_data import read_run_pairs


def config_of(folder: Path, rows: list[dict[str, Any]], *overrides: str) -> RunConfig:
    """Write a manifest and return the settings of a run on it."""
    manifest = folder / "pairs.jsonl"
    filled = [{"image": f"{n}.png", "report": f"Report {n}."} | row for n, row in enumerate(rows)]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in filled))
    settings = [f"data.manifest={manifest}", "optimization.batch_size=4", *overrides]
    return read_config(recipe_path("phantom"), settings)


def test_studies_that_fill_no_batch_are_refused(tmp_path: Path) -> None:
    rows = [{"study_id": "one", "patient_id": "one"}] * 8 + [{"split": "validation"}] * 2
    message = r"pairs.jsonl: 1 training studies .* batch of 4 \(optimization.batch_size\)"
    with pytest.raises(ConfigError, match=message):
        read_run_pairs(config_of(tmp_path, rows))
    whole = config_of(tmp_path, rows, "data.one_image_per_study=false")
    assert len(read_run_pairs(whole).train) == 8


def test_validation_pairs_are_taken_evenly_over_the_split(tmp_path: Path) -> None:
    rows = [*[{}] * 4, *[{"split": "validation"}] * 9]
    pairs = read_run_pairs(config_of(tmp_path, rows, "data.max_validation_pairs=3"))
    assert [pair.image.name for pair in pairs.validation] == ["4.png", "8.png", "12.png"]


FIT = [*[{}] * 8, *[{"split": "validation"}] * 2]
TINY = ("model.preprocessing.size=64", "model.dim=16")


@pytest.mark.parametrize(
    ("rows", "override", "message"),
    [
        (FIT, "prompt_sets=[nowhere]", "prompt_sets: unknown prompt set 'nowhere'"),
        ([{"report": "..."}, *FIT], "seed=1", "/0.png: the model reads no word in its report"),
        (FIT[:1], "seed=1", "1 training studies do not fill a batch"),
        (FIT, "init.image=nowhere.pth", "nowhere.pth"),
        ([*FIT[:-1], {"split": "validation", "boxes": {"...": [0, 0, 1, 1]}}], "seed=1", "no word"),
    ],
)
def test_a_mistake_is_found_before_a_folder_is_made(
    tmp_path: Path, rows: list[dict[str, Any]], override: str, message: str
) -> None:
    out = tmp_path / "runs"
    with pytest.raises(ConfigError, match=message):
        pretrain(config_of(tmp_path, rows, override, f"out={out}", *TINY))
    assert not out.exists()


@pytest.mark.slow
def test_phantoms_are_made_once_for_all_runs_beside_each_other(tmp_path: Path) -> None:
    settings = [f"out={tmp_path}", "data.phantom_pairs=24", "optimization.batch_size=4"]
    config = read_config(recipe_path("phantom"), settings)
    made = read_run_pairs(config)
    written = made.train[0].image.stat().st_mtime_ns
    assert made.train[0].image.is_relative_to(tmp_path / "data")
    assert list(read_run_pairs(config).train) == list(made.train)
    assert made.train[0].image.stat().st_mtime_ns == written


def test_a_box_that_is_none_is_found_before_a_folder_is_made(tmp_path: Path) -> None:
    rows = [*FIT[:-1], {"split": "validation", "boxes": {"a": [1]}}]
    with pytest.raises(ManifestError, match=r"9\.png: boxes: 'a': takes"):
        read_run_pairs(config_of(tmp_path, rows))


def test_pairs_are_learned_from_where_columns_hold_the_values(tmp_path: Path) -> None:
    sites = [{"site": f"{number % 3}", "sex": "F"} for number in range(18)]
    held = [row | {"split": "validation"} for row in sites[:6]]
    overrides = ("data.where={site: ['0', '2'], sex: [F]}",)
    pairs = read_run_pairs(config_of(tmp_path, [*sites, *held], *overrides))
    assert {pair.metadata["site"] for pair in [*pairs.train, *pairs.validation]} == {"0", "2"}
    assert (len(pairs.train), len(pairs.validation)) == (12, 4)
    with pytest.raises(ConfigError, match="no pair is left where"):
        read_run_pairs(config_of(tmp_path, sites, "data.where={site: ['3']}"))


def test_negatives_within_a_column_that_no_row_has_are_refused(tmp_path: Path) -> None:
    overrides = ("data.negatives.within=hospital",)
    message = r"pairs\.jsonl: no row has a column 'hospital' \(data\.negatives\.within\)"
    with pytest.raises(ConfigError, match=message) as error:
        read_run_pairs(config_of(tmp_path, FIT, *overrides))
    assert "\n" not in str(error.value)
    some = [{"hospital": "A"}, *FIT]
    assert len(read_run_pairs(config_of(tmp_path, some, *overrides)).train) == 9
