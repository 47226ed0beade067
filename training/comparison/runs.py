"""Train every recipe with every seed of a comparison, or find it as trained before."""

import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from tqdm import tqdm

from training.comparison.config import Comparison
from training.config import ConfigError, RunConfig, read_config, recipe_path
from training.pretrain import pretrain


@dataclass(frozen=True)
class PlannedRun:
    """One run of a comparison, and the folder that appears when it is whole."""

    recipe: str  # its name, a path's stem
    config: RunConfig
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The checkpoint folder."""
        return self.folder / "checkpoint"


def plan_runs(comparison: Comparison, manifest: Path, folder: Path) -> list[PlannedRun]:
    """Read the settings of every run, so that a mistake is known before the first one.

    Raises:
        ConfigError: a recipe or setting cannot be used.
    """
    where = {name: list(values) for name, values in comparison.train.where.items()}
    runs = []
    for recipe in comparison.every_recipe:
        for seed in comparison.seeds:
            name = f"{Path(recipe).stem}-{seed}"
            fixed = [f"name={name}", f"seed={seed}", f"out={folder}", f"data.manifest={manifest}"]
            config = read_config(
                recipe_path(recipe), [*comparison.settings, *fixed, f"data.where={where}"]
            )
            runs.append(PlannedRun(Path(recipe).stem, config, folder / name))
    return runs


def train_missing(runs: list[PlannedRun], *, jobs: int) -> None:
    """Train the runs that are not there yet, some at a time, each on its share of the cores.

    What a run says goes to a log beside its folder. One that ends early leaves no folder: the next
    call trains it anew.

    Raises:
        ConfigError: a run is there, but with other settings; or its settings or data are faulty.
    """
    missing = [run for run in runs if not run.folder.is_dir()]
    for run in runs:
        if run not in missing:
            _check_settings(run)
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=torch.set_num_threads, initargs=(threads,)
    ) as pool:
        waiting = [pool.submit(_train, run) for run in missing]
        bar = tqdm(total=len(missing), desc="training", unit="run", file=sys.stderr)
        try:
            for done in as_completed(waiting):
                done.result()
                bar.update()
        finally:
            pool.shutdown(cancel_futures=True)


def _check_settings(run: PlannedRun) -> None:
    """Refuse a run that was trained with other settings."""
    kept = yaml.safe_load((run.folder / "config.yaml").read_text("utf-8"))
    wanted = run.config.model_dump(mode="json")
    if changed := [name for name in wanted if name != "out" and kept.get(name) != wanted[name]]:
        raise ConfigError(
            f"{run.folder}: was trained with another {changed[0]}; remove it, or take another --out"
        )


def _train(run: PlannedRun) -> None:
    """Train in a folder of another name, and give it its own when all is there."""
    unfinished = run.folder.with_name(f"{run.folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    log = run.folder.with_name(f"{run.folder.name}.log")
    with log.open("w", encoding="utf-8") as file, redirect_stderr(file):
        checkpoint = pretrain(run.config.model_copy(update={"out": unfinished}))
    checkpoint.parent.rename(run.folder)
    unfinished.rmdir()
