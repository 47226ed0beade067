"""Lay the figures of an evaluation out as Markdown tables."""

from collections.abc import Mapping
from typing import Any

from training.evaluation.label_probes import LINEAR, TUNED
from training.evaluation.localization_figures import METRICS, OVER_PRIOR, VARIANTS
from training.evaluation.text_measures import TEXT_PROBES

Figures = Mapping[str, Mapping[str, Any]]  # Any: numbers, or None where undefined
PROFILE = "aga_paper"  # figures that mean nothing without their chance
COLUMNS = ("", OVER_PRIOR, *(suffix for suffix in VARIANTS if suffix))


def tables(result: Mapping[str, Any]) -> str:  # Any: JSON
    """Return tables of all figures, kind by kind; what was not measured has none."""
    figures: Figures = result["figures"]
    profile, learned, texts = (
        {name: figure for name, figure in figures.items() if name.startswith(names)}
        for names in (PROFILE, (LINEAR, TUNED), TEXT_PROBES)
    )
    apart = {*profile, *learned, *texts}
    rest = {
        n: one for n, one in figures.items() if n not in apart and not n.startswith((*METRICS,))
    }
    by_class = {name: figure for name, figure in rest.items() if "/" in name}
    overall = {name: figure for name, figure in rest.items() if name not in by_class}
    facts = f"{result['pairs']} pairs, {result['distinct_reports']} distinct reports"
    parts = [facts, _metrics_table("metric", overall)]
    if by_class:
        parts.append(_class_table(by_class))
    if texts:
        parts.append(_metrics_table("text probe", texts))
    if learned:
        parts.append(_learned_table(learned, result["label_probes"]["learned_from"]))
    if phrases := list(result["localization"]["phrases"]):
        parts += [_localization_table(metric, phrases, figures) for metric in METRICS]
    if profile:
        parts.append(_metrics_table("the paper's rule, to be read beside chance", profile))
    if signs := result["collapse_signs"]:
        parts.append(_signs_table(signs))
    return "\n\n".join(parts)


def _metrics_table(head: str, figures: Figures) -> str:
    lines = [f"| {head} | value | 95 % interval | chance | n |", "|---" * 5 + "|"]
    for name, figure in figures.items():
        value = "undefined" if figure["value"] is None else f"{figure['value']:.3f}"
        cells = (name, value, _interval(figure), _number(figure["chance"]), str(figure["n"]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _class_table(figures: Figures) -> str:
    """Put the metrics of each class, named `metric/class`, side by side."""
    metrics = dict.fromkeys(name.partition("/")[0] for name in figures)
    heads = " | ".join(f"{metric} | chance | n" for metric in metrics)
    lines = [f"| class | {heads} |", "|---" * (1 + 3 * len(metrics)) + "|"]
    for label in dict.fromkeys(name.partition("/")[2] for name in figures):
        of_class = [figures[f"{metric}/{label}"] for metric in metrics]
        cells = [f"{_cell(one)} | {_number(one['chance'])} | {one['n']}" for one in of_class]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _learned_table(figures: Figures, source: str) -> str:
    """Say of each share of the labels how many images that is, and how far its draws differ."""
    heads = ("value", "95 % interval", "chance", "n", "labels", "draws", "deviation")
    lines = [f"| learned from {source} | {' | '.join(heads)} |", "|---" * 8 + "|"]
    for name, figure in figures.items():
        value = "undefined" if figure["value"] is None else f"{figure['value']:.3f}"
        draws = f"{figure['labels']:g} | {figure['draws']} | {_number(figure['deviation'])}"
        chance = f"{_number(figure['chance'])} | {figure['n']}"
        lines.append(f"| {name} | {value} | {_interval(figure)} | {chance} | {draws} |")
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
    interval = _interval(figure)
    return f"{figure['value']:.3f} ({interval})" if interval else f"{figure['value']:.3f}"


def _interval(figure: Mapping[str, Any]) -> str:
    """Write the interval, or nothing where there is no value or no draw defined one."""
    if figure["value"] is None or figure["low"] is None:
        return ""
    return f"{figure['low']:.3f} to {figure['high']:.3f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _signs_table(signs: Mapping[str, float | None]) -> str:
    lines = ["| sign of collapse | value |", "|---|---|"]
    for name, value in signs.items():
        lines.append(f"| {name} | {'undefined' if value is None else f'{value:.3f}'} |")
    return "\n".join(lines)
