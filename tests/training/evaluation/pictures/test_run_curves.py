"""Curves show what the run's log says, step by step."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.evaluation.pictures.run_curves import (
    Event,
    NoCurve,
    draw_losses,
    draw_thresholds,
    read_events,
)
from training.run_log import RunLog


@pytest.fixture
def events(tmp_path: Path) -> list[Event]:
    """Write the log of two epochs of two steps each, as a run does."""
    with RunLog(tmp_path / "metrics.jsonl") as log:
        for epoch in range(2):
            for step in range(2):
                at = float(2 * epoch + step)
                gates = {"language_threshold": 0.5 - at / 10, "vision_threshold": 0.4}
                log.write("step", epoch=epoch, rate=1e-3, global_loss=4 - at, total=5 - at, **gates)
            log.write("validation", epoch=epoch, loss=3.0 - epoch, recall_at_10=0.5)
    return read_events(tmp_path / "metrics.jsonl")


def test_both_thresholds_are_drawn_over_the_steps(events: list[Event]) -> None:
    language, vision = draw_thresholds(events, title="t", note="n").axes[0].lines
    np.testing.assert_array_equal(language.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_allclose(language.get_ydata(), [0.5, 0.4, 0.3, 0.2])
    np.testing.assert_allclose(vision.get_ydata(), [0.4] * 4)
    assert "ends at 0.200" in str(language.get_label())


def test_losses_are_drawn_with_the_validation_loss_where_it_was_measured(
    events: list[Event],
) -> None:
    lines = draw_losses(events, title="t", note="n").axes[0].lines
    assert [line.get_label() for line in lines] == ["global loss", "total", "validation, total"]
    np.testing.assert_array_equal(lines[0].get_ydata(), [4, 3, 2, 1])
    np.testing.assert_array_equal(lines[2].get_xdata(), [2, 4])
    np.testing.assert_array_equal(lines[2].get_ydata(), [3, 2])


def test_a_run_without_gates_has_no_threshold_curve(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(json.dumps({"event": "step", "total": 1.0}) + "\n")
    with pytest.raises(NoCurve, match="1 steps"):
        draw_thresholds(read_events(tmp_path / "metrics.jsonl"), title="t", note="n")


def test_a_run_without_steps_has_no_curves() -> None:
    with pytest.raises(NoCurve, match="0 steps"):
        draw_losses([], title="t", note="n")
