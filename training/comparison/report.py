"""What a comparison leaves behind: a report with tables and pictures, and every figure as data."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.aga import AGA
from training.comparison.config import Comparison
from training.comparison.measuring import MeasuredSet, RunMeasures
from training.comparison.outcomes import Outcome, Outcomes
from training.comparison.tables import Table, named_reference
from training.evaluation.pictures.canvas import image_note, save_picture
from training.evaluation.pictures.embedding_map import (
    draw_embedding_map,
    name_labels,
    place_images,
)
from training.evaluation.pictures.heatmap_gallery import choose_exhibits, draw_gallery
from training.evaluation.pictures.run_curves import draw_thresholds, read_events
from training.evaluation.regions import read_marks

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


def draw_pictures(
    model: AGA, metrics: Path, sets: Mapping[str, tuple[MeasuredSet, RunMeasures]], folder: Path
) -> list[Path]:
    """Draw the reference: its thresholds, and for each set its images by label and its maps.

    Args:
        model: of the reference's first seed, in evaluation mode.
        metrics: the log of its run.
        sets: each with what was measured of that model on it.
    """
    events = read_events(metrics)
    note = image_note(next(iter(sets.values()))[0].pairs)
    curves = draw_thresholds(events, title="Grouping thresholds (as Figs. 3 and 4)", note=note)
    pictures = [save_picture(curves, folder / "thresholds")]
    for name, (test_set, measured) in sets.items():
        note = image_note(test_set.pairs)
        places = place_images(measured.images)
        names = name_labels([pair.labels for pair in test_set.pairs])
        title = f"{name}: image embeddings (as Fig. 6)"
        drawn = draw_embedding_map(places, names, title=title, note=note)
        pictures.append(save_picture(drawn, folder / f"{name}-embeddings"))
        if exhibits := choose_exhibits(read_marks(test_set.pairs, test_set.manifest.parent)):
            title = f"{name}: what words gather (as Fig. 5)"
            gallery = draw_gallery(model, test_set.pairs, exhibits, title=title)
            pictures.append(save_picture(gallery, folder / f"{name}-maps"))
    return [png for png, _ in pictures]
