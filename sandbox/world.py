"""One simulated world: its clock, market, venues, keys, faults, and the loop that lets time pass."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from aiohttp import web

from sandbox import demo
from sandbox.clock import Clock
from sandbox.engine import Engine, Venue
from sandbox.faults import FaultBox
from sandbox.journal import Journal
from sandbox.keys import KeyRing
from sandbox.market import Market
from sandbox.seed import open_bybit_accounts

STEP_SECONDS: Final = 0.05
ADVANCE_STEPS: Final = 240  # a long jump is walked in so many steps, so that triggers on the way fire
CACHED_ANSWERS: Final = 500
REAL_ACK_DELAY_MS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a request came: by this machine's clock and by the world's."""

    real_ms: int
    world_ms: int


ARRIVAL: Final = web.RequestKey("arrival", Arrival)


class AnswerCache(OrderedDict[str, bytes]):
    """The last answer to each request, as a caching proxy would keep it."""

    def __setitem__(self, key: str, value: bytes) -> None:
        super().__setitem__(key, value)
        if len(self) > CACHED_ANSWERS:
            self.popitem(last=False)


@dataclass(slots=True, kw_only=True)
class BybitBehaviour:
    """How the simulated Bybit behaves beyond its rules; tests turn these knobs over the control API.

    Attributes:
        clock_skew_ms: The venue's clock against the world's.
        realtime_lag_ms: An order shows in order/realtime this long after it changed.
        history_lag_ms: An order shows in order/history this long after it changed.
        realtime_cleared_ms: Closed orders that ended before this moment are gone from order/realtime (service restart).
        rate_limits: Whether limits are enforced; None: on a running clock only. The headers are always sent.
        mute_streams: WebSockets stay open but carry no more topics.
        replay_executions: So many old executions are sent again after each subscription to them.
    """

    clock_skew_ms: int = 0
    realtime_lag_ms: int = 0
    history_lag_ms: int = 0
    realtime_cleared_ms: int = 0
    rate_limits: bool | None = None
    mute_streams: bool = False
    replay_executions: int = 0


class Snapshot(Protocol):
    """State of a wire layer that belongs into the snapshot file."""

    def dump(self) -> Any:
        """The state as JSON."""
        ...

    def load(self, data: Any) -> None:
        """Take over a dumped state."""
        ...


class World:
    """Everything the simulated venues share.

    Args:
        seed: Makes the prices; the same seed and clock give the same world.
        clock: Real time when not given.
        ack_delay_ms: Bybit's delay between acknowledging an order and executing it; by default none on a frozen clock.
        telegram_token: The one token that the local Telegram server accepts.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: Clock | None = None,
        ack_delay_ms: int | None = None,
        telegram_token: str = demo.TELEGRAM_TOKEN,
    ) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.market = Market(clock=self.clock, seed=seed)
        if ack_delay_ms is None:
            ack_delay_ms = 0 if self.clock.frozen else REAL_ACK_DELAY_MS
        self.bybit = Engine(venue=Venue.BYBIT, market=self.market, ack_delay_ms=ack_delay_ms)
        self.hyperliquid = Engine(venue=Venue.HYPERLIQUID, market=self.market)
        self.okx = Engine(venue=Venue.OKX, market=self.market)
        self.behaviour = BybitBehaviour()
        self.keys = KeyRing()
        self.faults = FaultBox()
        self.journal = Journal()
        self.last_answers = AnswerCache()
        self.extras: dict[str, Snapshot] = {}
        self.telegram_token = telegram_token
        self.chat_secret = secrets.token_urlsafe(16)
        self._step_listeners: list[Callable[[], None]] = []
        self._sockets: dict[str, set[web.WebSocketResponse]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> datetime:
        """The world's time, aware, in UTC."""
        return self.clock.now()

    def engine(self, venue: Venue) -> Engine:
        """The engine of one venue."""
        engines = {Venue.BYBIT: self.bybit, Venue.HYPERLIQUID: self.hyperliquid, Venue.OKX: self.okx}
        return engines[venue]

    def found(self) -> None:
        """Open the accounts of a new world."""
        open_bybit_accounts(self.bybit, self.keys)

    # Time

    def step(self) -> None:
        """Let every venue catch up with the clock, then tell who listens to time."""
        for venue in Venue:
            self.engine(venue).step()
        for listener in self._step_listeners:
            listener()

    def on_step(self, listener: Callable[[], None]) -> None:
        """Call this after every step: how public streams notice new prices."""
        self._step_listeners.append(listener)

    async def advance(self, seconds: float) -> None:
        """Move time forward in steps, so that what would have happened on the way happens.

        Raises:
            ValueError: the step is negative.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward: give a step of zero or more")
        total = round(seconds * 1000)
        stride = max(1, -(-total // ADVANCE_STEPS))
        while total > 0:
            self.clock.advance_ms(min(stride, total))
            total -= stride
            self.step()
            await asyncio.sleep(0)

    async def run(self) -> None:
        """Let time pass until cancelled."""
        while True:
            self.step()
            await self.clock.sleep(self._pause())

    def _pause(self) -> float:
        due = self.bybit.core.next_due_ms()
        if due is None:
            return STEP_SECONDS
        return min(STEP_SECONDS, max(0.001, (due - self.clock.now_ms()) / 1000))

    # Background work and open sockets

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Start something that outlives the request that caused it; it ends with the world."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def add_socket(self, venue: str, socket: web.WebSocketResponse) -> None:
        """Remember an open WebSocket, so that faults and the end of the world can close it."""
        self._sockets.setdefault(venue, set()).add(socket)

    def remove_socket(self, venue: str, socket: web.WebSocketResponse) -> None:
        """Forget a closed WebSocket."""
        self._sockets.get(venue, set()).discard(socket)

    async def drop_sockets(self, venue: str | None = None) -> int:
        """Cut WebSockets, of one venue or all; returns how many."""
        chosen = [sock for name, group in self._sockets.items() if venue in {None, name} for sock in group]
        for sock in chosen:
            await sock.close(code=1001, message=b"going away")
        return len(chosen)

    async def end(self) -> None:
        """Stop background work and close sockets."""
        await self.drop_sockets()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
