"""What a checkpoint says of itself: model card, settings, data, and prompt sets."""

import json
from collections.abc import Mapping, Sequence

import torch
import yaml

from models.prompts import find_prompt_set
from training.config import RunConfig
from training.data.manifest import ImageReportPair, fingerprint

CARD = """# {name}

An AGA model (Adaptive Grouped Alignment of images and reports). **Not for clinical use.**

- Trained on {train} pairs for {epoch} epochs; {validation} validation pairs
- Networks: {backbone} at {size} px, {layers} text layers, {dim} dimensions
- Validation at the kept epoch: {metrics}
- Settings: `run/config.yaml`; data fingerprint and versions: `run/run.json`

These validation figures chose the epoch and are no estimate of what the model does elsewhere:
`python -m training.evaluate` gives that, with confidence intervals and chance levels. {synthetic}
"""


def extras(
    config: RunConfig,
    train: Sequence[ImageReportPair],
    validation: Sequence[ImageReportPair],
    metrics: Mapping[str, float],
    *,
    epoch: int,
) -> dict[str, str]:
    """Return the files that a run adds to its checkpoint, by relative path."""
    facts = {
        "epoch": epoch,
        "validation": dict(metrics),
        "data": {"train": fingerprint(train), "validation": fingerprint(validation)},
        "versions": {"torch": torch.__version__},
    }
    prompts = {
        f"prompts/{name}.yaml": yaml.safe_dump(
            find_prompt_set(name).model_dump(mode="json"), sort_keys=False
        )
        for name in config.prompt_sets
    }
    settings = yaml.safe_dump(config.model_dump(mode="json"))
    return prompts | {
        "README.md": _card(config, len(train), len(validation), metrics, epoch),
        "run/config.yaml": settings,
        "run/run.json": json.dumps(facts, indent=2),
    }


def _card(
    config: RunConfig, train: int, validation: int, metrics: Mapping[str, float], epoch: int
) -> str:
    model = config.model
    made = config.data.manifest is None
    return CARD.format(
        name=config.name,
        train=train,
        validation=validation,
        epoch=epoch,
        backbone=model.image.backbone,
        size=model.preprocessing.size,
        layers=model.text.last_layers,
        dim=model.dim,
        metrics=", ".join(f"{name} {value:.3f}" for name, value in metrics.items()),
        synthetic="All training images are synthetic." if made else "",
    )
