"""A hand-written WebSocket peer for the stream tests."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

from aiohttp import WSMsgType, web

Talk = Callable[[web.WebSocketResponse, int], Awaitable[None]]


class StreamServer:
    """Runs `talk(socket, number)` for every connection, numbered from 0; `heard` grows with every text frame."""

    def __init__(self, talk: Talk) -> None:
        self.heard: list[str] = []
        self.connections = 0
        self.open = 0
        self.closed = asyncio.Event()
        self._talk = talk

    async def __aenter__(self) -> "StreamServer":
        app = web.Application()
        app.router.add_get("/v5/private", self._accept)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{port}/v5/private"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def listen(self, socket: web.WebSocketResponse) -> str:
        """Return the next text frame of a connection."""
        frame = await socket.receive()
        if frame.type is not WSMsgType.TEXT:
            raise ConnectionResetError
        self.heard.append(frame.data)
        return str(frame.data)

    async def _accept(self, request: web.Request) -> web.WebSocketResponse:
        number, self.connections = self.connections, self.connections + 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.open += 1
        try:
            await self._talk(socket, number)
        except ConnectionResetError:
            pass
        finally:
            self.open -= 1
            self.closed.set()
        return socket
