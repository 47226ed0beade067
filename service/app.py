"""The application: routers, errors, the page, one log line per request."""

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from importlib import resources as package
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from service.errors import install_errors
from service.resources import Resources
from service.routes import embed, heatmap, retrieve, status, zeroshot

LOG = logging.getLogger("aga.service")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'"
ROOM_FOR_FORM = 1_000_000  # bytes of a request beside the image


def create_app(room: Resources) -> FastAPI:
    """Make the application over opened resources."""
    app = FastAPI(
        title="AGA",
        description="Retrieval, zero-shot classification and heatmaps. Not for clinical use.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        max_body_size=room.settings.max_upload_bytes + ROOM_FOR_FORM,
    )
    app.state.resources = room
    install_errors(app)
    for part in (retrieve, zeroshot, heatmap, embed, status):
        app.include_router(part.router)
    web = Path(str(package.files("service"))) / "web"
    app.mount("/web", StaticFiles(directory=web), name="web")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(web / "index.html")

    app.middleware("http")(_observe)
    return app


async def _observe(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    """Name the request, log how it went, and add the headers that browsers heed."""
    given = request.headers.get("x-request-id", "")
    request.state.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    started = time.perf_counter()
    response = await call(request)
    route = getattr(request.scope.get("route"), "path", "unknown")
    LOG.info(
        "request_id=%s method=%s route=%s status=%d ms=%.1f",
        request.state.request_id,
        request.method,
        route,
        response.status_code,
        1000 * (time.perf_counter() - started),
    )
    response.headers["X-Request-ID"] = request.state.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    return response
