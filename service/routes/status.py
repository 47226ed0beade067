"""What is loaded, and whether it answers; reports and prompt sets as they are."""

from typing import Any

from fastapi import APIRouter

from models.prompts import prompt_set_names
from service.errors import NotBuilt, NotFound
from service.routes.zeroshot import find
from service.uploads import ResourcesDep

router = APIRouter()
Json = dict[str, Any]  # Any: JSON


@router.get("/healthz")
async def healthz() -> Json:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(room: ResourcesDep) -> Json:
    """Say that model and index are loaded and belong together, as the start has checked."""
    return {"status": "ready", "model": room.engine.identity, "index": room.index.generation}


@router.get("/model")
async def model(room: ResourcesDep) -> Json:
    """Describe the model that answers."""
    config = room.engine.config
    return {
        "identity": room.engine.identity,
        "engine": room.engine.kind,
        "precision": room.engine.precision,
        "dim": config.dim,
        "thresholds": room.engine.thresholds,
        "preprocessing": config.preprocessing.model_dump(),
        "backbone": config.image.backbone,
        "max_pieces": config.text.max_pieces,
        "temperature": config.temperature,
        "prompt_sets": prompt_set_names([room.prompt_folder]),
        "notice": "not for clinical use",
    }


@router.get("/index")
async def index(room: ResourcesDep) -> Json:
    """Describe the index that answers."""
    kept = ("generation", "size", "dim", "identity", "precision")
    return {"kind": "flat, exact", **{name: room.index.facts[name] for name in kept}}


@router.get("/reports/{report_id:path}")
async def report(report_id: str, room: ResourcesDep) -> Json:
    """Return a report."""
    found = room.index.report(report_id)
    if found is None:
        raise NotFound("no report has this id")
    return {"report_id": report_id, "report": found.text, "metadata": dict(found.metadata)}


@router.get("/prompt-sets")
async def prompt_sets(room: ResourcesDep) -> Json:
    """List the prompt sets."""
    return {"prompt_sets": prompt_set_names([room.prompt_folder])}


@router.get("/prompt-sets/{name}")
async def prompt_set(name: str, room: ResourcesDep) -> Json:
    """Return a prompt set."""
    if name not in prompt_set_names([room.prompt_folder]):
        raise NotFound("no prompt set has this name; GET /prompt-sets lists them")
    return find(room, name).model_dump()


@router.put("/reports/{report_id:path}", status_code=501)
@router.delete("/reports/{report_id:path}", status_code=501)
@router.put("/prompt-sets/{name}", status_code=501)
@router.delete("/prompt-sets/{name}", status_code=501)
@router.post("/reports", status_code=501)
@router.delete("/reports", status_code=501)
@router.get("/metrics", status_code=501)
async def not_built() -> None:
    """Say that a later release answers this call."""
    raise NotBuilt("this call is not built yet; reports come in by python -m service.ingest")
