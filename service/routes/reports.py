"""Reports as they are stored."""

from typing import Any

from fastapi import APIRouter

from service.errors import NotFound
from service.resources import ResourcesDep

router = APIRouter()


@router.get("/reports/{report_id:path}")
async def report(report_id: str, room: ResourcesDep) -> dict[str, Any]:  # Any: JSON
    """Return a report."""
    found = room.index.report(report_id)
    if found is None:
        raise NotFound("no report has this id; /retrieve gives those that exist")
    return {"report_id": report_id, "report": found.text, "metadata": dict(found.metadata)}
