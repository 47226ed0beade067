"""The pairs of a comparison: phantoms made once, rows filtered, classes balanced."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.comparison.config import PairSource, TestSet
from training.config import ConfigError
from training.data.manifest import ImageReportPair, keep, read_pairs
from training.data.phantom import REVISION
from training.data.program import make_phantom

FEWEST = 3  # a picture of fewer embeddings shows nothing


def read_set(name: str, test_set: TestSet, folder: Path) -> list[ImageReportPair]:
    """Return the pairs of a test set.

    Raises:
        ConfigError, ManifestError: the manifest cannot be read, or holds too few such pairs.
    """
    reported = test_set.retrieval or test_set.texts
    every = read_pairs(manifest_of(test_set, folder), splits=test_set.splits, with_report=reported)
    pairs = list(keep(every, where=test_set.where))
    if test_set.classes:
        pairs = _of_classes(pairs, test_set, where=f"sets.{name}")
    if len(pairs) < FEWEST:
        raise ConfigError(f"sets.{name}: {len(pairs)} pairs are left, {FEWEST} are needed")
    if test_set.needs_labels and any(pair.labels is None for pair in pairs):
        raise ConfigError(f"sets.{name}: probe, fine_tune and texts need labels in every row")
    return pairs


def _of_classes(
    pairs: Sequence[ImageReportPair], test_set: TestSet, *, where: str
) -> list[ImageReportPair]:
    """Keep pairs with exactly one of the classes, so many of each as the set says."""
    single = [pair for pair in pairs if pair.labels and len(pair.labels) == 1]
    chosen: list[ImageReportPair] = []
    for label in test_set.classes:
        of_class = [pair for pair in single if label in (pair.labels or ())]
        chosen += _draw(of_class, test_set.per_class or len(of_class), where=f"{where}: {label}")
    return chosen


def manifest_of(source: PairSource, folder: Path) -> Path:
    """Return a source's manifest; phantoms are made in `folder`, or found as made before."""
    if source.manifest is not None:
        return source.manifest
    made = source.phantom
    if made is None:
        raise ConfigError("a source of pairs takes either manifest or phantom")
    name = f"phantom-{made.kind}-{made.n}-{made.seed}-r{REVISION}"
    manifest = folder / name / "pairs.jsonl"
    if manifest.is_file():  # it is written last, so all images are there
        return manifest
    return make_phantom(manifest, kind=made.kind, n=made.n, seed=made.seed)


def _draw(pairs: Sequence[ImageReportPair], count: int, *, where: str) -> list[ImageReportPair]:
    """Draw some pairs, always the same ones, and leave them in the manifest's order."""
    if not pairs:
        raise ConfigError(f"{where}: no pair has this label alone")
    if len(pairs) < count:
        raise ConfigError(f"{where}: {len(pairs)} pairs have this label alone, {count} are needed")
    rows = np.random.default_rng(0).choice(len(pairs), size=count, replace=False)
    return [pairs[row] for row in sorted(rows)]
