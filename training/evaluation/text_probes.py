"""Does a text embedding know what words do: "no", left and right, and the order of words?

Each probe gives an image a right and a wrong text, and asks which lies nearer. An answer is 1 where
the right one does, 0 where the wrong one does, and half where both are as near: chance is one half.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from models.zero_shot import EmbedTexts
from training.evaluation.retrieval import best_ranks, unique_reports
from training.evaluation.statistics import Measure, mean_measure

CHANCE = 0.5
# What is said of a finding that is there, and of one that is not.
SENTENCES = (
    ("There is {finding}.", "There is no {finding}."),
    ("{finding} is seen.", "No {finding} is seen."),
    ("Evidence of {finding}.", "No evidence of {finding}."),
)
SIDE = re.compile(r"\b(left|right)(?=\b|wards?\b)", re.IGNORECASE)

Images = Float[np.ndarray, "images dim"]


@dataclass(frozen=True)
class Answers:
    """What a probe found, one value for each query, and of which image each is."""

    values: Float[np.ndarray, " queries"]
    rows: Int[np.ndarray, " queries"]
    chance: float = CHANCE

    def measure(self, patients: Sequence[str]) -> Measure:
        """Return the measure of the mean answer; without a query its figure is undefined.

        Args:
            patients: of all images.
        """
        asked = [patients[row] for row in self.rows]
        return mean_measure(self.values, asked, chance=self.chance)


@dataclass(frozen=True)
class Negation:
    """Whether a finding or its negation lies nearer: to images with it, and to those without."""

    present: Answers  # right is the sentence that states the finding
    absent: Answers  # right is the sentence that negates it


def negation_probe(
    images: Images,
    labels: Sequence[frozenset[str] | None],
    findings: Mapping[str, str],
    embed: EmbedTexts,
) -> dict[str, Negation]:
    """Ask of every finding whether "there is no …" is told from "there is …".

    A value is the share of the pairs of `SENTENCES` in which the right one is nearer. A model that
    does not hear the "no" answers alike with and without the finding: the two shares sum to 1.

    Args:
        labels: of every image; those of unknown labels are not asked about.
        findings: the words for each label.
    """
    known = [row for row, shown in enumerate(labels) if shown is not None]
    answers = {}
    for label, words in findings.items():
        shown = np.array([label in (labels[row] or ()) for row in known], dtype=bool)
        rows = np.array(known, dtype=np.int64)
        stated, negated = (
            embed([_capital(pair[side].format(finding=words)) for pair in SENTENCES])
            for side in (0, 1)
        )
        positive = _nearer(images[rows] @ stated.T, images[rows] @ negated.T).mean(axis=1)
        answers[label] = Negation(
            present=Answers(positive[shown], rows[shown]),
            absent=Answers(1.0 - positive[~shown], rows[~shown]),
        )
    return answers


def laterality_probe(images: Images, reports: Sequence[str], embed: EmbedTexts) -> Answers:
    """Ask whether an image is nearer to its report than to the same with left and right swapped.

    Reports that hold neither word are not asked about.
    """
    wrong = {row: swap_sides(text) for row, text in enumerate(reports) if SIDE.search(text)}
    return _own_or_other(images, reports, wrong, embed)


def word_order_probe(
    images: Images, reports: Sequence[str], embed: EmbedTexts, *, seed: int = 0
) -> Answers:
    """Ask whether an image is nearer to its report than to the report's words in random order.

    Reports of fewer than two different words are not asked about.
    """
    wrong = {
        row: shuffle_words(text, seed=[seed, row])
        for row, text in enumerate(reports)
        if len(set(text.split())) > 1
    }
    return _own_or_other(images, reports, wrong, embed)


def mismatched_recall(
    images: Images,
    reports: Sequence[str],
    patients: Sequence[str],
    embed: EmbedTexts,
    *,
    k: int,
    seed: int = 0,
) -> Answers:
    """Control: look among the k best reports for that of another patient, drawn at random.

    It must be found as often as chance says, k of all different reports; a little less where the
    own one, which is never drawn, is among the best. More would say that recall measures the
    reports and not the pairing. Images whose patient alone has reports are not asked about.
    """
    first, place = unique_reports(reports)
    owned: dict[str, set[int]] = {}
    for patient, at in zip(patients, place.tolist(), strict=True):
        owned.setdefault(patient, set()).add(at)
    random, everyone = np.random.default_rng(seed), np.arange(len(first))
    drawn: dict[int, int] = {}
    for row, patient in enumerate(patients):
        strangers = np.setdiff1d(everyone, list(owned[patient]))
        if len(strangers):
            drawn[row] = int(random.choice(strangers))
    rows = np.array(list(drawn), dtype=np.int64)
    similarity = images[rows] @ embed([reports[row] for row in first]).T
    wanted = np.array(list(drawn.values()), dtype=np.int64)[:, None] == everyone
    hits = best_ranks(similarity, wanted) <= k
    return Answers(hits.astype(np.float64), rows, chance=min(1.0, k / len(first)))


def swap_sides(text: str) -> str:
    """Put right for left and left for right, in the case in which they stand."""
    return SIDE.sub(lambda found: _as_written(found[0]), text)


def shuffle_words(text: str, *, seed: Sequence[int]) -> str:
    """Put the words of a text in another order; each keeps its comma or full stop.

    Raises:
        ValueError: the text has no other order.
    """
    words = text.split()
    if len(set(words)) < 2:
        raise ValueError(f"a text of {len(set(words))} different words has no other order")
    random = np.random.default_rng(seed)
    mixed = words
    while mixed == words:
        mixed = [words[place] for place in random.permutation(len(words))]
    return " ".join(mixed)


def _as_written(side: str) -> str:
    other = "right" if side.casefold() == "left" else "left"
    if side.isupper():
        return other.upper()
    return other.capitalize() if side[0].isupper() else other


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _own_or_other(
    images: Images, reports: Sequence[str], wrong: Mapping[int, str], embed: EmbedTexts
) -> Answers:
    """Ask of each image with a wrong report whether its own is nearer."""
    rows = np.array(list(wrong), dtype=np.int64)
    if not wrong:
        return Answers(np.zeros(0), rows)
    own = (images[rows] * embed([reports[row] for row in wrong])).sum(axis=1)
    other = (images[rows] * embed(list(wrong.values()))).sum(axis=1)
    return Answers(_nearer(own, other), rows)


def _nearer(
    right: Float[np.ndarray, "*queries"], wrong: Float[np.ndarray, "*queries"]
) -> Float[np.ndarray, "*queries"]:
    """Return 1 where the right similarity is greater, 0 where it is less, half where they tie."""
    return np.asarray((np.sign(right.astype(np.float64) - wrong) + 1.0) / 2.0)
