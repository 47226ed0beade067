"""Prompt sets in the model's space, and the classes of an image by them (section 4.2.3)."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.prompts import PromptSet
from models.tokenizing import EmptyReport
from models.zero_shot import (
    EmbeddedPrompts,
    class_probabilities,
    class_similarities,
    embed_prompts,
    prompt_similarities,
)
from service.engine.protocol import Engine
from service.errors import BadInput

KEPT = 64  # prompt sets whose embeddings stay in memory
BATCH = 32  # prompts that are embedded at once


@dataclass(frozen=True)
class ScoredClass:
    """A class, how probable it is, and how close the image is to each of its prompts."""

    label: str
    probability: float
    similarity: float
    prompts: tuple[tuple[str, float], ...]


class PromptSets:
    """The named prompt sets, and the embeddings of those used lately."""

    def __init__(self, named: Mapping[str, PromptSet], engine: Engine) -> None:
        self.named, self._engine = dict(named), engine
        self._embedded: OrderedDict[str, EmbeddedPrompts] = OrderedDict()

    @property
    def default(self) -> str | None:
        """The set that answers when none is named."""
        return next(iter(self.named), None)

    def embedded(self, prompt_set: PromptSet) -> EmbeddedPrompts:
        """Embed a prompt set, once for as long as it is remembered.

        Raises:
            BadInput: a prompt holds no word.
        """
        key = prompt_set.model_dump_json()
        if key not in self._embedded:
            try:
                self._embedded[key] = embed_prompts(prompt_set, self._embed)
            except EmptyReport as error:
                raise BadInput("prompts: each must hold a word that the model reads") from error
        self._embedded.move_to_end(key)
        if len(self._embedded) > KEPT:
            self._embedded.popitem(last=False)
        return self._embedded[key]

    def _embed(self, texts: Sequence[str]) -> Float[np.ndarray, "texts dim"]:
        parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([self._engine.encode_texts(part).pooled for part in parts])


def score_classes(
    image: Float[np.ndarray, " dim"], prompts: EmbeddedPrompts, *, temperature: float
) -> list[ScoredClass]:
    """Return every class, the most probable first."""
    similarity = class_similarities(image[None], prompts)[0]
    probability = class_probabilities(image[None], prompts, temperature=temperature)[0]
    each = prompt_similarities(image, prompts)
    classes = [
        ScoredClass(label, float(chance), float(cosine), tuple(zip(texts, values, strict=True)))
        for label, chance, cosine, texts, values in zip(
            prompts.prompt_set.labels,
            probability,
            similarity,
            prompts.prompt_set.positive,
            each,
            strict=True,
        )
    ]
    return sorted(classes, key=lambda one: -one.probability)
