"""Draw findings into a chest scene; each painter returns the mask of what it drew, per box."""

from collections.abc import Callable

import numpy as np

from training.data.phantom.canvas import (
    Line,
    Pixels,
    blur,
    clouds,
    curve,
    ellipse,
    fill,
    rise,
    stroke,
)
from training.data.phantom.chest_anatomy import HILUM, SIDES, Scene, dome_of, hilum_at, lung_outline
from training.data.phantom.chest_bones import BROKEN_AT, broken_ribs
from training.data.phantom.chest_case import Finding

Painter = Callable[[Scene, Finding], list[Pixels]]


def _opacify(scene: Scene, mask: Pixels, strength: float, solid: float = 0.0) -> None:
    """Replace air by something as dense as water; vessels drown in it."""
    scene.air *= 1 - np.float32(strength) * mask
    scene.vessels *= 1 - np.float32(0.8 * strength) * mask
    scene.extra += np.float32(solid) * mask


def cardiomegaly(scene: Scene, finding: Finding) -> list[Pixels]:
    """Box the heart, which the anatomy has already drawn wide."""
    return [scene.heart]


def effusion(scene: Scene, finding: Finding) -> list[Pixels]:
    """Fill the base of a lung with fluid that climbs along the wall."""
    dome = dome_of(scene.case, finding.sign)
    level = dome + 15 - finding.extent * (dome + 78)
    lateral = (np.abs(scene.x) / np.float32(scene.case.anatomy.width)).clip(0, 1.1)
    meniscus = np.float32(level + 8) - np.float32(26) * lateral**3
    fluid = rise(scene.y - meniscus, 2.5) * (scene.lungs[finding.sign] * 5).clip(0, 1)
    scene.bones *= 1 - np.float32(0.45) * fluid  # what lies in fluid is blurred by scatter
    _opacify(scene, fluid, 0.88 + 0.1 * finding.contrast, solid=0.02)
    return [fluid]


def consolidation(scene: Scene, finding: Finding) -> list[Pixels]:
    """Cloud a part of a lung, ragged at the edge, with air bronchograms."""
    rng = np.random.default_rng(finding.key)
    across = (scene.x - np.float32(finding.x)) / np.float32(finding.extent * rng.uniform(0.85, 1.1))
    down = (scene.y - np.float32(finding.y)) / np.float32(finding.extent * rng.uniform(0.7, 1.0))
    ragged = 1 - np.sqrt(across**2 + down**2) + np.float32(0.16) * clouds(rng, 18)
    patch = rise(ragged, 0.16) * scene.lungs[finding.sign]
    mottled = patch * (np.float32(0.88) + np.float32(0.1) * clouds(rng, 40)).clip(0.4, 1)
    bronchi = blur(stroke(_bronchi(scene, finding, rng)), 0.7)
    _opacify(scene, mottled * (1 - np.float32(0.3) * bronchi), 0.55 + 0.4 * finding.contrast)
    return [patch]


def _bronchi(scene: Scene, finding: Finding, rng: np.random.Generator) -> list[Line]:
    hilum = hilum_at(finding.sign)
    toward = np.array([finding.x, finding.y]) - hilum
    lines = []
    for _ in range(3):
        end = hilum + toward * rng.uniform(0.9, 1.3) + rng.normal(0, finding.extent * 0.35, 2)
        lines.append(Line(scene.frame.to_pixels(np.stack([hilum + 0.5 * toward, end])), 1.6))
    return lines


def atelectasis(scene: Scene, finding: Finding) -> list[Pixels]:
    """Draw collapsed lung: plates across it, or a dense wedge beside the spine."""
    if finding.variant == "lobar":
        return [_collapsed_lobe(scene, finding)]
    rng = np.random.default_rng(finding.key)
    count = {"small": 1, "moderate": 2, "large": 3}[finding.grade]
    top = min(finding.y, dome_of(scene.case, finding.sign) - 12 - 8 * count)
    tilt, length = rng.uniform(-0.1, 0.28), rng.uniform(34, 52)
    plates = []
    for index in range(count):
        middle = np.array([finding.sign * 52 + rng.normal(0, 4), top + 9.5 * index])
        half = 0.5 * length * rng.uniform(0.8, 1.1) * np.array([finding.sign, tilt])
        bow = np.array([0, rng.uniform(-2, 2)])
        ends = scene.frame.to_pixels(curve([middle - half, middle + bow, middle + half]))
        plates.append(Line(ends, rng.uniform(3.2, 5.0)))
    mask = blur(stroke(plates), 0.9) * scene.lungs[finding.sign]
    _opacify(scene, mask, 0.55 + 0.35 * finding.contrast, solid=0.03)
    return [mask]


def _collapsed_lobe(scene: Scene, finding: Finding) -> Pixels:
    dome = dome_of(scene.case, finding.sign)
    reach = (46 if finding.sign < 0 else 58) + 18 * finding.contrast  # out from behind the heart
    tip = -12 if finding.zone == "lower" else -36
    low = dome + 12 if finding.zone == "lower" else 16
    wedge = curve([(10, tip), (26, tip + 12), (reach, low - 4), (reach - 4, low), (10, low)], 4)
    outline = scene.frame.to_pixels(wedge * np.array([finding.sign, 1]))
    mask = blur(fill(outline), 1.2) * scene.lungs[finding.sign]
    _opacify(scene, mask, 0.9, solid=0.05)
    return mask


def edema(scene: Scene, finding: Finding) -> list[Pixels]:
    """Haze both lungs around the hila, swell the vessels and draw septal lines."""
    rng = np.random.default_rng(finding.key)
    reach = 28 + 16 * finding.extent
    wings = []
    for sign in SIDES:
        across = (scene.x - np.float32(sign * 36)) / np.float32(reach)
        down = (scene.y - np.float32(HILUM[1] + 10)) / np.float32(reach * 1.35)
        wing = rise(1.05 - np.sqrt(across**2 + down**2) + 0.13 * clouds(rng, 16), 0.42)
        wings.append(wing * scene.lungs[sign])
    haze = (wings[0] + wings[1]) * (np.float32(0.85) + np.float32(0.22) * clouds(rng, 44))
    swollen = blur((scene.vessels * 5).clip(0, 1), 1.6)
    scene.extra += np.float32(0.05 + 0.05 * finding.contrast) * swollen * (scene.air > 0.1)
    scene.air *= 1 - np.float32(0.34 + 0.34 * finding.contrast) * haze.clip(0, 1)
    septa = [_septal_lines(scene, sign) for sign in SIDES]
    scene.extra += np.float32(0.06) * np.maximum(*septa)
    return [np.maximum(*drawn) for drawn in zip(wings, septa, strict=True)]


def _septal_lines(scene: Scene, sign: int) -> Pixels:
    """Draw the Kerley B lines of a lung: short level lines at its outer base."""
    edge, lines = 0.97 * scene.case.anatomy.width, []
    for up in range(5):
        y = dome_of(scene.case, sign) - 6 - 6 * up
        points = scene.frame.to_pixels([(sign * (edge - 13), y + 1), (sign * edge, y)])
        lines.append(Line(points, 1.1))
    return stroke(lines)


def pneumothorax(scene: Scene, finding: Finding) -> list[Pixels]:
    """Pull the lung from the wall and the apex: black without markings, and a pleural line."""
    outline = lung_outline(scene.case, finding.sign)
    hilum = hilum_at(finding.sign)
    base = dome_of(scene.case, finding.sign)
    free = ((base - 14 - outline[:, 1]) / 55).clip(0, 1)  # the lung holds at its base
    outward = ((np.abs(outline[:, 0]) - HILUM[0]) / 20).clip(0, 1)  # and at its root
    pull = finding.extent * np.stack([free * outward, 0.6 * free], axis=1)
    shrunk = hilum + (outline - hilum) * (1 - pull)
    inner = scene.frame.to_pixels(shrunk)
    lung, whole = fill(inner), scene.lungs[finding.sign]
    rim = (whole - lung).clip(0, 1) * rise(np.abs(scene.x) - 20, 4)
    rim *= rise(np.float32(base - 2) - scene.y, 6)
    scene.vessels *= 1 - rim
    scene.air = scene.air + rim * (np.float32(1.02) * whole - scene.air).clip(0, 1)
    scene.air *= 1 - np.float32(0.16 + 0.3 * finding.extent) * lung * whole
    line = stroke([Line(inner[: len(inner) * 6 // 10], 1.5), Line(inner[-12:], 1.5)])
    scene.extra += np.float32(0.05 + 0.05 * finding.contrast) * line * blur(rim, 2).clip(0, 0.6)
    return [rim]


def nodule(scene: Scene, finding: Finding) -> list[Pixels]:
    """Draw a small round opacity with a sharp edge."""
    rng = np.random.default_rng(finding.key)
    away = _round_distance(scene, finding, rng, wobble=0.03)
    mask = rise(1 - away, 0.13)
    _opacify(scene, mask, 0.6 + 0.3 * finding.contrast, solid=0.06 + 0.05 * finding.contrast)
    return [mask]


def mass(scene: Scene, finding: Finding) -> list[Pixels]:
    """Draw a large opacity with a lobed or spiky outline."""
    rng = np.random.default_rng(finding.key)
    away = _round_distance(scene, finding, rng, wobble=0.09)
    mask = rise(1 - away, 0.09) * np.maximum(scene.lungs[finding.sign], 0.25)
    _opacify(scene, mask, 0.6 + 0.3 * finding.contrast, solid=0.02 + 0.03 * finding.contrast)
    return [mask]


def _round_distance(
    scene: Scene, finding: Finding, rng: np.random.Generator, wobble: float
) -> Pixels:
    """Return the distance from the center, 1 at the finding's wavy outline."""
    across, down = scene.x - np.float32(finding.x), scene.y - np.float32(finding.y)
    angle = np.arctan2(down, across)
    waves = sum(
        np.cos(k * angle + np.float32(rng.uniform(0, 6.28))) * np.float32(rng.uniform(0.3, 1))
        for k in (2, 3, 5)
    )
    away = np.sqrt(across**2 + down**2) / np.float32(finding.extent)
    return np.asarray(away / (1 + np.float32(wobble) * waves), dtype=np.float32)


def fracture(scene: Scene, finding: Finding) -> list[Pixels]:
    """Add to the broken ribs their bright ends and the blood around them."""
    frame = scene.frame
    spots = []
    for place, owner in broken_ribs(scene.case).items():
        if owner == finding:
            arc = scene.ribs[place]
            spots.append(arc[round(len(arc) * BROKEN_AT)])
    halo = fill(*(ellipse((s[0], s[1] + 2), (11 * frame.scale, 9 * frame.scale)) for s in spots))
    swelling = blur(halo, 2.5)
    strength = 0.115 + 0.06 * finding.contrast
    scene.extra += np.float32(strength) * swelling
    scene.bones *= 1 + np.float32(1.1 + 0.7 * finding.contrast) * swelling
    return [halo]


PAINTERS: dict[str, Painter] = {
    "cardiomegaly": cardiomegaly,
    "pleural effusion": effusion,
    "consolidation": consolidation,
    "atelectasis": atelectasis,
    "edema": edema,
    "pneumothorax": pneumothorax,
    "nodule": nodule,
    "mass": mass,
    "fracture": fracture,
}
