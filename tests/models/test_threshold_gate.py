"""The gates follow the mean of the scaled similarity (Eqs. 5 and 7)."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.threshold_gate import ThresholdGate
from tests import reference

unit_interval = st.floats(0.0, 1.0)


@given(
    start=unit_interval,
    means=st.lists(unit_interval, max_size=5),
    momentum=st.floats(0.0, 0.999),
)
def test_a_gate_moves_as_its_loop_says(start: float, means: list[float], momentum: float) -> None:
    gate = ThresholdGate(momentum=momentum, initial=start)
    for mean in means:
        gate.follow(mean)
    assert float(gate.threshold) == pytest.approx(reference.gate(start, means, momentum), abs=1e-6)


def test_one_step_by_hand() -> None:
    gate = ThresholdGate(momentum=0.75, initial=0.4)
    gate.follow(torch.tensor(0.8))
    assert float(gate.threshold) == pytest.approx(0.5)


def test_an_unset_gate_takes_the_first_mean() -> None:
    gate = ThresholdGate(momentum=0.999)
    gate.follow(0.3)
    assert float(gate.threshold) == pytest.approx(0.3)


def test_a_gate_is_unset_until_it_follows() -> None:
    gate = ThresholdGate(momentum=0.9)
    before = gate.is_set
    gate.follow(0.3)
    assert (before, gate.is_set) == (False, True)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, 1.5])
def test_a_momentum_outside_its_range_is_refused(momentum: float) -> None:
    with pytest.raises(ValueError, match="momentum"):
        ThresholdGate(momentum=momentum)


def test_a_gate_has_no_parameters() -> None:
    assert list(ThresholdGate(momentum=0.9).parameters()) == []


def test_a_gate_is_saved_with_the_weights() -> None:
    copy = ThresholdGate(momentum=0.9)
    copy.load_state_dict(ThresholdGate(momentum=0.9, initial=0.25).state_dict())
    assert float(copy.threshold) == 0.25


def test_following_a_float64_mean_stays_in_float32() -> None:
    gate = ThresholdGate(momentum=0.9, initial=0.5)
    gate.follow(torch.tensor(0.1, dtype=torch.float64))
    assert gate.threshold.dtype == torch.float32
