"""Vary a training image a little. Never a flip: left and right are words in the report."""

import numpy as np
from jaxtyping import UInt8

MOST_GAIN = 0.15  # of contrast, up or down
MOST_SHIFT = 12.0  # grey levels


def vary(
    grey: UInt8[np.ndarray, "height width"], random: np.random.Generator, *, most_crop: float
) -> UInt8[np.ndarray, "h w"]:
    """Cut something off each edge and change contrast and brightness a little.

    Args:
        most_crop: of a side, off each edge.
    """
    height, width = grey.shape
    top, bottom, left, right = random.uniform(0, most_crop, size=4)
    cut = grey[
        int(top * height) : height - int(bottom * height),
        int(left * width) : width - int(right * width),
    ]
    gain = 1 + random.uniform(-MOST_GAIN, MOST_GAIN)
    shift = random.uniform(-MOST_SHIFT, MOST_SHIFT)
    return np.clip(cut * gain + shift, 0, 255).astype(np.uint8)
