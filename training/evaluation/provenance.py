"""What a result rests on: the checkpoint and its run, the data, the prompts, the code."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from models.checkpoint import Checkpoint, CheckpointError, sha256_of
from models.plain_json import read_json
from models.prompts import PromptSet
from training.code_version import code_version
from training.data.manifest import ImageReportPair, fingerprint

RUN_CONFIG = "run/config.yaml"
RUN_FACTS = "run/run.json"


def provenance(
    checkpoint: Checkpoint,
    manifest: Path,
    pairs: Sequence[ImageReportPair],
    prompts: PromptSet | None,
) -> dict[str, Any]:  # Any: JSON
    """Name everything that decides the figures; what is not known, as of a foreign run, is None.

    `data_fingerprint` names images and reports, `manifest_sha256` labels and boxes as well.
    """
    return {
        "checkpoint": checkpoint.identity,
        "config_sha256": checkpoint.files.get(RUN_CONFIG),
        "seed": _seed(checkpoint),
        "manifest": manifest.name,
        "manifest_sha256": sha256_of(manifest),
        "data_fingerprint": fingerprint(pairs),
        "pairs": len(pairs),
        "distinct_reports": len({pair.report for pair in pairs if pair.report}),
        "prompt_set": prompts.name if prompts else None,
        "prompt_set_sha256": _digest(prompts.model_dump_json()) if prompts else None,
        "code": code_version(),
        "trained_with": _versions(checkpoint),
    }


def _seed(checkpoint: Checkpoint) -> int | None:
    """Read the seed of the run that trained a checkpoint.

    Raises:
        CheckpointError: the run's settings are not YAML with a number there.
    """
    if RUN_CONFIG not in checkpoint.files:
        return None
    path = checkpoint.file(RUN_CONFIG)
    try:
        seed = yaml.safe_load(path.read_text("utf-8"))["seed"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: names no seed") from error
    if not isinstance(seed, int):
        raise CheckpointError(f"{path}: seed: {seed!r} is no whole number")
    return seed


def _versions(checkpoint: Checkpoint) -> Any:  # Any: JSON
    """Return the versions that a run names of the code that trained it; None where it names none.

    Raises:
        CheckpointError: the run's facts are no JSON object.
    """
    if RUN_FACTS not in checkpoint.files:
        return None
    path = checkpoint.file(RUN_FACTS)
    try:
        return read_json(path.read_text("utf-8")).get("versions")
    except (ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: is no JSON object") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
