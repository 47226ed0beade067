"""Decide what a synthetic chest radiograph shows: patient, exposure and findings, no pixels yet.

Lengths are body units: a pixel of the 256-pixel canvas at scale 1, about 1.5 mm of a patient.
Image-left is the patient's right, so the sign of x is -1 for "right" and +1 for "left".
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from training.data.phantom.canvas import Frame
from training.data.phantom.people import Person, person_of, stream

Side = Literal["right", "left", "bilateral", "midline"]
Zone = Literal["upper", "mid", "lower"]
Grade = Literal["small", "moderate", "large"]

PREVALENCE = {
    "pleural effusion": 1.35,
    "support device": 1.3,
    "cardiomegaly": 1.2,
    "consolidation": 1.15,
    "atelectasis": 1.1,
    "edema": 0.95,
    "pneumothorax": 0.85,
    "mass": 0.8,
    "nodule": 0.65,
    "fracture": 0.6,
}
FINDINGS = tuple(PREVALENCE)
HOW_MANY = (0.20, 0.42, 0.26, 0.12)  # share of studies with no, one, two, three findings
MM_PER_UNIT = 1.5
ZONES: tuple[Zone, ...] = ("upper", "mid", "lower")
VARIANTS = {
    "atelectasis": ("plate", "plate", "lobar"),
    "support device": ("central line", "pacemaker", "endotracheal tube", "feeding tube"),
}
EXTENTS = {  # radius in body units, or a fraction of what is possible
    "nodule": (7.5, 10.0),
    "mass": (15.0, 28.0),
    "consolidation": (20.0, 34.0),
    "pleural effusion": (0.14, 0.62),
    "pneumothorax": (0.17, 0.5),
    "cardiomegaly": (0.56, 0.68),
    "atelectasis": (0.0, 1.0),
    "edema": (0.0, 1.0),
    "fracture": (0.0, 1.0),
    "support device": (0.0, 1.0),
}


@dataclass(frozen=True)
class Finding:
    """One finding with all that a report may say about it."""

    label: str
    side: Side
    zone: Zone
    grade: Grade
    extent: float
    contrast: float  # 0 is subtle, 1 is obvious
    variant: str
    x: float
    y: float
    key: int  # seeds its texture

    @property
    def sign(self) -> int:
        """Return the sign of x on the finding's side."""
        return -1 if self.side == "right" else 1


@dataclass(frozen=True)
class Anatomy:
    """The lasting build of a patient."""

    width: float  # half of the inner chest at its widest
    base: float  # height of the right dome of the diaphragm
    heart: float  # normal cardiothoracic ratio
    build: float  # thickness of soft tissue, 0 to 1
    rib_step: float
    knob: float  # radius of the aortic knob
    bubble: float  # gastric bubble, 0 for none


@dataclass(frozen=True)
class Exposure:
    """How one study was taken."""

    frame: Frame
    view: Literal["PA", "AP"]
    lean: float  # a turned patient's heart lies to one side, body units
    inspiration: float  # lowers the diaphragm, body units
    brightness: float
    contrast: float
    gamma: float
    grain: float
    sharpness: float
    marker: tuple[str, int, int]


@dataclass(frozen=True)
class ChestCase:
    """A study: all that is needed to draw it and to report it."""

    person: Person
    anatomy: Anatomy
    exposure: Exposure
    findings: tuple[Finding, ...]
    key: tuple[int, int]

    @property
    def base(self) -> float:
        """Return the height of the right dome of the diaphragm in this study."""
        return self.anatomy.base + self.exposure.inspiration

    def without_findings(self) -> "ChestCase":
        """Return the same patient and exposure with nothing wrong."""
        return replace(self, findings=())


def chest_case(seed: int, row: int) -> ChestCase:
    """Decide the study of one row, from the seed and the row alone."""
    person = person_of(seed, row)
    anatomy = _anatomy(stream(seed, person.number, "anatomy"), person)
    exposure = _exposure(stream(seed, row, "exposure"))
    findings = _findings(stream(seed, row, "findings"), anatomy.base + exposure.inspiration)
    return ChestCase(person, anatomy, exposure, findings, (seed, row))


def _anatomy(rng: np.random.Generator, person: Person) -> Anatomy:
    smaller = 4.0 if person.sex == "F" else 0.0
    return Anatomy(
        width=rng.uniform(84, 96) - smaller,
        base=rng.uniform(44, 58),
        heart=rng.uniform(0.38, 0.48),
        build=rng.uniform(0, 1),
        rib_step=rng.uniform(14.5, 17),
        knob=rng.uniform(6.5, 10.5),
        bubble=rng.uniform(5, 13) if rng.random() < 0.75 else 0.0,
    )


def _exposure(rng: np.random.Generator) -> Exposure:
    shift = (rng.normal(0, 4), rng.normal(2, 4))
    letter, left = ("L", 226) if rng.random() < 0.6 else ("R", 18)
    marker = (letter, left + int(rng.integers(-10, 11)), int(rng.integers(14, 70)))
    portable = rng.random() < 0.4
    return Exposure(
        frame=Frame(rng.uniform(0.97, 1.2), np.deg2rad(rng.normal(0, 1.8)), shift),
        view="AP" if portable else "PA",
        lean=rng.normal(0, 2.5),
        inspiration=rng.uniform(-10, 2) if portable else rng.uniform(-4, 7),
        brightness=rng.normal(0, 0.035),
        contrast=rng.uniform(0.85, 1.05) if portable else rng.uniform(0.95, 1.2),
        gamma=rng.uniform(0.8, 1.2),
        grain=rng.uniform(0.008, 0.028),
        sharpness=rng.uniform(0.2, 0.9),
        marker=marker,
    )


def _findings(rng: np.random.Generator, base: float) -> tuple[Finding, ...]:
    labels = _labels(rng)
    taken: set[tuple[Side, Zone]] = set()
    return tuple(_finding(rng, label, base, taken) for label in labels)


def _labels(rng: np.random.Generator) -> list[str]:
    count = int(rng.choice(len(HOW_MANY), p=HOW_MANY))
    chances = np.array(list(PREVALENCE.values()))
    drawn = rng.choice(FINDINGS, size=count, replace=False, p=chances / chances.sum())
    return [label for label in FINDINGS if label in drawn]


def _finding(
    rng: np.random.Generator, label: str, base: float, taken: set[tuple[Side, Zone]]
) -> Finding:
    side, zone = _place(rng, label, taken)
    low, high = EXTENTS[label]
    share = rng.uniform(0, 1)
    grades: tuple[Grade, ...] = ("small", "moderate", "large")
    x, y = _spot(rng, -1 if side == "right" else 1, zone, base)
    return Finding(
        label=label,
        side=side,
        zone=zone,
        grade=grades[min(2, int(share * 3))],
        extent=low + share * (high - low),
        contrast=rng.uniform(0, 1),
        variant=str(rng.choice(VARIANTS.get(label, ("",)))),
        x=x,
        y=y,
        key=int(rng.integers(2**31)),
    )


def _place(
    rng: np.random.Generator, label: str, taken: set[tuple[Side, Zone]]
) -> tuple[Side, Zone]:
    """Choose a free part of the lungs and take it; what has no side takes nothing."""
    if label == "edema":
        return "bilateral", "mid"
    if label in ("cardiomegaly", "support device"):
        return "midline", "mid"
    zones = _zones_of(label)
    sides: tuple[Side, ...] = ("right", "left")
    free = [(s, z) for s in sides for z in zones if (s, z) not in taken]
    side, zone = free[int(rng.integers(len(free)))]
    taken.add((side, zone))
    if label == "pneumothorax":  # its rim runs down the side
        taken.add((side, "mid"))
    return side, zone


def _zones_of(label: str) -> tuple[Zone, ...]:
    only: dict[str, tuple[Zone, ...]] = {
        "pleural effusion": ("lower",),
        "pneumothorax": ("upper",),
        "atelectasis": ("lower", "mid"),
    }
    return only.get(label, ZONES)


def _spot(rng: np.random.Generator, sign: int, zone: Zone, base: float) -> tuple[float, float]:
    low, high = {"upper": (-60, -38), "mid": (-14, 8), "lower": (24, base - 16)}[zone]
    reach = (36, 52) if zone == "upper" else (44, 68)
    return sign * rng.uniform(*reach), rng.uniform(low, max(low + 1, high))
