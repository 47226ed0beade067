"""Expose a chest scene: layers to attenuation, attenuation to grey levels, film marks on top."""

import numpy as np

from training.data.phantom.canvas import (
    Box,
    Drawing,
    Pixels,
    blur,
    box_of,
    clouds,
    stamp,
    stamp_origin,
)
from training.data.phantom.chest_anatomy import Scene, lay_out
from training.data.phantom.chest_bones import draw_bones
from training.data.phantom.chest_case import ChestCase, Exposure
from training.data.phantom.chest_devices import support_device
from training.data.phantom.chest_findings import PAINTERS
from training.data.phantom.people import stream

LUCENCY = 0.60  # share of the attenuation that full air takes away


def draw_chest(case: ChestCase) -> Drawing:
    """Draw a study: anatomy, findings, exposure, marks."""
    scene = lay_out(case)
    draw_bones(scene)
    boxes: dict[str, list[Box]] = {}
    painters = PAINTERS | {"support device": support_device}
    for finding in case.findings:
        masks = painters[finding.label](scene, finding)
        found = [box for box in map(box_of, masks) if box is not None]
        boxes[finding.label] = found
    picture = _expose(scene, stream(*case.key, "grain"))
    return Drawing((picture * 255 + 0.5).astype(np.uint8), boxes)


def _expose(scene: Scene, rng: np.random.Generator) -> Pixels:
    """Turn the layers into grey levels in [0, 1] and burn in the marks."""
    attenuation = scene.soft * (1 - np.float32(LUCENCY) * scene.air)
    attenuation += scene.vessels * (scene.air > 0) + scene.bones + scene.extra
    attenuation += np.float32(0.011) * clouds(rng, 9) + np.float32(0.007) * clouds(rng, 56)
    exposure = scene.case.exposure
    picture = _develop(attenuation, exposure)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture += np.float32(exposure.grain) * noise * (np.float32(1.1) - picture)
    letter, left, top = exposure.marker
    stamp(picture, letter, (left, top), 13, 0.95)
    picture = picture.clip(0, 1)
    stamp_origin(picture)
    return picture


def _develop(attenuation: Pixels, exposure: Exposure) -> Pixels:
    """Apply the film curve: contrast around the middle, gamma, sharpening."""
    middle = np.float32(0.42)
    picture = (attenuation - middle) * np.float32(1.35 * exposure.contrast) + np.float32(0.47)
    picture = (picture + np.float32(exposure.brightness)).clip(0.005, 1)
    picture **= np.float32(exposure.gamma)
    picture -= np.float32(0.5) * (picture - np.float32(0.66)).clip(0, 1)  # the film's shoulder
    edges = picture - blur(picture, 3)
    return picture + np.float32(exposure.sharpness) * edges
