"""The application: routers, errors, the page, one log line per request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources as package
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from service.errors import install_errors
from service.resources import Resources
from service.routes import (
    embed,
    heatmap,
    images,
    not_built,
    prompt_sets,
    reports,
    retrieve,
    status,
    zeroshot,
)
from service.telemetry import Telemetry

WEB = Path(str(package.files("service"))) / "web"
ROOM_FOR_FORM = 1_000_000  # bytes of a request beside the image


def create_app(room: Resources) -> FastAPI:
    """Make the application over opened resources."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        room.queue.close()

    app = FastAPI(
        title="AGA",
        description="Retrieval, zero-shot classification and heatmaps of PNG, JPEG and DICOM. "
        "Not for clinical use.",
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.resources = room
    install_errors(app)
    parts = (retrieve, zeroshot, heatmap, images, embed, reports, prompt_sets, status, not_built)
    for part in parts:
        app.include_router(part.router)
    app.mount("/web", StaticFiles(directory=WEB), name="web")
    app.add_api_route("/", _page, include_in_schema=False)
    limit = room.settings.max_upload_bytes + ROOM_FOR_FORM
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=limit)
    hosts = room.settings.known_hosts  # a foreign page must not reach loopback by a name of its own
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(Telemetry)  # the outermost: it names and logs whatever happens inside
    return app


async def _page() -> FileResponse:
    return FileResponse(WEB / "index.html")
