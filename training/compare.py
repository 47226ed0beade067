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
from training.comparison.config import comparison_names, read_comparison
from training.comparison.measuring import MeasuredSet, RunMeasures, measure_run, record
from training.comparison.outcomes import Outcome, outcomes_of
from training.comparison.prepared import Prepared, prepare
from training.comparison.report import write_figures, write_report
from training.comparison.runs import PlannedRun, plan_runs, train_missing
from training.comparison.tables import tables_of, write_tables
from training.evaluation.pictures.album import ShownSet, draw_album
from training.evaluation.results import strict_json
from training.program import run

Measured = dict[tuple[str, str], list[RunMeasures]]  # by set and recipe, one for each seed


def compare(prepared: Prepared, *, jobs: int) -> Path:
    """Train what is missing, measure every run on every set, and return the report's path.

    Runs that an earlier call trained in the same folder are kept; tables, pictures and results of
    an earlier call are not.

    Raises:
        ConfigError: a run failed, or another comparison is at work in the folder.
    """
    comparison, folder, sets = prepared.comparison, prepared.folder, prepared.sets
    train_missing(prepared.runs, jobs=jobs)
    for made in ("results", "tables", "pictures"):
        shutil.rmtree(folder / made, ignore_errors=True)
    measured = _measure(prepared.runs, sets, folder / "results")
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
    pictures = _pictures(prepared, measured)
    return write_report(comparison, tables, pictures, folder)


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
    prepared: Prepared, measured: Mapping[tuple[str, str], Sequence[RunMeasures]]
) -> list[Path]:
    """Draw the reference with the first seed: its thresholds, and every set's images and maps."""
    recipe = Path(prepared.comparison.reference).stem
    shown = next(planned for planned in prepared.runs if planned.recipe == recipe)
    of_sets = {
        one.name: ShownSet(
            pairs=one.pairs,
            images=measured[one.name, recipe][0].images,
            marks=one.marks,
        )
        for one in prepared.sets
    }
    model = load_checkpoint(shown.checkpoint)
    return draw_album(model, shown.folder / "metrics.jsonl", of_sets, prepared.folder / "pictures")


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
        plan_runs(comparison, Path(), arguments.out)  # quick, before the phantoms of any are drawn
    for prepared in [prepare(comparison, arguments.out) for comparison in comparisons]:
        report = compare(prepared, jobs=max(1, arguments.jobs))
        sys.stdout.write(f"{report}\n")


if __name__ == "__main__":
    run(main)
