"""One id and one log line per request: route, status, milliseconds per hop; never content."""

import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import problem

log = logging.getLogger("service")

BARE = {  # refusals of Starlette's own middleware, which answers in plain text
    400: ("unknown_host", "the server is not called by this name; AGA_ALLOWED_HOSTS may add it"),
    413: ("too_large", "the request is larger than the server takes; send a smaller file"),
}
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Hops:
    """Milliseconds that a request spent in each hop."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.milliseconds: dict[str, float] = {}

    def so_far(self) -> dict[str, float]:
        """Return the hops until now, and their total."""
        total = round(1000 * (time.perf_counter() - self._start), 2)
        return self.milliseconds | {"total": total}

    @contextmanager
    def measure(self, hop: str) -> Iterator[None]:
        """Add the time that a block takes to a hop."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(hop, time.perf_counter() - start)

    def add(self, hop: str, seconds: float) -> None:
        """Add seconds to a hop."""
        self.milliseconds[hop] = round(self.milliseconds.get(hop, 0.0) + 1000 * seconds, 2)


class Telemetry:
    """Give each request an id and its hops, and log how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; an unforeseen fault becomes a problem without internals."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        try:
            await self._app(scope, receive, exchange.send)
            if status := exchange.refused:
                code, detail = BARE[status]
                answer = problem(exchange.request_id, status, detail, code=code)
                await answer(scope, receive, exchange.send)
        except Exception as error:
            log.error(_event("fault", request_id=exchange.request_id, at=_origin(error)))
            if exchange.status:
                raise  # the answer has begun: only breaking it off can tell the client
            answer = problem(exchange.request_id, 500, "the server failed; its log has the id")
            await answer(scope, receive, exchange.send)
        finally:
            exchange.log()


class _Exchange:
    """One request and what is known of its answer."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        self.status, self.refused, self.hops = 0, 0, Hops()
        self._scope, self._send = scope, send
        scope.setdefault("state", {}).update(request_id=self.request_id, hops=self.hops)

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the headers that every answer has."""
        if self._is_bare(message):
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def _is_bare(self, message: Message) -> bool:
        """Tell a refusal in plain text, which is held back for a problem."""
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            bare = message["status"] in BARE and kind.startswith("text/plain")
            self.refused = message["status"] if bare else 0
            return bare
        return bool(self.refused) and not self.status

    def log(self) -> None:
        """Write the request's line."""
        log.info(
            _event(
                "request",
                request_id=self.request_id,
                method=self._scope["method"],
                route=_route(self._scope),
                status=self.status,
                ms=self.hops.so_far(),
            )
        )


def _route(scope: Scope) -> str:
    """Name the route as the code does, so that a line never holds what was asked for."""
    if "route" in scope:
        return str(scope["route"].path)
    if "endpoint" not in scope:
        return "none"
    mounted = str(scope["root_path"]).removeprefix(scope.get("app_root_path", ""))
    return f"{mounted}/{{path}}" if mounted else str(scope["path"])


def _event(name: str, **fields: object) -> str:
    return json.dumps({"event": name} | fields)


def _origin(error: Exception) -> list[str]:
    """Say where an error arose; its message may hold a report's text and stays unsaid."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return [type(error).__name__, *(f"{frame.filename}:{frame.lineno}" for frame in frames)]
