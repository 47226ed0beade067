"""Pretrain AGA: read, build, loop, validate, save. `python -m training.pretrain --help`."""

import argparse
import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from torch.utils.data import DataLoader
from tqdm import tqdm

from models.aga import AGA, save_checkpoint
from models.prompts import UnknownPromptSet, find_prompt_set
from training import card
from training.config import ConfigError, RunConfig, read_config, recipe_names, recipe_path
from training.data.batches import Collate, PairBatch, PairDataset, StudyBatches
from training.data.manifest import Reports
from training.encoders import build_model
from training.program import run
from training.run_data import RunPairs, check_reports, read_run_pairs
from training.run_log import RunLog
from training.schedule import Schedule
from training.step import REMEDY, Diverged, Trainer, make_trainer
from training.validation import ValidationMarks, validation_loss, validation_recall


def main() -> None:
    """Run one pretraining and end with the path of its checkpoint."""
    arguments = _arguments()
    if arguments.resume is not None:
        raise ConfigError("--resume is not built yet; start the run anew without it")
    if arguments.config is None:
        sys.stderr.write("no --config: running the embedded recipe 'phantom'\n")
    path = recipe_path(arguments.config or "phantom")
    config = read_config(path, arguments.overrides)
    checkpoint = pretrain(config)
    sys.stdout.write(f"{checkpoint}\n")


def pretrain(config: RunConfig) -> Path:
    """Pretrain as the settings say and return the checkpoint folder.

    Raises:
        ConfigError, ManifestError, UnreadableImage: settings or data cannot be used. What can be
            known before the first step is, and then no folder is made.
    """
    _seed(config.seed)
    device = _device(config.device)
    _check_prompt_sets(config)
    pairs = read_run_pairs(config)
    model = build_model(config, Reports(pairs.train)).to(device)
    check_reports(pairs, model.tokenizer)
    marks = ValidationMarks(pairs.validation, pairs.marks, model.tokenizer)
    folder = _run_folder(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    program = _Run(config, model, pairs, marks, folder, device)
    program.train()
    return folder / "checkpoint"


@dataclass
class _Run:
    """One run under way: what it learns from, and the best it has been."""

    config: RunConfig
    model: AGA
    pairs: RunPairs
    marks: ValidationMarks
    folder: Path
    device: torch.device
    best: float = math.inf
    stale_epochs: int = 0

    def train(self) -> None:
        """Loop over the epochs; keep the checkpoint with the least validation loss."""
        settings = self.config.optimization
        started = time.monotonic()
        trainer = make_trainer(self.model, self.config, self.device)
        batches, loader = self._loader()
        steps = len(loader) * settings.epochs
        schedule = Schedule(trainer.optimizer, settings, steps=steps)
        with RunLog(self.folder / "metrics.jsonl") as log:
            trainer.initialize_gates(next(iter(loader)))
            for epoch in range(settings.epochs):
                batches.epoch = loader.dataset.epoch = epoch  # type: ignore[attr-defined]  # ours
                self._epoch(trainer, loader, schedule, log, epoch)
                schedule.end_epoch(self._validate(trainer, log, epoch))
                late = (
                    settings.max_minutes and time.monotonic() - started > 60 * settings.max_minutes
                )
                if late or self.stale_epochs >= settings.stop_patience:
                    log.say(f"stopped after epoch {epoch + 1}")
                    break

    def _loader(self) -> tuple[StudyBatches, DataLoader[PairBatch]]:
        config = self.config
        dataset = PairDataset(
            self.pairs.train, config.model.preprocessing, augment=config.augment, seed=config.seed
        )
        batches = StudyBatches(
            self.pairs.train,
            batch_size=config.optimization.batch_size,
            seed=config.seed,
            one_image_per_study=config.data.one_image_per_study,
        )
        loader: DataLoader[PairBatch] = DataLoader(
            dataset,  # type: ignore[arg-type]  # its items become batches by collate_fn
            batch_sampler=batches,
            collate_fn=Collate(self.model.tokenizer, config.data.negatives),
            num_workers=config.workers,
        )
        return batches, loader

    def _epoch(
        self,
        trainer: Trainer,
        loader: DataLoader[PairBatch],
        schedule: Schedule,
        log: RunLog,
        epoch: int,
    ) -> None:
        trainer.train()
        epochs = self.config.optimization.epochs
        bar = tqdm(loader, desc=f"epoch {epoch + 1}/{epochs}", unit="step", file=sys.stderr)
        for batch in bar:
            values = trainer.step(batch)
            schedule.end_step()
            log.write("step", epoch=epoch, rate=schedule.rate, **values)
            bar.set_postfix(loss=f"{values['total']:.3f}")

    def _validate(self, trainer: Trainer, log: RunLog, epoch: int) -> float:
        """Measure the validation split, keep the checkpoint if it is the best, return the loss."""
        trainer.train(False)
        loss = validation_loss(trainer, self.pairs.validation)
        if not math.isfinite(loss):
            raise Diverged(f"the validation loss is {loss} after epoch {epoch + 1}; {REMEDY}")
        figures = validation_recall(self.model, self.pairs.validation)
        figures |= self.marks.pointing_game(self.model)
        values = {
            name: figure.value for name, figure in figures.items() if figure.value is not None
        }
        log.write("validation", epoch=epoch, loss=loss, **values)
        whole = {name: value for name, value in values.items() if "/" not in name}
        shown = ", ".join(f"{name} {value:.3f}" for name, value in {"loss": loss, **whole}.items())
        log.say(f"validation after epoch {epoch + 1}: {shown}")
        self.stale_epochs += 1
        if loss < self.best:
            self.best, self.stale_epochs = loss, 0
            kept = card.KeptEpoch(epoch + 1, loss, figures)
            extras = card.extras(self.config, self.pairs, kept)
            save_checkpoint(self.model, self.folder / "checkpoint", extras=extras)
        return loss


def _run_folder(config: RunConfig) -> Path:
    """Make a new folder for the run; a name already taken gets a number."""
    for number in _numbers():
        folder = config.out / (f"{config.name}-{number}" if number else config.name)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise AssertionError("unreachable: there is always a next number")


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _check_prompt_sets(config: RunConfig) -> None:
    """Refuse names that no prompt set has; the checkpoint would need them after the first epoch."""
    for name in config.prompt_sets:
        try:
            find_prompt_set(name)
        except UnknownPromptSet as error:
            raise ConfigError(f"prompt_sets: {error}") from error


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device: {name!r} cannot be used here") from error
    return torch.device(name)


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # libraries that draw from NumPy's global state
    torch.manual_seed(seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.pretrain",
        description="Pretrain AGA on image-report pairs. The last line printed is the checkpoint.",
        epilog="example: python -m training.pretrain --config phantom optimization.epochs=4",
    )
    parser.add_argument("--config", help=f"a YAML file, or a recipe: {', '.join(recipe_names())}")
    parser.add_argument("--resume", metavar="RUN", help="not built yet")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings that win")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
