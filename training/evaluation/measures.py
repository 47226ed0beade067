"""Every measure that a checkpoint's embeddings give: retrieval and zero-shot classification."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from models.aga import AGA
from models.prompts import PromptSet
from models.zero_shot import class_probabilities, class_similarities, embed_prompts
from training.data.manifest import ImageReportPair
from training.embedding import embed_texts
from training.evaluation.paper_profile import paper_measures
from training.evaluation.retrieval import unique_reports
from training.evaluation.retrieval_measures import retrieval_measures
from training.evaluation.statistics import Measure
from training.evaluation.zero_shot_measures import zero_shot_measures

Measures = dict[str, Measure]
Embeddings = Float[np.ndarray, "rows dim"]


def measures_of(
    model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings, prompts: PromptSet | None
) -> Measures:
    """Measure retrieval of the pairs that have a report, and zero-shot where prompts are given.

    Two models give the same names over the same rows, so that each can be paired with the other's.
    """
    measures: Measures = {}
    reported = [row for row, pair in enumerate(pairs) if pair.report]
    if reported:
        measures = _retrieval(model, [pairs[row] for row in reported], images[reported])
    if prompts is not None:
        measures |= _zero_shot(model, pairs, images, prompts)
    return measures


def _retrieval(model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings) -> Measures:
    reports = [pair.report for pair in pairs]
    rows, places = unique_reports(reports)
    return retrieval_measures(
        images, embed_texts(model, [reports[row] for row in rows])[places], pairs
    )


def _zero_shot(
    model: AGA, pairs: Sequence[ImageReportPair], images: Embeddings, prompts: PromptSet
) -> Measures:
    """Classify by prompts, as the service does and as the paper seems to."""
    texts = embed_prompts(prompts, lambda texts: embed_texts(model, texts))
    similarity = class_similarities(images, texts)
    against = None if texts.negative is None else np.asarray(images @ texts.negative.T)
    scores = (
        similarity
        if against is None
        else class_probabilities(images, texts, temperature=model.config.temperature)
    )
    labels, patients = [p.labels for p in pairs], [p.patient_id for p in pairs]
    return {
        **zero_shot_measures(scores, labels, patients, prompts=prompts),
        **paper_measures(similarity, against, labels, patients, prompts=prompts),
    }
