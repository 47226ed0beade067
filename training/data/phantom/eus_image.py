"""Draw an endoscopic ultrasound image: probe, five wall layers, lesion, speckle, screen marks."""

from dataclasses import dataclass

import numpy as np

from training.data.phantom.canvas import (
    SIZE,
    Drawing,
    Pixels,
    as_pixels,
    blur,
    box_of,
    clouds,
    pixel_grids,
    rise,
    stamp,
    stamp_origin,
)
from training.data.phantom.eus_case import LAYER_DEPTHS, WALL, EusCase, Lesion
from training.data.phantom.people import stream

PROBE = {"radial": 11.0, "sector": 46.0}  # radius of the transducer, pixels
LAYER_EDGES = (0.0, 0.4, 0.6, 1.1, 1.3, 2.0, 2.2, 3.2, 3.4, 3.9, 4.3)  # mm, where echoes change
LAYER_ECHOES = (0.2, 0.72, 0.72, 0.17, 0.17, 0.68, 0.68, 0.13, 0.13, 0.8, 0.8)
BEYOND = 0.36
THINNEST_WALL = 15.0  # pixels, so that five layers can be told apart


@dataclass(frozen=True)
class Scan:
    """Polar coordinates of every pixel as the probe sees them."""

    depth: Pixels  # pixels from the transducer
    angle: Pixels  # radians from the middle of the fan
    inside: Pixels  # mask of the scan
    reach: float  # pixels from the transducer to the end of the scan
    probe: float


@dataclass(frozen=True)
class Wall:
    """The gut wall with its lesion in the probe's coordinates."""

    layers: Pixels  # depth in the undisturbed wall, mm, negative in the cavity
    lesion: Pixels  # mask
    below: Pixels  # mask of what lies behind the lesion as the beam runs


def draw_eus(case: EusCase, *, with_lesion: bool = True) -> Drawing:
    """Draw a study, or its wall alone; the box belongs to the phrase "lesion"."""
    scan = _scan(case)
    wall = _wall(case, scan, thickness=float(with_lesion))
    rng = stream(*case.key, "speckle")
    echoes = _tissue(wall, rng)
    echoes += wall.lesion * (_lesion_echoes(case.lesion) - echoes)
    echoes *= 1 + np.float32(_shadow(case.lesion)) * wall.below
    picture = _detect(case, scan, echoes, rng)
    _mark_screen(case, picture)
    box = box_of(wall.lesion * scan.inside)
    boxes = {"lesion": [box]} if box else {}
    return Drawing((picture * 255 + 0.5).astype(np.uint8), boxes)


def _scan(case: EusCase) -> Scan:
    x, y = pixel_grids()
    margin, probe = case.hospital.margin, PROBE[case.hospital.geometry]
    middle = np.float32(SIZE / 2)
    if case.hospital.geometry == "radial":
        across, down, reach = x - middle, y - middle, SIZE / 2 - margin - probe
    else:
        across, down, reach = x - middle, y + np.float32(30 - margin), SIZE - 30 - margin
    depth = np.hypot(across, down) - np.float32(probe)
    angle = np.arctan2(across, down)
    edge = rise(np.float32(case.hospital.half_angle) - np.abs(angle), 0.01)
    inside = edge * rise(depth, 1) * rise(np.float32(reach) - depth, 1)
    return Scan(depth, angle, inside, reach, probe)


def _wall(case: EusCase, scan: Scan, *, thickness: float) -> Wall:
    """Lay the wall around the probe and let the lesion push its layers apart."""
    rng = stream(*case.key, "wall")
    scale = _wall_scale(case, scan)
    lesion = case.lesion
    half = np.float32(thickness) * _half_thickness(case, scan)
    inward = 2 * half * np.float32(lesion.inward)
    outward = 2 * half - inward
    seat = np.float32(LAYER_DEPTHS[lesion.layer] * scale)
    under = scan.depth - _surface(case, scan, rng)
    top, bottom = seat - inward, seat + outward
    mask = rise(under - top, 0.8) * rise(bottom - under, 0.8) * (half > 0.5)
    layers = np.where(
        under < seat, np.minimum(under + inward, seat), np.maximum(under - outward, seat)
    )
    behind = (under - bottom) / np.float32(0.3 * scan.reach)  # the effect fades with depth
    below = rise(under - bottom, 2) * rise(half - 4, 4) * (1 - behind).clip(0, 1)
    return Wall(as_pixels(layers / np.float32(scale)), mask, below)


def _wall_scale(case: EusCase, scan: Scan) -> float:
    """Return pixels per millimeter in the wall, drawn thicker where it would vanish."""
    return max(scan.reach / case.depth_mm, THINNEST_WALL / WALL)


def _size_in_pixels(case: EusCase, scan: Scan) -> tuple[float, float]:
    """Return the lesion's half length along the wall and half thickness across it."""
    length = 0.5 * case.lesion.size_mm * scan.reach / case.depth_mm
    return length, length / case.lesion.aspect


def _half_thickness(case: EusCase, scan: Scan) -> Pixels:
    """Return half of the lesion's thickness at every angle, in pixels."""
    along, across = _size_in_pixels(case, scan)
    away = scan.angle - np.float32(case.angle)
    sideways = (scan.depth + np.float32(scan.probe)) * np.sin(away) / np.float32(along)
    round_ = (1 - sideways**2).clip(0, 1) ** np.float32(0.62) * (np.cos(away) > 0)
    waves = np.cos(5 * sideways + np.float32(case.lesion.key % 6))
    return as_pixels(across * round_ * (1 + np.float32(case.lesion.lobed) * waves))


def _gap(case: EusCase, scan: Scan) -> float:
    """Return how far the wall stays from the probe: water and the lesion's bulge need room."""
    _, across = _size_in_pixels(case, scan)
    bulge = 2 * across * case.lesion.inward
    return max(0.12 * scan.reach, bulge + 0.05 * scan.reach)


def _surface(case: EusCase, scan: Scan, rng: np.random.Generator) -> Pixels:
    """Return the depth of the wall's inner surface at every angle, gently waved."""
    surface = np.full_like(scan.angle, _gap(case, scan))
    for waves in (1, 2, 3):
        height = rng.normal(0, 0.025 * scan.reach / waves)
        surface += np.float32(height) * np.cos(
            waves * (scan.angle - np.float32(case.angle)) + waves
        )
    return surface


def _tissue(wall: Wall, rng: np.random.Generator) -> Pixels:
    """Return the echoes of cavity, layers and surroundings."""
    echoes = np.interp(wall.layers, LAYER_EDGES, LAYER_ECHOES).astype(np.float32)
    organs = (
        np.float32(BEYOND) + np.float32(0.13) * clouds(rng, 9) + np.float32(0.06) * clouds(rng, 24)
    )
    echoes += rise(wall.layers - np.float32(5.2), 1.0) * (organs.clip(0.02, 1) - echoes)
    water = np.float32(0.012) + np.float32(0.02) * (clouds(rng, 20) > 1.6)
    return echoes + rise(-wall.layers - np.float32(0.05), 0.1) * (water - echoes)


def _lesion_echoes(lesion: Lesion) -> Pixels:
    """Return the lesion's own texture: how even it is, cysts, calcium and ducts."""
    rng = np.random.default_rng(lesion.key)
    texture = 1 + np.float32(0.55 * lesion.uneven) * clouds(rng, 22)
    echoes = np.float32(lesion.echo) * texture.clip(0.25, 2.2)
    if lesion.cystic:
        echoes *= 1 - np.float32(0.92) * rise(clouds(rng, 17) - np.float32(0.75), 0.2)
    if lesion.calcified:
        echoes += np.float32(0.7) * rise(clouds(rng, 36) - np.float32(2.0), 0.2)
    if lesion.kind == "ectopic pancreas":
        echoes *= 1 - np.float32(0.9) * rise(clouds(rng, 34) - np.float32(1.1), 0.15)
    return echoes


def _shadow(lesion: Lesion) -> float:
    """Return how much brighter (cyst) or darker (fat) the tissue behind appears."""
    return {"cyst": 0.9, "lipoma": -0.55}.get(lesion.kind, -0.1)


def _detect(case: EusCase, scan: Scan, echoes: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn echoes into grey levels: speckle, attenuation, gain, transducer rings."""
    hospital = case.hospital
    speckle = _speckle(scan, hospital.grain, rng)
    grain = np.float32(1 - 0.5 * hospital.noise) + np.float32(0.5 * hospital.noise) * speckle
    far = np.exp(-np.float32(0.75) * (scan.depth / np.float32(scan.reach)).clip(0, 1.3))
    picture = np.float32(1.25 * case.gain) * echoes * grain * far
    rings = np.exp(-scan.depth.clip(0, 99) / 5) * (np.float32(0.5) + np.cos(scan.depth * 1.6) / 3)
    picture = (picture + rings.clip(0, 1) * np.float32(0.8)).clip(0, 1)
    hiss = np.float32(0.02) * rng.standard_normal(picture.shape, dtype=np.float32)
    picture = picture ** np.float32(hospital.gamma) + hiss
    return as_pixels(picture.clip(0, 1) * scan.inside)


def _speckle(scan: Scan, grain: int, rng: np.random.Generator) -> Pixels:
    """Return speckle of mean about 1, fine along the beam and wider across it."""
    beams = 360
    field = as_pixels(rng.rayleigh(0.8, (grain + 2, beams)))
    field = as_pixels(field + np.roll(field, 1, axis=1) * np.float32(0.8)) / np.float32(1.8)
    row = (scan.depth / np.float32(scan.reach) * grain).clip(0, grain)
    column = (scan.angle + np.float32(np.pi)) * np.float32(beams / (2 * np.pi))
    low, left = row.astype(np.int32), column.astype(np.int32) % beams
    share = row - low
    near, next_ = field[low, left], field[low + 1, left]
    return _softened(near + share * (next_ - near))


def _softened(speckle: Pixels) -> Pixels:
    """Soften the speckle to the resolution of a screen."""
    return blur((speckle / 3).clip(0, 1), 0.7) * np.float32(3)


def _mark_screen(case: EusCase, picture: Pixels) -> None:
    """Add what the machine prints: settings and a ruler; then the mark of origin."""
    hospital = case.hospital
    stamp(picture, hospital.text, (4, 4), 8, 0.8)
    stamp(picture, f"{case.depth_mm / 10:.1f}cm", (220, 4), 8, 0.7)
    step = 10 * (SIZE / 2 if hospital.geometry == "radial" else SIZE) / case.depth_mm
    for tick in np.arange(step / 2, SIZE - 14, max(step, 6)).astype(int):
        if hospital.ruler == "right":
            picture[tick, SIZE - 7 : SIZE - 2] = 0.7
        elif hospital.ruler == "left":
            picture[tick, 2:7] = 0.7
        elif hospital.ruler == "bottom" and tick > 64:
            picture[SIZE - 7 : SIZE - 2, tick] = 0.7
    stamp_origin(picture)
