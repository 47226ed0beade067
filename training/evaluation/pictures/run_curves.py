"""Curves of a run over its steps: the thresholds of the two gates (Figs. 3, 4), and the losses."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.pictures.canvas import COLORS, GREY, new_figure

Event = Mapping[str, Any]  # Any: a line of metrics.jsonl
THRESHOLDS = {
    "language_threshold": r"words gather patches ($\sigma_{tg}$)",
    "vision_threshold": r"patches gather words ($\sigma_{vg}$)",
}
NO_LOSSES = {"event", "epoch", "seconds", "rate", "gradient_norm", *THRESHOLDS}


class NoCurve(ValueError):
    """A run's log holds nothing to draw."""


def read_events(metrics: Path) -> list[Event]:
    """Read what a run logged, from its `metrics.jsonl`."""
    return [json.loads(line) for line in metrics.read_text("utf-8").splitlines()]


def draw_thresholds(events: Sequence[Event], *, title: str, note: str) -> Figure:
    """Draw both gates' thresholds over the steps.

    Raises:
        NoCurve: no step tells a threshold; the method has no gates.
    """
    curves = _curves(events, list(THRESHOLDS))
    figure = new_figure(title, note, width=6.5, height=4.0)
    axes = figure.add_subplot(xlabel="step", ylabel="threshold")
    for (name, values), color in zip(curves.items(), COLORS, strict=False):
        label = f"{THRESHOLDS[name]}, ends at {values[-1]:.3f}"
        axes.plot(range(1, len(values) + 1), values, color=color, label=label)
    axes.set_ylim(bottom=0)
    _finish(axes)
    return figure


def draw_losses(events: Sequence[Event], *, title: str, note: str) -> Figure:
    """Draw every loss of the steps, and the validation loss after each epoch.

    Raises:
        NoCurve: no step tells a loss.
    """
    steps = [event for event in events if event["event"] == "step"]
    curves = _curves(events, sorted(set().union(*steps) - NO_LOSSES))
    figure = new_figure(title, note, width=6.5, height=4.0)
    axes = figure.add_subplot(xlabel="step", ylabel="loss")
    for place, (name, values) in enumerate(curves.items()):
        color, label = COLORS[place % len(COLORS)], name.replace("_", " ")
        axes.plot(range(1, len(values) + 1), values, color=color, linewidth=0.8, label=label)
    after, losses = _validation(events)
    axes.plot(after, losses, "o-", color=GREY, markersize=4, label="validation, total")
    axes.set_ylim(bottom=0)
    _finish(axes)
    return figure


def _curves(events: Sequence[Event], names: Sequence[str]) -> dict[str, list[float]]:
    """Return those of the values that every step tells."""
    steps = [event for event in events if event["event"] == "step"]
    found = {
        name: [float(step[name]) for step in steps]
        for name in names
        if steps and all(name in step for step in steps)
    }
    if not found:
        raise NoCurve(f"{len(steps)} steps, none of which tells {' or '.join(names) or 'a loss'}")
    return found


def _validation(events: Sequence[Event]) -> tuple[list[int], list[float]]:
    """Return after how many steps the validation loss was measured, and its values."""
    steps, after, losses = 0, [], []
    for event in events:
        steps += event["event"] == "step"
        if event["event"] == "validation":
            after.append(steps)
            losses.append(float(event["loss"]))
    return after, losses


def _finish(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.01)
    axes.legend(frameon=False, fontsize=8)
