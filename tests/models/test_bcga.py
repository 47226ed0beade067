"""Cross-attention from groups to groups (Eq. 11)."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.bcga import GroupCrossAttention
from tests import reference


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def attention() -> GroupCrossAttention:
    torch.manual_seed(0)
    return GroupCrossAttention(4).double()


def everything(*shape: int) -> Tensor:
    return torch.ones(shape, dtype=torch.bool)


@given(valid=st.lists(st.booleans(), min_size=1, max_size=5), seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_attention_is_what_its_loop_says(valid: list[bool], seed: int) -> None:
    torch.manual_seed(seed)
    layer = GroupCrossAttention(4).double()
    groups, others = doubles(1, 3, 4, seed=seed), doubles(1, len(valid), 4, seed=seed + 1)
    matrices = [m.weight.tolist() for m in (layer.query, layer.key, layer.value, layer.output)]
    loop = reference.cross_attention(groups[0].tolist(), others[0].tolist(), valid, *matrices)
    ours = layer(groups, others, valid=torch.tensor([valid]))
    torch.testing.assert_close(ours[0], torch.tensor(loop, dtype=torch.float64), rtol=0, atol=1e-6)


def test_attention_over_one_group_is_that_group_by_hand(attention: GroupCrossAttention) -> None:
    with torch.no_grad():
        attention.value.weight.copy_(torch.eye(4))
        attention.output.weight.copy_(2 * torch.eye(4))
    other = torch.tensor([[[0.0, 3.0, 0.0, 4.0]]], dtype=torch.float64)
    ours = attention(doubles(1, 1, 4), other, valid=everything(1, 1))
    torch.testing.assert_close(ours[0, 0], other[0, 0] / 2.5)


def test_attention_over_nothing_is_zero(attention: GroupCrossAttention) -> None:
    assert not attention(doubles(2, 3, 4), doubles(2, 5, 4), valid=~everything(2, 5)).any()


def test_padding_changes_nothing(attention: GroupCrossAttention) -> None:
    groups, others = doubles(1, 3, 4), doubles(1, 6, 4, seed=1)
    valid = torch.arange(6)[None] < 4
    padded = attention(groups, others, valid=valid)
    torch.testing.assert_close(padded, attention(groups, others[:, :4], valid=everything(1, 4)))


def test_the_length_of_a_group_does_not_matter(attention: GroupCrossAttention) -> None:
    groups, others = doubles(1, 3, 4), doubles(1, 5, 4, seed=1)
    longer = attention(7 * groups, 0.1 * others, valid=everything(1, 5))
    torch.testing.assert_close(longer, attention(groups, others, valid=everything(1, 5)))


def test_the_order_of_the_others_does_not_matter(attention: GroupCrossAttention) -> None:
    groups, others, order = doubles(1, 3, 4), doubles(1, 5, 4, seed=1), [3, 1, 4, 0, 2]
    permuted = attention(groups, others[:, order], valid=everything(1, 5))
    torch.testing.assert_close(permuted, attention(groups, others, valid=everything(1, 5)))


@pytest.mark.parametrize("valid", [True, False])
def test_gradients_are_finite_on_zero_groups(attention: GroupCrossAttention, valid: bool) -> None:
    groups = torch.zeros(1, 3, 4, dtype=torch.float64, requires_grad=True)
    others = doubles(1, 5, 4).requires_grad_()
    attention(groups, others, valid=torch.full((1, 5), valid)).square().sum().backward()
    leaves = [groups, others, *attention.parameters()]
    assert all(leaf.grad is not None and bool(leaf.grad.isfinite().all()) for leaf in leaves)


def test_half_types_give_finite_values_over_nothing() -> None:
    layer = GroupCrossAttention(4).to(torch.bfloat16)
    groups = torch.randn(1, 3, 4, dtype=torch.bfloat16)
    assert not layer(groups, groups, valid=~everything(1, 3)).any()
