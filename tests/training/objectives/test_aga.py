"""AGA's objective: the sum of Eq. 14."""

import pytest
import torch
from torch import Tensor

from tests import reference
from tests.training.tensors import alignment_of, doubles, mask_of, same
from training.objectives.aga import AGAConfig, AGATemperatures, AGAWeights


def test_the_total_is_what_the_loops_say() -> None:
    words, patches = doubles(2, 3, 4), doubles(2, 5, 4, seed=1)
    found = alignment_of(words, patches, mask_of(3, 2, length=3), mask_of(4, 5, length=5))
    tau, lambdas = (0.3, 0.2, 0.1), (0.5, 0.7, 0.9)
    config = AGAConfig(
        weights=AGAWeights(global_=lambdas[0], iga=lambdas[1], bcga=lambdas[2]),
        temperatures=AGATemperatures(global_=tau[0], iga=tau[1], bcga=tau[2]),
    )
    ours = config.build(4)(found, excluded=same(0, 1))["total"]

    def nce(left: Tensor, right: Tensor, valid: Tensor, t: float) -> float:
        return reference.sequence_info_nce(left.tolist(), right.tolist(), valid.tolist(), t)

    tgv, pgl = found.tgv, found.pgl
    expected = reference.total(
        reference.global_info_nce(
            found.images.pooled.tolist(), found.reports.pooled.tolist(), tau[0]
        ),
        (
            nce(tgv.embeddings, words, tgv.valid, tau[1]),
            nce(pgl.embeddings, patches, pgl.valid, tau[1]),
        ),
        (
            nce(tgv.embeddings, found.cross_tgv, tgv.valid, tau[2]),
            nce(pgl.embeddings, found.cross_pgl, pgl.valid, tau[2]),
        ),
        lambdas,
    )
    assert float(ours.detach()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("patches", [1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradients_of_the_total_are_finite(
    words: int, patches: int, dtype: torch.dtype
) -> None:
    t = doubles(2, 2, 4).to(dtype).requires_grad_()
    v = doubles(2, 5, 4, seed=1).to(dtype).requires_grad_()
    found = alignment_of(t, v, mask_of(words, 2, length=2), mask_of(patches, 0, length=5))
    config = AGAConfig(weights=AGAWeights(across=1.0))
    config.build(4)(found, excluded=same(0, 1))["total"].backward()
    assert t.grad is not None
    assert v.grad is not None
    assert bool(t.grad.isfinite().all())
    assert bool(v.grad.isfinite().all())
