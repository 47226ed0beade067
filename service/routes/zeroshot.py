"""Classes of an image from text prompts."""

import json
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Form, UploadFile
from pydantic import ValidationError

from models.prompts import PromptSet, UnknownPromptSet, find_prompt_set, prompt_set_names
from models.tokenizing import EmptyReport
from models.zero_shot import (
    EmbeddedPrompts,
    class_probabilities,
    class_similarities,
    embed_prompts,
    prompt_similarities,
)
from service.errors import BadInput
from service.resources import Resources
from service.uploads import ResourcesDep, see

router = APIRouter()
KEPT = 64  # prompt sets whose embeddings stay in memory


@router.post("/zeroshot")
async def zeroshot(
    image: UploadFile,
    room: ResourcesDep,
    prompt_set: Annotated[str | None, Form()] = None,
    prompts: Annotated[str | None, Form()] = None,
) -> dict[str, Any]:  # Any: JSON
    """Return the classes of an image, the most probable first."""
    asked = _asked(room, prompt_set, prompts)
    seen = await see(image, room, {})
    texts = await room.compute(lambda: _embedded(asked, room))
    classes = _classes(seen.embedded.pooled[0], texts, room.engine.config.temperature)
    return {
        "image_id": seen.image_id,
        "model": room.engine.identity,
        "prompt_set": asked.name,
        "mode": asked.mode,
        "temperature": room.engine.config.temperature,
        "prediction": classes[0]["label"],
        "classes": classes,
    }


def find(room: Resources, name: str) -> PromptSet:
    """Return a prompt set of the checkpoint, or one that ships with the package."""
    try:
        return find_prompt_set(name, [room.prompt_folder])
    except UnknownPromptSet as error:
        raise BadInput(str(error)) from error


def _asked(room: Resources, name: str | None, prompts: str | None) -> PromptSet:
    if name and prompts:
        raise BadInput("send prompt_set or prompts, not both")
    if prompts:
        return _own(prompts)
    return find(room, name or _default(room))


def _default(room: Resources) -> str:
    own = sorted(path.stem for path in room.prompt_folder.glob("*.yaml"))
    if not own:
        known = ", ".join(prompt_set_names([room.prompt_folder]))
        raise BadInput(f"name a prompt_set: {known}; or send prompts")
    return own[0]


def _own(prompts: str) -> PromptSet:
    try:
        classes = json.loads(prompts)
        json.dumps(classes, ensure_ascii=False).encode()  # a lone surrogate is no text
        return PromptSet.model_validate({"name": "request", "classes": classes})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"prompts: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput("prompts: not JSON; send class → list of prompts") from error


def _embedded(prompt_set: PromptSet, room: Resources) -> EmbeddedPrompts:
    key = prompt_set.model_dump_json()
    if key not in room.prompts:
        if len(room.prompts) >= KEPT:
            room.prompts.clear()
        try:
            room.prompts[key] = embed_prompts(
                prompt_set, lambda texts: room.engine.encode_texts(texts).pooled
            )
        except EmptyReport as error:
            raise BadInput(f"prompts: {error}") from error
    return room.prompts[key]


def _classes(image: np.ndarray, texts: EmbeddedPrompts, temperature: float) -> list[dict[str, Any]]:
    similarity = class_similarities(image[None], texts)[0]
    probability = class_probabilities(image[None], texts, temperature=temperature)[0]
    each = prompt_similarities(image, texts)
    rows = [
        {
            "label": label,
            "probability": float(probability[number]),
            "similarity": float(similarity[number]),
            "prompts": [
                {"text": text, "similarity": value}
                for text, value in zip(texts.prompt_set.positive[number], each[number], strict=True)
            ],
        }
        for number, label in enumerate(texts.prompt_set.labels)
    ]
    return sorted(rows, key=lambda row: -row["probability"])
