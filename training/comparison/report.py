"""What a comparison leaves behind: a report with tables and pictures, and every figure as data."""

import csv
from collections.abc import Sequence
from pathlib import Path

from training.comparison.config import Comparison
from training.comparison.outcomes import Outcome, Outcomes
from training.comparison.tables import Table, named_reference

HEAD = (
    *("set", "recipe", "metric", "mean", "deviation", "least", "most", "seeds", "pairs", "chance"),
    *("difference", "low", "high", "p", "p_holm"),
)
INTRODUCTION = """# {name}

{recipes} recipes, seeds {seeds}. In percent but for ranks{spread}.
A star: differs from {reference}, which the others are tested against (paired by query, p < .05
after Holm's correction over the recipes; {drawn} are drawn with replacement).
Research software; no figure here is fit for clinical use.
"""
MANY = {"spread": "; mean ± standard deviation over the seeds", "drawn": "patients and seeds"}
ONE = {
    "spread": "",
    "drawn": "one seed speaks of these checkpoints, not of their methods; patients",
}


def write_report(
    comparison: Comparison, tables: Sequence[Table], pictures: Sequence[Path], folder: Path
) -> Path:
    """Write all tables and pictures of a comparison as one Markdown file; return its path."""
    parts = [
        INTRODUCTION.format(
            name=comparison.name,
            recipes=len(comparison.every_recipe),
            seeds=", ".join(map(str, comparison.seeds)),
            reference=", ".join(named_reference(comparison)),
            **(MANY if len(comparison.seeds) > 1 else ONE),
        ),
        *(table.markdown for table in tables),
        *(f"![{picture.stem}]({picture.relative_to(folder)})" for picture in pictures),
    ]
    report = folder / "report.md"
    report.write_text("\n\n".join(parts) + "\n", "utf-8")
    return report


def write_figures(outcomes: Outcomes, path: Path) -> None:
    """Write every figure and every test as one line of a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(HEAD)
        for (name, recipe), outcome in outcomes.items():
            lines.writerows((name, recipe, *line) for line in _lines(outcome))


def _lines(outcome: Outcome) -> list[tuple[object, ...]]:
    """Return a line for each metric; undefined cells stay empty."""
    lines: list[tuple[object, ...]] = []
    for metric, spread in outcome.spreads.items():
        tested = outcome.differences.get(metric)
        test = (tested.value, tested.low, tested.high, tested.p) if tested else (None,) * 4
        figures = (spread.mean, spread.deviation, spread.least, spread.most, spread.n)
        chance = outcome.chance[metric]
        corrected = outcome.p_values.get(metric)
        lines.append((metric, *figures, outcome.pairs, chance, *test, corrected))
    return lines
