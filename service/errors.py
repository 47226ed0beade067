"""What can go wrong with a request, and its one shape: RFC 9457 problem details.

ServiceError
├── BadInput            422
├── UnreadableUpload    422
├── TooLarge            413
├── NotFound            404
├── Busy                429
└── NotBuilt            501
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

LOG = logging.getLogger("aga.service")
NONE: Mapping[str, str] = MappingProxyType({})


class ServiceError(Exception):
    """A request that cannot be answered; the text says what would be right."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    headers: ClassVar[Mapping[str, str]] = NONE


class BadInput(ServiceError):
    """A parameter is not what it should be."""

    status, code = 422, "bad_input"


class UnreadableUpload(ServiceError):
    """The bytes arrived but are no image."""

    status, code = 422, "unreadable_image"


class TooLarge(ServiceError):
    """The upload, or the picture in it, is over the limit."""

    status, code = 413, "too_large"


class NotFound(ServiceError):
    """What the request names does not exist."""

    status, code = 404, "not_found"


class Busy(ServiceError):
    """More requests wait than the queue holds."""

    status, code = 429, "busy"
    headers = MappingProxyType({"Retry-After": "1"})


class NotBuilt(ServiceError):
    """The contract names this call; a later release answers it."""

    status, code = 501, "not_built"


def install_errors(app: FastAPI) -> None:
    """Render every error as a problem."""

    @app.exception_handler(ServiceError)
    async def service_error(request: Request, error: ServiceError) -> JSONResponse:
        return _problem(request, error.status, error.code, str(error), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _problem(request, 422, "bad_input", f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        headers = error.headers or NONE
        return _problem(request, error.status_code, code, str(error.detail), headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        LOG.error("unexpected %s request_id=%s", type(error).__name__, _request_id(request))
        return _problem(request, 500, "internal", "the server failed; see its log")


def _problem(
    request: Request, status: int, code: str, detail: str, headers: Mapping[str, str] = NONE
) -> JSONResponse:
    return JSONResponse(
        {
            "type": f"urn:aga:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "request_id": _request_id(request),
        },
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers),
    )


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))
