"""Reports of similar cases for an image."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, UploadFile

from service.images import SeenImage
from service.index.filters import Filters, parse_filters
from service.ranking import Ranked, find, find_by_groups
from service.resources import HopsDep, Resources, ResourcesDep
from service.schemas import IndexStand, MatchRow, Retrieved
from service.telemetry import Hops
from service.uploads import known_fields_only, see

router = APIRouter(dependencies=[Depends(known_fields_only)])


@router.post("/retrieve", response_model_exclude_none=True)
async def retrieve(
    image: UploadFile,
    room: ResourcesDep,
    hops: HopsDep,
    k: Annotated[int, Query(ge=1, le=100)] = 5,
    rerank: Literal["none", "groups"] = "none",
    filters: Annotated[str, Form(max_length=10_000)] = "{}",
) -> Retrieved:
    """Return the k reports whose embeddings lie closest to the image's."""
    wanted = parse_filters(filters)
    seen = await see(image, room, hops)
    ranked = await room.compute(lambda: _find(seen, room, k, rerank, wanted, hops), hops)
    facts = room.index.facts
    return Retrieved(
        image_id=seen.image_id,
        model=room.engine.identity,
        index=IndexStand(generation=facts.generation, size=facts.size),
        matches=[_row(rank, found) for rank, found in enumerate(ranked, start=1)],
        timings_ms=hops.so_far(),
    )


def _find(
    image: SeenImage, room: Resources, k: int, rerank: str, filters: Filters, hops: Hops
) -> list[Ranked]:
    if rerank == "groups":
        return find_by_groups(image, room.index, room.engine, k=k, filters=filters, hops=hops)
    return find(image, room.index, k=k, filters=filters, hops=hops)


def _row(rank: int, found: Ranked) -> MatchRow:
    return MatchRow(
        rank=rank,
        report_id=found.report.report_id,
        similarity=found.similarity,
        group_similarity=found.group_similarity,
        report=found.report.text,
        metadata=dict(found.report.metadata),
    )
