"""Retrieval metrics; ties are broken by the candidate's index."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

EPS = 1e-9  # a share of one half is one half, whatever its last digits


def precision_at_k(
    similarity: ArrayLike, query_labels: ArrayLike, candidate_labels: ArrayLike, *, k: int
) -> float:
    """Return the mean share of the k best candidates that carry the query's label, 0 to 1.

    Args:
        similarity: [queries, candidates].
        query_labels, candidate_labels: one integer each; a set of findings counts as one label.

    Raises:
        ValueError: k is not in 1 … candidates, or the shapes do not fit.
    """
    per_query = precision_per_query(similarity, query_labels, candidate_labels, k=k)
    return float(per_query.mean())


def precision_per_query(
    similarity: ArrayLike, query_labels: ArrayLike, candidate_labels: ArrayLike, *, k: int
) -> Float[np.ndarray, " queries"]:
    """Return `precision_at_k` of each query."""
    scores, queries, candidates = map(np.asarray, (similarity, query_labels, candidate_labels))
    if scores.shape != (len(queries), len(candidates)):
        raise ValueError(
            f"similarity is {scores.shape}, labels make ({len(queries)}, {len(candidates)})"
        )
    best = best_candidates(scores, k=k)
    return np.asarray((candidates[best] == queries[:, None]).mean(axis=1))


def best_ranks(
    similarity: Float[np.ndarray, "queries candidates"],
    relevant: Bool[np.ndarray, "queries candidates"],
) -> Int[np.ndarray, " queries"]:
    """Return the place, from 1, of each query's best relevant candidate.

    The share of queries whose place is at most k is R@k.

    Raises:
        ValueError: a query has no relevant candidate.
    """
    if not relevant.any(axis=1).all():
        raise ValueError("every query needs a relevant candidate")
    best = np.where(relevant, similarity, -np.inf).argmax(axis=1)[:, None]
    score = np.take_along_axis(similarity, best, axis=1)
    ahead = (similarity == score) & (np.arange(similarity.shape[1]) < best)
    return np.asarray(1 + (similarity > score).sum(axis=1) + ahead.sum(axis=1))


def chance_by_rank(
    relevant: Int[np.ndarray, " queries"], *, candidates: int
) -> Float[np.ndarray, " candidates"]:
    """Return R@1, R@2, ... of a random order, where each query has so many relevant candidates."""
    missed = np.zeros(candidates)
    for number, queries in zip(*np.unique(relevant, return_counts=True), strict=True):
        left = candidates - np.arange(candidates)  # candidates that are not yet drawn
        missed += queries * np.cumprod(np.maximum(left - number, 0) / left)
    return np.asarray(1.0 - missed / len(relevant))


def median_of_chance(by_rank: Float[np.ndarray, " candidates"]) -> float:
    """Return the median rank of a random order: (candidates + 1) / 2 where one is relevant."""
    low, high = (int((by_rank < 0.5 + nudge).argmin()) for nudge in (-EPS, EPS))
    return 1.0 + (low + high) / 2


def best_candidates(
    similarity: Float[np.ndarray, "queries candidates"], *, k: int
) -> Int[np.ndarray, "queries k"]:
    """Return the indices of the k best candidates of each query, best first."""
    candidates = similarity.shape[1]
    if not 1 <= k <= candidates:
        raise ValueError(f"k must be in 1 to {candidates} candidates, got {k}")
    return np.argsort(-similarity, axis=1, kind="stable")[:, :k]


def label_chance(labels: ArrayLike) -> float:
    """Return the chance level of Precision@K: the sum of the squared label shares."""
    _, counts = np.unique(np.asarray(labels), return_counts=True)
    return float(((counts / counts.sum()) ** 2).sum())


def number_labels(labels: Sequence[frozenset[str]]) -> Int[np.ndarray, " rows"]:
    """Give every distinct set of findings a number."""
    numbers: dict[frozenset[str], int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels])


def unique_reports(reports: Sequence[str]) -> tuple[list[int], Int[np.ndarray, " rows"]]:
    """Return the first row of every distinct report, and for each row its place among these."""
    first: dict[str, int] = {}
    rows: list[int] = []
    places = []
    for row, report in enumerate(reports):
        if report not in first:
            first[report] = len(rows)
            rows.append(row)
        places.append(first[report])
    return rows, np.array(places)
