"""How far to trust a heatmap: what was measured of its model, and what a control word does."""

import json
from collections.abc import Mapping

import numpy as np
from pydantic import BaseModel, ValidationError

from models.checkpoint import Checkpoint, CheckpointError
from service.engine.protocol import Engine
from service.images import SeenImage
from service.schemas import ControlWord, PointingGame, Trust
from service.word_maps import WordMap, map_word

CONTROL = "image"  # it has no place in any: what it gathers says nothing of where things are
RUN = "run/run.json"
METRIC, PRIOR = "pointing_game", "pointing_game_center_prior"

Localization = Mapping[str, PointingGame]  # by phrase in lower case; "": over all phrases


class _Figure(BaseModel):
    """A figure of the training run."""

    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    n: int


def read_localization(checkpoint: Checkpoint) -> Localization:
    """Return how often the maps pointed right on the run's validation pairs; none if not measured.

    Raises:
        CheckpointError: the run's record cannot be read.
    """
    if RUN not in checkpoint.files:
        return {}
    try:
        validation = json.loads(checkpoint.file(RUN).read_text("utf-8")).get("validation", {})
        figures = {
            name: _Figure.model_validate(figure)
            for name, figure in validation.items()
            if name.split("/")[0] in (METRIC, PRIOR)
        }
    except (ValueError, ValidationError, AttributeError) as error:
        raise CheckpointError(f"{checkpoint.path}/{RUN}: no record of a run") from error
    return {
        name.removeprefix(METRIC).removeprefix("/").casefold(): _pointing(name, figures)
        for name, figure in figures.items()
        if name.split("/")[0] == METRIC and figure.value is not None
    }


def judge(
    engine: Engine, image: SeenImage, found: WordMap, *, token: str, localization: Localization
) -> Trust:
    """Put beside a map what is known of its model, for this phrase or for all, and a control."""
    control = map_word(engine, image, token=CONTROL, context=CONTROL)
    return Trust(
        localization=localization.get(token.casefold(), localization.get("")),
        highest_similarity=_highest(found),
        control=ControlWord(
            token=CONTROL,
            group_size=control.group_size,
            highest_similarity=_highest(control),
            same_strongest_patch=_strongest(control) == _strongest(found),
        ),
    )


def _pointing(name: str, figures: Mapping[str, _Figure]) -> PointingGame:
    prior = figures.get(name.replace(METRIC, PRIOR, 1))
    _, _, phrase = name.partition("/")
    return PointingGame(
        phrase=phrase or None,
        center_prior=prior.value if prior else None,
        **figures[name].model_dump(),
    )


def _highest(word_map: WordMap) -> float:
    return float(word_map.similarity.max())


def _strongest(word_map: WordMap) -> int:
    return int(np.argmax(word_map.heatmap.weights))
