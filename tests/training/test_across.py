"""Alignment across a batch: reports are scored with images, and asked for the true one."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.grouping import similarity
from tests import reference
from tests.training.tensors import doubles, everything, mask_of, same, some_excluded
from training.losses import across_info_nce, word_patch_scores


@given(
    lengths=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=3),
    tau=st.floats(0.05, 2.0),
    seed=st.integers(0, 999),
)
@settings(max_examples=20, deadline=None)
def test_word_patch_scores_are_what_their_loop_says(
    lengths: list[tuple[int, int]], tau: float, seed: int
) -> None:
    words, patches = doubles(len(lengths), 3, 5, seed=seed), doubles(len(lengths), 4, 5, seed=-seed)
    asking, holding = (mask_of(*(n[k] for n in lengths), length=3 + k) for k in (0, 1))
    ours = word_patch_scores(words, patches, word_mask=asking, patch_mask=holding, temperature=tau)
    for row, (of_report, real_words) in enumerate(zip(words, asking, strict=True)):
        for column, (of_image, real) in enumerate(zip(patches, holding, strict=True)):
            loop = reference.word_patch_score(
                of_report.tolist(), of_image.tolist(), real_words.tolist(), real.tolist(), tau
            )
            assert float(ours[row, column]) == pytest.approx(loop, abs=1e-6)


def test_a_report_without_words_scores_nothing_and_an_image_without_patches_no_nan() -> None:
    scores = word_patch_scores(
        doubles(2, 2, 4),
        doubles(2, 3, 4, seed=1),
        word_mask=mask_of(2, 0, length=2),
        patch_mask=mask_of(3, 0, length=3),
        temperature=0.1,
    )
    assert bool(scores.isfinite().all())
    assert scores[1].tolist() == [0.0, 0.0]


def test_a_low_temperature_scores_by_the_best_patch_alone() -> None:
    words, patches = doubles(1, 1, 4), doubles(2, 6, 4, seed=1)
    scores = word_patch_scores(
        words, patches, word_mask=everything(1, 1), patch_mask=everything(2, 6), temperature=1e-3
    )
    best = similarity(words.expand(2, -1, -1), patches).amax(dim=-1)
    torch.testing.assert_close(scores[0], best[:, 0].to(scores.dtype), rtol=0, atol=1e-4)


def test_alignment_across_a_batch_by_hand() -> None:
    scores = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    assert float(across_info_nce(scores, temperature=0.5)) == pytest.approx(
        math.log1p(math.exp(-2))
    )


@given(batch=st.integers(1, 6), tau=st.floats(0.05, 2.0), seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_alignment_across_a_batch_is_what_its_loop_says_whichever_pairs_are_excluded(
    batch: int, tau: float, seed: int
) -> None:
    scores, excluded = doubles(batch, batch, seed=seed), some_excluded(batch, seed=seed + 1)
    ours = across_info_nce(scores, temperature=tau, same_report=excluded)
    loop = reference.across_info_nce(scores.tolist(), tau, excluded.tolist())
    assert float(ours) == pytest.approx(loop, abs=1e-6)


def test_an_identical_report_is_no_negative_across_a_batch() -> None:
    scores = torch.zeros(2, 2, dtype=torch.float64)
    assert float(across_info_nce(scores, temperature=0.5, same_report=same(0, 0))) == 0.0
