"""Compare the rows of a manifest with each other: what is there twice, and what splits share."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.data.check.findings import Findings, Kind
from training.data.check.near_images import nearest_within_limit
from training.data.check.survey import Indices, Rows
from training.data.manifest import SPLITS


@dataclass(frozen=True)
class NearPair:
    """Two rows, by their numbers, of different splits, whose images look alike."""

    row: int
    other: int
    distance: int  # bits of 256


def find_leaks(rows: Rows, findings: Findings) -> list[NearPair]:
    """Find patients, images and reports that stand where they should not.

    What is a problem already is not compared further: an image that is there twice, and the rows
    of a patient in two splits. Returns the pairs of images that look alike, the nearest first.
    """
    fresh = _find_same_images(rows, findings)
    of_one_split = _find_patients(rows, findings)
    _find_reports(rows, findings, among=of_one_split)
    return _find_near_images(rows, findings, among=np.intersect1d(fresh, of_one_split))


def first_alike(digests: Indices) -> Indices:
    """Return for each place the first one of the same digest."""
    _, first, back = np.unique(digests, return_index=True, return_inverse=True)
    earliest: Indices = first[back]
    return earliest


def _find_same_images(rows: Rows, findings: Findings) -> Indices:
    """Return the rows whose image no earlier one shows."""
    seen = np.flatnonzero(rows["width"])
    first = seen[first_alike(rows["pixels"][seen])]
    again = seen != first
    for row, earlier in _numbers(rows, seen[again], first[again]):
        findings.add(Kind.SAME_IMAGE, f"row {row}: image: shows the same as row {earlier}")
    fresh: Indices = seen[~again]
    return fresh


def _find_patients(rows: Rows, findings: Findings) -> Indices:
    """Return the rows whose patient stands in one split alone."""
    splits, patients = rows["split"], rows["patient"]
    first = first_alike(patients)
    (strays,) = np.nonzero(splits != splits[first])
    pairs = _numbers(rows, strays, first[strays])
    for (row, earlier), here, there in zip(
        pairs, splits[strays], splits[first[strays]], strict=True
    ):
        where = f"stands in {SPLITS[here]} here and in {SPLITS[there]} in row {earlier}"
        findings.add(Kind.TWO_SPLITS, f"row {row}: patient_id: the same patient {where}")
    return np.flatnonzero(~np.isin(patients, patients[strays]))


def _find_reports(rows: Rows, findings: Findings, *, among: Indices) -> None:
    written = among[rows["words"][among] > 0]
    written = written[np.argsort(rows["split"][written], kind="stable")]  # train comes first
    first = written[first_alike(rows["report"][written])]
    shared = rows["split"][written] != rows["split"][first]
    for row, earlier in _numbers(rows, written[shared], first[shared]):
        line = f"row {row}: report: the same as of another patient in another split, row {earlier}"
        findings.add(Kind.SAME_REPORT, line)


def _find_near_images(rows: Rows, findings: Findings, *, among: Indices) -> list[NearPair]:
    """Find for each image of a later split the nearest of the earlier ones."""
    near, splits = rows["near"], rows["split"]
    among = among[near[among].any(axis=1)]  # one grey level has no waves
    pairs: list[NearPair] = []
    for split in range(1, len(SPLITS)):
        later, earlier = among[splits[among] == split], among[splits[among] < split]
        nearest, distances = nearest_within_limit(near[later], near[earlier])
        found = nearest >= 0
        numbers = _numbers(rows, later[found], earlier[nearest[found]])
        for (row, other), distance in zip(numbers, distances[found].tolist(), strict=True):
            line = f"row {row}: image: looks like row {other} ({distance} of 256 bits differ)"
            findings.add(Kind.NEAR_IMAGE, line)
            pairs.append(NearPair(row, other, distance))
    return sorted(pairs, key=lambda pair: (pair.distance, pair.row))


def _numbers(rows: Rows, these: Indices, others: Indices) -> Iterator[tuple[int, int]]:
    """Yield the numbers of rows beside those of others."""
    numbers = rows["number"]
    return zip(numbers[these].tolist(), numbers[others].tolist(), strict=True)
