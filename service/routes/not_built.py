"""Calls that the contract lists and nobody has built yet."""

from fastapi import APIRouter

from service.errors import NotBuilt

router = APIRouter()


@router.put("/reports/{report_id:path}", status_code=501)
@router.delete("/reports/{report_id:path}", status_code=501)
@router.post("/reports", status_code=501)
@router.delete("/reports", status_code=501)
async def change_reports() -> None:
    """Say that reports cannot be changed yet."""
    raise NotBuilt("changing reports is not built yet; they come in by python -m service.ingest")


@router.put("/prompt-sets/{name}", status_code=501)
@router.delete("/prompt-sets/{name}", status_code=501)
async def change_prompt_sets() -> None:
    """Say that prompt sets cannot be changed yet."""
    raise NotBuilt("changing prompt sets is not built yet; send prompts to /zeroshot instead")


@router.get("/metrics", status_code=501)
async def metrics() -> None:
    """Say that there are no metrics yet."""
    raise NotBuilt("metrics are not built yet; the log has one line per request")
