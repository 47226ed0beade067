"""The contrastive losses, Eqs. 8-10, 12 and 13."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.training.tensors import doubles, everything, mask_of, same, some_excluded
from training.losses import global_info_nce, sequence_info_nce

SEEDS = st.integers(0, 999)


@given(batch=st.integers(1, 6), tau=st.floats(0.05, 2.0), masked=st.booleans(), seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_the_global_loss_is_what_its_loop_says(
    batch: int, tau: float, masked: bool, seed: int
) -> None:
    images, texts = doubles(batch, 3, seed=seed), doubles(batch, 3, seed=seed + 1)
    mask = some_excluded(batch, seed=seed + 2) if masked else None
    ours = global_info_nce(images, texts, temperature=tau, same_report=mask)
    loop = reference.global_info_nce(
        images.tolist(), texts.tolist(), tau, None if mask is None else mask.tolist()
    )
    assert float(ours) == pytest.approx(loop, abs=1e-6)


def test_the_global_loss_of_perfect_pairs_by_hand() -> None:
    axes = torch.eye(2, dtype=torch.float64)
    loss = global_info_nce(axes, axes, temperature=1.0)
    assert float(loss) == pytest.approx(math.log1p(math.exp(-1)))


def test_one_pair_has_nothing_to_tell_apart() -> None:
    assert float(global_info_nce(doubles(1, 3), doubles(1, 3, seed=1), temperature=0.3)) == 0.0


def test_the_same_report_is_never_a_negative() -> None:
    axes, texts = torch.eye(2, dtype=torch.float64), torch.ones(2, 2, dtype=torch.float64)
    assert float(global_info_nce(axes, texts, temperature=0.3, same_report=same(0, 0))) == 0.0


def test_another_copy_of_a_pair_costs_the_others_only() -> None:
    images, texts = doubles(3, 4), doubles(3, 4, seed=1)
    images[1], texts[1] = images[0], texts[0]
    with_mask = global_info_nce(images, texts, temperature=0.3, same_report=same(0, 0, 1))
    assert with_mask < global_info_nce(images, texts, temperature=0.3)


def test_a_batch_without_twins_needs_no_mask() -> None:
    images, texts = doubles(4, 3), doubles(4, 3, seed=1)
    masked = global_info_nce(images, texts, temperature=0.3, same_report=same(0, 1, 2, 3))
    torch.testing.assert_close(masked, global_info_nce(images, texts, temperature=0.3))


@given(order=st.permutations(range(5)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_pairs_does_not_matter(order: list[int]) -> None:
    images, texts = doubles(5, 3), doubles(5, 3, seed=1)
    permuted = global_info_nce(images[order], texts[order], temperature=0.3)
    torch.testing.assert_close(permuted, global_info_nce(images, texts, temperature=0.3))


@pytest.mark.parametrize("reports", [(0, 1, 2), (0, 0, 1), (0, 0, 0)])
def test_global_gradients_are_finite(reports: tuple[int, ...]) -> None:
    images, texts = doubles(3, 4).requires_grad_(), doubles(3, 4, seed=1).requires_grad_()
    loss = global_info_nce(images, texts, temperature=0.01, same_report=same(*reports))
    loss.backward()
    assert images.grad is not None
    assert texts.grad is not None
    assert bool((images.grad + texts.grad).isfinite().all())


@given(
    lengths=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    tau=st.floats(0.05, 2.0),
    seed=st.integers(0, 999),
)
@settings(max_examples=30, deadline=None)
def test_the_sequence_loss_is_what_its_loop_says(lengths: list[int], tau: float, seed: int) -> None:
    left, right = doubles(len(lengths), 4, 3, seed=seed), doubles(len(lengths), 4, 3, seed=seed + 1)
    valid = mask_of(*lengths, length=4)
    ours = sequence_info_nce(left, right, valid=valid, temperature=tau)
    loop = reference.sequence_info_nce(left.tolist(), right.tolist(), valid.tolist(), tau)
    assert float(ours) == pytest.approx(loop, abs=1e-6)


def test_perfect_alignment_costs_log_one_plus_exp_minus_one() -> None:
    axes = torch.eye(2)[None]  # two orthogonal rows, each its own partner: checkable by hand
    loss = sequence_info_nce(axes, axes, valid=everything(1, 2), temperature=1.0)
    torch.testing.assert_close(loss, torch.tensor(math.log1p(math.exp(-1))))


def test_padding_rows_change_nothing() -> None:
    left, right = doubles(1, 4, 8), doubles(1, 4, 8, seed=1)
    padded = sequence_info_nce(left, right, valid=mask_of(3, length=4), temperature=0.3)
    trimmed = sequence_info_nce(left[:, :3], right[:, :3], valid=everything(1, 3), temperature=0.3)
    torch.testing.assert_close(padded, trimmed)


def test_a_row_that_gathered_nothing_in_the_middle_is_left_out() -> None:
    left, right = doubles(1, 3, 4), doubles(1, 3, 4, seed=1)
    valid = torch.tensor([[True, False, True]])
    ours = sequence_info_nce(left, right, valid=valid, temperature=0.3)
    rest = sequence_info_nce(
        left[:, [0, 2]], right[:, [0, 2]], valid=everything(1, 2), temperature=0.3
    )
    torch.testing.assert_close(ours, rest)


def test_a_pair_without_rows_counts_zero_in_a_mean_over_the_batch() -> None:
    left, right = doubles(2, 3, 4), doubles(2, 3, 4, seed=1)
    both = sequence_info_nce(left, right, valid=mask_of(3, 0, length=3), temperature=0.3)
    alone = sequence_info_nce(left[:1], right[:1], valid=everything(1, 3), temperature=0.3)
    torch.testing.assert_close(both, alone / 2)


def test_a_batch_without_rows_costs_nothing() -> None:
    loss = sequence_info_nce(
        doubles(2, 3, 4), doubles(2, 3, 4), valid=~everything(2, 3), temperature=0.3
    )
    assert float(loss) == 0.0


def test_other_pairs_are_no_negatives() -> None:
    left, right = doubles(2, 3, 4), doubles(2, 3, 4, seed=1)
    both = sequence_info_nce(left, right, valid=everything(2, 3), temperature=0.3)
    halves = [
        sequence_info_nce(
            left[i : i + 1], right[i : i + 1], valid=everything(1, 3), temperature=0.3
        )
        for i in range(2)
    ]
    torch.testing.assert_close(both, (halves[0] + halves[1]) / 2)


def test_one_row_has_nothing_to_tell_apart() -> None:
    loss = sequence_info_nce(
        doubles(1, 1, 4), doubles(1, 1, 4, seed=1), valid=everything(1, 1), temperature=0.3
    )
    assert float(loss) == 0.0


def test_the_loss_is_symmetric_in_its_sides() -> None:
    left, right, valid = doubles(2, 3, 4), doubles(2, 3, 4, seed=1), everything(2, 3)
    one = sequence_info_nce(left, right, valid=valid, temperature=0.3)
    torch.testing.assert_close(one, sequence_info_nce(right, left, valid=valid, temperature=0.3))


@pytest.mark.parametrize("lengths", [(3, 3), (3, 0), (1, 2), (0, 0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sequence_gradients_are_finite(lengths: tuple[int, int], dtype: torch.dtype) -> None:
    valid = mask_of(*lengths, length=3)
    left = (doubles(2, 3, 4) * valid[..., None]).to(dtype).requires_grad_()  # empty groups are zero
    right = doubles(2, 3, 4, seed=1).to(dtype).requires_grad_()
    sequence_info_nce(left, right, valid=valid, temperature=0.01).backward()
    assert left.grad is not None
    assert right.grad is not None
    assert bool((left.grad + right.grad).isfinite().all())


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(half: torch.dtype) -> None:
    left, right = doubles(4, 3).to(half), doubles(4, 3, seed=1).to(half)
    loss = global_info_nce(left, right, temperature=0.01)
    precise = global_info_nce(left.float(), right.float(), temperature=0.01)
    assert loss.dtype == torch.float32
    assert float(loss) == float(precise)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_sequences_are_computed_in_float32(half: torch.dtype) -> None:
    left, right = doubles(1, 4, 3).to(half), doubles(1, 4, 3, seed=1).to(half)
    loss = sequence_info_nce(left, right, valid=everything(1, 4), temperature=0.01)
    precise = sequence_info_nce(
        left.float(), right.float(), valid=everything(1, 4), temperature=0.01
    )
    assert loss.dtype == torch.float32
    assert float(loss) == float(precise)


def test_float64_stays() -> None:
    axes = doubles(1, 3, 4)
    assert global_info_nce(axes[0], axes[0], temperature=1.0).dtype == torch.float64
    loss = sequence_info_nce(axes, axes, valid=everything(1, 3), temperature=1.0)
    assert loss.dtype == torch.float64
