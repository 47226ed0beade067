"""Prompt sets of the model, and those that ship with the package."""

from typing import Any

from fastapi import APIRouter

from service.errors import NotFound
from service.resources import ResourcesDep

router = APIRouter()
Json = dict[str, Any]  # Any: JSON


@router.get("/prompt-sets")
async def prompt_sets(room: ResourcesDep) -> Json:
    """List the prompt sets; the default comes first."""
    kept = ("name", "version", "description", "mode", "labels")
    rows = [{name: getattr(one, name) for name in kept} for one in room.prompts.named.values()]
    return {"default": room.prompts.default, "prompt_sets": rows}


@router.get("/prompt-sets/{name}")
async def prompt_set(name: str, room: ResourcesDep) -> Json:
    """Return a prompt set."""
    found = room.prompts.named.get(name)
    if found is None:
        raise NotFound("no prompt set has this name; GET /prompt-sets lists them")
    return {"mode": found.mode, **found.model_dump()}
