"""Embeddings of images and texts, for whoever searches elsewhere."""

from fastapi import APIRouter, Depends, UploadFile

from models.tokenizing import EmptyReport, Word
from service.errors import BadInput
from service.resources import HopsDep, Resources, ResourcesDep
from service.schemas import ImageEmbedding, TextEmbeddings, Texts
from service.uploads import known_fields_only, see

router = APIRouter(prefix="/embed")
BATCH = 32


@router.post("/image", dependencies=[Depends(known_fields_only)])
async def embed_image(image: UploadFile, room: ResourcesDep, hops: HopsDep) -> ImageEmbedding:
    """Return the unit embedding of an image."""
    seen = await see(image, room, hops)
    return ImageEmbedding(
        image_id=seen.image_id,
        model=room.engine.identity,
        dim=room.engine.config.dim,
        embeddings=seen.embedded.pooled.tolist(),
    )


@router.post("/text")
async def embed_text(body: Texts, room: ResourcesDep, hops: HopsDep) -> TextEmbeddings:
    """Return the unit embeddings of texts; what the model cannot hold is cut at a word."""
    return await room.compute(lambda: _embed(room, body.texts), hops)


def _embed(room: Resources, texts: list[str]) -> TextEmbeddings:
    starts = range(0, len(texts), BATCH)
    try:
        parts = [room.engine.encode_texts(texts[start : start + BATCH]) for start in starts]
    except EmptyReport as error:
        raise BadInput("texts: each must hold a word that the model reads") from error
    places = [words for part in parts for words in part.places]
    return TextEmbeddings(
        model=room.engine.identity,
        dim=room.engine.config.dim,
        embeddings=[row for part in parts for row in part.pooled.tolist()],
        truncated=[_is_cut(room, text, words) for text, words in zip(texts, places, strict=True)],
    )


def _is_cut(room: Resources, text: str, words: tuple[Word, ...]) -> bool:
    """Say whether words stand behind the last one that was read."""
    return bool(room.engine.tokenizer.words(text[words[-1].end :]))
