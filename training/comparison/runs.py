"""Train every recipe with every seed of a comparison, or find it as trained before.

Each run is a program of its own, `training.pretrain`, so that some can run at a time and one that
ends early takes nothing with it.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from tqdm import tqdm

from training.code_version import code_version
from training.comparison.config import Comparison
from training.config import ConfigError, RunConfig, read_config, recipe_path
from training.data.manifest import Pairs, fingerprint, keep, read_pairs


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
    runs = []
    for recipe in comparison.every_recipe:
        shared = read_config(recipe_path(recipe), comparison.settings)
        data = shared.data.model_copy(
            update={"manifest": manifest, "where": comparison.train.where}
        )
        for seed in comparison.seeds:
            name = f"{Path(recipe).stem}-{seed}"
            own = {"name": name, "seed": seed, "out": folder, "data": data}
            runs.append(PlannedRun(Path(recipe).stem, shared.model_copy(update=own), folder / name))
    return runs


def train_missing(runs: Sequence[PlannedRun], *, jobs: int) -> None:
    """Train the runs that are not there yet, some at a time, each on its share of the cores.

    What a run says goes to a log beside its folder. One that ends early leaves no folder: the next
    call trains it anew.

    Raises:
        ConfigError: a run failed, or another comparison is at work in the folder.
    """
    missing = [run for run in runs if not run.folder.is_dir()]
    threads = max(1, (os.cpu_count() or 1) // jobs)
    bar = tqdm(total=len(missing), desc="training", unit="run", file=sys.stderr)
    with _alone(runs[0].folder.parent), ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(_train, run, threads=threads) for run in missing]
        try:
            for done in as_completed(waiting):
                done.result()
                bar.update()
        finally:
            pool.shutdown(cancel_futures=True)


def _train(run: PlannedRun, *, threads: int) -> None:
    """Train in a folder of another name, and give it its own when all is there."""
    unfinished = run.folder.with_name(f"{run.folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    settings = unfinished / "settings.yaml"
    config = run.config.model_copy(update={"out": unfinished})
    settings.write_text(yaml.safe_dump(config.model_dump(mode="json")), "utf-8")
    log = run.folder.with_name(f"{run.folder.name}.log")
    command = [sys.executable, "-m", "training.pretrain", "--config", str(settings)]
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(
            command,
            stdout=file,
            stderr=file,
            env={"OMP_NUM_THREADS": str(threads)} | os.environ,
            check=False,
        )
    if done.returncode:
        said = log.read_text("utf-8", "replace").strip().splitlines()
        reason = (
            said[-1].removeprefix("error: ")
            if said and done.returncode > 0
            else f"ended by signal {-done.returncode}"
        )
        raise ConfigError(f"{run.folder.name}: {reason} (all it said: {log})")
    (unfinished / run.config.name).rename(run.folder)
    shutil.rmtree(unfinished)


def check_kept(runs: Sequence[PlannedRun]) -> None:
    """Read what all runs learn from, and compare it and the settings with the runs that are there.

    That other code trained them is told alone.

    Raises:
        ConfigError, ManifestError: there is nothing to learn from, or a run is there with other
            settings or on other pairs than are asked for.
    """
    learned = fingerprint(_learned_from(runs[0].config))
    for run in runs:
        if run.folder.is_dir():
            _check_kept(run, learned)


def _learned_from(config: RunConfig) -> Pairs:
    """Read the pairs that every run learns from."""
    manifest, where = config.data.manifest or Path(), config.data.where
    pairs = keep(read_pairs(manifest, splits=("train",)), where=where)
    if not pairs:
        wanted = "; ".join(f"{column}: {', '.join(values)}" for column, values in where.items())
        of = f" has {wanted}" if wanted else " is there"
        raise ConfigError(f"{manifest}: train: no pair of the split train{of}")
    return pairs


def _check_kept(run: PlannedRun, learned: str) -> None:
    """Refuse a run of other settings or on other pairs; tell of one by other code."""
    kept = yaml.safe_load((run.folder / "config.yaml").read_text("utf-8"))
    wanted = run.config.model_dump(mode="json")
    changed = [name for name in wanted if name != "out" and kept.get(name) != wanted[name]]
    facts = json.loads((run.checkpoint / "run" / "run.json").read_text("utf-8"))
    if facts["data"]["train"] != learned:
        changed.append("content of the manifest")
    if changed:
        raise ConfigError(
            f"{run.folder}: was trained with another {changed[0]}; remove it, or take another --out"
        )
    code, now = facts["versions"].get("commit", "unknown"), code_version().get("commit", "unknown")
    if code != now or now.endswith("-dirty"):
        tqdm.write(
            f"{run.folder.name}: kept; its code was {code}, this is {now}: remove the folder "
            "where what changed in between matters",
            file=sys.stderr,
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder for this program alone; the system gives it free when the program ends.

    Raises:
        ConfigError: another program holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"{folder}: another comparison is at work here") from error
        yield
