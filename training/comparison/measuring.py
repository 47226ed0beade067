"""Measure one run of a comparison on one set: retrieval, zero-shot, linear probe, text probes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from models.aga import AGA
from models.checkpoint import open_checkpoint
from models.prompts import PromptSet
from training.comparison.config import TestSet
from training.data.manifest import ImageReportPair
from training.embedding import embed_images, embed_texts
from training.evaluation.label_draws import KnownLabels, Rows, split_rows
from training.evaluation.linear_probe import LabelledImages, labelled_images, linear_probe
from training.evaluation.measures import Measures, measures_of
from training.evaluation.probe_figures import LabelPlan, ProbeFigure
from training.evaluation.provenance import provenance
from training.evaluation.statistics import Figure
from training.evaluation.text_probes import (
    Answers,
    laterality_probe,
    mismatched_recall,
    negation_probe,
    word_order_probe,
)

TEST_SHARE = 0.3  # of a set's patients, whom a linear probe is judged on
RETRIEVAL = ("precision_at_", "recall_at_", "median_rank")
CONTROL_K = 10


@dataclass(frozen=True)
class MeasuredSet:
    """A test set with its pairs, as every run is measured on it."""

    name: str
    settings: TestSet
    manifest: Path
    pairs: list[ImageReportPair]
    prompts: PromptSet | None

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that are told apart: those of the prompts, or all that occur."""
        if self.prompts is not None:
            return self.prompts.labels
        return tuple(sorted(frozenset[str]().union(*(pair.labels or () for pair in self.pairs))))


@dataclass(frozen=True)
class RunMeasures:
    """What was measured of one run on one set."""

    images: Float[np.ndarray, "pairs dim"]
    measures: Measures  # to be paired with another run's
    figures: dict[str, Figure]  # all of them


def measure_run(model: AGA, test_set: MeasuredSet) -> RunMeasures:
    """Measure what the set's settings ask for; the model is in evaluation mode."""
    settings, pairs = test_set.settings, test_set.pairs
    images = embed_images(model, pairs)
    measures = measures_of(model, pairs, images, test_set.prompts)
    kept = {
        name: one
        for name, one in measures.items()
        if settings.retrieval or not name.startswith(RETRIEVAL)
    }
    figures = {name: one.figure() for name, one in kept.items()}
    if settings.probe:
        figures |= _probe(images, test_set)
    if settings.texts:
        figures |= _texts(model, images, test_set)
    return RunMeasures(images, kept, figures)


def record(checkpoint: Path, test_set: MeasuredSet, figures: dict[str, Figure]) -> dict[str, Any]:
    """Return the figures with everything that they rest on, as JSON."""
    opened = open_checkpoint(checkpoint)
    facts = provenance(opened, test_set.manifest, test_set.pairs, test_set.prompts)
    return {**facts, "figures": {name: asdict(one) for name, one in figures.items()}}


def _probe(images: Float[np.ndarray, "pairs dim"], test_set: MeasuredSet) -> dict[str, Figure]:
    """Learn from shares of the labels of some patients; judge on the others."""
    known = labelled_images(images, test_set.pairs, test_set.labels)
    rows = split_rows(known.labels.truth, known.labels.patients, test_share=TEST_SHARE, seed=0)
    train, test = (_of_rows(known, chosen) for chosen in rows)
    plan = LabelPlan(fractions=test_set.settings.probe)
    return {_probe_name(one): one.auroc for one in linear_probe(train, test, plan=plan)}


def _probe_name(figure: ProbeFigure) -> str:
    return f"linear_probe_auroc/{figure.fraction:g}"


def _of_rows(known: LabelledImages, rows: Rows) -> LabelledImages:
    labels = KnownLabels(
        rows=known.labels.rows[rows],
        truth=known.labels.truth[rows],
        patients=tuple(known.labels.patients[row] for row in rows),
    )
    return LabelledImages(known.embeddings[rows], labels)


def _texts(
    model: AGA, images: Float[np.ndarray, "pairs dim"], test_set: MeasuredSet
) -> dict[str, Figure]:
    """Ask whether texts know sides, negations and the order of words; and a control."""
    pairs = test_set.pairs
    reports, patients = [pair.report for pair in pairs], [pair.patient_id for pair in pairs]

    def embed(texts: Sequence[str]) -> Float[np.ndarray, "texts dim"]:
        return embed_texts(model, texts)

    asked = {label: label for label in test_set.labels}
    negations = negation_probe(images, [pair.labels for pair in pairs], asked, embed)
    answers = {
        "negation_present": _joined([one.present for one in negations.values()]),
        "negation_absent": _joined([one.absent for one in negations.values()]),
        "laterality": laterality_probe(images, reports, embed),
        "word_order": word_order_probe(images, reports, embed),
        "mismatched_recall": mismatched_recall(images, reports, patients, embed, k=CONTROL_K),
    }
    return {name: one.figure(patients) for name, one in answers.items()}


def _joined(answers: Sequence[Answers]) -> Answers:
    return Answers(
        np.concatenate([one.values for one in answers]),
        np.concatenate([one.rows for one in answers]),
    )
