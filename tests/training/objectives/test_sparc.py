"""SPARC's objective: words and the patches that they gather, within a report."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import reference
from tests.training.tensors import alignment_of, doubles, everything, mask_of, same
from training.objectives.sparc import SPARCConfig, SPARCTemperatures


@given(
    lengths=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=3),
    tau=st.floats(0.05, 2.0),
    seed=st.integers(0, 999),
)
@settings(max_examples=20, deadline=None)
def test_fine_grained_alignment_is_what_its_loop_says(
    lengths: list[tuple[int, int]], tau: float, seed: int
) -> None:
    words, patches = doubles(len(lengths), 3, 4, seed=seed), doubles(len(lengths), 5, 4, seed=-seed)
    asking, holding = (mask_of(*(n[k] for n in lengths), length=3 + 2 * k) for k in (0, 1))
    groups, valid = [], []
    for own, seen, real, there in zip(words, patches, asking, holding, strict=True):
        sigma = 1 / max(int(there.sum()), 1)
        _, weights, embeddings = reference.tgv(
            own.tolist(), seen.tolist(), sigma, real.tolist(), there.tolist()
        )
        groups.append(embeddings)
        valid.append([sum(row) > 0 for row in weights])
    config = SPARCConfig(temperatures=SPARCTemperatures(fine=tau))
    found = alignment_of(words, patches, asking, holding)
    ours = config.build(4)(found, excluded=same(*range(len(lengths))))
    loop = reference.sequence_info_nce(groups, words.tolist(), valid, tau)
    assert float(ours["fine"]) == pytest.approx(loop, abs=1e-6)
    expected = 0.5 * float(ours["global_loss"]) + float(ours["fine"])
    assert float(ours["total"]) == pytest.approx(expected)


def test_words_that_each_have_a_patch_by_hand() -> None:
    axes = torch.eye(2, dtype=torch.float64)[None]
    found = alignment_of(axes, axes, everything(1, 2), everything(1, 2))
    config = SPARCConfig(temperatures=SPARCTemperatures(fine=1.0))
    fine = config.build(2)(found, excluded=same(0))["fine"]
    assert float(fine) == pytest.approx(math.log1p(math.exp(-1)))


def test_the_threshold_is_one_over_the_patches_that_hold_picture() -> None:
    words = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]], dtype=torch.float64)
    angles = torch.tensor([0.0, math.acos(0.25), math.pi / 2], dtype=torch.float64)
    patches = torch.stack([angles.cos(), angles.sin()], dim=-1)[None]
    padded = torch.cat([patches, patches], dim=1)  # six patches, three of which hold picture
    fine = [
        SPARCConfig().build(2)(found, excluded=same(0))["fine"]
        for found in (
            alignment_of(words, patches, everything(1, 2), everything(1, 3)),
            alignment_of(words, padded, everything(1, 2), mask_of(3, length=6)),
            alignment_of(words, padded, everything(1, 2), everything(1, 6)),
        )
    ]
    torch.testing.assert_close(fine[0], fine[1])
    assert fine[2] != fine[0]  # .25 lies under 1/3 and above 1/6


def test_a_report_of_one_word_has_nothing_to_tell_apart() -> None:
    found = alignment_of(
        doubles(1, 1, 4), doubles(1, 5, 4, seed=1), everything(1, 1), everything(1, 5)
    )
    assert float(SPARCConfig().build(4)(found, excluded=same(0))["fine"]) == 0.0
