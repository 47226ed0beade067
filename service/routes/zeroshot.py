"""Classes of an image from text prompts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, UploadFile
from pydantic import ValidationError

from models.plain_json import read_json
from models.prompts import PromptSet
from service.classify import ScoredClass, score_classes
from service.errors import BadInput
from service.resources import HopsDep, Resources, ResourcesDep
from service.schemas import Classified, ClassRow, PromptScore
from service.uploads import known_fields_only, see

router = APIRouter(dependencies=[Depends(known_fields_only)])
MOST_PROMPTS = 256  # that one request may bring
FORM = 'send {"class": ["prompt", …]} or {"class": {"positive": […], "negative": […]}}'


@router.post("/zeroshot")
async def zeroshot(
    image: UploadFile,
    room: ResourcesDep,
    hops: HopsDep,
    prompt_set: Annotated[str | None, Form(max_length=200)] = None,
    prompts: Annotated[str | None, Form(max_length=200_000)] = None,
) -> Classified:
    """Return the classes of an image, the most probable first."""
    asked = _asked(room, prompt_set, prompts)
    seen = await see(image, room, hops)
    temperature = room.engine.config.temperature

    def work() -> list[ScoredClass]:
        with hops.measure("prompts"):
            embedded = room.prompts.embedded(asked)
        return score_classes(seen.embedded.pooled[0], embedded, temperature=temperature)

    classes = [_row(scored) for scored in await room.compute(work, hops)]
    return Classified(
        image_id=seen.image_id,
        model=room.engine.identity,
        prompt_set=asked.name,
        mode=asked.mode,
        temperature=temperature,
        prediction=classes[0].label,
        classes=classes,
    )


def _asked(room: Resources, name: str | None, prompts: str | None) -> PromptSet:
    if name and prompts:
        raise BadInput("send prompt_set or prompts, not both")
    if prompts:
        return _own(prompts)
    found = room.prompts.named.get(name or room.prompts.default or "")
    if found is None:
        known = ", ".join(room.prompts.named)
        raise BadInput(f"prompt_set: none has this name; known: {known}; or send prompts")
    return found


def _own(prompts: str) -> PromptSet:
    try:
        asked = PromptSet.model_validate({"name": "request", "classes": read_json(prompts)})
    except ValidationError as error:
        raise BadInput(f"prompts: {error.errors()[0]['msg']}; {FORM}") from error
    except ValueError as error:
        raise BadInput(f"prompts: not JSON ({error}); {FORM}") from error
    texts = [*asked.positive, *(asked.negative or ())]
    if sum(map(len, texts)) > MOST_PROMPTS:
        raise BadInput(f"prompts: more than {MOST_PROMPTS} in one request")
    return asked


def _row(scored: ScoredClass) -> ClassRow:
    return ClassRow(
        label=scored.label,
        probability=scored.probability,
        similarity=scored.similarity,
        prompts=[PromptScore(text=text, similarity=value) for text, value in scored.prompts],
    )
