"""Where in an image a word is seen."""

from dataclasses import asdict
from io import BytesIO
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Response, UploadFile
from fastapi.responses import JSONResponse
from PIL import Image

from models.heatmap import Heatmap, TokenNotFound, find_token, render_overlay, token_heatmap
from models.tokenizing import EmptyReport
from service.errors import BadInput, NotFound
from service.resources import Resources, SeenImage
from service.uploads import ResourcesDep, see

router = APIRouter()
Token = Annotated[str, Query(min_length=1, max_length=200)]
Text = Annotated[str | None, Query(max_length=20_000)]
Format = Literal["json", "png"]


@router.get("/heatmap")
async def get_heatmap(
    room: ResourcesDep,
    token: Token,
    image_id: str | None = None,
    text: Text = None,
    report_id: str | None = None,
    format: Format = "json",  # the contract's name
) -> Response:
    """Show a word on an image that was sent before; without an id, on the latest one."""
    seen = room.images.get(image_id)
    context = _context(room, token, text, report_id)
    return await _answer(room, seen, token, context, format)


@router.post("/heatmap")
async def post_heatmap(
    room: ResourcesDep,
    image: UploadFile,
    token: Annotated[str, Form(min_length=1, max_length=200)],
    text: Annotated[str | None, Form(max_length=20_000)] = None,
    format: Format = "json",  # the contract's name
) -> Response:
    """Show a word on an image in one call."""
    context = _context(room, token, text, None)
    return await _answer(room, await see(image, room, {}), token, context, format)


def _context(room: Resources, token: str, text: str | None, report_id: str | None) -> str:
    if text is not None and report_id is not None:
        raise BadInput("send text or report_id, not both")
    if report_id is not None:
        report = room.index.report(report_id)
        if report is None:
            raise NotFound("no report has this report_id")
        return report.text
    return token if text is None else text


async def _answer(
    room: Resources, seen: SeenImage, token: str, context: str, form: Format
) -> Response:
    try:
        map_, facts = await room.compute(lambda: _map(room, seen, token, context))
    except (TokenNotFound, EmptyReport) as error:
        raise BadInput(f"token: {error}") from error
    if form == "png":
        buffer = BytesIO()
        Image.fromarray(render_overlay(seen.grey, map_)).save(buffer, "PNG")
        return Response(buffer.getvalue(), media_type="image/png")
    return JSONResponse(facts)


def _map(
    room: Resources, seen: SeenImage, token: str, context: str
) -> tuple[Heatmap, dict[str, Any]]:
    texts = room.engine.encode_texts([context])
    places = find_token(texts.places[0], room.engine.tokenizer.words(token))
    groups = room.engine.group(texts, seen.embedded)
    weights = token_heatmap(groups.weights[0], places, seen.letterbox)
    rows, columns = seen.letterbox.grid
    side = seen.letterbox.size // seen.letterbox.stride
    cosine = groups.similarity[0][places].mean(axis=0).reshape(side, side)[:rows, :columns]
    facts = {
        "image_id": seen.image_id,
        "token": token,
        "text": context,
        "words": [word.text for word in texts.places[0]],
        "grid": [rows, columns],
        "weights": weights.weights.reshape(-1).astype(float).tolist(),
        "similarity": cosine.reshape(-1).astype(float).tolist(),
        "threshold": room.engine.thresholds["language"],
        "group_size": int((weights.weights > 0).sum()),
        "region": asdict(seen.letterbox.region),
    }
    return weights, facts
