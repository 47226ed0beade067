"""Show where a word is seen: its patch weights as a map over the original image (Fig. 5)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from models.preprocessing import Letterbox, Region
from models.tokenizing import Word

HEAT = np.array([[0, 0, 0], [122, 16, 60], [221, 81, 58], [252, 187, 60], [252, 252, 180]])
LEVELS = np.arange(256) / 255  # steps between no heat and full heat
BINOMIAL = (0.25, 0.5, 0.25)  # a patch and its neighbors, along each axis
STRIP = 64  # rows that are blended at once, so that memory follows the result alone


class TokenNotFound(ValueError):
    """The words asked for do not stand in the text."""


@dataclass(frozen=True)
class Heatmap:
    """The weights of a word or phrase over the patches that hold some of the picture.

    `weights` sum to 1, or are all 0 where the word gathered no patch.
    """

    weights: Float[np.ndarray, "rows columns"]
    letterbox: Letterbox

    def smoothed(self) -> "Heatmap":
        """Share every weight with the neighboring patches; the sum stays (decision 0027)."""
        soft = _along(_along(self.weights.astype(np.float64)).T).T
        total = soft.sum()
        kept = soft * (self.weights.sum() / total) if total > 0 else soft
        return Heatmap(kept.astype(self.weights.dtype), self.letterbox)


def find_token(words: Sequence[Word], token: Sequence[Word]) -> list[int]:
    """Return the indices of every word of every place where the token stands, case aside.

    Raises:
        TokenNotFound: it stands nowhere; the message lists the words that do.
    """
    wanted = [word.text.casefold() for word in token]
    have = [word.text.casefold() for word in words]
    starts = range(len(have) - len(wanted) + 1)
    places = [start for start in starts if have[start : start + len(wanted)] == wanted]
    if not wanted or not places:
        raise TokenNotFound(
            f"{' '.join(wanted)!r} is not in the text, whose words are: {', '.join(have)}"
        )
    return [start + step for start in places for step in range(len(wanted))]


def token_heatmap(
    weights: Float[np.ndarray, "words patches"], places: Sequence[int], letterbox: Letterbox
) -> Heatmap:
    """Average the patch weights of a token's words (alpha of Eq. 3) and lay them on the grid.

    Words that gathered no patch take no part in the average.
    """
    rows = weights[list(places)]
    gathered = rows[rows.sum(axis=1) > 0]
    mean = gathered.mean(axis=0) if len(gathered) else np.zeros_like(weights[0])
    side = letterbox.size // letterbox.stride
    height, width = letterbox.grid
    return Heatmap(mean.reshape(side, side)[:height, :width], letterbox)


def to_pixels(heatmap: Heatmap) -> Float[np.ndarray, "height width"]:
    """Spread a heatmap over the original image's pixels: each pixel gets its patch's weight."""
    box = heatmap.letterbox
    rows = _patch_of_pixel(box.height, box.picture_height, box.stride)
    columns = _patch_of_pixel(box.width, box.picture_width, box.stride)
    return np.asarray(heatmap.weights[np.ix_(rows, columns)])


def render_overlay(
    grey: UInt8[np.ndarray, "height width"], heatmap: Heatmap, *, strength: float = 0.6
) -> UInt8[np.ndarray, "height width 3"]:
    """Color the image where the weights are high, smoothly between patch centers."""
    highest = max(float(heatmap.weights.max()), np.finfo(np.float32).tiny)
    scaled = Image.fromarray(np.float32(heatmap.weights / highest))
    alpha = strength * LEVELS[:, None]
    stops = np.linspace(0, 1, len(HEAT))
    color = np.stack([np.interp(LEVELS, stops, channel) for channel in HEAT.T], axis=-1)
    tint, clear = (color * alpha).astype(np.float32), (1 - alpha).astype(np.float32)
    overlay = np.empty((*grey.shape, 3), dtype=np.uint8)
    for top in range(0, len(grey), STRIP):
        strip = grey[top : top + STRIP, :, None]
        level = _levels(scaled, heatmap.letterbox.region, top, strip.shape[:2])
        overlay[top : top + STRIP] = np.rint(strip * clear[level] + tint[level])
    return overlay


def _levels(
    scaled: Image.Image, region: Region, top: int, shape: tuple[int, ...]
) -> UInt8[np.ndarray, "rows width"]:
    """Spread weights in 0..1 over some rows of the image, as indices of LEVELS."""
    rows, width = shape
    down, across = scaled.height / region.height, scaled.width / region.width
    right = min(width * across, scaled.width)  # Pillow refuses a box that rounding put outside
    bottom = min((top + rows) * down, scaled.height)
    box = (0, top * down, right, bottom)
    heat = np.asarray(scaled.resize((width, rows), Image.Resampling.BILINEAR, box=box))
    return np.asarray(np.rint(255 * np.clip(heat, 0.0, 1.0)), dtype=np.uint8)


def _along(weights: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
    """Average each row with those above and below; at the edge, with itself."""
    wide = np.pad(weights, ((1, 1), (0, 0)), mode="edge")
    above, own, below = BINOMIAL
    return np.asarray(above * wide[:-2] + own * wide[1:-1] + below * wide[2:])


def _patch_of_pixel(pixels: int, scaled: int, stride: int) -> np.ndarray:
    centers = (np.arange(pixels) + 0.5) * scaled / pixels
    return np.asarray(centers // stride, dtype=np.int64)
