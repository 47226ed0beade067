"""Half types become float32; float64 stays."""

import pytest
import torch

from models.precision import precise


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_types_become_float32(half: torch.dtype) -> None:
    torch.testing.assert_close(precise(torch.ones(2, dtype=half)), torch.ones(2))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_what_is_precise_stays_as_it_is(kind: torch.dtype) -> None:
    values = torch.ones(2, 3, dtype=kind)
    assert precise(values) is values


def test_gradients_come_back_in_the_type_of_the_input() -> None:
    values = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    precise(values).sum().backward()
    assert values.grad is not None
    assert values.grad.dtype == torch.bfloat16
