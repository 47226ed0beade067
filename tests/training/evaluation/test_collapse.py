"""Signs of collapse, worked out by hand on groups small enough to see through."""

import math

import pytest
import torch

from models.aga import AGA
from tests.helpers import REPORTS
from training.evaluation.collapse import (
    collapse_signs,
    effective_rank,
    group_size_share,
    shared_strongest_patch,
    spread,
    weight_entropy,
)


def test_the_rank_of_copies_is_one() -> None:
    assert effective_rank(torch.tensor([[3.0, 4.0], [3.0, 4.0], [-3.0, -4.0]])) == pytest.approx(1)


def test_the_rank_of_axes_is_their_number() -> None:
    assert effective_rank(torch.eye(3)) == pytest.approx(3)


def test_the_rank_weighs_directions_by_their_singular_values() -> None:
    rows = torch.diag(torch.tensor([3.0, 1.0]))  # shares 3/4 and 1/4
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert effective_rank(rows) == pytest.approx(math.exp(entropy))


def test_no_rows_have_neither_rank_nor_spread() -> None:
    assert effective_rank(torch.zeros(0, 4)) is None
    assert effective_rank(torch.zeros(2, 4)) is None
    assert spread(torch.zeros(0, 4)) is None


def test_vectors_of_one_direction_do_not_spread() -> None:
    assert spread(torch.tensor([[1.0, 0.0], [5.0, 0.0]])) == pytest.approx(0)


def test_opposite_vectors_spread_fully() -> None:
    assert spread(torch.tensor([[2.0, 0.0], [-1.0, 0.0]])) == pytest.approx(1)


def test_a_right_angle_spreads_by_half() -> None:
    assert spread(torch.eye(2)) == pytest.approx(0.5)  # mean (1/2, 1/2) has the squared length 1/2


def test_weights_spread_evenly_have_full_entropy() -> None:
    weights = torch.tensor([[[0.25, 0.25, 0.25, 0.25]]])
    assert weight_entropy(weights, torch.ones(1, 4, dtype=torch.bool)) == pytest.approx(1)


def test_a_single_member_has_no_entropy() -> None:
    weights = torch.tensor([[[0.0, 1.0, 0.0]]])
    assert weight_entropy(weights, torch.ones(1, 3, dtype=torch.bool)) == 0.0


def test_entropy_counts_neither_padding_nor_rows_that_gathered_nothing() -> None:
    weights = torch.tensor([[[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]])
    mask = torch.tensor([[True, True, False]])
    assert weight_entropy(weights, mask) == pytest.approx(1)


def test_entropy_over_a_single_column_is_undefined() -> None:
    assert weight_entropy(torch.ones(1, 2, 1), torch.ones(1, 1, dtype=torch.bool)) is None


def test_group_size_is_a_share_of_the_valid_columns() -> None:
    weights = torch.tensor([[[0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]])
    mask = torch.tensor([[True, True, True, False]])
    assert group_size_share(weights, mask) == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_groups_that_gathered_nothing_have_no_size() -> None:
    assert group_size_share(torch.zeros(1, 2, 3), torch.ones(1, 3, dtype=torch.bool)) is None


def test_words_share_their_reports_commonest_strongest_patch() -> None:
    three_words = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]  # two of three look at the first patch
    two_and_padding = [[0.1, 0.9], [0.0, 1.0], [0.0, 0.0]]  # both look at the second
    weights = torch.tensor([three_words, two_and_padding])
    assert shared_strongest_patch(weights) == pytest.approx((2 / 3 + 1) / 2)


def test_a_report_of_one_word_shares_nothing() -> None:
    assert shared_strongest_patch(torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])) is None


def test_a_network_shows_every_sign_within_its_bounds(model: AGA) -> None:
    tokens = model.tokenizer(REPORTS)
    arrays = (tokens.pieces, tokens.piece_mask, tokens.piece_to_word, tokens.word_mask)
    pixels = torch.randint(256, (len(REPORTS), 1, 64, 64), dtype=torch.uint8)
    mask = torch.ones(len(REPORTS), 16, dtype=torch.bool)
    with torch.no_grad():
        signs = collapse_signs(model(pixels, mask, *map(torch.from_numpy, arrays)))
    ranks = {name: value for name, value in signs.items() if name.endswith("rank")}
    assert set(ranks) == {"tgv_effective_rank", "pgl_effective_rank"}
    assert all(value is not None and 1 <= value <= 16 for value in ranks.values())
    shares = [value for name, value in signs.items() if name not in ranks]
    assert all(value is not None and 0 <= value <= 1 for value in shares)
