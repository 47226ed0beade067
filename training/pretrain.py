"""Pretrain AGA: read, build, loop, validate, save. `python -m training.pretrain --help`."""

import argparse
import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import yaml
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau
from torch.utils.data import DataLoader
from tqdm import tqdm

from models.aga import AGA, save_checkpoint
from training import card
from training.config import ConfigError, RunConfig, read_config, recipe_path
from training.data.manifest import Collate, PairBatch, PairDataset, StudyBatches
from training.embedding import embed_pairs
from training.encoders import build_model
from training.evaluation.retrieval import hits_at_k, unique_reports
from training.program import run
from training.run_data import RunPairs, read_run_pairs
from training.run_log import RunLog
from training.step import Trainer, make_optimizer


def main() -> None:
    """Run one pretraining and end with the path of its checkpoint."""
    arguments = _arguments()
    if arguments.config is None:
        sys.stderr.write("no --config: running the embedded recipe 'phantom'\n")
    path = recipe_path(arguments.config or "phantom")
    config = read_config(path, arguments.overrides)
    checkpoint = pretrain(config)
    sys.stdout.write(f"{checkpoint}\n")


def pretrain(config: RunConfig) -> Path:
    """Pretrain as the settings say and return the checkpoint folder.

    Raises:
        ConfigError, ManifestError, UnreadableImage: settings or data cannot be used.
    """
    _seed(config.seed)
    device = _device(config.device)
    folder = _run_folder(config)
    pairs = read_run_pairs(config, folder)
    model = build_model(config, [pair.report for pair in pairs.train]).to(device)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    program = _Run(config, model, pairs, folder, device)
    program.train()
    return folder / "checkpoint"


@dataclass
class _Run:
    """One run under way: what it learns from, and the best it has been."""

    config: RunConfig
    model: AGA
    pairs: RunPairs
    folder: Path
    device: torch.device
    best: float = math.inf
    stale_epochs: int = 0
    validation: dict[str, float] = field(default_factory=dict)

    def train(self) -> None:
        """Loop over the epochs; keep the checkpoint with the least validation loss."""
        settings = self.config.optimization
        started = time.monotonic()
        trainer = Trainer(
            self.model, make_optimizer(self.model, self.config), self.config, self.device
        )
        batches, loader = self._loader()
        steps = len(loader) * settings.epochs
        schedule = _Schedule(trainer.optimizer, self.config, steps)
        with RunLog(self.folder / "metrics.jsonl") as log:
            trainer.initialize_gates(next(iter(loader)))
            for epoch in range(settings.epochs):
                batches.epoch = loader.dataset.epoch = epoch  # type: ignore[attr-defined]  # ours
                self._epoch(trainer, loader, schedule, log, epoch)
                self._validate(trainer, log, epoch)
                schedule.end_epoch(self.validation["loss"])
                late = (
                    settings.max_minutes and time.monotonic() - started > 60 * settings.max_minutes
                )
                if late or self.stale_epochs >= settings.stop_patience:
                    log.say(f"stopped after epoch {epoch + 1}")
                    break

    def _loader(self) -> tuple[StudyBatches, DataLoader[PairBatch]]:
        config = self.config
        seed = config.seed if config.augment else None
        dataset = PairDataset(self.pairs.train, config.model.preprocessing, augment_seed=seed)
        batches = StudyBatches(
            self.pairs.train,
            batch_size=config.optimization.batch_size,
            seed=config.seed,
            one_image_per_study=config.data.one_image_per_study,
        )
        loader: DataLoader[PairBatch] = DataLoader(
            dataset,  # type: ignore[arg-type]  # its items become batches by collate_fn
            batch_sampler=batches,
            collate_fn=Collate(self.model.tokenizer),
            num_workers=config.workers,
        )
        return batches, loader

    def _epoch(
        self,
        trainer: Trainer,
        loader: DataLoader[PairBatch],
        schedule: "_Schedule",
        log: RunLog,
        epoch: int,
    ) -> None:
        self.model.train()
        epochs = self.config.optimization.epochs
        bar = tqdm(loader, desc=f"epoch {epoch + 1}/{epochs}", unit="step", file=sys.stderr)
        for batch in bar:
            values = trainer.step(batch)
            schedule.end_step()
            log.write("step", epoch=epoch, rate=schedule.rate, **values)
            bar.set_postfix(loss=f"{values['total']:.3f}")

    def _validate(self, trainer: Trainer, log: RunLog, epoch: int) -> None:
        """Measure the validation split and keep the checkpoint if it is the best so far."""
        self.model.eval()
        self.validation = {"loss": self._validation_loss(trainer), **self._validation_recall()}
        log.write("validation", epoch=epoch, **self.validation)
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.validation.items())
        log.say(f"validation after epoch {epoch + 1}: {shown}")
        self.stale_epochs += 1
        if self.validation["loss"] < self.best:
            self.best, self.stale_epochs = self.validation["loss"], 0
            save_checkpoint(self.model, self.folder / "checkpoint", extras=self._extras(epoch))

    @torch.no_grad()
    def _validation_loss(self, trainer: Trainer) -> float:
        size = min(self.config.optimization.batch_size, len(self.pairs.validation))
        batches = StudyBatches(
            self.pairs.validation, batch_size=size, seed=0, one_image_per_study=False
        )
        loader: DataLoader[PairBatch] = DataLoader(
            PairDataset(self.pairs.validation, self.config.model.preprocessing),  # type: ignore[arg-type]  # as above
            batch_sampler=batches,
            collate_fn=Collate(self.model.tokenizer),
        )
        totals = [float(trainer.losses(batch)[1]["total"]) for batch in loader]
        return sum(totals) / len(totals)

    def _validation_recall(self) -> dict[str, float]:
        embedded = embed_pairs(self.model, self.pairs.validation)
        rows, places = unique_reports([pair.report for pair in self.pairs.validation])
        similarity = embedded.images @ embedded.reports[rows].T
        k = min(10, len(rows))
        return {f"recall_at_{k}": float(hits_at_k(similarity, places, k=k).mean())}

    def _extras(self, epoch: int) -> dict[str, str]:
        return card.extras(
            self.config, self.pairs.train, self.pairs.validation, self.validation, epoch=epoch + 1
        )


class _Schedule:
    """The learning rate: cosine by step, or halved on a plateau of the validation loss."""

    def __init__(self, optimizer: torch.optim.Optimizer, config: RunConfig, steps: int) -> None:
        settings = config.optimization
        self._optimizer = optimizer
        self._cosine: LambdaLR | None = None
        self._plateau: ReduceLROnPlateau | None = None
        if settings.schedule == "plateau":
            self._plateau = ReduceLROnPlateau(
                optimizer, factor=0.5, patience=settings.plateau_patience
            )
        else:
            warm = max(1, round(settings.warmup * steps))
            self._cosine = LambdaLR(optimizer, lambda step: _cosine(step, warm, steps))

    @property
    def rate(self) -> float:
        """The learning rate as it stands."""
        return float(self._optimizer.param_groups[0]["lr"])

    def end_step(self) -> None:
        """Move on after an optimizer step."""
        if self._cosine is not None:
            self._cosine.step()

    def end_epoch(self, validation_loss: float) -> None:
        """Move on after an epoch."""
        if self._plateau is not None:
            self._plateau.step(validation_loss)


def _cosine(step: int, warm: int, steps: int) -> float:
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


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
    parser.add_argument("--config", help="a YAML file, or a recipe: paper, phantom, demo")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="settings that win")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)
