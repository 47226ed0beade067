"""Find reports for an image, and order the best of them by their words' groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.engine.protocol import EmbeddedImages, Engine
from service.images import SeenImage
from service.index.filters import Filters
from service.index.protocol import Index, Match, Report
from service.telemetry import Hops

CANDIDATES = 20  # reports whose words are embedded anew


@dataclass(frozen=True)
class Ranked:
    """A report in its place; only re-ranked candidates have a group similarity."""

    report: Report
    similarity: float
    group_similarity: float | None = None


def find(image: SeenImage, index: Index, *, k: int, filters: Filters, hops: Hops) -> list[Ranked]:
    """Return the k reports whose embeddings lie closest to the image's."""
    with hops.measure("search"):
        matches = index.search(image.embedded.pooled[0], k=k, filters=filters)
    return [Ranked(match.report, match.similarity) for match in matches]


def find_by_groups(
    image: SeenImage, index: Index, engine: Engine, *, k: int, filters: Filters, hops: Hops
) -> list[Ranked]:
    """Return the same, the best candidates ordered by group similarity."""
    with hops.measure("search"):
        depth = max(k, CANDIDATES)
        matches = list(index.search(image.embedded.pooled[0], k=depth, filters=filters))
    with hops.measure("rerank"):
        best, rest = matches[:CANDIDATES], matches[CANDIDATES:]
        scores = group_similarities(best, image.embedded, engine) if best else []
    head = [Ranked(m.report, m.similarity, s) for m, s in zip(best, scores, strict=True)]
    head.sort(key=lambda row: -(row.group_similarity or 0.0))
    return (head + [Ranked(match.report, match.similarity) for match in rest])[:k]


def group_similarities(
    matches: Sequence[Match], image: EmbeddedImages, engine: Engine
) -> list[float]:
    """Return for each report the mean cosine of its words with the patches they gather."""
    texts = engine.encode_texts([match.report.text for match in matches])
    repeated = EmbeddedImages(
        np.repeat(image.patches, len(matches), axis=0),
        np.repeat(image.patch_mask, len(matches), axis=0),
        np.repeat(image.pooled, len(matches), axis=0),
    )
    tgv = engine.group(texts, repeated).tgv
    norms = np.maximum(np.linalg.norm(tgv, axis=-1), np.finfo(np.float32).tiny)
    cosines = (texts.words * tgv).sum(axis=-1) / norms
    means = (cosines * texts.word_mask).sum(axis=1) / texts.word_mask.sum(axis=1)
    return [float(mean) for mean in means]
