"""Draw a fraction of the labels, patient by patient, so that every class is there (Table 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from models.prompts import PromptSet
from training.data.manifest import ImageReportPair

Truth = Bool[np.ndarray, "rows classes"]
Rows = Int[np.ndarray, " chosen"]


@dataclass(frozen=True)
class KnownLabels:
    """The classes that some pairs show; pairs without labels take no part."""

    rows: Rows  # of the pairs
    truth: Truth
    patients: tuple[str, ...]


def class_names(pairs: Sequence[ImageReportPair], prompts: PromptSet | None) -> tuple[str, ...]:
    """Name the classes that are told apart: those of the prompts, or all that occur."""
    if prompts is not None:
        return prompts.labels
    return tuple(sorted(frozenset[str]().union(*(pair.labels or () for pair in pairs))))


def known_labels(pairs: Sequence[ImageReportPair], classes: Sequence[str]) -> KnownLabels:
    """Read which of the classes every labelled pair shows."""
    rows = [row for row, pair in enumerate(pairs) if pair.labels is not None]
    labels = [pairs[row].labels or frozenset[str]() for row in rows]
    truth = np.array([[name in shown for name in classes] for shown in labels], dtype=bool)
    return KnownLabels(
        rows=np.array(rows, dtype=np.int64),
        truth=truth.reshape(len(rows), len(classes)),
        patients=tuple(pairs[row].patient_id for row in rows),
    )


def draw_rows(truth: Truth, patients: Sequence[str], *, fraction: float, seed: int) -> Rows:
    """Draw a share of the patients and return their rows, in order.

    Patients who show the same classes are drawn in proportion. Where chance leaves out every
    example of a class, or every counterexample, one patient with it is added: of few labels a draw
    may hold more than its fraction.

    Raises:
        ValueError: the fraction is not in (0, 1].
    """
    if not 0.0 < fraction <= 1.0:
        raise ValueError(f"a fraction of labels must be in (0, 1], got {fraction}")
    _, person = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    people = int(person.max()) + 1 if len(person) else 0
    outcomes = np.zeros((people, 2 * truth.shape[1]), dtype=bool)
    np.logical_or.at(outcomes, person, np.concatenate([truth, ~truth], axis=1))
    order = np.random.default_rng(seed).permutation(people)
    chosen = _in_proportion(outcomes[order], fraction, seed) if fraction < 1.0 else order >= 0
    chosen |= _missing(outcomes[order], chosen)
    return np.flatnonzero(np.isin(person, order[chosen]))


def split_rows(
    truth: Truth, patients: Sequence[str], *, test_share: float, seed: int
) -> tuple[Rows, Int[np.ndarray, " others"]]:
    """Split the rows of a set that has one split into training and test, patient by patient."""
    test = draw_rows(truth, patients, fraction=test_share, seed=seed)
    return np.setdiff1d(np.arange(len(truth)), test), test


def _in_proportion(
    outcomes: Bool[np.ndarray, "people outcomes"], fraction: float, seed: int
) -> Bool[np.ndarray, " people"]:
    """Choose people at even steps through those of the same outcomes, from a random start."""
    _, stratum = np.unique(outcomes, axis=0, return_inverse=True)
    by_stratum = np.argsort(stratum, kind="stable")
    count = max(1, round(fraction * len(outcomes)))
    start = np.random.default_rng([seed, 1]).random()
    steps = ((np.arange(count) + start) * len(outcomes) / count).astype(int)
    chosen = np.zeros(len(outcomes), dtype=bool)
    chosen[by_stratum[steps]] = True
    return chosen


def _missing(
    outcomes: Bool[np.ndarray, "people outcomes"], chosen: Bool[np.ndarray, " people"]
) -> Bool[np.ndarray, " people"]:
    """Choose the first person of every outcome that nobody chosen has, the rarest first."""
    added = np.zeros_like(chosen)
    for outcome in np.argsort(outcomes.sum(axis=0), kind="stable"):
        having = outcomes[:, outcome]
        if having.any() and not (having & (chosen | added)).any():
            added[having.argmax()] = True
    return added
