"""Draw support devices: lines, tubes and pacemakers, brighter than any bone."""

import numpy as np

from training.data.phantom.canvas import Line, Pixels, Points, blur, curve, fill, stroke
from training.data.phantom.chest_anatomy import Scene
from training.data.phantom.chest_case import Finding


def support_device(scene: Scene, finding: Finding) -> list[Pixels]:
    """Draw the finding's variant and return the mask of the whole device."""
    rng = np.random.default_rng(finding.key)
    base = scene.case.base
    draw = {
        "central line": _central_line,
        "pacemaker": _pacemaker,
        "endotracheal tube": _endotracheal_tube,
        "feeding tube": _feeding_tube,
    }[finding.variant]
    lines, plates = draw(rng, base)
    pixels = [Line(scene.frame.to_pixels(curve(p)), w * scene.frame.scale) for p, w in lines]
    mask = np.maximum(stroke(pixels), fill(*(scene.frame.to_pixels(p) for p in plates)))
    mask = blur(mask, 0.5)
    scene.extra += np.float32(0.2 + 0.14 * finding.contrast) * mask
    return [mask]


Strokes = list[tuple[list[tuple[float, float]], float]]  # body points and width
Drawing = tuple[Strokes, list[Points]]  # and filled outlines


def _central_line(rng: np.random.Generator, base: float) -> Drawing:
    """Lead a catheter from the right neck or a chest port to the superior vena cava."""
    tip = (-15.0, rng.uniform(-22, -4))
    if rng.random() < 0.5:
        return [([(-30, -135), (-27, -100), (-19, -70), (-15, -40), tip], 2.2)], []
    port = np.array([(-66, -44), (-54, -46), (-52, -34), (-64, -32)], dtype=np.float64)
    path = [(-58.0, -44.0), (-54, -66), (-40, -78), (-24, -70), (-16, -45), tip]
    return [(path, 2.2)], [port]


def _pacemaker(rng: np.random.Generator, base: float) -> Drawing:
    """Place a generator under the left clavicle, with leads to the right heart."""
    x, y = 68 + rng.normal(0, 4), -58 + rng.normal(0, 4)
    corners = [(-12, -9), (0, -13), (12, -9), (13, 4), (6, 12), (-6, 12), (-13, 4), (-12, -9)]
    can = curve(np.add(corners, (x, y)), 4)
    trunk = [(x - 10, y - 6), (44.0, -76.0), (16, -66), (-12, -48), (-17, -12)]
    leads: Strokes = [([*trunk, (-12, base - 22), (24, base - 8 + rng.normal(0, 2))], 1.8)]
    if rng.random() < 0.6:
        leads.append(([*trunk, (-24, base - 30), (-16, base - 36)], 1.8))
    return leads, [can]


def _endotracheal_tube(rng: np.random.Generator, base: float) -> Drawing:
    """Hang a tube in the trachea; its rims and its stripe are dense."""
    tip = rng.uniform(-62, -50)
    left, right = [(-5.0, -140.0), (-5, -90), (-5, tip)], [(3.0, -140.0), (3, -90), (3, tip - 3)]
    return [(left, 2.2), (right, 1.8), ([(-5, tip), (3, tip - 3)], 1.6)], []


def _feeding_tube(rng: np.random.Generator, base: float) -> Drawing:
    """Lead a tube down the esophagus into the stomach."""
    end = rng.uniform(28, 46)
    path = [(3.0, -140.0), (2, -60), (5, 0), (9, base), (16, base + 16), (end, base + 26)]
    return [(path, 2.4), ([(end - 10, base + 23), (end, base + 26)], 3.6)], []
