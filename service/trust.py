"""How far to trust a heatmap: what was measured of its model, and what a control word does."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from models.checkpoint import Checkpoint, CheckpointError
from models.plain_json import read_json
from service.engine.protocol import Engine
from service.images import SeenImage
from service.schemas import ControlWord, PointingGame, Trust
from service.word_maps import WordMap, map_word

CONTROL = "image"  # it has no place in any: what it gathers says nothing of where things are
RUN = "run/run.json"
METRIC, PRIOR = "pointing_game", "pointing_game_center_prior"

Localization = Mapping[str, PointingGame]  # by phrase in lower case; "": over all phrases


class _Record(BaseModel):
    """What a training run wrote of itself, as far as it is read here."""

    validation: dict[str, Any] = {}  # Any: numbers and figures


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
        record = _Record.model_validate(read_json(checkpoint.file(RUN).read_text("utf-8")))
        figures = {
            name: _Figure.model_validate(figure)
            for name, figure in record.validation.items()
            if name.split("/")[0] in (METRIC, PRIOR)
        }
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(
            f"{checkpoint.path}/{RUN}: no record of a run ({reason}); train the model anew"
        ) from error
    return {
        name.removeprefix(METRIC).removeprefix("/").casefold(): _pointing(name, figures)
        for name, figure in figures.items()
        if name.split("/")[0] == METRIC and figure.value is not None
    }


def judge(
    engine: Engine, image: SeenImage, found: WordMap, *, token: str, localization: Localization
) -> Trust:
    """Put beside a map what is known of its model, for this phrase or for all, and a control.

    The control word has no control.
    """
    asked = " ".join(word.text.casefold() for word in engine.tokenizer.words(token))
    return Trust(
        localization=localization.get(asked, localization.get("")),
        highest_similarity=_highest(found),
        control=None if asked == CONTROL else _control(engine, image, found),
    )


def _control(engine: Engine, image: SeenImage, found: WordMap) -> ControlWord:
    control = map_word(engine, image, token=CONTROL, context=CONTROL)
    both = control.group_size > 0 and found.group_size > 0  # a dark map has no strongest patch
    return ControlWord(
        token=CONTROL,
        group_size=control.group_size,
        highest_similarity=_highest(control),
        same_strongest_patch=both and _strongest(control) == _strongest(found),
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
