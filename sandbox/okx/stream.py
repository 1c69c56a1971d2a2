"""The private WebSocket: orders with their executions, positions, money.

https://www.okx.com/docs-v5/en/#overview-websocket
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import WSMsgType, web

from sandbox.engine import Event, EventKind, Fill, Order, Position
from sandbox.okx import account
from sandbox.okx.access import authenticate_socket
from sandbox.okx.keys import NAME, OkxKey, OkxKeys
from sandbox.okx.shapes import is_order, order_row
from sandbox.okx.wire import ApiError, Call, Json
from sandbox.world import World

CHANNEL_OF: Final = {
    EventKind.ORDER: "orders",
    EventKind.FILL: "orders",
    EventKind.POSITION: "positions",
    EventKind.WALLET: "account",
}
CHANNELS: Final = frozenset(CHANNEL_OF.values())


@dataclass(slots=True, eq=False, kw_only=True)
class Peer:
    """One connected client; what it should get waits in `outgoing`, None closes it."""

    socket: web.WebSocketResponse
    key: OkxKey | None = None
    channels: dict[str, Json] = field(default_factory=dict)
    outgoing: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def say(self, message: Json) -> None:
        """Send a message."""
        self.outgoing.put_nowait(json.dumps(message))


class Streams:
    """Serves the private WebSockets of one world."""

    def __init__(self, world: World, keys: OkxKeys) -> None:
        self.world = world
        self.keys = keys
        self._peers: set[Peer] = set()
        world.okx.subscribe(self._on_event)

    async def private(self, request: web.Request) -> web.StreamResponse:
        """The handler of /ws/v5/private."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        peer = Peer(socket=socket)
        self._peers.add(peer)
        self.world.add_socket(NAME, socket)
        writer = asyncio.create_task(self._write(peer))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._hear(peer, frame.data)
        finally:
            self._peers.discard(peer)
            self.world.remove_socket(NAME, socket)
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return socket

    async def _write(self, peer: Peer) -> None:
        with suppress(ConnectionError):
            while (message := await peer.outgoing.get()) is not None:
                await peer.socket.send_str(message)
            await peer.socket.close()

    def _hear(self, peer: Peer, frame: str) -> None:
        if frame == "ping":
            peer.outgoing.put_nowait("pong")
            return
        try:
            message = json.loads(frame)
            handler = {"login": self._login, "subscribe": self._subscribe}.get(message.get("op"))
            if handler is None:
                raise ApiError("60012", f"Illegal request: {frame[:80]}")
            for argument in message.get("args", []):
                handler(peer, argument)
        except (ValueError, AttributeError):
            peer.say({"event": "error", "code": "60012", "msg": "Illegal request"})
        except ApiError as error:
            peer.say({"event": "error", "code": error.code, "msg": error.message})
            if peer.key is None:
                peer.outgoing.put_nowait(None)

    def _login(self, peer: Peer, argument: Any) -> None:
        peer.key = authenticate_socket(self.world, self.keys, argument)
        peer.say({"event": "login", "code": "0", "msg": ""})

    def _subscribe(self, peer: Peer, argument: Any) -> None:
        channel = argument.get("channel")
        if peer.key is None:
            raise ApiError("60011", "Please log in")
        if channel not in CHANNELS:
            raise ApiError("60018", f"Wrong URL or channel:{channel}, instId: doesn't exist.")
        peer.channels[channel] = argument
        peer.say({"event": "subscribe", "arg": argument})
        if channel == "positions":
            self._push(peer, channel, account.positions(self._call(peer.key)))

    def _on_event(self, event: Event) -> None:
        channel = CHANNEL_OF.get(event.kind)
        for peer in self._peers:
            if channel in peer.channels and peer.key is not None and peer.key.account_id == event.account_id:
                rows = self._rows(self._call(peer.key), event)
                if rows:
                    self._push(peer, channel, rows)

    def _rows(self, call: Call, event: Event) -> list[Json]:
        match event.payload:
            case Order() as order:
                return [order_row(call.engine, order)] if is_order(order) else []
            case Fill() as fill:
                filled = call.engine.order(call.account_id, fill.order_id)
                return [order_row(call.engine, filled, fill)] if filled is not None else []
            case Position() as position:
                return [account.position_row(call, call.engine.view_of(position))]
            case _:
                return account.balance(call)

    def _push(self, peer: Peer, channel: str, rows: list[Json]) -> None:
        peer.say({"arg": peer.channels[channel], "data": rows})

    def _call(self, key: OkxKey) -> Call:
        return Call(world=self.world, params={}, key=key, now_ms=self.world.clock.wall_ms())
