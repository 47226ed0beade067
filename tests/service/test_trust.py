"""What was measured of a model's maps, as its checkpoint records it."""

import json
from pathlib import Path

import pytest

from models.aga import save_checkpoint
from models.checkpoint import CheckpointError, open_checkpoint
from service.trust import RUN, Localization, read_localization
from tests.helpers import tiny_model


def figure(value: float | None) -> dict[str, float | int | None]:
    return {"value": value, "low": 0.1, "high": 0.9, "chance": 0.05, "n": 40}


def recorded(path: Path, record: str) -> Localization:
    save_checkpoint(tiny_model(), path, extras={RUN: record})
    return read_localization(open_checkpoint(path))


def test_figures_are_read_by_phrase_beside_the_center_prior(tmp_path: Path) -> None:
    validation = {
        "loss": 1.5,
        "recall_at_10": figure(0.4),
        "pointing_game": figure(0.8),
        "pointing_game_center_prior": figure(0.5),
        "pointing_game/Mass": figure(0.7),
        "pointing_game_center_prior/Mass": figure(0.2),
        "pointing_game/edema": figure(None),
    }
    found = recorded(tmp_path / "checkpoint", json.dumps({"validation": validation}))
    assert set(found) == {"", "mass"}
    assert (found[""].phrase, found[""].value, found[""].center_prior) == (None, 0.8, 0.5)
    assert (found["mass"].phrase, found["mass"].value, found["mass"].center_prior) == (
        "Mass",
        0.7,
        0.2,
    )


def test_a_checkpoint_without_a_measurement_has_none(tmp_path: Path) -> None:
    assert recorded(tmp_path / "a", json.dumps({"validation": {"loss": 1.0}})) == {}
    save_checkpoint(tiny_model(), tmp_path / "b")
    assert read_localization(open_checkpoint(tmp_path / "b")) == {}


@pytest.mark.parametrize(
    "record", ["no JSON", "[]", '{"validation": {"pointing_game": {"value": "high"}}}']
)
def test_a_record_that_is_none_is_named(tmp_path: Path, record: str) -> None:
    with pytest.raises(CheckpointError, match=RUN):
        recorded(tmp_path / "checkpoint", record)
