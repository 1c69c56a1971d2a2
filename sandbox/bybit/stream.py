"""The WebSockets: one private stream per key, public market streams.

https://bybit-exchange.github.io/docs/v5/ws/connect
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from aiohttp import WSMsgType, web

from sandbox.bybit.access import authenticate_socket
from sandbox.bybit.errors import ApiError
from sandbox.bybit.topics import PRIVATE_OF, PRIVATE_TOPICS, private_row, public_message
from sandbox.bybit.wire import Call, Json
from sandbox.engine import Event, EventKind, Fill
from sandbox.keys import BybitKey
from sandbox.world import World

VENUE: Final = "bybit"
PUBLISH_MS: Final = 200


@dataclass(slots=True, eq=False, kw_only=True)
class Peer:
    """One connected client; what it should get waits in ``outgoing``, None closes it."""

    socket: web.WebSocketResponse
    private: bool
    conn_id: str = field(default_factory=lambda: uuid4().hex[:20])
    key: BybitKey | None = None
    topics: dict[str, Any] = field(default_factory=dict)
    outgoing: asyncio.Queue[Json | None] = field(default_factory=asyncio.Queue)


class Streams:
    """Serves the WebSockets of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._peers: set[Peer] = set()
        self._published_ms = 0

    def start(self) -> None:
        """Listen to the engine and to the passing of time."""
        self.world.bybit.subscribe(self._on_event)
        self.world.on_step(self._on_step)

    def topics(self) -> set[str]:
        """What clients are subscribed to now."""
        return {topic for peer in self._peers for topic in peer.topics}

    async def private(self, request: web.Request) -> web.StreamResponse:
        """The handler of /v5/private."""
        return await self._serve(request, private=True)

    async def public(self, request: web.Request) -> web.StreamResponse:
        """The handler of /v5/public/linear."""
        return await self._serve(request, private=False)

    async def _serve(self, request: web.Request, *, private: bool) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        peer = Peer(socket=socket, private=private)
        self._peers.add(peer)
        self.world.add_socket(VENUE, socket)
        writer = asyncio.create_task(self._write(peer))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._hear(peer, frame.data)
        finally:
            self._peers.discard(peer)
            self.world.remove_socket(VENUE, socket)
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
        return socket

    async def _write(self, peer: Peer) -> None:
        with suppress(ConnectionError):
            while (message := await peer.outgoing.get()) is not None:
                if not (self.world.behaviour.mute_streams and "topic" in message):
                    await peer.socket.send_json(message)
            await peer.socket.close()

    # What clients say

    def _hear(self, peer: Peer, frame: str) -> None:
        try:
            message = json.loads(frame)
            operation = message.get("op")
        except (ValueError, AttributeError):
            self._reply(peer, {}, op="", success=False, text="Params Error")
            return
        handler = {
            "ping": self._ping,
            "auth": self._auth,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }.get(operation)
        if handler is None:
            self._reply(peer, message, op=str(operation), success=False, text="unsupported op")
            return
        try:
            handler(peer, message)
        except ApiError as error:
            self._reply(peer, message, op=operation, success=False, text=error.message)
            if operation == "auth":
                peer.outgoing.put_nowait(None)

    def _reply(self, peer: Peer, message: Json, *, op: str, success: bool, text: str = "") -> None:
        answer: Json = {"success": success, "ret_msg": text, "conn_id": peer.conn_id, "op": op}
        if "req_id" in message:
            answer["req_id"] = message["req_id"]
        peer.outgoing.put_nowait(answer)

    def _ping(self, peer: Peer, message: Json) -> None:
        if peer.private:
            pong = {"op": "pong", "args": [str(self._now_ms())], "conn_id": peer.conn_id}
            peer.outgoing.put_nowait({"req_id": message.get("req_id", ""), **pong})
        else:
            self._reply(peer, {"req_id": "", **message}, op="ping", success=True, text="pong")

    def _auth(self, peer: Peer, message: Json) -> None:
        args = message.get("args")
        if not isinstance(args, list) or len(args) != 3:
            raise ApiError(10001, "Params Error")
        api_key, expires, signature = args
        peer.key = authenticate_socket(self.world, api_key, expires, signature, self._now_ms())
        self._reply(peer, message, op="auth", success=True)

    def _subscribe(self, peer: Peer, message: Json) -> None:
        topics = [str(topic) for topic in message.get("args", [])]
        if peer.private:
            if peer.key is None:
                raise ApiError(10004, "Request not authorized")
            unknown = [topic for topic in topics if topic not in PRIVATE_TOPICS]
            if unknown:
                raise ApiError(10001, f"error:handler not found,topic:{unknown[0]}")
        first = {} if peer.private else {topic: public_message(self._call(None), topic) for topic in topics}
        for topic in topics:
            peer.topics[topic] = first.get(topic, {}).get("data")
        self._reply(peer, message, op="subscribe", success=True, text="" if peer.private else "subscribe")
        for snapshot in first.values():
            peer.outgoing.put_nowait(snapshot)
        if peer.private and any(topic.startswith("execution") for topic in topics):
            self._replay(peer)

    def _replay(self, peer: Peer) -> None:
        """Send old executions again, as the venue may do after a reconnect."""
        count = self.world.behaviour.replay_executions
        if not count or peer.key is None:
            return
        for fill in reversed(self.world.bybit.fills(peer.key.account_id)[:count]):
            self._tell(peer, Event(kind=EventKind.FILL, account_id=fill.account_id, payload=fill))

    def _unsubscribe(self, peer: Peer, message: Json) -> None:
        for topic in message.get("args", []):
            peer.topics.pop(str(topic), None)
        self._reply(peer, message, op="unsubscribe", success=True)

    # What the world tells

    def _on_event(self, event: Event) -> None:
        for peer in self._peers:
            if peer.key is not None and peer.key.account_id == event.account_id:
                self._tell(peer, event)

    def _tell(self, peer: Peer, event: Event) -> None:
        name = PRIVATE_OF.get(event.kind)
        topic = next((topic for topic in peer.topics if name and topic.split(".")[0] == name), None)
        if topic is None or peer.key is None:
            return
        if topic.startswith("execution.fast") and not isinstance(event.payload, Fill):
            return
        row = private_row(self._call(peer.key), event)
        message = {"id": uuid4().hex, "topic": topic, "creationTime": self._now_ms(), "data": [row]}
        peer.outgoing.put_nowait(message)

    def _on_step(self) -> None:
        now = self.world.clock.wall_ms()
        if not self.world.clock.frozen and now - self._published_ms < PUBLISH_MS:
            return
        self._published_ms = now
        wanted = {topic for peer in self._peers if not peer.private for topic in peer.topics}
        messages = {topic: public_message(self._call(None), topic) for topic in wanted}
        for peer in self._peers:
            for topic in peer.topics.keys() & messages.keys():
                message = messages[topic]
                if message["data"] != peer.topics[topic]:
                    peer.topics[topic] = message["data"]
                    peer.outgoing.put_nowait(message)

    def _call(self, key: BybitKey | None) -> Call:
        return Call(world=self.world, params={}, key=key, now_ms=self._now_ms(), ext={})

    def _now_ms(self) -> int:
        return self.world.clock.wall_ms() + self.world.behaviour.clock_skew_ms
