"""What is loaded, and whether it answers."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from service.errors import NotReady
from service.resources import ResourcesDep

router = APIRouter()
Json = dict[str, Any]  # Any: JSON


@router.get("/healthz")
async def healthz() -> Json:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(room: ResourcesDep) -> Json:
    """Say that model and index are loaded and belong together."""
    facts = room.index.facts
    if (facts.identity, facts.precision) != (room.engine.identity, room.engine.precision):
        raise NotReady("model and index do not belong together; run python -m service.ingest")
    return {"status": "ready", "model": room.engine.identity, "index": facts.generation}


@router.get("/model")
async def model(room: ResourcesDep) -> Json:
    """Describe the model that answers."""
    config = room.engine.config
    return {
        "identity": room.engine.identity,
        "engine": room.engine.kind,
        "precision": room.engine.precision,
        "dim": config.dim,
        "temperature": config.temperature,
        "thresholds": room.engine.thresholds,
        "preprocessing": config.preprocessing.model_dump(),
        "backbone": config.image.backbone,
        "max_pieces": config.text.max_pieces,
        "prompt_sets": list(room.prompts.named),
        "default_prompt_set": room.prompts.default,
        "notice": "not for clinical use",
    }


@router.get("/index")
async def index(room: ResourcesDep) -> Json:
    """Describe the index that answers."""
    return {"kind": "flat, exact", **asdict(room.index.facts)}
