"""Lay out a chest in layers: body, lungs, heart, mediastinum and vessels.

The layers follow how a radiograph arises: soft tissue attenuates, air in the lungs takes
attenuation away, vessels, bones and devices add some. Findings then change the layers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from training.data.phantom.canvas import (
    Frame,
    Line,
    Pixels,
    Points,
    as_pixels,
    blur,
    clouds,
    curve,
    ellipse,
    fill,
    rise,
    stroke,
)
from training.data.phantom.chest_case import Anatomy, ChestCase
from training.data.phantom.people import stream

TOP = -88.0  # height of the lung apices
HILUM = (24.0, -18.0)
WALL = ((-96, 0.30), (-88, 0.42), (-72, 0.68), (-45, 0.85), (-15, 0.96), (25, 1.0), (70, 1.0))
DEPTH = 4  # how often a vessel may fork
SIDES = (-1, 1)  # patient's right is image-left
TRUNKS = 9  # vessels that leave a hilum

Shoot = tuple[tuple[float, float], tuple[float, float], float]  # start, end, width


@dataclass
class Scene:
    """The layers of one radiograph, to be changed by findings and then exposed."""

    case: ChestCase
    x: Pixels  # body coordinates of every pixel
    y: Pixels
    soft: Pixels  # attenuation of soft tissue
    lungs: dict[int, Pixels]  # mask per side
    air: Pixels  # how much of the attenuation the lungs take away
    vessels: Pixels
    heart: Pixels
    bones: Pixels
    extra: Pixels  # what findings and devices add
    ribs: dict[tuple[int, int], Points] = field(default_factory=dict)  # (side, number): pixels

    @property
    def frame(self) -> Frame:
        """Return the frame that maps body points to pixels."""
        return self.case.exposure.frame


def wall_at(anatomy: Anatomy, y: float | Points) -> Points:
    """Return how far from the midline the inner chest wall lies at a height."""
    heights, shares = zip(*WALL, strict=True)
    return np.asarray(np.interp(y, heights, shares)) * anatomy.width


def dome_of(case: ChestCase, sign: int) -> float:
    """Return the height of one dome of the diaphragm; the left one is lower."""
    return case.base + (6.0 if sign > 0 else 0.0) - _volume_loss(case, sign)


def _volume_loss(case: ChestCase, sign: int) -> float:
    lobes = [f for f in case.findings if f.label == "atelectasis" and f.sign == sign]
    return sum(14.0 if f.variant == "lobar" else 5.0 for f in lobes)


def lung_outline(case: ChestCase, sign: int) -> Points:
    """Return the outline of one lung in body units, from the apex down the wall and back up."""
    dome = dome_of(case, sign)
    heights = np.array([-80.0, -62.0, -38.0, -8.0, 22.0, dome + 12.0])
    lateral = wall_at(case.anatomy, heights)
    down = np.stack([lateral, heights], axis=1)
    edge = lateral[-1]
    bottom = [(edge - 3, dome + 18), (0.72 * edge, dome - 1), (0.46 * edge, dome - 7)]
    medial = [(17, dome + 3), (16, 20), (18, -20), (16, -52), (20, -76), (0.36 * edge, TOP)]
    outline = curve(np.concatenate([down, bottom, medial, down[:1]]), steps=6)
    return np.asarray(outline * np.array([sign, 1.0]))


def heart_outline(case: ChestCase) -> Points:
    """Return the outline of the heart; cardiomegaly widens it."""
    ratio = next((f.extent for f in case.findings if f.label == "cardiomegaly"), None)
    width = (ratio or case.anatomy.heart) * 2 * case.anatomy.width
    right, left = -0.34 * width, 0.66 * width
    base, tall = case.base, 50 + 0.26 * width
    points = [
        (0.1 * width, base - tall),
        (0.30 * width, base - 0.72 * tall),
        (0.50 * left + 0.25 * width, base - 0.42 * tall),
        (left, base - 8),
        (0.9 * left, base + 7),
        (0, base + 8),
        (0.82 * right, base + 2),
        (right, base - 0.30 * tall),
        (0.8 * right, base - 0.52 * tall),
        (-0.12 * width, base - 0.85 * tall),
        (0.1 * width, base - tall),
    ]
    return np.add(curve(points, steps=6), (case.exposure.lean, 0.0))


def lay_out(case: ChestCase) -> Scene:
    """Build the layers of a healthy chest; the heart and the diaphragm follow the findings."""
    x, y = case.exposure.frame.body_grids()
    lungs = {s: fill(case.exposure.frame.to_pixels(lung_outline(case, s))) for s in SIDES}
    heart = blur(fill(case.exposure.frame.to_pixels(heart_outline(case))), 1.3)
    middle = np.maximum(0.97 * heart, _mediastinum(case))
    zero = np.zeros_like(x)
    soft = _body(case, x, y) + np.float32(0.15) * middle + _breasts(case, x, y)
    air = _air(lungs) * (1 - np.float32(0.86) * middle)
    vessels = _vessels(case) * (lungs[-1] + lungs[1]) * (1 - np.float32(0.8) * heart)
    soft -= _airways(case)
    return Scene(case, x, y, soft, lungs, air, vessels, heart, zero.copy(), zero.copy())


def _air(lungs: dict[int, Pixels]) -> Pixels:
    both = np.maximum(lungs[-1], lungs[1])
    return as_pixels(both * (0.5 + 0.5 * blur(both, 9)))  # deeper in the middle


def _body(case: ChestCase, x: Pixels, y: Pixels) -> Pixels:
    """Draw the torso with neck, shoulders and abdomen; the sides are thinner."""
    thick = case.anatomy.build
    side = case.anatomy.width + 14 + 12 * thick
    right = [(24, -140), (27, -112), (60, -103), (104, -92), (150, -70), (150, -30)]
    flank = [(side + 12, -18), (side, 20), (side - 3, 80), (side, 150)]
    half = np.array(right + flank)
    outline = np.concatenate([half, (half * np.array([-1, 1]))[::-1]])
    torso = blur(fill(case.exposure.frame.to_pixels(outline)), 2.5)
    belly = np.float32(0.13) * rise(y - np.float32(case.base + 16), 34)
    depth = np.float32(0.44 + 0.09 * thick) + belly - np.float32(0.10) * (x / 110) ** 2
    bubble = _bubble(case)
    return torso * (depth - np.float32(0.13) * bubble) + np.float32(0.02)


def _bubble(case: ChestCase) -> Pixels:
    size = case.anatomy.bubble
    if not size:
        return np.zeros_like(fill())
    center = (44.0, dome_of(case, 1) + size * 0.7 + 6)
    return blur(fill(case.exposure.frame.to_pixels(ellipse(center, (size * 1.4, size * 0.7)))), 1.5)


def _breasts(case: ChestCase, x: Pixels, y: Pixels) -> Pixels:
    """Add breast shadows or pectoral muscle."""
    female = case.person.sex == "F"
    low, reach = (case.base + 2, 40) if female else (-12, 34)
    strength = (0.04 + 0.05 * case.anatomy.build) if female else 0.025
    away = ((np.abs(x) - 58) / reach) ** 2 + ((y - np.float32(low - 26)) / 28) ** 2
    return np.float32(strength) * rise(1 - away, 0.35 if female else 0.6)


def _mediastinum(case: ChestCase) -> Pixels:
    """Draw the vessels above the heart, with the aortic knob on the patient's left."""
    knob = case.anatomy.knob
    old = 1.0 if case.person.age_band in ("60-79", "80+") else 0.0
    frame = case.exposure.frame
    stem = [(-13, -150), (-14, -95), (-16, -60), (-20 - 2 * old, -25), (-22, case.base)]
    back = [(22, case.base), (23, -22), (15, -44), (14, -62), (13, -95), (13, -150)]
    shapes = [
        np.array(stem + back),
        ellipse((10 + knob * 0.55, -51), (knob + old, knob)),
        ellipse((19, -31), (8, 8)),
    ]
    lean = (0.6 * case.exposure.lean, 0.0)
    return blur(fill(*(frame.to_pixels(shape + lean) for shape in shapes)), 1.5)


def _airways(case: ChestCase) -> Pixels:
    """Draw the air in the trachea and the main bronchi."""
    frame = case.exposure.frame
    tubes = [
        Line(frame.to_pixels(curve([(0, -150), (-1, -80), (-2, -42)])), 8 * frame.scale),
        Line(frame.to_pixels(curve([(-2, -44), (-10, -32), (-22, -22)])), 6 * frame.scale, 0.6),
        Line(frame.to_pixels(curve([(-2, -44), (9, -34), (26, -20)])), 5 * frame.scale, 0.6),
    ]
    return np.float32(0.12) * blur(stroke(tubes), 1.6)


def _vessels(case: ChestCase) -> Pixels:
    """Draw the branching pulmonary vessels of both lungs, with a little texture."""
    rng = stream(case.key[0], case.person.number, "vessels")
    frame = case.exposure.frame
    trees = [_tree(rng, sign) for sign in SIDES]
    places = frame.to_pixels(np.concatenate([segments for segments, _ in trees]))
    widths = np.concatenate([wide for _, wide in trees])
    order = np.argsort(widths)  # thin ones first: the wide ones cover them
    lines = [Line(places[i], widths[i], min(1.0, 0.24 + 0.22 * widths[i])) for i in order]
    hila = [ellipse((s * (HILUM[0] + 2), hilum_at(s)[1]), (6, 12)) for s in SIDES]
    roots = blur(fill(*(frame.to_pixels(h) for h in hila)), 3.5)
    tree = blur(stroke(lines), 0.6) + np.float32(0.7) * roots
    return np.float32(0.105) * tree + np.float32(0.008) * clouds(rng, 48)


def _tree(rng: np.random.Generator, sign: int) -> tuple[Points, Points]:
    """Grow the vessels of one lung: segments [n, 2, 2] in body units, and widths [n]."""
    shoots = []
    for angle in np.deg2rad(np.linspace(-80, 82, TRUNKS)):
        shoots += list(_branches(rng, float(angle + rng.normal(0, 0.09))))
    segments = np.array([(start, end) for start, end, _ in shoots])
    return segments * (sign, 1) + hilum_at(sign), np.array([width for *_, width in shoots])


def hilum_at(sign: int) -> Points:
    """Return the root of one lung; the left one is higher."""
    return np.array([sign * HILUM[0], HILUM[1] - 3.0 * sign])


def _branches(rng: np.random.Generator, angle: float) -> Iterator[Shoot]:
    """Grow one vessel outward from (0, 0), forking on its way: starts, ends and widths."""
    shoots = [((0.0, 0.0), angle, 3.4, 0)]
    while shoots:
        start, direction, width, depth = shoots.pop()
        step = rng.uniform(13, 21) * (0.92**depth)
        bend = direction + rng.normal(0, 0.12)
        end = (start[0] + step * math.cos(bend), start[1] + step * math.sin(bend))
        yield start, end, width
        if depth >= DEPTH:
            continue
        shoots.append((end, bend + rng.normal(0, 0.1), width * 0.74, depth + 1))
        if depth >= 1 or rng.random() < 0.5:
            turn = (1 if rng.random() < 0.5 else -1) * rng.uniform(0.3, 0.65)
            shoots.append((end, bend + turn, width * 0.56, depth + 1))
