"""Where a word is seen: from its patch weights to pixels of the original image."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heatmap import (
    Heatmap,
    TokenNotFound,
    find_token,
    render_overlay,
    to_pixels,
    token_heatmap,
)
from models.preprocessing import Letterbox
from models.tokenizing import Word


def words_of(text: str) -> list[Word]:
    return [Word(part, 0, len(part)) for part in text.split()]


def box_of(width: int, height: int) -> Letterbox:
    return Letterbox(width=width, height=height, size=64, stride=16)


def hot(box: Letterbox, row: int, column: int) -> Heatmap:
    """Put all weight on one patch."""
    weights = np.zeros(box.grid, dtype=np.float32)
    weights[row, column] = 1.0
    return Heatmap(weights, box)


def test_a_word_is_found_case_aside() -> None:
    assert find_token(words_of("The Heart is normal"), words_of("hEART")) == [1]


def test_a_repeated_word_is_found_everywhere() -> None:
    assert find_token(words_of("left lung and left heart"), words_of("left")) == [0, 3]


def test_a_phrase_is_found_whole() -> None:
    text = words_of("left lung and left heart")
    assert find_token(text, words_of("left heart")) == [3, 4]


def test_a_part_of_a_word_is_not_found() -> None:
    with pytest.raises(TokenNotFound):
        find_token(words_of("pneumothorax"), words_of("thorax"))


@pytest.mark.parametrize("token", ["lung", "heart the", "", "the heart is"])
def test_what_is_not_there_is_refused_with_the_words_that_are(token: str) -> None:
    with pytest.raises(TokenNotFound, match=r"the, heart$"):
        find_token(words_of("The heart"), words_of(token))


def test_a_phrase_is_the_mean_of_its_words() -> None:
    weights = np.zeros((3, 16), dtype=np.float32)
    weights[0, 0] = weights[1, 5] = weights[2, 9] = 1.0
    found = token_heatmap(weights, [0, 1], box_of(64, 64)).weights
    expected = np.zeros((4, 4))
    expected[0, 0] = expected[1, 1] = 0.5
    np.testing.assert_array_equal(found, expected)


def test_a_word_that_gathered_nothing_takes_no_part() -> None:
    weights = np.zeros((2, 16), dtype=np.float32)
    weights[1, 5] = 1.0
    assert token_heatmap(weights, [0, 1], box_of(64, 64)).weights[1, 1] == 1.0


def test_a_token_that_gathered_nothing_is_dark() -> None:
    found = token_heatmap(np.zeros((2, 16), dtype=np.float32), [0, 1], box_of(64, 64))
    assert not found.weights.any()


def test_a_map_has_the_shape_of_the_pictures_grid() -> None:
    weights = np.zeros((1, 16), dtype=np.float32)
    weights[0, 7] = 1.0  # second row, last column
    found = token_heatmap(weights, [0], box_of(200, 100)).weights
    assert (found.shape, found[1, 3]) == ((2, 4), 1.0)


def test_a_smoothed_map_shares_weight_with_neighbors_and_keeps_its_sum() -> None:
    found = hot(box_of(64, 64), 1, 2).smoothed().weights
    expected = np.outer([1, 2, 1, 0], [0, 1, 2, 1]) / 16
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    corner = hot(box_of(64, 64), 0, 0).smoothed().weights
    assert corner.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(
        corner[:2, :2] / corner[0, 0], [[1, 1 / 3], [1 / 3, 1 / 9]], rtol=1e-6
    )


@pytest.mark.parametrize("shape", [(64, 64), (1, 40), (200, 3)])
def test_smoothing_leaves_flat_and_dark_maps_as_they_are(shape: tuple[int, int]) -> None:
    box = box_of(*shape)
    for level in (0.0, 1 / 16):
        flat = Heatmap(np.full(box.grid, level, dtype=np.float32), box)
        np.testing.assert_allclose(flat.smoothed().weights, flat.weights, rtol=1e-6)


@pytest.mark.parametrize(
    ("width", "height", "patch", "rows", "columns"),
    [
        (200, 100, (1, 3), slice(50, 100), slice(150, 200)),
        (100, 200, (3, 1), slice(150, 200), slice(50, 100)),
        (64, 64, (0, 2), slice(0, 16), slice(32, 48)),
        (8, 8, (2, 1), slice(4, 6), slice(2, 4)),
        (1, 40, (3, 0), slice(30, 40), slice(0, 1)),
    ],
)
def test_a_patch_lights_its_own_pixels(
    width: int, height: int, patch: tuple[int, int], rows: slice, columns: slice
) -> None:
    expected = np.zeros((height, width))
    expected[rows, columns] = 1.0
    np.testing.assert_array_equal(to_pixels(hot(box_of(width, height), *patch)), expected)


@given(width=st.integers(1, 400), height=st.integers(1, 400))
@settings(max_examples=50, deadline=None)
def test_every_pixel_has_a_patch(width: int, height: int) -> None:
    box = box_of(width, height)
    found = to_pixels(Heatmap(np.ones(box.grid, dtype=np.float32), box))
    assert found.shape == (height, width)


@given(width=st.integers(4, 400), height=st.integers(4, 400))
@settings(max_examples=50, deadline=None)
def test_pixels_and_region_agree(width: int, height: int) -> None:
    box = box_of(width, height)
    lit = np.argwhere(to_pixels(hot(box, 0, 0)))
    patch = np.array([box.region.height / box.grid[0], box.region.width / box.grid[1]])
    centers = lit + 0.5
    assert (centers <= patch + 1e-9).all()


@pytest.mark.parametrize(("width", "height"), [(90, 30), (30, 90), (1, 50), (50, 1), (7, 5)])
def test_an_overlay_has_the_shape_of_the_image(width: int, height: int) -> None:
    grey = np.full((height, width), 100, dtype=np.uint8)
    found = render_overlay(grey, hot(box_of(width, height), 0, 0))
    assert (found.shape, found.dtype) == ((height, width, 3), np.uint8)


def test_a_dark_map_leaves_the_image_as_it_is() -> None:
    grey = np.arange(200, dtype=np.uint8).reshape(10, 20)
    box = box_of(20, 10)
    found = render_overlay(grey, Heatmap(np.zeros(box.grid, dtype=np.float32), box))
    np.testing.assert_array_equal(found, np.repeat(grey[..., None], 3, axis=2))


def test_an_overlay_is_brightest_where_the_patch_is() -> None:
    grey = np.zeros((100, 200), dtype=np.uint8)
    light = render_overlay(grey, hot(box_of(200, 100), 1, 3)).sum(axis=2)
    row, column = np.unravel_index(light.argmax(), light.shape)
    assert row >= 50
    assert column >= 150


def test_an_overlay_leaves_what_is_far_away() -> None:
    grey = np.full((100, 200), 90, dtype=np.uint8)
    found = render_overlay(grey, hot(box_of(200, 100), 1, 3))
    assert (found[:, :100] == 90).all()


def test_strips_leave_no_seams() -> None:
    weights = np.random.default_rng(0).random((4, 3)).astype(np.float32)
    heatmap = Heatmap(weights, box_of(150, 200))
    grey = np.full((200, 150), 90, dtype=np.uint8)
    whole = render_overlay(grey, heatmap).astype(int)
    assert np.abs(np.diff(whole, axis=0)).max() <= 8  # a patch is 50 rows: colors change slowly


def test_an_overlay_takes_little_more_memory_than_itself() -> None:
    grey = np.zeros((2000, 1000), dtype=np.uint8)
    tracemalloc.start()
    try:
        overlay = render_overlay(grey, hot(box_of(1000, 2000), 1, 1))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * overlay.nbytes
