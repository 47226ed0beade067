"""What can go wrong while asking, and how it is told (RFC 9457 problem details).

ServiceError
├── NotFound 404          what the request names is not there
├── TooLarge 413          the picture has too many pixels
├── UnsupportedFile 415   the file is no PNG, JPEG or DICOM
├── UnreadableUpload 422  the file is one of them, or empty, and cannot be decoded
├── BadInput 422          a value cannot be used
├── Busy 429              too many requests wait for the engine
├── NotReady 503          model and index do not belong together
└── NotBuilt 501          the contract lists it, a later issue builds it
"""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

PROBLEM = "application/problem+json"


class ServiceError(Exception):
    """A request cannot be answered; the message says why and what would be right."""

    status, code = 500, "internal"

    @property
    def headers(self) -> dict[str, str]:
        """Headers that tell a client what to do next."""
        return {}


class NotFound(ServiceError):
    """What the request names does not exist."""

    status, code = 404, "not_found"


class UnsupportedFile(ServiceError):
    """The file is of a kind that is not read."""

    status, code = 415, "unsupported_file"


class TooLarge(ServiceError):
    """The upload, or the picture in it, is over the limit."""

    status, code = 413, "too_large"


class UnreadableUpload(ServiceError):
    """The bytes arrived but no decoder could turn them into pixels."""

    status, code = 422, "unreadable_image"


class BadInput(ServiceError):
    """A field was understood, but its value cannot be used."""

    status, code = 422, "bad_input"


class Busy(ServiceError):
    """Too many requests wait already."""

    status, code = 429, "busy"

    @property
    def headers(self) -> dict[str, str]:
        """Ask the client to wait a moment."""
        return {"Retry-After": "1"}


class NotReady(ServiceError):
    """What is loaded cannot answer."""

    status, code = 503, "not_ready"


class NotBuilt(ServiceError):
    """The contract lists this call, and nobody has built it yet."""

    status, code = 501, "not_built"


def problem(
    request_id: str,
    status: int,
    detail: str,
    *,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Render a problem; the one shape of every error."""
    title = HTTPStatus(status).phrase
    content = {
        "type": f"urn:aga:problem:{code or title.lower().replace(' ', '_')}",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=PROBLEM)


def install_errors(app: FastAPI) -> None:
    """Render every error of the tree, of the models and of the framework as a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    fault = error if isinstance(error, ServiceError) else ServiceError()
    return problem(
        request.state.request_id, fault.status, str(fault), code=fault.code, headers=fault.headers
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Name each field at fault and what it should be, never what was sent."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    detail = "; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in faults[:5])
    return problem(request.state.request_id, 422, detail, code="invalid_request")


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location[1:]) or str(location[0])


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    fault = error if isinstance(error, HTTPException) else HTTPException(500)
    hint = _HINTS.get(fault.status_code, fault.detail)
    return problem(request.state.request_id, fault.status_code, hint, headers=fault.headers)


_HINTS = {
    400: "the request body cannot be read; send what /openapi.json describes",
    404: "nothing is at this address; /openapi.json lists what is",
    405: "this address does not take this method; the Allow header lists those it takes",
}
