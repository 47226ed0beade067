"""The letterbox: where a picture lies in the model's square, and back."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.config import PreprocessingConfig
from models.preprocessing import Letterbox, prepare

CONFIG = PreprocessingConfig(size=64)
sides = st.integers(1, 3000)


def box_of(width: int, height: int) -> Letterbox:
    return Letterbox(width=width, height=height, size=64, stride=16)


def test_a_square_fills_the_grid() -> None:
    assert box_of(500, 500).grid == (4, 4)


@pytest.mark.parametrize(
    ("width", "height", "grid"),
    [(200, 100, (2, 4)), (100, 200, (4, 2)), (1, 500, (4, 1)), (500, 1, (1, 4)), (64, 33, (3, 4))],
)
def test_the_grid_by_hand(width: int, height: int, grid: tuple[int, int]) -> None:
    assert box_of(width, height).grid == grid


def test_the_mask_of_a_wide_picture_is_its_upper_rows() -> None:
    mask = box_of(200, 100).patch_mask.reshape(4, 4)
    assert mask.tolist() == [[True] * 4] * 2 + [[False] * 4] * 2


def test_the_region_of_a_wide_picture_by_hand() -> None:
    region = box_of(200, 70).region  # 22 rows of model pixels: two rows of patches, 32 pixels
    assert (region.width, region.height) == (200.0, pytest.approx(32 * 70 / 22))


@given(width=sides, height=sides)
@settings(max_examples=100, deadline=None)
@example(width=1, height=3000)
@example(width=3000, height=1)
def test_the_mask_counts_the_patches_of_the_grid(width: int, height: int) -> None:
    box = box_of(width, height)
    assert int(box.patch_mask.sum()) == box.grid[0] * box.grid[1] > 0


@given(width=sides, height=sides)
@settings(max_examples=100, deadline=None)
@example(width=1, height=3000)
@example(width=3000, height=1)
def test_the_region_covers_the_image_by_less_than_a_patch_more(width: int, height: int) -> None:
    box = box_of(width, height)
    region, (rows, columns) = box.region, box.grid
    assert width <= region.width + 1e-9
    assert height <= region.height + 1e-9
    assert region.width * (columns - 1) / columns < width
    assert region.height * (rows - 1) / rows < height


@given(width=sides, height=sides, x=st.floats(0, 1), y=st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_a_point_of_the_image_returns_from_its_patch(
    width: int, height: int, x: float, y: float
) -> None:
    box = box_of(width, height)
    region, (rows, columns) = box.region, box.grid
    left, top = x * width, y * height
    column = min(int(left / width * box.picture_width // 16), columns - 1)
    row = min(int(top / height * box.picture_height // 16), rows - 1)
    patch_width, patch_height = region.width / columns, region.height / rows
    assert column * patch_width - 1e-6 <= left <= (column + 1) * patch_width + 1e-6
    assert row * patch_height - 1e-6 <= top <= (row + 1) * patch_height + 1e-6


@pytest.mark.parametrize("shape", [(30, 90), (90, 30), (1, 50), (50, 1), (1, 1), (64, 64)])
def test_the_picture_lies_at_the_top_left_on_black(shape: tuple[int, int]) -> None:
    white = np.full(shape, 255, dtype=np.uint8)
    prepared = prepare(white, CONFIG)
    box = prepared.letterbox
    expected = np.zeros((64, 64), dtype=np.uint8)
    expected[: box.picture_height, : box.picture_width] = 255
    np.testing.assert_array_equal(prepared.pixels, expected)


@pytest.mark.parametrize("shape", [(30, 90), (90, 30), (50, 1)])
def test_patches_outside_the_picture_are_black(shape: tuple[int, int]) -> None:
    prepared = prepare(np.full(shape, 255, dtype=np.uint8), CONFIG)
    patches = prepared.pixels.reshape(4, 16, 4, 16).max(axis=(1, 3)).reshape(-1)
    np.testing.assert_array_equal(patches > 0, prepared.letterbox.patch_mask)


def test_a_picture_of_the_right_size_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    np.testing.assert_array_equal(prepare(picture, CONFIG).pixels, picture)


def test_a_size_of_broken_patches_is_refused() -> None:
    with pytest.raises(ValidationError, match="multiple of 16"):
        PreprocessingConfig(size=70)


def test_the_paper_has_361_patches() -> None:
    assert PreprocessingConfig().patches == 361
