"""Score a model's map of every phrase that a manifest marks, beside baselines and controls.

Baselines: the center prior and a map that is the same everywhere. Controls: the same words in the
report of another patient, and on the image of another patient. A map that rests on word and image
keeps its score under the first, and under the second falls to what a guess at the position reaches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool

from models.aga import AGA
from models.heatmap import Heatmap
from models.preprocessing import Letterbox
from training.data.manifest import ImageReportPair
from training.evaluation.center_prior import (
    CenterPrior,
    PositionMap,
    lay_on_patches,
    uniform_map,
)
from training.evaluation.localization import MapScores, region_on_patches, score_map
from training.evaluation.questions import Asked, pose_questions
from training.evaluation.regions import Mark
from training.evaluation.word_maps import map_words

Variant = Asked | Literal["center_prior", "uniform"]
PriorSource = Literal["train", "evaluated", "none"]


@dataclass(frozen=True)
class ScoredPhrase:
    """One phrase of one pair: what was asked, and how each map lies on its region."""

    image: Path
    patient: str
    phrase: str
    words: str
    context: Literal["report", "phrase"]  # the words stood in the own report, or were the text
    prior: PriorSource
    scores: Mapping[Variant, MapScores]  # without the variants that cannot be had


@dataclass(frozen=True)
class Priors:
    """Positions in the training pairs; in the evaluated ones where those never mark the phrase."""

    train: CenterPrior
    evaluated: CenterPrior

    def position(self, phrase: str, patient: str) -> tuple[PriorSource, PositionMap | None]:
        """Return a phrase's mean position over all other patients, and whose it is."""
        sources: list[tuple[PriorSource, CenterPrior]] = [
            ("train", self.train),
            ("evaluated", self.evaluated),
        ]
        for source, prior in sources:
            position = prior.position(phrase, without_patient=patient)
            if position is not None:
                return source, position
        return "none", None


def study_localization(
    model: AGA,
    pairs: Sequence[ImageReportPair],
    marks: Sequence[Mark],
    priors: Priors,
    *,
    asked_as: Mapping[str, str],
    progress: Callable[[int], object] | None = None,
) -> list[ScoredPhrase]:
    """Ask a model in evaluation mode for every marked phrase, and score its maps.

    Args:
        asked_as: the words to ask for by phrase; others are asked for as they are.
        progress: called with how many maps have been made since the last call.

    Raises:
        ConfigError: the words of a phrase hold no word that the model reads.
        ManifestError: a region does not fit its image.
    """
    posed = pose_questions(model.tokenizer, pairs, marks, asked_as=asked_as)
    flat = [question for each in posed for question in each.values()]
    maps = iter(map_words(model, pairs, flat, progress=progress))
    scored = []
    for mark, questions in zip(marks, posed, strict=True):
        pair, own_maps = pairs[mark.row], {asked: next(maps) for asked in questions}
        prior, position = priors.position(mark.phrase, pair.patient_id)
        scored.append(
            ScoredPhrase(
                image=pair.image,
                patient=pair.patient_id,
                phrase=mark.phrase,
                words=asked_as.get(mark.phrase, mark.phrase),
                context="report" if questions["model"].text == pair.report else "phrase",
                prior=prior,
                scores=_score(mark, own_maps, position),
            )
        )
    return scored


def stretch(
    region: Bool[np.ndarray, "height width"], box: Letterbox
) -> Bool[np.ndarray, "box_height box_width"]:
    """Lay a region on an image of another size, at the same fractions of height and width."""
    rows = (np.arange(box.height) + 0.5) * region.shape[0] / box.height
    columns = (np.arange(box.width) + 0.5) * region.shape[1] / box.width
    return np.asarray(region[np.ix_(rows.astype(int), columns.astype(int))])


def _score(
    mark: Mark, maps: Mapping[Asked, Heatmap], position: PositionMap | None
) -> dict[Variant, MapScores]:
    box = maps["model"].letterbox
    region = mark.region(box.height, box.width)
    every: dict[Variant, Heatmap] = {"uniform": uniform_map(box)}
    every.update(maps.items())
    if position is not None:
        every["center_prior"] = lay_on_patches(position, box)
    shapes = {heatmap.letterbox for heatmap in every.values()}
    seen = {shape: region_on_patches(stretch(region, shape), shape) for shape in shapes}
    return {
        variant: score_map(heatmap.weights, seen[heatmap.letterbox])
        for variant, heatmap in every.items()
        if seen[heatmap.letterbox].inside.any()  # a smaller image may lose the region
    }
