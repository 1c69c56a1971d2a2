"""What every request and every answer passes: numbers, limits, headers, counts."""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.answers import Refused
from webapp.errors import refusal
from webapp.limits import Buckets, Limits
from webapp.metrics import Meter

logger = logging.getLogger(__name__)

MAX_BODY: Final = 16 * 1024
MAX_HEADERS: Final = 100
BODY_WITHIN_S: Final = 10.0
_TOO_LARGE = f"at most {MAX_BODY} bytes"
_TOO_MANY = f"at most {MAX_HEADERS} headers"
Header = tuple[bytes, bytes]


class Gate:
    """Stands before an application.

    Args:
        inside: The application.
        headers: What every answer carries.
        exempt: Beginnings of paths that are not counted against an address: they cost next to nothing.
    """

    def __init__(
        self,
        inside: FastAPI,
        *,
        headers: Sequence[Header],
        buckets: Buckets,
        limits: Limits,
        meter: Meter,
        exempt: tuple[str, ...] = ("/static/", "/healthz"),
    ) -> None:
        self.inside = inside
        self._app: ASGIApp = inside
        self._headers = list(headers)
        self._buckets = buckets
        self._limits = limits
        self._meter = meter
        self._exempt = exempt
        self._start, self._numbers = secrets.token_hex(2), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, started = f"{self._start}{next(self._numbers):04x}", time.perf_counter()
        scope["state"] = {**scope.get("state", {}), "number": number}
        told: dict[str, int] = {}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                message["headers"] = [*message["headers"], *self._headers, (b"x-request-id", number.encode())]
            await send(message)

        try:
            self._admit(scope)
        except Refused as refused:
            await refusal(refused)(scope, receive, answer)
        else:
            await self._app(scope, _Body(receive).receive, answer)
        finally:
            self._meter.request(scope, told.get("status", 500), time.perf_counter() - started)

    def close(self) -> None:
        """End the streams, because the process ends."""
        self.inside.state.parts.feeds.close()

    def _admit(self, scope: Scope) -> None:
        """Refuse what is too much before any of it is read.

        Raises:
            Refused: 413, 429 or 431.
        """
        if len(scope["headers"]) > MAX_HEADERS:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_many_headers", _TOO_MANY)
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", _TOO_LARGE)
        if not scope["path"].startswith(self._exempt):
            self._buckets.take("reads", (scope.get("client") or ("",))[0], self._limits.reads)


class _Body:
    """A request's body, no larger and no slower than it may be."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._is_whole = False
        self._until = asyncio.get_running_loop().time() + BODY_WITHIN_S

    async def receive(self) -> Message:
        """Return the next part of the body, or the news that somebody went away.

        Raises:
            HTTPException: 413 or 408.
        """
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._size > MAX_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message
