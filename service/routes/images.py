"""Images that were sent, as the model saw them: what a browser cannot draw, the server renders."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from service.images import as_png
from service.resources import HopsDep, ResourcesDep

router = APIRouter()
_GIVES: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}  # Any: OpenAPI


@router.get("/images/{image_id}", response_class=Response, responses=_GIVES)
async def get_image(
    room: ResourcesDep, hops: HopsDep, image_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """Return an image that was sent before, as a grey PNG of its own size."""
    seen = room.images.get(image_id)
    return Response(await room.compute(lambda: as_png(seen), hops), media_type="image/png")
