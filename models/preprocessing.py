"""Fit grey pixels into the model's square and remember how (the letterbox)."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from models.config import PreprocessingConfig


@dataclass(frozen=True)
class Region:
    """A rectangle in pixels of the original image; it may reach past the image's edge."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Letterbox:
    """How an image of `width` x `height` pixels lies in the model's square.

    The picture keeps its shape and touches the square's top left corner. The rest of the square
    is black, and patches wholly in it are masked.
    """

    width: int
    height: int
    size: int
    stride: int

    @property
    def picture_width(self) -> int:
        """Columns of the square that the picture covers, in model pixels."""
        return max(1, round(self.size * self.width / max(self.width, self.height)))

    @property
    def picture_height(self) -> int:
        """Rows of the square that the picture covers, in model pixels."""
        return max(1, round(self.size * self.height / max(self.width, self.height)))

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches that hold some of the picture."""
        rows = math.ceil(self.picture_height / self.stride)
        return rows, math.ceil(self.picture_width / self.stride)

    @property
    def patch_mask(self) -> Bool[np.ndarray, " patches"]:
        """True for the patches that hold some of the picture, row by row over the whole square."""
        side = self.size // self.stride
        mask = np.zeros((side, side), dtype=bool)
        rows, columns = self.grid
        mask[:rows, :columns] = True
        return mask.reshape(-1)

    @property
    def region(self) -> Region:
        """The rectangle of the original image that `grid` covers.

        The last row and column may hold less than a whole patch of picture: the rectangle then
        reaches past the image's lower or right edge by less than one patch.
        """
        rows, columns = self.grid
        return Region(
            x=0.0,
            y=0.0,
            width=columns * self.stride * self.width / self.picture_width,
            height=rows * self.stride * self.height / self.picture_height,
        )


@dataclass(frozen=True)
class PreparedImage:
    """One image as the model takes it: 8-bit grey in a square, and its geometry."""

    pixels: UInt8[np.ndarray, "size size"]
    letterbox: Letterbox


def prepare(grey: UInt8[np.ndarray, "height width"], config: PreprocessingConfig) -> PreparedImage:
    """Shrink or enlarge a picture into the model's square, keeping its shape.

    Args:
        grey: 8-bit grey pixels of any size.
        config: the square's size and the patch stride.
    """
    height, width = grey.shape
    box = Letterbox(width=width, height=height, size=config.size, stride=config.stride)
    picture = Image.fromarray(grey).resize(
        (box.picture_width, box.picture_height), Image.Resampling.BILINEAR
    )
    pixels = np.zeros((config.size, config.size), dtype=np.uint8)
    pixels[: box.picture_height, : box.picture_width] = np.asarray(picture)
    return PreparedImage(pixels=pixels, letterbox=box)
