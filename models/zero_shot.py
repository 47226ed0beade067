"""Score classes by the prompts that stand for them (section 4.2.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.prompts import PromptSet

EmbedTexts = Callable[[Sequence[str]], Float[np.ndarray, "texts dim"]]


@dataclass(frozen=True)
class EmbeddedPrompts:
    """A prompt set in the model's space: unit vectors of each prompt and of each class."""

    prompt_set: PromptSet
    positive: Float[np.ndarray, "classes dim"]
    negative: Float[np.ndarray, "classes dim"] | None
    prompts: tuple[Float[np.ndarray, "_ dim"], ...]  # the positive ones, class by class


def embed_prompts(prompt_set: PromptSet, embed: EmbedTexts) -> EmbeddedPrompts:
    """Embed every prompt; a class is the mean of its prompts' embeddings, made a unit vector.

    Args:
        embed: gives a pooled unit embedding for each text.
    """
    prompts = tuple(_unit(embed(texts)) for texts in prompt_set.positive)
    negative = prompt_set.negative
    return EmbeddedPrompts(
        prompt_set=prompt_set,
        positive=_centers(prompts),
        negative=None if negative is None else _centers([_unit(embed(t)) for t in negative]),
        prompts=prompts,
    )


def class_similarities(
    images: Float[np.ndarray, "images dim"], prompts: EmbeddedPrompts
) -> Float[np.ndarray, "images classes"]:
    """Return the cosine of each image with what speaks for each class."""
    return np.asarray(_unit(images) @ prompts.positive.T)


def class_probabilities(
    images: Float[np.ndarray, "images dim"], prompts: EmbeddedPrompts, *, temperature: float
) -> Float[np.ndarray, "images classes"]:
    """Return the softmax over the classes, or over each class's positive and negative prompts."""
    similarity = class_similarities(images, prompts)
    if prompts.negative is None:
        shifted = (similarity - similarity.max(axis=1, keepdims=True)) / temperature
        weights = np.exp(shifted)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))
    margin = similarity - _unit(images) @ prompts.negative.T
    return np.asarray((1.0 + np.tanh(margin / (2.0 * temperature))) / 2.0)  # cannot overflow


def prompt_similarities(
    image: Float[np.ndarray, " dim"], prompts: EmbeddedPrompts
) -> list[list[float]]:
    """Return, class by class, the cosine of one image with each prompt that speaks for it."""
    unit = _unit(image[None])[0]
    return [(texts @ unit).tolist() for texts in prompts.prompts]


def _centers(groups: Sequence[Float[np.ndarray, "_ dim"]]) -> Float[np.ndarray, "classes dim"]:
    return _unit(np.stack([group.mean(axis=0) for group in groups]))


def _unit(vectors: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, np.finfo(vectors.dtype).tiny))
