"""Grouping, Eqs. 1-4: against its loop, by hand, and at the edges."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.grouping import (
    group,
    group_embeddings,
    group_weights,
    min_max_normalize,
    similarity,
)
from models.types import Groups
from tests import reference

CLOSE = {"rtol": 0.0, "atol": 1e-6}


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def mask_of(*lengths: int, length: int) -> Tensor:
    return torch.arange(length)[None] < torch.tensor(lengths)[:, None]


def everything(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.bool)


def groups_of(words: Tensor, patches: Tensor, sigma: float = 0.4) -> Groups:
    """Group without padding."""
    rows, columns = everything(*words.shape[:2]), everything(*patches.shape[:2])
    scores = similarity(words, patches)
    return group(scores, patches, threshold=sigma, row_mask=rows, column_mask=columns)


@given(
    words=st.integers(1, 5),
    patches=st.integers(1, 6),
    real_words=st.integers(0, 5),
    real_patches=st.integers(0, 6),
    sigma=st.floats(0.0, 1.0),
    seed=st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_a_group_is_what_its_loop_says(
    words: int, patches: int, real_words: int, real_patches: int, sigma: float, seed: int
) -> None:
    t, v = doubles(1, words, 3, seed=seed), doubles(1, patches, 3, seed=seed + 1)
    rows, columns = mask_of(real_words, length=words), mask_of(real_patches, length=patches)
    ours = group(similarity(t, v), v, threshold=sigma, row_mask=rows, column_mask=columns)
    loop = reference.tgv(t[0].tolist(), v[0].tolist(), sigma, rows[0].tolist(), columns[0].tolist())
    for value, expected in zip((ours.scaled, ours.weights, ours.embeddings), loop, strict=True):
        torch.testing.assert_close(value[0], torch.tensor(expected, dtype=torch.float64), **CLOSE)


def test_patch_groups_are_word_groups_of_the_transpose() -> None:
    words, patches = doubles(1, 4, 3), doubles(1, 6, 3, seed=1)
    rows, columns = mask_of(5, length=6), mask_of(3, length=4)
    scores = similarity(words, patches).transpose(1, 2)
    ours = group(scores, words, threshold=0.5, row_mask=rows, column_mask=columns)
    _, alphas, groups = reference.pgl(
        words[0].tolist(), patches[0].tolist(), 0.5, columns[0].tolist(), rows[0].tolist()
    )
    torch.testing.assert_close(ours.weights[0], torch.tensor(alphas, dtype=torch.float64), **CLOSE)
    torch.testing.assert_close(
        ours.embeddings[0], torch.tensor(groups, dtype=torch.float64), **CLOSE
    )


def test_the_mean_is_over_real_entries_of_rows_with_a_spread() -> None:
    words, patches = doubles(2, 4, 3), doubles(2, 5, 3, seed=1)
    words[1, 0] = 0.0  # this word is as far from every patch
    rows, columns = mask_of(4, 3, length=4), mask_of(2, 5, length=5)
    ours = group(
        similarity(words, patches), patches, threshold=0.4, row_mask=rows, column_mask=columns
    )
    expected = reference.mean_scaled(ours.scaled.tolist(), rows.tolist(), columns.tolist())
    assert float(ours.mean) == pytest.approx(expected, abs=1e-12)


def test_the_count_is_of_the_entries_behind_the_mean() -> None:
    words, patches = doubles(2, 4, 3), doubles(2, 5, 3, seed=1)
    words[1, 0] = 0.0
    rows, columns = mask_of(4, 3, length=4), mask_of(2, 5, length=5)
    ours = group(
        similarity(words, patches), patches, threshold=0.4, row_mask=rows, column_mask=columns
    )
    assert int(ours.count) == 4 * 2 + 2 * 5


def test_similarity_is_the_cosine() -> None:
    word, patches = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[5.0, 0.0], [0.0, 0.1]]])
    torch.testing.assert_close(similarity(word, patches), torch.tensor([[[0.6, 0.8]]]))


def test_min_max_by_hand() -> None:
    scaled = min_max_normalize(torch.tensor([[[-1.0, 0.0, 3.0]]]), valid=everything(1, 1, 1))
    torch.testing.assert_close(scaled, torch.tensor([[[0.0, 0.25, 1.0]]]))


def test_weights_by_hand() -> None:
    scaled = torch.tensor([[[0.0, 0.25, 0.5, 1.0]]])
    kept = group_weights(scaled, threshold=0.5, valid=everything(1, 1, 1))
    torch.testing.assert_close(kept, torch.tensor([[[0.0, 0.0, 1 / 3, 2 / 3]]]))


def test_embeddings_by_hand() -> None:
    weights, members = torch.tensor([[[0.25, 0.75]]]), torch.tensor([[[4.0, 0.0], [0.0, 4.0]]])
    expected = torch.tensor([[[1.0, 3.0]]])
    torch.testing.assert_close(group_embeddings(weights, members), expected)


def test_what_equals_the_threshold_is_kept() -> None:
    scaled = torch.tensor([[[0.4, 1.0]]], dtype=torch.float64)
    assert group_weights(scaled, threshold=0.4, valid=everything(1, 1, 1))[0, 0, 0] > 0


def test_a_threshold_of_zero_keeps_no_zero() -> None:
    scaled = torch.tensor([[[0.0, 1.0]]])
    kept = group_weights(scaled, threshold=0.0, valid=everything(1, 1, 1))
    assert kept.tolist() == [[[0.0, 1.0]]]


def test_an_unset_threshold_keeps_nothing() -> None:
    scaled = torch.tensor([[[0.2, 1.0]]])
    kept = group_weights(scaled, threshold=torch.tensor(torch.nan), valid=everything(1, 1, 1))
    assert not kept.any()


@given(
    lengths=st.tuples(st.integers(1, 4), st.integers(2, 5)),
    extra=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_padding_changes_nothing(
    lengths: tuple[int, int], extra: tuple[int, int], seed: int
) -> None:
    (words, patches), (more_words, more_patches) = lengths, extra
    t = doubles(1, words + more_words, 3, seed=seed)
    v = doubles(1, patches + more_patches, 3, seed=seed + 1)
    rows = mask_of(words, length=words + more_words)
    columns = mask_of(patches, length=patches + more_patches)
    padded = group(similarity(t, v), v, threshold=0.4, row_mask=rows, column_mask=columns)
    trimmed = groups_of(t[:, :words], v[:, :patches])
    torch.testing.assert_close(padded.weights[:, :words, :patches], trimmed.weights)
    torch.testing.assert_close(padded.embeddings[:, :words], trimmed.embeddings)
    torch.testing.assert_close(padded.mean, trimmed.mean)


def test_no_weight_falls_on_padding() -> None:
    t, v = doubles(1, 4, 3), doubles(1, 6, 3, seed=1)
    rows, columns = mask_of(2, length=4), mask_of(3, length=6)
    weights = group(similarity(t, v), v, threshold=0.0, row_mask=rows, column_mask=columns).weights
    assert not weights[:, 2:].any()
    assert not weights[:, :, 3:].any()


@given(order=st.permutations(range(6)), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_permuting_patches_permutes_weights(order: list[int], seed: int) -> None:
    words, patches = doubles(1, 3, 4, seed=seed), doubles(1, 6, 4, seed=seed + 1)
    straight, permuted = groups_of(words, patches), groups_of(words, patches[:, order])
    torch.testing.assert_close(permuted.weights, straight.weights[:, :, order])


@given(sigma=st.floats(0.0, 1.0), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_a_row_sums_to_one_or_to_zero(sigma: float, seed: int) -> None:
    sums = groups_of(doubles(2, 3, 4, seed=seed), doubles(2, 5, 4, seed=seed + 1), sigma)
    total = sums.weights.sum(dim=-1)
    assert bool((torch.isclose(total, torch.ones_like(total)) | (total == 0)).all())


def test_a_flat_row_gathers_nothing() -> None:
    flat = torch.full((1, 1, 4), 0.7)
    scaled = min_max_normalize(flat, valid=everything(1, 1, 1))
    assert not group_weights(scaled, threshold=0.0, valid=everything(1, 1, 1)).any()


def test_rounding_does_not_make_a_flat_row_spread() -> None:
    almost = torch.tensor([[[0.7, 0.7 + 6e-8, 0.7]]])
    assert not min_max_normalize(almost, valid=everything(1, 1, 1)).any()


def test_one_patch_is_a_flat_row() -> None:
    ours = groups_of(doubles(1, 3, 4), doubles(1, 1, 4, seed=1))
    assert not ours.valid.any()
    assert not ours.embeddings.any()


def test_one_word_gathers_patches() -> None:
    assert bool(groups_of(doubles(1, 1, 4), doubles(1, 5, 4, seed=1)).valid.all())


def test_one_word_is_gathered_by_no_patch() -> None:
    words, patches = doubles(1, 1, 4), doubles(1, 5, 4, seed=1)
    assert not groups_of(patches, words).valid.any()


def test_a_batch_that_is_all_flat_has_mean_and_count_zero() -> None:
    ours = groups_of(doubles(1, 3, 4), doubles(1, 1, 4, seed=1))
    assert (float(ours.mean), float(ours.count)) == (0.0, 0.0)


@pytest.mark.parametrize("case", ["plain", "flat rows", "padding rows", "nothing real"])
def test_gradients_are_finite(case: str) -> None:
    words, patches = doubles(2, 3, 4), doubles(2, 5, 4, seed=1)
    rows, columns = everything(2, 3), everything(2, 5)
    if case == "flat rows":
        patches[0] = patches[0, :1]
    if case == "padding rows":
        rows, words[0] = mask_of(0, 2, length=3), 0.0
    if case == "nothing real":
        rows, columns = ~rows, ~columns
    leaves = [words.requires_grad_(), patches.requires_grad_()]
    ours = group(
        similarity(words, patches), patches, threshold=0.4, row_mask=rows, column_mask=columns
    )
    (ours.embeddings.square().sum() + ours.weights.square().sum()).backward()
    assert all(leaf.grad is not None and bool(leaf.grad.isfinite().all()) for leaf in leaves)


def test_gradients_flow_through_the_weights() -> None:
    scores = doubles(1, 2, 4).requires_grad_()
    members = doubles(1, 4, 3, seed=1)
    ours = group(
        scores, members, threshold=0.3, row_mask=everything(1, 2), column_mask=everything(1, 4)
    )
    ours.embeddings.sum().backward()
    assert scores.grad is not None
    assert bool(scores.grad.any())


def test_the_mean_carries_no_gradient() -> None:
    assert not groups_of(doubles(1, 2, 3).requires_grad_(), doubles(1, 4, 3)).mean.requires_grad


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(half: torch.dtype) -> None:
    words, patches = doubles(1, 3, 4).to(half), doubles(1, 5, 4, seed=1).to(half)
    ours, precise = groups_of(words, patches), groups_of(words.float(), patches.float())
    assert ours.embeddings.dtype == torch.float32
    torch.testing.assert_close(ours.embeddings, precise.embeddings, rtol=0, atol=0)


def test_float64_stays() -> None:
    ours = groups_of(doubles(1, 3, 4), doubles(1, 5, 4, seed=1))
    assert {ours.scaled.dtype, ours.weights.dtype, ours.embeddings.dtype} == {torch.float64}
