"""Invent patients and split them: rows that share a patient share a split."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

SECOND_STUDY = 0.3  # share of patients that come twice
SPLITS = ((0.8, "train"), (0.9, "validation"), (1.0, "test"))
AGE_BANDS = ("18-39", "40-59", "60-79", "80+")


@dataclass(frozen=True)
class Person:
    """A patient: number (the row of the first study), sex and age band."""

    number: int
    sex: Literal["F", "M"]
    age_band: str

    def name(self, kind: str, seed: int) -> str:
        """Return the patient id that a manifest carries."""
        return f"{kind}-{seed}-p{self.number:06d}"


def stream(seed: int, number: int, purpose: str) -> np.random.Generator:
    """Return the random stream of one purpose of one row or patient."""
    return np.random.default_rng([seed, number, int.from_bytes(purpose.encode()[:8], "big")])


def person_of(seed: int, row: int) -> Person:
    """Return the patient of a row: neighbors 2k and 2k+1 are now and then one patient."""
    first = row - row % 2
    number = first if stream(seed, first, "visits").random() < SECOND_STUDY else row
    rng = stream(seed, number, "person")
    sex: Literal["F", "M"] = "F" if rng.random() < 0.5 else "M"
    return Person(number, sex, str(rng.choice(AGE_BANDS, p=(0.2, 0.3, 0.37, 0.13))))


def split_of(patient: str) -> str:
    """Draw a patient's split from a hash of the id, which holds the seed."""
    digest = hashlib.sha256(patient.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return next(name for limit, name in SPLITS if share < limit)
