"""What HyperLiquid pushes about whatever somebody asked about lately: answers that cost nothing of the rate budget.

One line per environment for everybody, opened by the first question and hung up a minute after the last one. A push is
never waited for when the line is down, and is forgotten with the line: whoever gets none asks over REST.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import aiohttp

from exchanges.hyperliquid_stream import slots_of
from exchanges.streams import Connected, Line, StreamSpec, follow
from exchanges.transport import Transport, json_object

logger = logging.getLogger(__name__)

_PING: Final = '{"method":"ping"}'
_PING_EVERY_S: Final = 4.0
_SILENCE_S: Final = 10.0
"""So soon is a line taken for dead: what it pushed may be old news by then."""
_KEEP_S: Final = 60.0
_PATIENCE_S: Final = 1.2
_MOST_TOPICS: Final = 200
"""Of the thousand that one internet address may subscribe to, which several processes share."""
_MOST_USERS: Final = 5
"""Of the ten whom one internet address may follow: the private streams need them more."""
_FIELDS: Final[Mapping[str, str]] = {
    "activeAssetCtx": "coin",
    "activeAssetData": "coin",
    "allDexsClearinghouseState": "",
    "openOrders": "dex",
}
"""What names a topic of each channel, besides whose it is."""


class Topic(NamedTuple):
    """Something that is pushed: a channel, of which market or dex, and whose."""

    channel: str
    about: str = ""
    user: str = ""

    def subscription(self) -> dict[str, str]:
        """Return the topic in the venue's words."""
        whose = {"user": self.user} if self.user else {}
        field = _FIELDS[self.channel]
        return {"type": self.channel, **whose, **({field: self.about} if field else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What was told last about a topic, and when: in seconds of the gate's clock, and in the venue's milliseconds."""

    data: Mapping[str, Any]
    received_at: float
    received_ms: int


@dataclass(slots=True, kw_only=True)
class _Wish:
    since: float
    asked_at: float
    push: Push | None = None


class Pushes:
    """The pushes of one environment.

    Args:
        transport: Of the environment; ends the line when it is closed.
        url: Of the environment's stream.
    """

    def __init__(self, transport: Transport, url: str) -> None:
        self._transport = transport
        self._monotonic = transport.gate.monotonic
        self._wishes: dict[Topic, _Wish] = {}
        self._line: Line | None = None
        self._may_come = False
        self._told = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._spec = StreamSpec(
            url=url,
            greet=self._greet,
            ping=_PING,
            ping_every_s=_PING_EVERY_S,
            silence_s=_SILENCE_S,
            on_lost=self._lose,
        )

    async def latest(self, topic: Topic, *, newer_than: float = float("-inf"), is_patient: bool = True) -> Push | None:
        """Return what was told last about a topic, and have it told from now on.

        A topic that is new, or that has just changed, is waited for a moment, unless the line is down.

        Args:
            topic: About what.
            newer_than: Nothing that was received before this moment of the gate's clock.
            is_patient: Whether to wait for what has just changed; a topic that is new is waited for anyway.
        """
        wish = await self._wish(topic)
        if wish is None:
            return None
        deadline = (max(wish.since, newer_than) if is_patient else wish.since) + _PATIENCE_S
        while wish.push is None or wish.push.received_at < newer_than:
            patience_s = deadline - self._monotonic()
            if patience_s <= 0 or not self._may_come:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), patience_s)
        return wish.push

    def note(self, topic: Topic, data: Mapping[str, Any], *, asked_at: float) -> None:
        """Keep what REST answered about a topic until something else is pushed."""
        wish = self._wishes.get(topic)
        if wish is not None and self._line is not None and (wish.push is None or wish.push.received_at < asked_at):
            wish.push = Push(data=data, received_at=asked_at, received_ms=self._transport.clock.now_ms())

    async def _wish(self, topic: Topic) -> _Wish | None:
        """Note that a topic is asked for; None where no more can be followed."""
        now = self._monotonic()
        wish = self._wishes.get(topic)
        is_new = wish is None
        if wish is None:
            if len(self._wishes) >= _MOST_TOPICS or not self._may_follow(topic.user):
                return None
            wish = self._wishes[topic] = _Wish(since=now, asked_at=now)
        wish.asked_at = now
        if self._task is None or self._task.done():
            self._may_come = True
            self._task = self._transport.keep(self._listen(), name=f"pushes {self._spec.url}")
        elif is_new and self._line is not None:
            await self._say(self._line, "subscribe", topic)
        return wish

    def _may_follow(self, user: str) -> bool:
        if not user:
            return True
        users = {topic.user for topic in self._wishes if topic.user} | {user}
        return len(users) <= _MOST_USERS and slots_of(self._transport).has_room_beside(users)

    async def _listen(self) -> None:
        """Follow the line until nobody asks for anything any more."""
        try:
            async with contextlib.aclosing(follow(self._transport.session, self._spec)) as messages:
                async for message in messages:
                    if not isinstance(message, Connected):
                        self._hear(message)
                    await self._drop_unused()
                    if not self._wishes:
                        self._lose()  # before it is hung up: nobody is to wait for it meanwhile
                        break
        finally:
            self._lose()

    async def _greet(self, line: Line) -> None:
        self._line, self._may_come = line, True  # before anything is awaited: who comes now subscribes for themselves
        for topic in list(self._wishes):
            await self._say(line, "subscribe", topic)

    def _lose(self) -> None:
        """Forget everything: nobody knows what was told while the line was down."""
        self._line, self._may_come = None, False
        for wish in self._wishes.values():
            wish.push = None
        self._wake()

    def _hear(self, message: bytes) -> None:
        frame = json_object(message) or {}  # the first frame of a line is plain text
        channel, data = str(frame.get("channel")), frame.get("data")
        if channel == "error":
            logger.info("push refused", extra={"reason": str(data)[:200]})
        if channel not in _FIELDS or not isinstance(data, Mapping):
            return
        about = str(data.get(_FIELDS[channel], ""))
        topic = Topic(channel, about, str(data.get("user", "")).lower())
        wish = self._wishes.get(topic)
        if wish is not None:
            wish.push = Push(data=data, received_at=self._monotonic(), received_ms=self._transport.clock.now_ms())
            self._wake()

    def _wake(self) -> None:
        self._told.set()
        self._told = asyncio.Event()

    async def _drop_unused(self) -> None:
        oldest = self._monotonic() - _KEEP_S
        for topic in [topic for topic, wish in self._wishes.items() if wish.asked_at < oldest]:
            del self._wishes[topic]
            if self._line is not None:
                await self._say(self._line, "unsubscribe", topic)

    async def _say(self, line: Line, method: str, topic: Topic) -> None:
        """Send a wish; on a line that is going down it is sent again on the next one."""
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await line.send_json({"method": method, "subscription": topic.subscription()})
