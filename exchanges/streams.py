"""A WebSocket that comes back: the part that is the same for every venue.

Streams are hints. Whoever reads one takes a fresh snapshot after every `Connected`, because nobody tells what happened
while the line was down.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from models.errors import Unavailable

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0  # a line that held this long was not a failed attempt
_MAX_MESSAGE = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The line is up, logged in and subscribed; `attempt` is 0 for the first time. Take a snapshot now."""

    attempt: int


class Line:
    """One connection, as the greeting sees it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        """Send one text frame."""
        await self._socket.send_str(text)

    async def send_json(self, message: Mapping[str, Any]) -> None:
        """Send an object as one text frame."""
        await self.send(msgspec.json.encode(message).decode())

    async def receive(self) -> bytes:
        """Return the next text frame.

        Raises:
            LineLost: The connection ended.
        """
        frame = await self._socket.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            return str(frame.data).encode()
        if frame.type is aiohttp.WSMsgType.BINARY:
            return bytes(frame.data)
        raise LineLost(f"closed by the venue ({frame.type.name.lower()}, {self._socket.close_code})")


class LineLost(Unavailable):
    """A connection ended, or was too quiet to be alive."""

    default_code = "stream_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """What a venue's stream needs.

    `greet` logs in and subscribes, and returns once the venue has confirmed both. It raises `LineLost` (or lets it
    pass) to try again later, and anything else, e.g. `Rejected` for a bad key, to end the stream.
    """

    url: str
    greet: Callable[[Line], Awaitable[None]]
    ping: str
    ping_every_s: float = 20.0
    silence_s: float = 45.0
    """A line without any frame for so long is dead; answers to pings are frames."""
    greeting_s: float = 10.0
    on_lost: Callable[[], None] | None = None
    """Called whenever a line is lost, or could not be had."""


def pause_s(attempt: int, chance: float) -> float:
    """Return how long to wait before try number `attempt` (1 is the first repeat); `chance` lies in [0, 1).

    Doubles up to half a minute; the random half keeps many processes from returning at once.
    """
    ceiling = min(_FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 10), _LONGEST_PAUSE_S)
    return ceiling / 2 + ceiling / 2 * chance


async def follow(
    session: aiohttp.ClientSession,
    spec: StreamSpec,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    monotonic: Callable[[], float] | None = None,
    chance: Callable[[], float] = random.random,
) -> AsyncGenerator[Connected | bytes]:
    """Yield `Connected` after every successful greeting and each message in between, for ever.

    Close the generator, or cancel the task that reads it, to hang up.

    Raises:
        TradingError: What `greet` raised to end the stream.
    """
    clock = monotonic or asyncio.get_running_loop().time
    attempt = connections = 0
    while True:
        began = clock()
        try:
            async with contextlib.aclosing(_one_line(session, spec, sleep)) as messages:
                async for message in messages:
                    yield message if message is not None else Connected(attempt=connections)
                    connections += message is None
        except (LineLost, aiohttp.ClientError, TimeoutError, OSError):
            attempt = 1 if clock() - began >= _STEADY_S else attempt + 1
        if spec.on_lost is not None:
            spec.on_lost()
        await sleep(pause_s(attempt, chance()))


async def _one_line(
    session: aiohttp.ClientSession, spec: StreamSpec, sleep: Callable[[float], Awaitable[None]]
) -> AsyncGenerator[bytes | None]:
    """Connect once; yield None when greeted, then the messages, until the line is lost."""
    async with session.ws_connect(
        spec.url,
        max_msg_size=_MAX_MESSAGE,
        timeout=aiohttp.ClientWSTimeout(ws_receive=spec.silence_s, ws_close=2.0),
    ) as socket:
        line = Line(socket)
        async with asyncio.timeout(spec.greeting_s):
            await spec.greet(line)
        pings = asyncio.create_task(_keep_pinging(line, spec, sleep), name="stream-ping")
        try:
            yield None
            while True:
                yield await line.receive()
        finally:
            pings.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pings


async def _keep_pinging(line: Line, spec: StreamSpec, sleep: Callable[[float], Awaitable[None]]) -> None:
    with contextlib.suppress(aiohttp.ClientError, OSError):
        while True:
            await sleep(spec.ping_every_s)
            await line.send(spec.ping)
