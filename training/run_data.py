"""Which pairs a run learns from, and what is wrong with them before the first step."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tqdm import tqdm

from models.tokenizing import ReportTokenizer
from training.config import ConfigError, RunConfig
from training.data.manifest import ImageReportPair, evenly, keep, read_pairs
from training.data.phantom import REVISION
from training.data.program import make_phantom
from training.evaluation.regions import Mark, read_marks


@dataclass(frozen=True)
class RunPairs:
    """The pairs that a run learns from, and those that it is measured on after each epoch."""

    train: Sequence[ImageReportPair]
    validation: Sequence[ImageReportPair]
    marks: list[Mark]  # of the validation pairs


def read_run_pairs(config: RunConfig) -> RunPairs:
    """Read the pairs of a run; without a manifest phantoms are made, or found as made before.

    Raises:
        ConfigError, ManifestError: the manifest cannot be read, or not be learned from.
    """
    data = config.data
    manifest = data.manifest or _phantoms(config)
    pairs = keep(read_pairs(manifest, text_column=data.text_column), where=data.where)
    if not pairs:
        raise ConfigError(f"{manifest}: no pair is left where {data.where}")
    train = pairs.filter(lambda pair: pair.split == "train")
    validation = pairs.filter(lambda pair: pair.split == "validation")
    _check_negatives(train, config, manifest)
    _check_batches(train, config, manifest)
    if len(validation) < 2:
        raise ConfigError(f"{manifest}: the validation split has fewer than 2 pairs")
    chosen = evenly(validation, data.max_validation_pairs)
    return RunPairs(train, chosen, read_marks(chosen, manifest.parent))


def check_reports(pairs: RunPairs, tokenizer: ReportTokenizer) -> None:
    """Refuse a report in which the model reads no word: it would end the run at its batch.

    Raises:
        ConfigError: names the image of the first such report.
    """
    every, count = chain(pairs.train, pairs.validation), len(pairs.train) + len(pairs.validation)
    for pair in tqdm(every, "reading reports", count, unit="report", file=sys.stderr):
        if not tokenizer.words(pair.report):
            raise ConfigError(f"{pair.image}: the model reads no word in its report")


def _phantoms(config: RunConfig) -> Path:
    """Return the phantoms' manifest, beside the runs; its name says all that decides the pairs."""
    data = config.data
    name = f"phantom-chest-{data.phantom_pairs}-{data.phantom_seed}-r{REVISION}"
    manifest = config.out / "data" / name / "pairs.jsonl"
    if manifest.is_file():  # it is written last, so all images are there
        return manifest
    return make_phantom(manifest, kind="chest", n=data.phantom_pairs, seed=data.phantom_seed)


def _check_negatives(train: Sequence[ImageReportPair], config: RunConfig, manifest: Path) -> None:
    """Refuse a column that the negatives should agree in, where no row has it."""
    column = config.data.negatives.within
    if column is not None and not any(column in pair.metadata for pair in train):
        raise ConfigError(f"{manifest}: no row has a column {column!r} (data.negatives.within)")


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
