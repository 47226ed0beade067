"""Lay the figures of an evaluation out as Markdown tables."""

from collections.abc import Mapping
from typing import Any

from training.evaluation.localization_figures import METRICS, OVER_PRIOR, VARIANTS

Figures = Mapping[str, Mapping[str, Any]]  # Any: numbers, or None where undefined
COLUMNS = ("", OVER_PRIOR, *(suffix for suffix in VARIANTS if suffix))


def tables(result: Mapping[str, Any]) -> str:  # Any: JSON
    """Return a table of all figures, one per localization metric, and one of collapse."""
    figures: Figures = result["figures"]
    rest = {name: figure for name, figure in figures.items() if not name.startswith((*METRICS,))}
    parts = [_metrics_table(rest)]
    if phrases := list(result["localization"]["phrases"]):
        parts += [_localization_table(metric, phrases, figures) for metric in METRICS]
    if signs := result["collapse_signs"]:
        parts.append(_signs_table(signs))
    return "\n\n".join(parts)


def _metrics_table(figures: Figures) -> str:
    lines = ["| metric | value | 95 % interval | chance | n |", "|---|---|---|---|---|"]
    for name, figure in figures.items():
        if figure["value"] is None:
            chance = "" if figure["chance"] is None else f"{figure['chance']:.3f}"
            lines.append(f"| {name} | undefined | | {chance} | {figure['n']} |")
        else:
            lines.append(
                f"| {name} | {figure['value']:.3f} | {figure['low']:.3f} to {figure['high']:.3f} "
                f"| {figure['chance']:.3f} | {figure['n']} |"
            )
    return "\n".join(lines)


def _localization_table(metric: str, phrases: list[str], figures: Figures) -> str:
    """Put the model beside baselines and controls, phrase by phrase."""
    heads = ["model", *(suffix[1:].replace("_", " ") for suffix in COLUMNS[1:])]
    lines = [f"| {metric} | n | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    rows = {"all findings": "", "worst phrase": "_worst"} | {p: f"/{p}" for p in phrases}
    for title, ending in rows.items():
        cells = [_cell(figures[metric + suffix + ending]) for suffix in COLUMNS]
        lines.append(f"| {title} | {figures[metric + ending]['n']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "undefined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _signs_table(signs: Mapping[str, float | None]) -> str:
    lines = ["| sign of collapse | value |", "|---|---|"]
    for name, value in signs.items():
        lines.append(f"| {name} | {'undefined' if value is None else f'{value:.3f}'} |")
    return "\n".join(lines)
