"""MGCA's objective: instances, tokens and prototypes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.bcga import GroupCrossAttention
from tests import reference
from tests.training.tensors import alignment_of, doubles, mask_of, same
from training.objectives.mgca import CosineAttention, MGCAConfig, MGCAObjective, sinkhorn


def objective(dim: int = 4, **settings: object) -> MGCAObjective:
    torch.manual_seed(0)
    return MGCAConfig.model_validate({"prototypes": 6, **settings}).build(dim).double()


def loop_sinkhorn(scores: reference.Matrix, epsilon: float, iterations: int) -> reference.Matrix:
    shares = [[math.exp(score / epsilon) for score in row] for row in scores]
    for _ in range(iterations):
        given_away = [math.fsum(column) for column in reference.transpose(shares)]
        shares = [[s / total for s, total in zip(row, given_away, strict=True)] for row in shares]
        shares = [[s / math.fsum(row) for s in row] for row in shares]
    return shares


def loop_prototypes(
    images: reference.Matrix, reports: reference.Matrix, prototypes: reference.Matrix
) -> float:
    of_image, of_report = (
        [[reference.cosine(one, prototype) for prototype in prototypes] for one in side]
        for side in (images, reports)
    )
    total = 0.0
    for guess, other in ((of_report, of_image), (of_image, of_report)):
        for row, assigned in zip(guess, loop_sinkhorn(other, 0.05, 3), strict=True):
            logits = [score / 0.2 for score in row]
            total -= math.fsum(
                share * reference.log_share(logit, logits)
                for share, logit in zip(assigned, logits, strict=True)
            )
    return total / (2 * len(images))


def attended(
    attention: GroupCrossAttention, left: Tensor, right: Tensor, valid: Tensor
) -> list[reference.Matrix]:
    projections = [
        layer.weight.tolist()
        for layer in (attention.query, attention.key, attention.value, attention.output)
    ]
    return [
        reference.cross_attention(a.tolist(), b.tolist(), v.tolist(), *projections)
        for a, b, v in zip(left, right, valid, strict=True)
    ]


def test_the_losses_are_what_the_loops_say() -> None:
    words, patches = doubles(3, 3, 4), doubles(3, 5, 4, seed=1)
    asking, holding = mask_of(3, 2, 1, length=3), mask_of(4, 5, 2, length=5)
    found, ours = alignment_of(words, patches, asking, holding), objective()
    images, reports = found.images.pooled.tolist(), found.reports.pooled.tolist()
    whole = reference.global_info_nce(images, reports, 0.07, same(0, 0, 1).tolist())
    seen = attended(ours.words_attention, words, patches, holding)
    read = attended(ours.patches_attention, patches, words, asking)
    tokens = reference.sequence_info_nce(words.tolist(), seen, asking.tolist(), 0.1)
    tokens += reference.sequence_info_nce(patches.tolist(), read, holding.tolist(), 0.1)
    prototype = loop_prototypes(images, reports, ours.prototypes.tolist())
    with torch.no_grad():
        losses = ours(found, excluded=same(0, 0, 1))
    assert float(losses["prototype"]) == pytest.approx(prototype, abs=1e-6)
    expected = 2 * whole + 0.7 * tokens + 0.5 * prototype
    assert float(losses["total"]) == pytest.approx(expected, abs=1e-6)


def test_attention_by_cosines_is_what_its_loop_says() -> None:
    words, patches, holding = doubles(2, 3, 4), doubles(2, 5, 4, seed=1), mask_of(4, 0, length=5)
    ours = CosineAttention(temperature=0.1)(words, patches, valid=holding)
    for n, word in enumerate(words[0].tolist()):
        seen = patches[0, :4].tolist()
        logits = [reference.cosine(word, patch) / 0.1 for patch in seen]
        shares = [math.exp(reference.log_share(logit, logits)) for logit in logits]
        (expected,) = reference.embeddings([shares], seen)
        assert ours[0, n].tolist() == pytest.approx(expected)
    assert ours[1].tolist() == torch.zeros(3, 4).tolist()  # of an image without patches


def test_attention_by_cosines_learns_nothing_itself() -> None:
    names = dict(objective(attention="cosine").named_parameters())
    assert names.keys() == {"prototypes"}


@given(
    pairs=st.integers(1, 5),
    prototypes=st.integers(2, 6),
    epsilon=st.floats(0.05, 1.0),
    iterations=st.integers(1, 4),
    seed=st.integers(0, 999),
)
@settings(max_examples=20, deadline=None)
def test_assignments_are_what_their_loop_says(
    pairs: int, prototypes: int, epsilon: float, iterations: int, seed: int
) -> None:
    scores = doubles(pairs, prototypes, seed=seed).tanh()
    ours = sinkhorn(scores, epsilon=epsilon, iterations=iterations)
    loop = loop_sinkhorn(scores.tolist(), epsilon, iterations)
    torch.testing.assert_close(ours, torch.tensor(loop, dtype=torch.float64))


def test_two_pairs_that_want_the_same_prototype_share_both() -> None:
    scores = torch.tensor([[1.0, 0.0], [0.9, 0.0]], dtype=torch.float64)
    assigned = sinkhorn(scores, epsilon=0.05, iterations=100)
    # What is left decides: exp((1 - .9) / (2 * .05)) = e to 1 for the pair that wants it more.
    more = math.e / (1 + math.e)
    expected = torch.tensor([[more, 1 - more], [1 - more, more]], dtype=torch.float64)
    torch.testing.assert_close(assigned, expected)


def test_assignments_stay_finite_where_exponentials_would_not() -> None:
    scores = torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    assert bool(sinkhorn(scores, epsilon=0.001, iterations=3).isfinite().all())


def test_prototypes_of_perfect_pairs_by_hand() -> None:
    ours = objective(2, prototypes=2, sinkhorn_epsilon=0.01)
    with torch.no_grad():
        ours.prototypes.copy_(3 * torch.eye(2))  # their length says nothing
    axes = torch.eye(2, dtype=torch.float64)[:, None]
    found = alignment_of(axes, axes, mask_of(1, 1, length=1), mask_of(1, 1, length=1))
    loss = ours(found, excluded=same(0, 1))["prototype"]
    assert float(loss.detach()) == pytest.approx(math.log1p(math.exp(-5)))


def test_no_gradient_flows_through_assignments() -> None:
    scores = doubles(3, 4).requires_grad_()
    assert not sinkhorn(scores, epsilon=0.05, iterations=3).requires_grad


def test_a_weight_of_zero_computes_nothing() -> None:
    found = alignment_of(
        doubles(2, 3, 4), doubles(2, 5, 4), mask_of(3, 2, length=3), mask_of(5, 5, length=5)
    )
    ours = objective(weights={"token": 0.0, "prototype": 0.0})
    losses = ours(found, excluded=same(0, 1))
    assert losses.keys() == {"global_loss", "total"}
