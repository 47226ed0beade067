"""Draw soft shapes on a square canvas: the pencils of both phantom kinds.

All drawing happens at `SIZE` pixels; masks are float32 in [0, 1]; points are [n, 2] as (x, y).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 256
OVERSAMPLING = 2  # shapes are drawn larger and averaged, so that edges are smooth
COARSE = 4.0  # blurs of this radius and more are made at a quarter of the size
MARK = "SYNTHETIC"

Pixels = NDArray[np.float32]
Points = NDArray[np.float64]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Drawing:
    """A finished image and the boxes of what was drawn, by phrase."""

    pixels: NDArray[np.uint8]
    boxes: dict[str, list[Box]]


@dataclass(frozen=True)
class Line:
    """A polyline with a width in pixels and a brightness in [0, 1]."""

    points: Points
    width: float
    value: float = 1.0


@dataclass(frozen=True)
class Frame:
    """Where a body lies on the canvas: body units around (0, 0) to pixels."""

    scale: float
    angle: float  # radians, clockwise on the screen
    shift: tuple[float, float]

    def to_pixels(self, points: ArrayLike) -> Points:
        """Map body points to canvas pixels."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turned = np.asarray(points, dtype=np.float64) @ np.array([[cos, sin], [-sin, cos]])
        return np.asarray(turned * self.scale + SIZE / 2 + np.asarray(self.shift))

    def body_grids(self) -> tuple[Pixels, Pixels]:
        """Return the body coordinates x and y of every pixel."""
        across, down = pixel_grids()
        x = (across - SIZE / 2 - self.shift[0]) / self.scale
        y = (down - SIZE / 2 - self.shift[1]) / self.scale
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        return x * cos + y * sin, y * cos - x * sin


@cache
def pixel_grids() -> tuple[Pixels, Pixels]:
    """Return the x and the y of every pixel center."""
    axis = np.arange(SIZE, dtype=np.float32) + np.float32(0.5)
    across, down = np.meshgrid(axis, axis)
    return across, down


def curve(points: ArrayLike, steps: int = 8) -> Points:
    """Lead a smooth (Catmull-Rom) curve through the points."""
    knots = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    b, s, e, a = (part[:, None, :] for part in (before, start, end, after))
    bend = 2 * s + (e - b) * t + (2 * b - 5 * s + 4 * e - a) * t**2 + (3 * (s - e) + a - b) * t**3
    return np.concatenate([(bend / 2).reshape(-1, 2), knots[-1:]])


def ellipse(center: tuple[float, float], radii: tuple[float, float], corners: int = 36) -> Points:
    """Return the outline of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([center[0] + radii[0] * np.cos(angle), center[1] + radii[1] * np.sin(angle)], 1)


def fill(*outlines: Points) -> Pixels:
    """Return the mask of the union of closed outlines given in pixels."""
    image = Image.new("L", (SIZE * OVERSAMPLING, SIZE * OVERSAMPLING))
    pen = ImageDraw.Draw(image)
    for outline in outlines:
        pen.polygon((outline * OVERSAMPLING).ravel().tolist(), fill=255)
    return _reduced(image)


def stroke(lines: Sequence[Line]) -> Pixels:
    """Return the mask of polylines given in pixels; later lines cover earlier ones."""
    image = Image.new("L", (SIZE * OVERSAMPLING, SIZE * OVERSAMPLING))
    pen = ImageDraw.Draw(image)
    for line in lines:
        xy = (line.points * OVERSAMPLING).ravel().tolist()
        width = max(1, round(line.width * OVERSAMPLING))
        pen.line(xy, fill=round(255 * line.value), width=width)
    return _reduced(image)


def _reduced(image: Image.Image) -> Pixels:
    return _grey(image.reduce(OVERSAMPLING))


def blur(mask: ArrayLike, radius: float) -> Pixels:
    """Blur a mask in [0, 1] by a Gaussian with this radius in pixels."""
    image = Image.fromarray((as_pixels(mask) * 255 + 0.5).clip(0, 255).astype(np.uint8))
    if radius < COARSE:
        return _grey(image.filter(ImageFilter.GaussianBlur(radius)))
    small = image.reduce(4).filter(ImageFilter.GaussianBlur(radius / 4))  # nothing fine is lost
    return _grey(small.resize(image.size, Image.Resampling.BICUBIC))


def _grey(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def clouds(rng: np.random.Generator, cells: int) -> Pixels:
    """Return smooth noise around 0 with about unit spread; more cells, finer clouds."""
    coarse = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)


def rise(values: ArrayLike, width: float) -> Pixels:
    """Go evenly from 0 to 1 where the values pass zero, over this width on either side."""
    return (as_pixels(values) / np.float32(2 * width) + np.float32(0.5)).clip(0, 1)


def as_pixels(values: ArrayLike) -> Pixels:
    """Return the values as float32, unchanged where they are."""
    return np.asarray(values, dtype=np.float32)


@cache
def text_mask(text: str, height: int) -> Pixels:
    """Return the mask of a small text, cropped to its ink."""
    font = ImageFont.load_default(size=height)
    image = Image.new("L", (height * len(text) + 8, height * 2))
    ImageDraw.Draw(image).text((2, 2), text, fill=255, font=font)
    ink = image.getbbox() or (0, 0, 1, 1)
    return np.asarray(image.crop(ink), dtype=np.float32) / np.float32(255)


def stamp(picture: Pixels, text: str, corner: tuple[int, int], height: int, value: float) -> None:
    """Burn a text into the picture with its upper left corner here, kept inside the canvas."""
    mask = text_mask(text, height)
    rows, columns = mask.shape
    left, top = min(corner[0], SIZE - columns), min(corner[1], SIZE - rows)
    place = picture[top : top + rows, left : left + columns]
    place += mask * (np.float32(value) - place)


def stamp_origin(picture: Pixels) -> None:
    """Burn the origin in: one plate, the same in every image, so nothing can be learned from it."""
    mask = text_mask(MARK, 8)
    rows, columns = mask.shape
    picture[SIZE - rows - 6 : SIZE - 2, 2 : columns + 6] = 0.05
    stamp(picture, MARK, (4, SIZE - rows - 4), 8, 0.75)


def box_of(mask: Pixels, level: float = 0.3) -> Box | None:
    """Return the tight box (x0, y0, x1, y1), ends exclusive, of what exceeds the level."""
    rows = np.flatnonzero(mask.max(axis=1) > level)
    columns = np.flatnonzero(mask.max(axis=0) > level)
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
