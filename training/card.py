"""What a checkpoint says of itself: model card, settings, data, and prompt sets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
import yaml

from models.prompts import find_prompt_set
from training.code_version import code_version
from training.config import RunConfig
from training.data.manifest import ImageReportPair, fingerprint
from training.evaluation.statistics import DRAWS, Figure
from training.run_data import RunPairs

CARD = """# {name}

An AGA model (Adaptive Grouped Alignment of images and reports). **Not for clinical use.**

- Trained on {train} pairs for {epoch} epochs; {validation} validation pairs
- Objective: the method `{method}`
- Networks: {backbone} at {size} px, {layers} text layers, {dim} dimensions
- Settings: `run/config.yaml`; data fingerprint and versions: `run/run.json`

## Validation

Loss {loss:.3f} at the kept epoch. Intervals: 95 %, bootstrap over patients, {draws} draws.

| metric | value | 95 % interval | chance | n |
|---|---|---|---|---|
{figures}

These figures chose the epoch and are no estimate of what the model does elsewhere:
`python -m training.evaluate` gives that.

## Limits

- It has seen {data}. On other hospitals, devices, views or ways of reporting it has not been
  measured.{synthetic}
- A heatmap shows which patches a word gathers. {maps}
- Research software: no output is a finding, and none may guide the care of a patient.
"""

MEASURED = """How often its strongest patch lies in the
  region that the word names is the pointing game above, beside a map of usual positions (center
  prior); chance is a map that is the same everywhere. Elsewhere it has not been measured."""
UNMEASURED = """That it localizes what the word names is not
  established: the validation pairs mark no regions."""


@dataclass(frozen=True)
class KeptEpoch:
    """The epoch whose weights are in the checkpoint, and what was measured after it."""

    number: int  # from 1
    loss: float
    figures: Mapping[str, Figure]


def extras(config: RunConfig, pairs: RunPairs, kept: KeptEpoch) -> dict[str, str]:
    """Return the files that a run adds to its checkpoint, by relative path."""
    figures = {name: asdict(figure) for name, figure in kept.figures.items()}
    facts = {
        "epoch": kept.number,
        "validation": {"loss": kept.loss, **figures},
        "data": {"train": fingerprint(pairs.train), "validation": fingerprint(pairs.validation)},
        "versions": code_version() | {"torch": torch.__version__},
    }
    prompts = {
        f"prompts/{name}.yaml": yaml.safe_dump(
            find_prompt_set(name).model_dump(mode="json"), sort_keys=False
        )
        for name in config.prompt_sets
    }
    settings = yaml.safe_dump(config.model_dump(mode="json"))
    return prompts | {
        "README.md": _card(config, pairs, kept),
        "run/config.yaml": settings,
        "run/run.json": json.dumps(facts, indent=2),
    }


def _card(config: RunConfig, pairs: RunPairs, kept: KeptEpoch) -> str:
    model, manifest = config.model, config.data.manifest
    return CARD.format(
        name=config.name,
        train=len(pairs.train),
        validation=len(pairs.validation),
        epoch=kept.number,
        method=config.objective.method,
        backbone=model.image.backbone,
        size=model.preprocessing.size,
        layers=model.text.last_layers,
        dim=model.dim,
        loss=kept.loss,
        draws=DRAWS,
        figures="\n".join(_row(name, figure) for name, figure in kept.figures.items()),
        data=f"the training pairs of `{manifest.name}` alone" if manifest else "phantoms alone",
        synthetic=_synthetic(pairs.train),
        maps=MEASURED if "pointing_game" in kept.figures else UNMEASURED,
    )


def _row(name: str, figure: Figure) -> str:
    if figure.value is None:
        return f"| {name} | undefined | | | {figure.n} |"
    interval = f"{figure.low:.3f} to {figure.high:.3f}"
    return f"| {name} | {figure.value:.3f} | {interval} | {figure.chance:.3f} | {figure.n} |"


def _synthetic(pairs: Sequence[ImageReportPair]) -> str:
    """Say how many training images are made up."""
    made = sum(pair.synthetic for pair in pairs)
    if made == len(pairs):
        return " All training images are synthetic."
    return f" {made} of {len(pairs)} training images are synthetic." if made else ""
