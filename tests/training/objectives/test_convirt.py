"""ConVIRT's objective: AGA's with global alignment alone."""

import math

import pytest
import torch

from tests import reference
from tests.training.tensors import alignment_of, doubles, everything, mask_of, same
from training.objectives.aga import AGAConfig, AGATemperatures, AGAWeights
from training.objectives.convirt import ConVIRTConfig, ConVIRTTemperatures


@pytest.mark.parametrize("reports", [(0, 1, 2), (0, 0, 1)])
def test_convirt_is_aga_with_global_alignment_alone(reports: tuple[int, ...]) -> None:
    found = alignment_of(
        doubles(3, 3, 4), doubles(3, 5, 4, seed=1), everything(3, 3), everything(3, 5)
    )
    aga = AGAConfig(
        weights=AGAWeights(global_=1.0, iga=0.0, bcga=0.0),
        temperatures=AGATemperatures(global_=0.2),
    )
    convirt = ConVIRTConfig(temperatures=ConVIRTTemperatures(global_=0.2))
    ours = convirt.build(4)(found, excluded=same(*reports))
    theirs = aga.build(4)(found, excluded=same(*reports))
    assert ours.keys() == theirs.keys() == {"global_loss", "total"}
    assert all(float(ours[name]) == float(theirs[name]) for name in ours)


def test_convirt_is_what_its_loop_says() -> None:
    found = alignment_of(
        doubles(3, 3, 4), doubles(3, 5, 4, seed=1), mask_of(3, 2, 1, length=3), everything(3, 5)
    )
    ours = ConVIRTConfig().build(4)(found, excluded=same(0, 0, 1))["total"]
    loop = reference.global_info_nce(
        found.images.pooled.tolist(), found.reports.pooled.tolist(), 0.1, same(0, 0, 1).tolist()
    )
    assert float(ours) == pytest.approx(loop, abs=1e-6)


def test_convirt_of_perfect_pairs_by_hand() -> None:
    axes = torch.eye(2, dtype=torch.float64)[:, None]  # one word and one patch a pair
    found = alignment_of(axes, axes, everything(2, 1), everything(2, 1))
    total = ConVIRTConfig().build(2)(found, excluded=same(0, 1))["total"]
    assert float(total) == pytest.approx(math.log1p(math.exp(-10)))
