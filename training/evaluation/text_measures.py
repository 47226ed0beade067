"""Text probes as measures: negation, left and right, word order, and a stranger's report."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from models.aga import AGA
from models.zero_shot import EmbedTexts
from training.data.manifest import ImageReportPair
from training.embedding import embed_texts
from training.evaluation.measures import Embeddings, Measures
from training.evaluation.text_probes import (
    Answers,
    laterality_probe,
    mismatched_recall,
    negation_probe,
    word_order_probe,
)

TEXT_PROBES = (
    "negation_present",
    "negation_absent",
    "laterality",
    "word_order",
    "mismatched_recall",
)
CONTROL_K = 10


def text_measures(
    model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings, classes: Sequence[str]
) -> Measures:
    """Ask pairs with labels about negations, those with a report about sides, order and strangers.

    What no pair can be asked about is left out.
    """

    def embed(texts: Sequence[str]) -> Float[np.ndarray, "texts dim"]:
        return embed_texts(model, texts)

    measures: Measures = {}
    if classes and any(pair.labels is not None for pair in pairs):
        measures |= _of_labels(pairs, images, classes, embed)
    if reported := [row for row, pair in enumerate(pairs) if pair.report]:
        measures |= _of_reports([pairs[row] for row in reported], images[reported], embed)
    return measures


def _of_labels(
    pairs: Sequence[ImageReportPair], images: Embeddings, classes: Sequence[str], embed: EmbedTexts
) -> Measures:
    findings = {label: label for label in classes}
    asked = negation_probe(images, [pair.labels for pair in pairs], findings, embed).values()
    answers = {
        "negation_present": _joined([one.present for one in asked]),
        "negation_absent": _joined([one.absent for one in asked]),
    }
    return _measures(answers, pairs)


def _of_reports(
    pairs: Sequence[ImageReportPair], images: Embeddings, embed: EmbedTexts
) -> Measures:
    reports, patients = [pair.report for pair in pairs], [pair.patient_id for pair in pairs]
    answers = {
        "laterality": laterality_probe(images, reports, embed),
        "word_order": word_order_probe(images, reports, embed),
        "mismatched_recall": mismatched_recall(images, reports, patients, embed, k=CONTROL_K),
    }
    return _measures(answers, pairs)


def _measures(answers: dict[str, Answers], pairs: Sequence[ImageReportPair]) -> Measures:
    patients = [pair.patient_id for pair in pairs]
    return {name: one.measure(patients) for name, one in answers.items()}


def _joined(answers: Sequence[Answers]) -> Answers:
    return Answers(
        np.concatenate([one.values for one in answers]),
        np.concatenate([one.rows for one in answers]),
    )
