"""Retrieval measures: reports for images, images for reports, and neighbors of the same findings.

Identical reports count once: from image to report they are one candidate, from report to image one
query, for which any image that carries it is right; it belongs to the patient of its first row.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int

from training.data.manifest import ImageReportPair
from training.evaluation.retrieval import (
    best_ranks,
    chance_by_rank,
    label_chance,
    median_of_chance,
    number_labels,
    precision_per_query,
    unique_reports,
)
from training.evaluation.statistics import Measure, Rows, mean_measure

RECALL_AT = (1, 5, 10)
PRECISION_AT = (5, 10, 100)  # Tables 1 and 2

Measures = dict[str, Measure]


def retrieval_measures(
    images: Float[np.ndarray, "pairs dim"],
    reports: Float[np.ndarray, "pairs dim"],
    pairs: Sequence[ImageReportPair],
) -> Measures:
    """Return recall and median rank both ways and, where every pair has labels, precision."""
    rows, places = unique_reports([pair.report for pair in pairs])
    similarity = images @ reports[rows].T
    carries = places[:, None] == np.arange(len(rows))
    patients = [pair.patient_id for pair in pairs]
    owners = [patients[row] for row in rows]
    return {
        **one_direction(similarity, carries, patients, suffix=""),
        **one_direction(similarity.T, carries.T, owners, suffix="_report_to_image"),
        **_precision(images @ reports.T, [pair.labels for pair in pairs], patients),
    }


def one_direction(
    similarity: Float[np.ndarray, "queries candidates"],
    relevant: Bool[np.ndarray, "queries candidates"],
    patients: Sequence[str],
    *,
    suffix: str,
) -> Measures:
    """Return R@k, for every k that leaves a choice of candidates, and the median rank."""
    candidates = similarity.shape[1]
    ranks = best_ranks(similarity, relevant)
    chance = chance_by_rank(relevant.sum(axis=1), candidates=candidates)
    measures = {
        f"recall_at_{k}{suffix}": mean_measure(ranks <= k, patients, chance=float(chance[k - 1]))
        for k in RECALL_AT
        if k <= candidates
    }
    median = Measure(partial(_median, ranks), patients, median_of_chance(chance))
    return measures | {f"median_rank{suffix}": median}


def _precision(
    similarity: Float[np.ndarray, "pairs pairs"],
    labels: Sequence[frozenset[str] | None],
    patients: Sequence[str],
) -> Measures:
    """Return the share of the k best reports, each row's own among them, with the same labels."""
    known = [label for label in labels if label is not None]
    if len(known) < len(labels):
        return {}
    numbers = number_labels(known)
    return {
        f"precision_at_{k}": mean_measure(
            precision_per_query(similarity, numbers, numbers, k=k),
            patients,
            chance=label_chance(numbers),
        )
        for k in PRECISION_AT
        if k <= len(labels)
    }


def _median(ranks: Int[np.ndarray, " all"], rows: Rows) -> float:
    return float(np.median(ranks[rows]))
