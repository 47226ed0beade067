"""Where in an image a word is seen."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Query, Response, UploadFile

from service.errors import BadInput, NotFound
from service.images import SeenImage
from service.resources import HopsDep, Resources, ResourcesDep
from service.schemas import HeatmapAnswer, Place
from service.telemetry import Hops
from service.trust import judge
from service.uploads import known_fields_only, see
from service.word_maps import WordMap, map_word, overlay_png

router = APIRouter(dependencies=[Depends(known_fields_only)])
Format = Literal["json", "png"]
_GIVES: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}  # Any: OpenAPI


@router.get("/heatmap", response_model=HeatmapAnswer, responses=_GIVES)
async def get_heatmap(
    room: ResourcesDep,
    hops: HopsDep,
    token: Annotated[str, Query(min_length=1, max_length=200)],
    image_id: Annotated[str | None, Query(max_length=64)] = None,
    text: Annotated[str | None, Query(max_length=20_000)] = None,
    report_id: Annotated[str | None, Query(max_length=400)] = None,
    format: Format = "json",  # the contract's name
) -> Response:
    """Show a word on an image that was sent before; without an id, on the latest one."""
    seen = room.images.get(image_id)
    context = _context(room, token, text, report_id)
    return await _answer(room, hops, seen, token, context, format)


@router.post("/heatmap", response_model=HeatmapAnswer, responses=_GIVES)
async def post_heatmap(
    room: ResourcesDep,
    hops: HopsDep,
    image: UploadFile,
    token: Annotated[str, Form(min_length=1, max_length=200)],
    text: Annotated[str | None, Form(max_length=20_000)] = None,
    format: Annotated[Format, Query()] = "json",  # the contract's name
    in_form: Annotated[Format | None, Form(alias="format")] = None,
) -> Response:
    """Show a word on an image in one call; a format in the form wins over the query's."""
    context = _context(room, token, text, None)
    seen = await see(image, room, hops)
    return await _answer(room, hops, seen, token, context, in_form or format)


def _context(room: Resources, token: str, text: str | None, report_id: str | None) -> str:
    if text is not None and report_id is not None:
        raise BadInput("send text or report_id, not both")
    if report_id is not None:
        report = room.index.report(report_id)
        if report is None:
            raise NotFound("no report has this report_id; /retrieve gives those that exist")
        return report.text
    return token if text is None else text


async def _answer(
    room: Resources, hops: Hops, seen: SeenImage, token: str, context: str, form: Format
) -> Response:
    def work() -> bytes:
        with hops.measure("heatmap"):
            found = map_word(room.engine, seen, token=token, context=context)
            if form == "png":
                return overlay_png(seen, found)
            return _facts(room, seen, found, token, context).model_dump_json().encode()

    kind = "image/png" if form == "png" else "application/json"
    return Response(await room.compute(work, hops), media_type=kind)


def _facts(
    room: Resources, seen: SeenImage, found: WordMap, token: str, context: str
) -> HeatmapAnswer:
    return HeatmapAnswer(
        image_id=seen.image_id,
        token=token,
        text=context,
        words=list(found.words),
        grid=seen.letterbox.grid,
        weights=found.heatmap.weights.reshape(-1).tolist(),
        similarity=found.similarity.reshape(-1).tolist(),
        threshold=room.engine.thresholds["language"],
        group_size=found.group_size,
        region=Place(**asdict(seen.letterbox.region)),
        trust=judge(room.engine, seen, found, token=token, localization=room.localization),
    )
