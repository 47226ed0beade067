"""GLoRIA's objective: words attend to the patches of every image."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests import reference
from tests.training.tensors import alignment_of, doubles, everything, mask_of, same
from training.objectives.gloria import GLoRIAConfig, GLoRIATemperatures, attended_scores

TAUS = GLoRIATemperatures()


def shares(logits: list[float]) -> list[float]:
    return [math.exp(reference.log_share(logit, logits)) for logit in logits]


def loop_score(
    words: reference.Matrix, patches: reference.Matrix, taus: GLoRIATemperatures
) -> float:
    """Score one report with one image, both without padding."""
    chosen = [
        shares([reference.cosine(word, patch) / taus.words for word in words]) for patch in patches
    ]
    total = 0.0
    for number, word in enumerate(words):
        attention = shares([of_patch[number] / taus.patches for of_patch in chosen])
        (context,) = reference.embeddings([attention], [reference.unit(p) for p in patches])
        total += math.exp(reference.cosine(word, context) / taus.report)
    return math.log(total)


def loop_scores(
    words: Tensor, patches: Tensor, asking: Tensor, holding: Tensor, taus: GLoRIATemperatures
) -> reference.Matrix:
    return [
        [
            loop_score(own[real].tolist(), seen[there].tolist(), taus)
            for seen, there in zip(patches, holding, strict=True)
        ]
        for own, real in zip(words, asking, strict=True)
    ]


@given(
    lengths=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=3),
    taus=st.tuples(*[st.floats(0.05, 2.0)] * 3),
    seed=st.integers(0, 999),
)
@settings(max_examples=20, deadline=None)
def test_attended_scores_are_what_their_loop_says(
    lengths: list[tuple[int, int]], taus: tuple[float, ...], seed: int
) -> None:
    words, patches = doubles(len(lengths), 3, 5, seed=seed), doubles(len(lengths), 4, 5, seed=-seed)
    asking, holding = (mask_of(*(n[k] for n in lengths), length=3 + k) for k in (0, 1))
    temperatures = GLoRIATemperatures(words=taus[0], patches=taus[1], report=taus[2])
    ours = attended_scores(
        words, patches, word_mask=asking, patch_mask=holding, temperatures=temperatures
    )
    loop = loop_scores(words, patches, asking, holding, temperatures)
    torch.testing.assert_close(ours, torch.tensor(loop, dtype=torch.float64))


def test_the_total_is_what_the_loops_say() -> None:
    words, patches = doubles(3, 3, 4), doubles(3, 5, 4, seed=1)
    asking, holding = mask_of(3, 2, 1, length=3), mask_of(4, 5, 2, length=5)
    found, twins = alignment_of(words, patches, asking, holding), same(0, 0, 1)
    ours = GLoRIAConfig().build(4)(found, excluded=twins)
    scores = loop_scores(words, patches, asking, holding, TAUS)
    local = 0.0
    for i in range(3):
        rivals = [j for j in range(3) if j == i or not twins[i, j]]
        own = scores[i][i] / TAUS.local
        local += reference.log_share(own, [scores[i][j] / TAUS.local for j in rivals])
        local += reference.log_share(own, [scores[j][i] / TAUS.local for j in rivals])
    whole = reference.global_info_nce(
        found.images.pooled.tolist(), found.reports.pooled.tolist(), 0.1, twins.tolist()
    )
    assert float(ours["total"]) == pytest.approx(whole - local / 6, abs=1e-6)


def test_the_score_of_two_words_that_each_have_a_patch_by_hand() -> None:
    axes = torch.eye(2, dtype=torch.float64)[None]
    sharp = GLoRIATemperatures(words=1e-3)  # each patch chooses its own word alone
    score = attended_scores(
        axes, axes, word_mask=everything(1, 2), patch_mask=everything(1, 2), temperatures=sharp
    )
    cosine = math.exp(4) / math.hypot(math.exp(4), 1)  # of a word with e^4 : 1 of the two patches
    assert float(score) == pytest.approx(math.log(2) + 5 * cosine)


def test_a_word_asked_alone_scores_its_cosine_with_the_only_patch() -> None:
    word, patches = torch.eye(2, dtype=torch.float64)[:1, None], torch.eye(2, dtype=torch.float64)
    scores = attended_scores(
        word,
        patches[:, None],
        word_mask=everything(1, 1),
        patch_mask=everything(2, 1),
        temperatures=TAUS,
    )
    torch.testing.assert_close(scores, torch.tensor([[5.0, 0.0]], dtype=torch.float64))


def test_a_report_without_words_scores_nothing_and_an_image_without_patches_no_nan() -> None:
    scores = attended_scores(
        doubles(2, 2, 4),
        doubles(2, 3, 4, seed=1),
        word_mask=mask_of(2, 0, length=2),
        patch_mask=mask_of(3, 0, length=3),
        temperatures=TAUS,
    )
    assert bool(scores.isfinite().all())
    assert scores[1].tolist() == [0.0, 0.0]
