"""HyperLiquid's WebSocket: connections, their subscriptions and limits, and requests posted over them.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import WSMsgType, web

from sandbox.engine import Event
from sandbox.hyperliquid.feeds import FEEDS, Frame, Happenings, read_subscription
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid.wire import UndecodableBody, struct, text, uint

GREETING: Final = "Websocket connection established."
TICK_SECONDS: Final = 0.5
IDLE_SECONDS: Final = 60.0
QUEUED_FRAMES: Final = 2000
USERS_PER_IP: Final = 10
SUBSCRIPTIONS_PER_IP: Final = 1000

# answers a request posted over a socket: kind "info" or "action", payload, ip; the payload of the answer
Post = Callable[[str, Any, str], Awaitable[Any]]


class RefusedMessage(ValueError):
    """The venue does not do what a message asks; the text is its answer."""


class Socket:
    """One connection; frames are queued and written by one task."""

    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.last_sent: dict[str, str] = {}
        self.idle_since = asyncio.get_running_loop().time()
        self.outbox: asyncio.Queue[str | None] = asyncio.Queue(QUEUED_FRAMES)

    def send(self, channel: str, data: Any = None) -> None:
        """Queue one frame; a client that does not read loses its connection."""
        self.idle_since = asyncio.get_running_loop().time()
        frame = {"channel": channel} if data is None else {"channel": channel, "data": data}
        try:
            self.outbox.put_nowait(json.dumps(frame, separators=(",", ":")))
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """Let the writer end the connection after what is queued, or at once when nobody reads."""
        while self.outbox.full():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)

    def users(self) -> set[str]:
        """Return the users this connection listens to."""
        return {entry["user"] for entry in self.subscriptions.values() if "user" in entry}


class Hub:
    """All connections of one venue."""

    def __init__(self, venue: Venue, post: Post) -> None:
        self.venue = venue
        self.sockets: set[Socket] = set()
        self._post = post
        self._news: dict[str, Happenings] = defaultdict(Happenings)
        self._posted: set[asyncio.Task[None]] = set()
        self._methods: Mapping[str, Callable[[Socket, Mapping[str, Any]], None]] = {
            "ping": lambda socket, message: socket.send("pong"),
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "post": self._start_post,
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen to the engine and poll the market for as long as the context is open."""
        unsubscribe = self.venue.engine.subscribe(self._on_event)
        ticker = asyncio.create_task(self._tick_forever())
        try:
            yield
        finally:
            unsubscribe()
            ticker.cancel()
            for socket in self.sockets:
                socket.close()

    async def serve(self, request: web.Request, response: web.WebSocketResponse) -> None:
        """Speak with one client until it leaves."""
        await response.prepare(request)
        socket = Socket(request.remote or "")
        self.sockets.add(socket)
        writer = asyncio.create_task(_write(response, socket))
        try:
            async for message in response:
                if message.type is WSMsgType.TEXT:
                    self.receive(socket, message.data)
        finally:
            self.sockets.discard(socket)
            writer.cancel()

    # Messages

    def receive(self, socket: Socket, raw: str) -> None:
        """Do what one message asks, or answer on the error channel."""
        try:
            message = json.loads(raw)
            method = struct(method=text)(message, "message")["method"]
            if method not in self._methods:
                raise UndecodableBody(f"unknown method {method!r}")
        except (ValueError, RecursionError):
            socket.send("error", f"Error parsing JSON into valid websocket request: {raw}")
            return
        try:
            self._methods[method](socket, message)
        except RefusedMessage as refused:
            socket.send("error", str(refused))

    def _subscribe(self, socket: Socket, message: Mapping[str, Any]) -> None:
        raw = message.get("subscription")
        subscription = self._read(raw)
        key = _key(subscription)
        if key in socket.subscriptions:
            raise RefusedMessage(f"Already subscribed: {_quoted(raw)}")
        self._check_limits(socket, subscription)
        socket.subscriptions[key] = subscription
        socket.send("subscriptionResponse", {"method": "subscribe", "subscription": raw})
        feed = FEEDS[subscription["type"]]
        _send_all(socket, feed.opening(self.venue, subscription))
        self._poll(socket, key)

    def _unsubscribe(self, socket: Socket, message: Mapping[str, Any]) -> None:
        raw = message.get("subscription")
        key = _key(self._read(raw))
        if socket.subscriptions.pop(key, None) is None:
            raise RefusedMessage(f"Already unsubscribed: {_quoted(raw)}")
        socket.last_sent.pop(key, None)
        socket.send("subscriptionResponse", {"method": "unsubscribe", "subscription": raw})

    def _read(self, raw: object) -> dict[str, Any]:
        try:
            return read_subscription(self.venue, raw)
        except UndecodableBody as error:
            raise RefusedMessage(f"Invalid subscription {_quoted(raw)}") from error

    def _check_limits(self, socket: Socket, subscription: Mapping[str, Any]) -> None:
        """Count over all connections of the address: a second connection does not help."""
        neighbours = [other for other in self.sockets if other.ip == socket.ip]
        if sum(len(other.subscriptions) for other in neighbours) >= SUBSCRIPTIONS_PER_IP:
            raise RefusedMessage(f"Cannot subscribe to more than {SUBSCRIPTIONS_PER_IP} channels.")
        users = set().union(*(other.users() for other in neighbours))
        if "user" in subscription and len(users | {subscription["user"]}) > USERS_PER_IP:
            raise RefusedMessage(f"Cannot track more than {USERS_PER_IP} total users.")

    def _start_post(self, socket: Socket, message: Mapping[str, Any]) -> None:
        try:
            number = struct(id=uint)(message, "message")["id"]
            request = struct(type=text)(message.get("request"), "request")
        except UndecodableBody as error:
            raise RefusedMessage(f"Error parsing JSON into valid websocket request: {_quoted(message)}") from error
        payload = message["request"].get("payload")
        task = asyncio.create_task(self._answer_post(socket, number, request["type"], payload))
        self._posted.add(task)
        task.add_done_callback(self._posted.discard)

    async def _answer_post(self, socket: Socket, number: int, kind: str, payload: Any) -> None:
        try:
            answer = {"type": kind, "payload": await self._post(kind, payload, socket.ip)}
        except (RefusedMessage, UndecodableBody) as refused:
            answer = {"type": "error", "payload": str(refused)}
        socket.send("post", {"id": number, "response": answer})

    # Pushing

    def _on_event(self, event: Event) -> None:
        """Collect what happens in this turn of the loop; it is told at the turn's end, in order."""
        if not self._news:
            asyncio.get_running_loop().call_soon(self._tell)
        self._news[event.account_id].add(self.venue, event)

    def _tell(self) -> None:
        news = dict(self._news)
        self._news.clear()
        for socket in list(self.sockets):
            for subscription in socket.subscriptions.values():
                happenings = news.get(subscription.get("user", ""))
                if happenings is not None:
                    _send_all(socket, FEEDS[subscription["type"]].told(self.venue, subscription, happenings))

    async def _tick_forever(self) -> None:
        tick = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            tick += 1
            self._tick(tick)

    def _tick(self, tick: int) -> None:
        self.venue.run_schedules()
        now = asyncio.get_running_loop().time()
        for socket in list(self.sockets):
            if now - socket.idle_since > IDLE_SECONDS:
                socket.close()
                continue
            for key, subscription in list(socket.subscriptions.items()):
                if tick % FEEDS[subscription["type"]].every == 0:
                    self._poll(socket, key)

    def _poll(self, socket: Socket, key: str) -> None:
        """Send a subscription's current state when it differs from what was sent last."""
        subscription = socket.subscriptions[key]
        frames = FEEDS[subscription["type"]].current(self.venue, subscription)
        fingerprint = json.dumps(frames)
        if frames and socket.last_sent.get(key) != fingerprint:
            socket.last_sent[key] = fingerprint
            _send_all(socket, frames)


async def _write(response: web.WebSocketResponse, socket: Socket) -> None:
    """Write what is queued until the queue says to stop."""
    try:
        await response.send_str(GREETING)
        while (frame := await socket.outbox.get()) is not None:
            await response.send_str(frame)
        await response.close()
    except ConnectionError:
        return  # the client left


def _send_all(socket: Socket, frames: list[Frame]) -> None:
    for channel, data in frames:
        socket.send(channel, data)


def _key(subscription: Mapping[str, Any]) -> str:
    return json.dumps(subscription, sort_keys=True)


def _quoted(raw: object) -> str:
    return json.dumps(raw, separators=(",", ":"))
