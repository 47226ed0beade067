"""Decide what a synthetic endoscopic ultrasound (EUS) image shows: lesion, wall, hospital.

Depths are millimeters below the inner surface of the gut wall, which has five echo layers.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from training.data.phantom.people import Person, person_of, stream

Label = Literal["GIST", "NET", "leiomyoma", "other"]
SHARES: dict[Label, float] = {"GIST": 0.36, "leiomyoma": 0.25, "NET": 0.22, "other": 0.17}
LAYER_DEPTHS = {2: 0.85, 3: 1.65, 4: 2.7}  # middle of a layer in a wall of 4 mm
LAYER_NAMES = {2: "muscularis mucosae", 3: "submucosa", 4: "muscularis propria"}
WALL = 4.0
ALL_AROUND = 4.0  # more than half a turn, so that no seam is left


@dataclass(frozen=True)
class Hospital:
    """How one hospital's machine scans and what its screen shows."""

    name: str
    geometry: Literal["radial", "sector"]
    half_angle: float  # of the fan, radians
    gain: float
    gamma: float
    noise: float
    grain: int  # speckles along the beam: fewer are coarser
    text: str
    ruler: Literal["right", "left", "bottom", ""]
    margin: int  # pixels between scan and edge


HOSPITALS = (
    Hospital("hospital A", "radial", ALL_AROUND, 1.0, 1.0, 0.9, 150, "7.5MHz  R06", "right", 4),
    Hospital("hospital B", "radial", ALL_AROUND, 1.25, 0.85, 1.1, 100, "UM-DP12", "", -14),
    Hospital("hospital C", "sector", 1.05, 1.0, 1.1, 0.85, 170, "10MHz G:62", "left", 6),
    Hospital("hospital D", "sector", 1.3, 0.8, 0.9, 1.0, 120, "F 12.0", "right", 14),
    Hospital("hospital E", "radial", ALL_AROUND, 0.9, 1.25, 0.75, 200, "MINI 20MHz", "bottom", 12),
)


@dataclass(frozen=True)
class Look:
    """The range of one kind of lesion: where it grows, how large, how bright, how even."""

    label: Label
    layers: tuple[int, ...]
    size: tuple[float, float]  # millimeters
    echo: tuple[float, float]  # brightness, 0 is anechoic
    uneven: tuple[float, float]
    aspect: tuple[float, float]
    organs: tuple[str, ...]


LOOKS = {
    "GIST": Look(
        "GIST", (4,), (12, 45), (0.13, 0.24), (0.25, 0.75), (1.0, 1.7), ("stomach", "duodenum")
    ),
    "leiomyoma": Look(
        "leiomyoma", (2, 4), (6, 24), (0.09, 0.17), (0.0, 0.1), (1.2, 2.0), ("esophagus", "stomach")
    ),
    "NET": Look(
        "NET", (2, 3), (5, 12), (0.36, 0.5), (0.0, 0.1), (1.0, 1.4), ("rectum", "duodenum")
    ),
    "lipoma": Look(
        "other", (3,), (8, 24), (0.8, 1.0), (0.0, 0.12), (1.2, 1.9), ("stomach", "duodenum")
    ),
    "ectopic pancreas": Look(
        "other", (3, 4), (8, 20), (0.32, 0.46), (0.6, 0.9), (1.3, 2.0), ("stomach",)
    ),
    "cyst": Look(
        "other", (3,), (6, 22), (0.0, 0.02), (0.0, 0.0), (1.0, 1.6), ("esophagus", "stomach")
    ),
}
OTHERS = ("lipoma", "ectopic pancreas", "cyst")


@dataclass(frozen=True)
class Lesion:
    """One lesion with all that a report may say about it."""

    kind: str  # a key of LOOKS
    layer: int
    size_mm: float  # the longer diameter
    aspect: float  # longer over shorter
    echo: float
    uneven: float  # 0 is homogeneous
    cystic: bool
    calcified: bool
    lobed: float  # waviness of the outline
    inward: float  # share of the thickness that bulges into the cavity
    key: int  # seeds its texture

    @property
    def label(self) -> Label:
        """Return the class."""
        return LOOKS[self.kind].label


@dataclass(frozen=True)
class EusCase:
    """A study: all that is needed to draw it and to report it."""

    person: Person
    hospital: Hospital
    organ: str
    lesion: Lesion
    depth_mm: float  # how deep the machine looks
    angle: float  # where the lesion lies around the probe
    gain: float
    key: tuple[int, int]


def eus_case(seed: int, row: int) -> EusCase:
    """Decide the study of one row; a patient keeps hospital, organ and kind of lesion."""
    person = person_of(seed, row)
    lasting, passing = stream(seed, person.number, "lesion"), stream(seed, row, "scan")
    hospital = HOSPITALS[int(lasting.integers(len(HOSPITALS)))]
    lesion = _lesion(lasting)
    reach = 0.42 * hospital.half_angle if hospital.geometry == "sector" else np.pi
    return EusCase(
        person=person,
        hospital=hospital,
        organ=str(lasting.choice(LOOKS[lesion.kind].organs)),
        lesion=lesion,
        depth_mm=max(16.0, lesion.size_mm * passing.uniform(2.2, 3.0)),
        angle=passing.uniform(-reach, reach),
        gain=hospital.gain * passing.uniform(0.9, 1.12),
        key=(seed, row),
    )


def _lesion(rng: np.random.Generator) -> Lesion:
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    kind = str(rng.choice(OTHERS)) if kind == "other" else kind
    look = LOOKS[kind]
    size = rng.uniform(*look.size)
    stromal = kind == "GIST"
    return Lesion(
        kind=kind,
        layer=int(rng.choice(look.layers)),
        size_mm=round(size, 1),
        aspect=rng.uniform(*look.aspect),
        echo=rng.uniform(*look.echo),
        uneven=rng.uniform(*look.uneven),
        cystic=bool(stromal and size > 20 and rng.random() < 0.5),
        calcified=bool(stromal and rng.random() < 0.25),
        lobed=rng.uniform(0.08, 0.2) if stromal and rng.random() < 0.4 else 0.0,
        inward=rng.uniform(0.15, 0.85),
        key=int(rng.integers(2**31)),
    )
