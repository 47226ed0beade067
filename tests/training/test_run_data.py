"""What a run learns from: checks that come before the first step."""

import json
from pathlib import Path

import pytest

from training.config import ConfigError, RunConfig, read_config, recipe_path
from training.run_data import read_run_pairs


def config_of(folder: Path, rows: list[dict[str, str]], *overrides: str) -> RunConfig:
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
        read_run_pairs(config_of(tmp_path, rows), tmp_path)
    whole = config_of(tmp_path, rows, "data.one_image_per_study=false")
    assert len(read_run_pairs(whole, tmp_path).train) == 8
