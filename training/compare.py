"""Compare methods: train several recipes and seeds on the same pairs, measure, test, lay out."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from models.aga import load_checkpoint
from models.prompts import PromptSet, find_prompt_set
from training.comparison.config import Comparison, TestSet, comparison_names, read_comparison
from training.comparison.measuring import MeasuredSet, RunMeasures, measure_run, record
from training.comparison.outcomes import Outcome, outcomes_of
from training.comparison.pairs import manifest_of, read_set
from training.comparison.report import write_figures, write_report
from training.comparison.runs import PlannedRun, plan_runs, train_missing
from training.comparison.tables import tables_of, write_tables
from training.config import ConfigError
from training.evaluation.pictures.album import ShownSet, draw_album
from training.evaluation.regions import read_marks
from training.evaluation.results import strict_json
from training.program import run

Measured = dict[tuple[str, str], list[RunMeasures]]  # by set and recipe, one for each seed


def compare(comparison: Comparison, out: Path, *, jobs: int) -> Path:
    """Train what is missing, measure every run on every set, and return the report's path.

    Runs that an earlier call trained in the same folder are kept; tables, pictures and results of
    an earlier call are not.

    Raises:
        ConfigError, ManifestError, UnknownPromptSet: settings or data cannot be used. What can be
            known before the first run is.
    """
    data, folder = out / "data", out / comparison.name
    plan_runs(comparison, Path(), folder)  # its mistakes come before any phantom is drawn
    sets = _sets(comparison, data)
    runs = plan_runs(comparison, manifest_of(comparison.train, data).resolve(), folder / "runs")
    train_missing(runs, jobs=jobs)
    for made in ("results", "tables", "pictures"):
        shutil.rmtree(folder / made, ignore_errors=True)
    measured = _measure(runs, sets, folder / "results")
    outcomes: dict[tuple[str, str], Outcome] = {}
    for test_set in tqdm(sets, desc="testing", unit="set", file=sys.stderr):
        of_set = {
            recipe: each for (name, recipe), each in measured.items() if name == test_set.name
        }
        tested = outcomes_of(of_set, reference=Path(comparison.reference).stem)
        outcomes |= {(test_set.name, recipe): outcome for recipe, outcome in tested.items()}
    tables = tables_of(comparison, outcomes)
    write_tables(tables, folder / "tables")
    write_figures(outcomes, folder / "figures.csv")
    pictures = _pictures(comparison, runs, sets, measured, folder / "pictures")
    return write_report(comparison, tables, pictures, folder)


def _sets(comparison: Comparison, data: Path) -> list[MeasuredSet]:
    sets = []
    for name, settings in comparison.sets.items():
        manifest, pairs = manifest_of(settings, data), read_set(name, settings, data)
        marks = read_marks(pairs, manifest.parent)
        prompts = _prompts(settings) if settings.prompts else None
        shown = frozenset[str]().union(*(pair.labels or () for pair in pairs))
        if prompts and not shown & set(prompts.labels):
            raise ConfigError(
                f"sets.{name}: no pair has a class of {settings.prompts}: "
                f"{', '.join(prompts.labels)}; they have {', '.join(sorted(shown)) or 'no label'}"
            )
        sets.append(MeasuredSet(name, settings, manifest, pairs, marks, prompts))
    return sets


def _prompts(settings: TestSet) -> PromptSet:
    """Return a set's prompts, of its own classes alone where it names some."""
    prompts = find_prompt_set(settings.prompts)
    if not settings.classes:
        return prompts
    if unknown := set(settings.classes) - set(prompts.labels):
        raise ConfigError(f"{settings.prompts} has no prompts for {', '.join(sorted(unknown))}")
    classes = {name: prompts.classes[name] for name in settings.classes}
    return prompts.model_copy(update={"classes": classes})


def _measure(runs: Sequence[PlannedRun], sets: Sequence[MeasuredSet], folder: Path) -> Measured:
    """Measure every run on every set, and write each run's figures beside the others'."""
    folder.mkdir(parents=True, exist_ok=True)
    measured: Measured = {}
    for planned in tqdm(runs, desc="measuring", unit="run", file=sys.stderr):
        model = load_checkpoint(planned.checkpoint)
        found = {one.name: (one, measure_run(model, one)) for one in sets}
        for name, (_, each) in found.items():
            measured.setdefault((name, planned.recipe), []).append(each)
        facts = {
            name: record(planned.checkpoint, test_set, each.figures)
            for name, (test_set, each) in found.items()
        }
        (folder / f"{planned.folder.name}.json").write_text(strict_json(facts, indent=2) + "\n")
    return measured


def _pictures(
    comparison: Comparison,
    runs: Sequence[PlannedRun],
    sets: Sequence[MeasuredSet],
    measured: Mapping[tuple[str, str], Sequence[RunMeasures]],
    folder: Path,
) -> list[Path]:
    """Draw the reference with the first seed: its thresholds, and every set's images and maps."""
    recipe = Path(comparison.reference).stem
    shown = next(planned for planned in runs if planned.recipe == recipe)
    of_sets = {
        one.name: ShownSet(
            pairs=one.pairs,
            images=measured[one.name, recipe][0].images,
            marks=one.marks,
        )
        for one in sets
    }
    model = load_checkpoint(shown.checkpoint)
    return draw_album(model, shown.folder / "metrics.jsonl", of_sets, folder)


def main() -> None:
    """Run every comparison that the arguments name; print the paths of the reports."""
    parser = argparse.ArgumentParser(
        prog="python -m training.compare",
        description="Train several methods and seeds on the same pairs, and compare them.",
        epilog="example: python -m training.compare phantom-chest phantom-eus",
    )
    known = ", ".join(comparison_names())
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help=f"YAML files, or: {known}")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/compare"), help="the folder (runs/compare)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1 if torch.cuda.is_available() else os.cpu_count() or 1,
        help="runs at a time, which share the cores (as many as there are; 1 where a GPU trains); "
        "another number of threads rounds otherwise: keep it for all runs of a folder, or set "
        "OMP_NUM_THREADS",
    )
    arguments = parser.parse_args()
    comparisons = [read_comparison(name) for name in arguments.configs]
    for comparison in comparisons:
        plan_runs(comparison, Path(), arguments.out)  # mistakes in any, before the first trains
    for comparison in comparisons:
        _sets(comparison, arguments.out / "data")
    for comparison in comparisons:
        report = compare(comparison, arguments.out, jobs=max(1, arguments.jobs))
        sys.stdout.write(f"{report}\n")


if __name__ == "__main__":
    run(main)
