"""Scores of one map on one region, worked out by hand and against sums over pixels."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heatmap import Heatmap, to_pixels
from models.preprocessing import Letterbox
from training.evaluation.localization import (
    FIXED_THRESHOLD,
    THRESHOLDS,
    MapScores,
    region_on_patches,
    score_map,
)


def letterbox(width: int = 64, height: int = 64) -> Letterbox:
    """Return the geometry of an image in four by four patches of 16 pixels."""
    return Letterbox(width=width, height=height, size=64, stride=16)


def region(box: Letterbox, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    marked = np.zeros((box.height, box.width), dtype=bool)
    marked[y0:y1, x0:x1] = True
    return marked


def score(heatmap: Heatmap, marked: np.ndarray) -> MapScores:
    return score_map(heatmap.weights, region_on_patches(marked, heatmap.letterbox))


def scores(weights: list[list[float]], marked: np.ndarray, box: Letterbox) -> MapScores:
    return score(Heatmap(np.array(weights, dtype=np.float32), box), marked)


def lit(box: Letterbox, *patches: tuple[int, int]) -> Heatmap:
    weights = np.zeros(box.grid, dtype=np.float32)
    for patch in patches:
        weights[patch] = 1.0 / len(patches)
    return Heatmap(weights, box)


def test_a_map_that_is_the_region_is_perfect() -> None:
    box = letterbox()
    found = score(lit(box, (1, 1), (1, 2)), region(box, 16, 16, 48, 32))
    assert found.pointing_game == 1.0
    np.testing.assert_array_equal(found.iou, np.ones(len(THRESHOLDS)))
    assert found.cnr is None  # no variance on either side: infinite


def test_a_map_beside_the_region_scores_nothing() -> None:
    box = letterbox()
    found = score(lit(box, (3, 3)), region(box, 0, 0, 32, 32))
    assert found.pointing_game == 0.0
    assert not found.iou.any()
    assert found.cnr is not None
    assert found.cnr < 0


def test_a_uniform_map_points_as_often_as_patch_centers_lie_inside() -> None:
    box = letterbox()  # centers at 8, 24, 40 and 56: two of four columns, two of four rows
    found = score(Heatmap(np.full((4, 4), 1 / 16), box), region(box, 0, 0, 32, 40))
    assert found.pointing_game == 4 / 16


def test_a_uniform_map_overlaps_as_much_as_the_region_is_large() -> None:
    box = letterbox()
    found = score(Heatmap(np.full((4, 4), 1 / 16), box), region(box, 0, 0, 32, 40))
    np.testing.assert_allclose(found.iou, 32 * 40 / 64**2)


def test_a_uniform_map_has_no_contrast() -> None:
    weights = np.full((4, 4), 1 / 7, dtype=np.float32)  # a number that rounds
    found = score(Heatmap(weights, letterbox()), region(letterbox(), 3, 5, 40, 51))
    assert found.cnr == 0.0


def test_a_dark_map_points_blindly_and_marks_nothing() -> None:
    box = letterbox()
    found = score(Heatmap(np.zeros((4, 4)), box), region(box, 0, 0, 32, 32))
    assert (found.pointing_game, found.cnr) == (4 / 16, 0.0)
    assert not found.iou.any()


def test_patches_that_tie_share_the_point() -> None:
    box = letterbox()
    found = score(lit(box, (0, 0), (3, 3)), region(box, 0, 0, 16, 16))
    assert found.pointing_game == 0.5


def test_contrast_to_noise_by_hand() -> None:
    weights = [[3, 1, 3, 1], *[[0, 2, 0, 2]] * 3]  # inside 2 +- 1, outside 1 +- 1
    found = scores(weights, region(letterbox(), 0, 0, 64, 16), letterbox())
    assert found.cnr == pytest.approx(1 / math.sqrt(2))


def test_contrast_to_noise_is_negative_where_the_map_is_brighter_outside() -> None:
    weights = [[0, 2, 0, 2], *[[3, 1, 3, 1]] * 3]
    found = scores(weights, region(letterbox(), 0, 0, 64, 16), letterbox())
    assert found.cnr == pytest.approx(-1 / math.sqrt(2))


def test_a_region_of_half_a_patch_is_weighed_by_pixels() -> None:
    box = letterbox()  # outside: 3,968 pixels, of which 128 are lit, one in 31
    found = score(lit(box, (0, 0)), region(box, 0, 0, 8, 16))
    assert found.cnr == pytest.approx(math.sqrt(30))
    np.testing.assert_allclose(found.iou, 0.5)


def test_a_region_without_an_outside_has_no_contrast_to_noise() -> None:
    box = letterbox()
    assert score(lit(box, (0, 0)), region(box, 0, 0, 64, 64)).cnr is None


def test_a_threshold_is_a_share_of_the_maps_maximum() -> None:
    weights = [[0.4, 0.2, 0.1, 0.1], [0.1, 0.1, 0, 0], [0] * 4, [0] * 4]
    found = scores(weights, region(letterbox(), 0, 0, 32, 16), letterbox())
    by_threshold = dict(zip(THRESHOLDS.round(2).tolist(), found.iou.tolist(), strict=True))
    assert by_threshold[0.05] == pytest.approx(2 / 6)
    assert by_threshold[FIXED_THRESHOLD] == 1.0
    assert by_threshold[0.95] == 0.5


@pytest.mark.parametrize(
    ("width", "height", "patch", "marked"),
    [
        (128, 64, (1, 3), (96, 32, 128, 64)),
        (64, 128, (3, 1), (32, 96, 64, 128)),
        (320, 160, (0, 2), (160, 0, 240, 80)),
        (32, 32, (2, 0), (0, 16, 8, 24)),
    ],
)
def test_a_patch_of_any_image_lies_on_its_own_pixels(
    width: int, height: int, patch: tuple[int, int], marked: tuple[int, int, int, int]
) -> None:
    box = letterbox(width, height)
    found = score(lit(box, patch), region(box, *marked))
    assert found.pointing_game == 1.0
    np.testing.assert_array_equal(found.iou, np.ones(len(THRESHOLDS)))


def test_the_center_of_a_patch_is_that_of_its_picture() -> None:
    box = letterbox(30, 90)  # 21 model pixels wide: the second column holds 5, around 18.5
    at_center = region_on_patches(region(box, 26, 0, 27, 90), box)  # 18.5 * 30 / 21 = 26.4
    assert at_center.holds_center.tolist() == [[False, True]] * 4


@given(width=st.integers(1, 100), height=st.integers(1, 100), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_sums_over_patches_are_sums_over_pixels(width: int, height: int, seed: int) -> None:
    random, box = np.random.default_rng(seed), letterbox(width, height)
    heatmap = Heatmap(random.random(box.grid).astype(np.float32), box)
    marked = random.random((height, width)) < 0.3
    marked[0, 0] = True
    found, pixels = score(heatmap, marked), to_pixels(heatmap).astype(np.float64)
    for threshold, iou in zip(THRESHOLDS, found.iou, strict=True):
        hot = pixels >= threshold * heatmap.weights.max()
        assert iou == pytest.approx((hot & marked).sum() / (hot | marked).sum())
    if found.cnr is not None:
        inside, outside = pixels[marked], pixels[~marked]
        noise = math.sqrt(inside.var() + outside.var())
        assert found.cnr * noise == pytest.approx(inside.mean() - outside.mean(), abs=1e-9)
