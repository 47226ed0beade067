"""Does a map lie on a region? Pointing game, contrast-to-noise ratio and IoU of one map.

Every figure is that of the map in the original image's pixels (`models.heatmap.to_pixels`). A map
is constant within a patch, so the sums over pixels are sums over patches, weighted by how many
pixels of each lie inside the region and outside.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from models.heatmap import Heatmap, to_pixels
from models.preprocessing import Letterbox

THRESHOLDS = np.arange(1, 20) / 20  # of a map scaled by its maximum: .05, .10, ... .95
FIXED_THRESHOLD = 0.5
ROUNDING = 1e-9  # differences below this share of the maximum are none

Weights = Float[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class PatchRegion:
    """A region as the patches of an image see it."""

    inside: Float[np.ndarray, "rows columns"]  # pixels of each patch that lie in the region
    outside: Float[np.ndarray, "rows columns"]
    holds_center: Bool[np.ndarray, "rows columns"]  # the patch's center lies in the region


@dataclass(frozen=True)
class MapScores:
    """How well one map lies on one region."""

    pointing_game: float
    cnr: float | None
    iou: Float[np.ndarray, " thresholds"]  # at THRESHOLDS


def score_map(weights: Weights, region: PatchRegion) -> MapScores:
    """Score a map against a region of its image."""
    return MapScores(
        pointing_game=pointing_game(weights, region),
        cnr=contrast_to_noise(weights, region),
        iou=intersection_over_union(weights, region, THRESHOLDS),
    )


def region_on_patches(region: Bool[np.ndarray, "height width"], box: Letterbox) -> PatchRegion:
    """Count for each patch the pixels that it lights inside and outside a region."""
    rows, columns = box.grid
    numbers = np.arange(rows * columns, dtype=np.float64).reshape(box.grid)
    patch_of_pixel = to_pixels(Heatmap(numbers, box)).astype(np.int64)
    inside, outside = (
        np.bincount(patch_of_pixel[part], minlength=rows * columns).reshape(box.grid).astype(float)
        for part in (region, ~region)
    )
    down = _center_pixels(rows, box.stride, box.picture_height, box.height)
    across = _center_pixels(columns, box.stride, box.picture_width, box.width)
    return PatchRegion(inside, outside, region[np.ix_(down, across)])


def pointing_game(weights: Weights, region: PatchRegion) -> float:
    """Say whether the strongest patch has its center in the region: 1 or 0.

    Patches that tie for the maximum share the point: the value is the share of them inside. So a
    map that is the same everywhere, or dark, scores as a blind guess does.
    """
    return float(region.holds_center[weights == weights.max()].mean())


def contrast_to_noise(weights: Weights, region: PatchRegion) -> float | None:
    """Return (mean inside - mean outside) / sqrt(variance inside + variance outside).

    Signed, where the benchmark MS-CXR takes the absolute value: a map that is brighter outside
    scores below zero. A map that is the same everywhere scores 0. None where the ratio is infinite
    (no variance on either side) or the region leaves nothing outside.
    """
    if not region.inside.any() or not region.outside.any():
        return None
    mean_inside, variance_inside = _moments(weights, region.inside)
    mean_outside, variance_outside = _moments(weights, region.outside)
    contrast, noise = mean_inside - mean_outside, np.sqrt(variance_inside + variance_outside)
    if noise <= ROUNDING * weights.max():
        return 0.0 if abs(contrast) <= ROUNDING * weights.max() else None
    return float(contrast / noise)


def intersection_over_union(
    weights: Weights, region: PatchRegion, thresholds: Float[np.ndarray, " thresholds"]
) -> Float[np.ndarray, " thresholds"]:
    """Return the IoU of the region with the pixels that reach a share of the map's maximum.

    A dark map marks nothing: its IoU is 0.
    """
    marked = (weights >= thresholds[:, None, None] * weights.max()) & (weights > 0)
    shared = (marked * region.inside).sum(axis=(1, 2))
    union = region.inside.sum() + (marked * region.outside).sum(axis=(1, 2))
    return np.asarray(shared / union)


def _center_pixels(patches: int, stride: int, scaled: int, pixels: int) -> np.ndarray:
    """Return the pixels that hold the centers of patches; the last patch ends at the picture."""
    starts = np.arange(patches) * stride
    centers = (starts + np.minimum(starts + stride, scaled)) / 2
    return np.asarray(centers * pixels / scaled).astype(np.int64)


def _moments(weights: Weights, counts: Float[np.ndarray, "rows columns"]) -> tuple[float, float]:
    """Return mean and variance over pixels, of which each patch has so many."""
    mean = np.average(weights, weights=counts)
    return float(mean), float(np.average((weights - mean) ** 2, weights=counts))
