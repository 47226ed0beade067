"""Reports of similar cases for an image."""

import json
import time
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Form, Query, UploadFile

from service.engine.protocol import EmbeddedImages
from service.errors import BadInput
from service.index.faiss_index import Match
from service.resources import Resources, SeenImage
from service.uploads import ResourcesDep, see

router = APIRouter()
RERANKED = 20  # candidates whose words are embedded anew


@router.post("/retrieve")
async def retrieve(
    image: UploadFile,
    room: ResourcesDep,
    k: Annotated[int, Query(ge=1, le=100)] = 5,
    rerank: Literal["none", "groups"] = "none",
    filters: Annotated[str, Form()] = "{}",
) -> dict[str, Any]:  # Any: JSON
    """Return the k reports whose embeddings lie closest to the image's."""
    started, timings = time.perf_counter(), dict[str, float]()
    wanted = _filters(filters)
    seen = await see(image, room, timings)
    matches = await room.compute(lambda: _search(seen, room, k, rerank, wanted))
    timings["total"] = round(1000 * (time.perf_counter() - started), 2)
    return {
        "image_id": seen.image_id,
        "model": room.engine.identity,
        "index": {"generation": room.index.generation, "size": len(room.index)},
        "matches": matches,
        "timings_ms": timings,
    }


def group_similarities(matches: list[Match], image: EmbeddedImages, room: Resources) -> list[float]:
    """Return for each report the mean cosine of its words with the patches they gather."""
    texts = room.engine.encode_texts([match.report.text for match in matches])
    count = len(matches)
    repeated = EmbeddedImages(
        np.repeat(image.patches, count, axis=0),
        np.repeat(image.patch_mask, count, axis=0),
        np.repeat(image.pooled, count, axis=0),
    )
    tgv = room.engine.group(texts, repeated).tgv
    norms = np.maximum(np.linalg.norm(tgv, axis=-1), np.finfo(np.float32).tiny)
    cosines = (texts.words * tgv).sum(axis=-1) / norms
    means = (cosines * texts.word_mask).sum(axis=1) / texts.word_mask.sum(axis=1)
    return [float(mean) for mean in means]


def _search(
    seen: SeenImage, room: Resources, k: int, rerank: str, filters: dict[str, Any]
) -> list[dict[str, Any]]:
    depth = max(k, RERANKED) if rerank == "groups" else k
    found = room.index.search(seen.embedded.pooled[0], k=depth, filters=filters)
    rows = [_row(match) for match in found]
    if rerank == "groups" and found:
        best = group_similarities(found[:RERANKED], seen.embedded, room)
        for row, similarity in zip(rows, best, strict=False):
            row["group_similarity"] = similarity
        head = sorted(rows[:RERANKED], key=lambda row: -row["group_similarity"])
        rows = head + rows[RERANKED:]
    return [{"rank": rank, **row} for rank, row in enumerate(rows[:k], start=1)]


def _row(match: Match) -> dict[str, Any]:
    return {
        "report_id": match.report.report_id,
        "similarity": match.similarity,
        "report": match.report.text,
        "metadata": dict(match.report.metadata),
    }


def _filters(text: str) -> dict[str, Any]:
    try:
        filters = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise BadInput('filters: not JSON; send {"field": value} or leave it out') from error
    if not isinstance(filters, dict):
        raise BadInput('filters: send a JSON object, as {"field": value}')
    for field, wanted in filters.items():
        if isinstance(wanted, dict) and not _is_range(wanted):
            raise BadInput(f'filters.{field}: a range is {{"min": number, "max": number}}')
    return filters


def _is_range(wanted: dict[str, Any]) -> bool:
    numbers = all(isinstance(value, int | float) for value in wanted.values())
    return bool(wanted) and set(wanted) <= {"min", "max"} and numbers
