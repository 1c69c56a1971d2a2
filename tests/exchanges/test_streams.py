"""A line that comes back by itself, tells of every gap, and hangs up when it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from exchanges.streams import Connected, Line, LineLost, StreamSpec, follow, pause_s
from models.errors import Rejected
from tests.exchanges.stream_server import StreamServer


async def greet(line: Line) -> None:
    """Say hello and wait for the answer."""
    await line.send("hello")
    if await line.receive() != b"welcome":
        raise LineLost("not welcome")


async def welcome(server: StreamServer, socket: web.WebSocketResponse) -> None:
    assert await server.listen(socket) == "hello"
    await socket.send_str("welcome")


class Sleeps:
    """Never waits; keeps how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def take(spec: StreamSpec, count: int, sleep: Sleeps | None = None) -> list[Connected | bytes]:
    """Return the first messages of a line."""
    taken: list[Connected | bytes] = []
    async with session() as opened, contextlib.aclosing(follow(opened, spec, sleep=sleep or Sleeps())) as messages:
        async for message in messages:
            taken.append(message)
            if len(taken) == count:
                break
    return taken


def spec(server: StreamServer, *, ping_every_s: float = 1e9, **options: Any) -> StreamSpec:
    return StreamSpec(url=server.url, greet=greet, ping="ping", ping_every_s=ping_every_s, **options)


class Forever(Sleeps):
    """Waits for ever where a ping is due, and not at all between attempts."""

    async def __call__(self, seconds: float) -> None:
        if seconds >= 1e9:
            await asyncio.Event().wait()
        await super().__call__(seconds)


async def test_messages_follow_the_greeting() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        await socket.send_str("one")
        await socket.send_bytes(b"two")
        await server.listen(socket)

    async with StreamServer(talk) as server:
        assert await take(spec(server), 3, Forever()) == [Connected(attempt=0), b"one", b"two"]


async def test_every_connection_is_a_gap_of_its_own() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        await socket.send_str(f"from {number}")

    async with StreamServer(talk) as server:
        messages = await take(spec(server), 6, Forever())
    assert messages == [item for n in range(3) for item in (Connected(attempt=n), f"from {n}".encode())]


async def test_lost_lines_are_tried_again_ever_more_slowly() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        if number == 6:
            await welcome(server, socket)
            await server.listen(socket)

    sleeps = Forever()
    async with StreamServer(talk) as server:
        assert await take(spec(server), 1, sleeps) == [Connected(attempt=0)]
    pauses = sleeps.seconds[:6]
    assert len(pauses) == 6
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses))


async def test_venue_that_is_down_is_tried_again() -> None:
    sleeps = Forever()

    async def look(opened: aiohttp.ClientSession) -> None:
        dead = StreamSpec(url="ws://127.0.0.1:1/v5/private", greet=greet, ping="ping")
        async for _ in follow(opened, dead, sleep=sleeps):
            pass

    async with session() as opened:
        task = asyncio.create_task(look(opened))
        while len(sleeps.seconds) < 5:  # noqa: ASYNC110 the sleeps are the event
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_quiet_line_is_taken_for_dead() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        with contextlib.suppress(ConnectionResetError):
            await server.listen(socket)

    async with StreamServer(talk) as server:
        messages = await take(spec(server, silence_s=0.05), 2, Forever())
    assert messages == [Connected(attempt=0), Connected(attempt=1)]


async def test_greeting_without_an_answer_is_tried_again() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        if number == 1:
            await welcome(server, socket)
        await server.listen(socket)
        await server.listen(socket)

    async with StreamServer(talk) as server:
        assert await take(spec(server, greeting_s=0.1), 1, Forever()) == [Connected(attempt=0)]
        assert server.connections == 2


async def test_refusal_ends_the_stream() -> None:
    async def refuse(line: Line) -> None:
        raise Rejected("bad key", code="key_invalid")

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await server.listen(socket)

    async with StreamServer(talk) as server, session() as opened:
        with pytest.raises(Rejected):
            async for _ in follow(opened, StreamSpec(url=server.url, greet=refuse, ping="ping")):
                pass
        assert server.connections == 1


async def test_line_is_pinged() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        assert await server.listen(socket) == "ping"
        await socket.send_str("pong")
        await server.listen(socket)

    async with StreamServer(talk) as server:
        assert await take(spec(server, ping_every_s=0.01), 2) == [Connected(attempt=0), b"pong"]


async def test_cancelled_reader_hangs_up() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        await server.listen(socket)

    connected = asyncio.Event()

    async def look(opened: aiohttp.ClientSession) -> None:
        async for _ in follow(opened, spec(server), sleep=Forever()):
            connected.set()

    async with StreamServer(talk) as server, session() as opened:
        task = asyncio.create_task(look(opened))
        await connected.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.closed.wait()
        assert (server.open, server.connections) == (0, 1)
        assert not [left for left in asyncio.all_tasks() if left.get_name() == "stream-ping"]


async def test_closed_reader_hangs_up() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await welcome(server, socket)
        await server.listen(socket)

    async with StreamServer(talk) as server:
        await take(spec(server), 1, Forever())
        await server.closed.wait()
        assert server.open == 0


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_pauses_grow_to_half_a_minute_and_no_further(chance: float) -> None:
    pauses = [pause_s(attempt, chance) for attempt in range(1, 40)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 0.25
    assert 15 <= pauses[-1] <= 30
