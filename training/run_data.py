"""Which pairs a run learns from, and what is wrong with them before the first step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.config import ConfigError, RunConfig
from training.data.manifest import ImageReportPair, read_pairs
from training.data.program import make_phantom


@dataclass(frozen=True)
class RunPairs:
    """The pairs that a run learns from, and those that it is measured on after each epoch."""

    train: list[ImageReportPair]
    validation: list[ImageReportPair]


def read_run_pairs(config: RunConfig, folder: Path) -> RunPairs:
    """Read the pairs of a run; without a manifest phantoms are made.

    Raises:
        ConfigError, ManifestError: the manifest cannot be read, or not be learned from.
    """
    data = config.data
    manifest = data.manifest or make_phantom(
        folder / "phantom" / "pairs.jsonl",
        kind="chest",
        n=data.phantom_pairs,
        seed=data.phantom_seed,
    )
    pairs = read_pairs(manifest, text_column=data.text_column)
    train = [pair for pair in pairs if pair.split == "train"]
    validation = [pair for pair in pairs if pair.split == "validation"]
    _check_batches(train, config, manifest)
    if len(validation) < 2:
        raise ConfigError(f"{manifest}: the validation split has fewer than 2 pairs")
    return RunPairs(train, validation[: data.max_validation_pairs])


def _check_batches(train: Sequence[ImageReportPair], config: RunConfig, manifest: Path) -> None:
    """Refuse a training split that fills no batch."""
    size, what, have = config.optimization.batch_size, "pairs", len(train)
    if config.data.one_image_per_study:
        what, have = "studies", len({pair.study_id for pair in train})
    if have < size:
        raise ConfigError(
            f"{manifest}: {have} training {what} do not fill a batch of {size} "
            "(optimization.batch_size)"
        )
