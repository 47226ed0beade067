"""Embeddings of images and texts, for whoever searches elsewhere."""

from typing import Annotated, Any

from fastapi import APIRouter, UploadFile
from pydantic import BaseModel, Field

from models.tokenizing import EmptyReport
from service.errors import BadInput
from service.uploads import ResourcesDep, see

router = APIRouter(prefix="/embed")


class Texts(BaseModel, extra="forbid"):
    """Texts to embed."""

    texts: list[Annotated[str, Field(max_length=20_000)]] = Field(min_length=1, max_length=256)


@router.post("/image")
async def embed_image(image: UploadFile, room: ResourcesDep) -> dict[str, Any]:  # Any: JSON
    """Return the unit embedding of an image."""
    seen = await see(image, room, {})
    return {
        "image_id": seen.image_id,
        "model": room.engine.identity,
        "dim": room.engine.config.dim,
        "embeddings": seen.embedded.pooled.tolist(),
    }


@router.post("/text")
async def embed_text(body: Texts, room: ResourcesDep) -> dict[str, Any]:  # Any: JSON
    """Return the unit embeddings of texts; what the model cannot hold is cut at a word."""
    try:
        embedded = await room.compute(lambda: room.engine.encode_texts(body.texts))
    except EmptyReport as error:
        raise BadInput(f"texts: {error}") from error
    return {
        "model": room.engine.identity,
        "dim": room.engine.config.dim,
        "embeddings": embedded.pooled.tolist(),
    }
