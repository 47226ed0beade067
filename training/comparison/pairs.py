"""The pairs of a comparison: phantoms made once, rows filtered, classes balanced."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.comparison.config import PairSource, TestSet
from training.config import ConfigError
from training.data.manifest import ImageReportPair, keep, read_pairs
from training.data.phantom import REVISION
from training.data.program import make_phantom


def read_set(name: str, test_set: TestSet, folder: Path) -> list[ImageReportPair]:
    """Return the pairs of a test set.

    Raises:
        ConfigError, ManifestError: the manifest cannot be read, or holds too few such pairs.
    """
    manifest = manifest_of(test_set, folder)
    pairs = keep(read_pairs(manifest, splits=test_set.splits), where=test_set.where)
    if not pairs:
        raise ConfigError(f"sets.{name}: no pair is left where {test_set.where}")
    if not test_set.classes:
        return pairs
    single = [pair for pair in pairs if pair.labels and len(pair.labels) == 1]
    chosen: list[ImageReportPair] = []
    for label in test_set.classes:
        of_class = [pair for pair in single if label in (pair.labels or ())]
        chosen += _draw(of_class, test_set.per_class, where=f"sets.{name}: {label}")
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


def _draw(
    pairs: Sequence[ImageReportPair], count: int | None, *, where: str
) -> list[ImageReportPair]:
    """Draw some pairs, always the same ones, and leave them in the manifest's order."""
    if count is None:
        return list(pairs)
    if len(pairs) < count:
        raise ConfigError(f"{where}: {len(pairs)} pairs have this label alone, {count} are needed")
    rows = np.random.default_rng(0).choice(len(pairs), size=count, replace=False)
    return [pairs[row] for row in sorted(rows)]
