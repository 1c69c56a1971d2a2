"""The chat page: its files, and the WebSocket that keeps it up to date."""

import asyncio
import json
from pathlib import Path
from typing import Final

from aiohttp import WSMsgType, web

from sandbox.telegram.control import STATE
from sandbox.telegram.guard import check_visitor
from sandbox.telegram.page_views import profiles, snapshot
from sandbox.telegram.state import Event, TelegramState
from sandbox.telegram.wire import ApiError

CHAT_FILES: Final = Path(__file__).parent.parent / "chat"


class Sockets(set[web.WebSocketResponse]):
    """The pages that are connected now."""


SOCKETS: Final = web.AppKey("telegram_sockets", Sockets)
_HEARTBEAT_S: Final = 20.0
_MAX_WAITING_EVENTS: Final = 1000
_CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "frame-src http://127.0.0.1:* http://localhost:* https:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS: Final = {
    "Content-Security-Policy": _CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_DOWNLOAD_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


async def index(request: web.Request) -> web.FileResponse:
    """Return the page itself; it holds nothing secret."""
    return web.FileResponse(CHAT_FILES / "index.html", headers=PAGE_HEADERS)


async def asset(request: web.Request) -> web.FileResponse:
    """Return a script or a style of the page."""
    path = (CHAT_FILES / request.match_info["path"]).resolve()
    if not path.is_relative_to(CHAT_FILES) or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers=PAGE_HEADERS)


async def sent_file(request: web.Request) -> web.Response:
    """Return a photo or document of a message to the page."""
    stored = request.app[STATE].files.find(request.match_info["file_id"])
    if stored is None:
        raise web.HTTPNotFound
    kind = stored.mime_type if stored.is_photo else "application/octet-stream"
    return web.Response(body=stored.data, content_type=kind, headers=_DOWNLOAD_HEADERS)


async def live(request: web.Request) -> web.WebSocketResponse:
    """Send a snapshot, then every event, until the page goes away.

    A page without the secret is told so in words and closed: a browser shows a script no HTTP status of a refused
    WebSocket.
    """
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S)
    await socket.prepare(request)
    try:
        check_visitor(request, request.app[STATE].world.chat_secret)
    except ApiError as refusal:
        await socket.send_json({"event": "refused", "reason": refusal.description.partition(": ")[2]})
        await socket.close(code=4403, message=b"refused")
        return socket
    request.app[SOCKETS].add(socket)
    try:
        await _stream(socket, request.app[STATE])
    finally:
        request.app[SOCKETS].discard(socket)
    return socket


async def _stream(socket: web.WebSocketResponse, state: TelegramState) -> None:
    waiting: asyncio.Queue[Event] = asyncio.Queue()
    stop = state.listen(waiting.put_nowait)
    waiting.put_nowait(snapshot(state))
    writer = asyncio.create_task(_write(socket, state, waiting))
    try:
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
    finally:
        stop()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


async def _write(socket: web.WebSocketResponse, state: TelegramState, waiting: asyncio.Queue[Event]) -> None:
    while not socket.closed:
        event = await waiting.get()
        if waiting.qsize() > _MAX_WAITING_EVENTS:
            await socket.close(message=b"too slow")  # the page reconnects and starts from a snapshot
            return
        body = {**event, **profiles(state)} if event["event"] == "profile" else event
        await socket.send_str(json.dumps(body, ensure_ascii=False))


async def close_sockets(app: web.Application) -> None:
    """Say goodbye to the pages when the server stops, and wake a waiting poll."""
    app[STATE].updates.close()
    sockets = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=1001, message=b"server stops")
