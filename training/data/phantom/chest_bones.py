"""Draw the skeleton of the chest: ribs, clavicles, scapulae, shoulders and spine."""

import numpy as np

from training.data.phantom.canvas import (
    Line,
    Pixels,
    Points,
    as_pixels,
    blur,
    curve,
    ellipse,
    fill,
    stroke,
)
from training.data.phantom.chest_anatomy import SIDES, Scene, wall_at
from training.data.phantom.chest_case import ChestCase, Finding

RIBS = 10
FIRST_RIB = -92.0
BROKEN_AT = 0.62  # place of a fracture along the posterior rib
STEP_OFF = 6.0  # how far the outer fragment is displaced


def draw_bones(scene: Scene) -> None:
    """Add the skeleton to the scene; fractured ribs are drawn broken."""
    case, frame = scene.case, scene.frame
    posterior, anterior = _ribs(scene)
    width = 6.4 * frame.scale
    ribs = _cortical(posterior, width) + np.float32(0.6) * _cortical(anterior, width * 0.95)
    cage = blur(np.maximum(scene.lungs[-1], scene.lungs[1]), 5)
    inside = (cage * 3).clip(0.35, 1)
    clavicles = _cortical(_clavicles(case), 8 * frame.scale)
    scene.bones += np.float32(0.075) * blur(ribs.clip(0, 1), 0.7) * inside
    scene.bones += np.float32(0.085) * clavicles
    scene.bones += np.float32(0.05) * _shoulders(case) + np.float32(0.04) * _spine(scene)


def _cortical(lines: list[Points], width: float) -> Pixels:
    """Draw bones as bands with brighter rims."""
    band = stroke([Line(points, width) for points in lines])
    marrow = stroke([Line(points, width * 0.55) for points in lines])
    return band - np.float32(0.45) * marrow


def _ribs(scene: Scene) -> tuple[list[Points], list[Points]]:
    """Return posterior and anterior arcs in pixels, and note the posterior ones in the scene."""
    posterior, anterior = [], []
    broken = broken_ribs(scene.case)
    for sign in SIDES:
        for number in range(RIBS):
            back, front = _arcs(scene.case, sign, number)
            scene.ribs[sign, number] = scene.frame.to_pixels(back)
            pieces = _break(back) if (sign, number) in broken else [back]
            posterior += [scene.frame.to_pixels(piece) for piece in pieces]
            if 1 <= number <= 6:
                anterior.append(scene.frame.to_pixels(front))
    return posterior, anterior


def _arcs(case: ChestCase, sign: int, number: int) -> tuple[Points, Points]:
    """Return one rib in body units: the posterior arc out to the wall, the anterior arc back."""
    top = FIRST_RIB + number * case.anatomy.rib_step
    steep = 10 + 2.2 * number
    wall = float(wall_at(case.anatomy, top + steep + 6))
    flip = np.array([sign, 1.0])
    out = [(8, top + 4), (0.3 * wall, top - 3), (0.62 * wall, top + 0.2 * steep)]
    turn = [(0.88 * wall, top + 0.62 * steep), (wall + 1, top + steep + 6)]
    back = [(0.93 * wall, top + steep + 22), (0.72 * wall, top + steep + 33)]
    tip = [(0.46 * wall, top + steep + 37)]
    return curve(np.array(out + turn) * flip), curve(np.array([turn[1], *back, *tip]) * flip)


def broken_ribs(case: ChestCase) -> dict[tuple[int, int], Finding]:
    """Return which ribs are broken, by side and number from the top (0 is the first)."""
    broken: dict[tuple[int, int], Finding] = {}
    for finding in case.findings:
        if finding.label == "fracture":
            first = {"upper": 2, "mid": 4, "lower": 6}[finding.zone]
            count = {"small": 1, "moderate": 2, "large": 3}[finding.grade]
            broken |= {(finding.sign, first + i): finding for i in range(count)}
    return broken


def _break(arc: Points) -> list[Points]:
    """Cut an arc in two, with a gap and the outer piece pushed down."""
    cut = round(len(arc) * BROKEN_AT)
    outer = (
        arc[cut + 1 :]
        + np.array([0.0, STEP_OFF]) * np.linspace(1, 0.1, len(arc) - cut - 1)[:, None]
    )
    return [arc[:cut], outer]


def _clavicles(case: ChestCase) -> list[Points]:
    lift = 6.0 if case.exposure.view == "AP" else 0.0
    arc = np.array([(11, -66), (30, -72), (56, -86), (84, -90), (108, -88)]) - (0, lift)
    return [case.exposure.frame.to_pixels(curve(arc * np.array([s, 1.0]))) for s in SIDES]


def _shoulders(case: ChestCase) -> Pixels:
    """Draw the scapulae and the heads of the humeri."""
    frame, wide = case.exposure.frame, case.anatomy.width
    inward = 10.0 if case.exposure.view == "AP" else 0.0
    shapes = []
    for sign in SIDES:
        blade = np.array([(wide + 22, -72), (wide - 2, -62), (wide + 2, -20), (wide + 24, -52)])
        shapes.append(frame.to_pixels((blade - (inward, 0)) * np.array([sign, 1.0])))
        shapes.append(frame.to_pixels(ellipse((sign * (wide + 34), -74), (15, 17))))
    bone = fill(*shapes)
    soft = blur(bone, 1.1)
    rims = (soft - blur(bone, 4)).clip(0, 1)
    return as_pixels(0.55 * soft + 1.3 * rims)


def _spine(scene: Scene) -> Pixels:
    """Draw the vertebrae with paler discs between them and the pedicles."""
    frame = scene.frame
    blocks, pedicles = [], []
    for top in np.arange(-140, 140, 14.0):
        blocks.append(frame.to_pixels([(-11, top), (11, top), (11, top + 11), (-11, top + 11)]))
        pedicles += [frame.to_pixels(ellipse((s * 7, top + 4), (2.2, 3), 12)) for s in SIDES]
    column = blur((fill(*blocks) + np.float32(0.7) * fill(*pedicles)) / 2, 0.9) * 2
    return column * (np.float32(1.0) - np.float32(0.55) * (scene.y / 60).clip(0, 1))
