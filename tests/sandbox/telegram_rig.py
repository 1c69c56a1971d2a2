"""A local Telegram server for one test, and the two ways to talk to it: raw calls and python-telegram-bot."""

import struct
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from telegram.ext import Application, ApplicationBuilder

from sandbox import demo
from sandbox.telegram.page import SOCKETS
from sandbox.telegram.state import TelegramState
from sandbox.telegram.world import LocalWorld
from sandbox.telegram_api import create_app, state_of

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server with its state at hand."""

    url: str
    state: TelegramState
    world: LocalWorld
    session: aiohttp.ClientSession
    app: web.Application

    @property
    def chat_url(self) -> str:
        """Return the address of the chat page, with its secret."""
        return f"{self.url}/#key={self.world.chat_secret}"

    async def call(self, method: str, *, token: str = demo.TELEGRAM_TOKEN, **fields: Any) -> Answer:
        """Call a Bot API method with a JSON body and return the whole answer."""
        async with self.session.post(f"{self.url}/bot{token}/{method}", json=fields) as response:
            answer: Answer = await response.json()
            assert response.status == answer.get("error_code", 200)
            return answer

    async def result(self, method: str, **fields: Any) -> Any:
        """Call a method that has to succeed and return its result."""
        answer = await self.call(method, **fields)
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **fields: Any) -> tuple[int, str]:
        """Call a method that has to fail and return the code and the description."""
        answer = await self.call(method, **fields)
        assert not answer["ok"], answer
        return answer["error_code"], answer["description"]

    async def control(self, action: str, **fields: Any) -> Any:
        """Carry out a control action and return its result."""
        headers = {"X-Sandbox-Secret": self.world.chat_secret}
        address = f"{self.url}/control/telegram/{action}"
        async with self.session.post(address, json=fields, headers=headers) as response:
            answer = await response.json()
            assert answer["ok"], answer
            return answer["result"]

    async def close_pages(self) -> None:
        """Cut the connections of all chat pages."""
        sockets = self.app[SOCKETS]
        for socket in list(sockets):
            await socket.close()

    def application(self) -> "ApplicationBuilder[Any, Any, Any, Any, Any, Any]":
        """Return a builder for an unmodified python-telegram-bot application that talks to this server."""
        builder = Application.builder().token(demo.TELEGRAM_TOKEN)
        return builder.base_url(f"{self.url}/bot").base_file_url(f"{self.url}/file/bot")


def utc_now() -> datetime:
    """Return the real time."""
    return datetime.now(UTC)


@asynccontextmanager
async def telegram_server(clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Server]:
    """Run a server on a free port of this machine."""
    world = LocalWorld(clock=clock)
    app = create_app(world)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session:
            yield Server(url=f"http://127.0.0.1:{port}", state=state_of(app), world=world, session=session, app=app)
    finally:
        await runner.cleanup()


def png(width: int, height: int) -> bytes:
    """Return a grey PNG of a size in pixels."""
    rows = b"".join(b"\0" + b"\x7f" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
