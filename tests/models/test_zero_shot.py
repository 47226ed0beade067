"""Zero-shot scores, by hand in the plane."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from models.prompts import PromptPair, PromptSet
from models.zero_shot import (
    EmbeddedPrompts,
    class_probabilities,
    class_similarities,
    embed_prompts,
    prompt_similarities,
)

PLANE = {"east": (1.0, 0.0), "north": (0.0, 1.0), "west": (-1.0, 0.0), "far north": (0.0, 5.0)}


def embed(texts: Sequence[str]) -> np.ndarray:
    return np.array([PLANE[text] for text in texts], dtype=np.float32)


@pytest.fixture
def competing() -> EmbeddedPrompts:
    return embed_prompts(PromptSet(name="x", classes={"e": ["east"], "n": ["north"]}), embed)


@pytest.fixture
def pairs() -> EmbeddedPrompts:
    pair = PromptPair(positive=["east"], negative=["west"])
    return embed_prompts(PromptSet(name="x", classes={"e": pair}), embed)


def image(x: float, y: float) -> np.ndarray:
    return np.array([[x, y]], dtype=np.float32)


def test_a_class_is_the_mean_of_its_prompts_made_a_unit_vector() -> None:
    found = embed_prompts(PromptSet(name="x", classes={"ne": ["east", "north"]}), embed)
    np.testing.assert_allclose(found.positive, [[math.sqrt(0.5)] * 2], rtol=1e-6)


def test_every_prompt_of_a_class_has_one_vote() -> None:
    found = embed_prompts(PromptSet(name="x", classes={"ne": ["east", "far north"]}), embed)
    np.testing.assert_allclose(found.positive, [[math.sqrt(0.5)] * 2], rtol=1e-6)


def test_similarity_is_the_cosine(competing: EmbeddedPrompts) -> None:
    np.testing.assert_allclose(class_similarities(image(3, 4), competing), [[0.6, 0.8]], rtol=1e-6)


def test_competing_classes_share_one(competing: EmbeddedPrompts) -> None:
    found = class_probabilities(image(3, 4), competing, temperature=0.1)
    expected = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(found, [[1 - expected, expected]], rtol=1e-5)


def test_a_pair_weighs_for_against_against(pairs: EmbeddedPrompts) -> None:
    found = class_probabilities(image(3, 4), pairs, temperature=0.6)
    np.testing.assert_allclose(found, [[1 / (1 + math.exp(-2))]], rtol=1e-5)


def test_an_image_between_a_pair_is_undecided(pairs: EmbeddedPrompts) -> None:
    found = class_probabilities(image(0, 1), pairs, temperature=0.3)
    np.testing.assert_allclose(found, [[0.5]])


@pytest.mark.parametrize("x", [-1.0, 1.0])
def test_a_low_temperature_does_not_overflow(
    competing: EmbeddedPrompts, pairs: EmbeddedPrompts, x: float
) -> None:
    for prompts in (competing, pairs):
        found = class_probabilities(image(x, 0), prompts, temperature=0.001)
        assert found[0, 0] == pytest.approx(1.0 if x > 0 else 0.0, abs=1e-6)


def test_a_zero_image_is_near_to_nothing(competing: EmbeddedPrompts) -> None:
    assert not class_similarities(image(0, 0), competing).any()


def test_each_prompt_has_its_own_cosine() -> None:
    classes = {"e": ["east", "west"], "n": ["north"]}
    found = embed_prompts(PromptSet(name="x", classes=classes), embed)
    first, second = prompt_similarities(image(3, 4)[0], found)
    assert first == pytest.approx([0.6, -0.6])
    assert second == pytest.approx([0.8])
