"""Who may send now: one budget per venue and internet address, shared out by purpose.

`Pacer` decides and is pure: every method is told the time. `Gate` waits for it. A request passes the gate *before* it
is stamped and signed, because a timestamp ages in a queue.
"""

import asyncio
import contextlib
import functools
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from models.errors import NotSent

P = ParamSpec("P")
T = TypeVar("T")

BAN_S = 600.0
"""How long a venue that called us too frequent is left alone (Bybit asks for at least ten minutes)."""
_TRICKLE_S = 2.0  # the pace of exits and look-ups while a venue is left alone
_SLOTS = 20
_MANY_BUCKETS = 4096
_IDLE_S = 120.0


class Purpose(StrEnum):
    """Why a request is made; what matters more may use more of the budget."""

    LOOKUP = "lookup"
    """What became of an order."""
    EXIT = "exit"
    """A cancel or a close: risk goes down."""
    WRITE = "write"
    """Any other order or setting."""
    READ = "read"
    """Somebody waits for the answer."""
    SYNC = "sync"
    """Nobody waits."""
    GLANCE = "glance"
    """It is nice to have, and only for nothing: no request is made for it."""


SHARES = {
    Purpose.LOOKUP: 1.0,
    Purpose.EXIT: 1.0,
    Purpose.WRITE: 0.9,
    Purpose.READ: 0.8,
    Purpose.SYNC: 0.4,
    Purpose.GLANCE: 0.0,
}
"""How full the venue's budget may be for a purpose: a fifth is kept free of reads, a tenth of what adds risk."""

PATIENCE_S = {
    Purpose.LOOKUP: 30.0,
    Purpose.EXIT: 15.0,
    Purpose.WRITE: 5.0,
    Purpose.READ: 5.0,
    Purpose.SYNC: 60.0,
    Purpose.GLANCE: 0.0,
}
"""How long a purpose waits at the gate before it is told that the venue is busy."""

_reading: ContextVar[tuple[Purpose, bool]] = ContextVar("reading", default=(Purpose.READ, False))


@contextlib.contextmanager
def reading_for(purpose: Purpose, *, is_look: bool = False) -> Iterator[None]:
    """Make the reads inside count for `purpose`, e.g. `SYNC` around a background refresh.

    Args:
        purpose: What the reads are for.
        is_look: Whether somebody only looks, see `only_looks`.
    """
    token = _reading.set((purpose, is_look))
    try:
        yield
    finally:
        _reading.reset(token)


def reads_for(
    purpose: Purpose, *, is_look: bool = False
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Make every read inside a coroutine function count for `purpose`, or for what its caller does that matters more.

    Args:
        purpose: What the function does.
        is_look: Whether it only shows what it would do, and sends nothing.
    """

    def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @functools.wraps(function)
        async def paced(*args: P.args, **kwargs: P.kwargs) -> T:
            with reading_for(max(purpose, read_purpose(), key=SHARES.__getitem__), is_look=is_look):
                return await function(*args, **kwargs)

        return paced

    return decorate


def read_purpose() -> Purpose:
    """Return what a read is for where nothing else is said."""
    return _reading.get()[0]


def only_looks() -> bool:
    """Whether what is read now is only shown and decides nothing: what was known a second ago is then good enough."""
    return _reading.get()[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `weight` in any `window_s` seconds."""

    weight: int
    window_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a request takes from which budgets.

    `bucket` names a budget of one account at one group of endpoints, limited by `bucket_limit`; None: it has none.
    """

    purpose: Purpose
    weight: int = 1
    bucket: str | None = None
    bucket_limit: Limit | None = None
    bucket_weight: int = 1


class Window:
    """What was spent in the last `window_s` seconds, in a few slots so that memory stays small."""

    __slots__ = ("_slot_s", "_spent", "_total", "limit", "paused_until", "used_at")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.paused_until = 0.0
        self.used_at = 0.0
        self._slot_s = limit.window_s / _SLOTS
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def wait_s(self, now: float, weight: int, *, share: float = 1.0) -> float:
        """Return how long until `weight` more fits into `share` of the limit; 0 if it does now."""
        self._forget(now)
        pause = max(self.paused_until - now, 0.0)
        over = self._total + weight - self.limit.weight * share
        for moment, spent in self._spent:
            if over <= 0:
                break
            over -= spent
            pause = max(pause, moment + self.limit.window_s - now)
        return pause

    def spend(self, now: float, weight: int) -> None:
        """Count a request that goes out now."""
        self.used_at = now
        self._total += weight
        slot_end = (now // self._slot_s + 1) * self._slot_s
        if self._spent and self._spent[-1][0] >= slot_end:
            slot_end, before = self._spent.pop()
            weight += before
        self._spent.append((slot_end, weight))

    def used(self, now: float) -> float:
        """Return how much of the limit is spent, as a fraction."""
        self._forget(now)
        return self._total / self.limit.weight

    def pause(self, until: float) -> None:
        """Let nothing through before `until`."""
        self.paused_until = max(self.paused_until, until)

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0][0] + self.limit.window_s <= now:
            self._total -= self._spent.popleft()[1]


class Pacer:
    """The decisions for one venue: how long a request waits, and when the venue is left alone.

    Args:
        limit: The venue's budget for this machine's address.
        share: The part of it that this process may use, where another one uses the rest.
    """

    def __init__(self, limit: Limit, *, share: float = 1.0) -> None:
        self._venue = Window(Limit(weight=max(int(limit.weight * share), 1), window_s=limit.window_s))
        self._buckets: dict[str, Window] = {}
        self._banned_until = 0.0
        self._next_trickle = 0.0

    def bucket_wait_s(self, cost: Cost, now: float) -> float:
        """Return how long the account's own budget asks to wait; 0: go, and it is spent."""
        if cost.bucket is None or cost.bucket_limit is None:
            return 0.0
        window = self._bucket(cost.bucket, cost.bucket_limit, now)
        wait = window.wait_s(now, cost.bucket_weight)
        if wait == 0:
            window.spend(now, cost.bucket_weight)
        return wait

    def venue_wait_s(self, cost: Cost, now: float) -> float:
        """Return how long the venue's budget asks to wait; 0: go, and it is spent.

        Raises:
            NotSent: The venue is being left alone (`venue_busy`); exits and look-ups still pass, slowly.
        """
        self.refuse_if_left_alone(cost, now)
        wait = self._venue.wait_s(now, cost.weight, share=SHARES[cost.purpose])
        if now < self._banned_until:
            wait = max(wait, self._next_trickle - now)
        if wait > 0:
            return wait
        self._venue.spend(now, cost.weight)
        self._next_trickle = now + _TRICKLE_S
        return 0.0

    def refuse_if_left_alone(self, cost: Cost, now: float) -> None:
        """Raise `NotSent` while the venue is left alone, unless the request is an exit or a look-up."""
        if now < self._banned_until and cost.purpose not in {Purpose.LOOKUP, Purpose.EXIT}:
            raise busy(self._banned_until - now)

    def used(self, now: float) -> float:
        """Return how much of this process's part of the venue's budget is spent, as a fraction."""
        return self._venue.used(now)

    def paused_s(self, now: float) -> float:
        """Return for how long the venue is still left alone, or asked to be; 0: it is not."""
        return max(self._banned_until - now, self._venue.paused_until - now, 0.0)

    def charge(self, now: float, weight: int) -> None:
        """Count what an answer turned out to cost on top, e.g. by its length."""
        if weight:
            self._venue.spend(now, weight)

    def leave_alone(self, now: float, *, for_s: float = BAN_S) -> None:
        """Stop everything but exits and look-ups: the venue said that we come too often."""
        self._banned_until = max(self._banned_until, now + for_s)

    def pause(self, until: float, *, bucket: str | None = None) -> None:
        """Hold everything, or one account's bucket, until a moment that the venue named."""
        window = self._venue if bucket is None else self._buckets.get(bucket)
        if window is not None:
            window.pause(until)

    def learn(self, bucket: str, limit: Limit, now: float) -> None:
        """Take over the limit that the venue states for an account's bucket."""
        known = self._buckets.get(bucket)
        if known is None or known.limit == limit:
            return
        self._buckets[bucket] = window = Window(limit)
        window.pause(known.paused_until)
        window.used_at = now

    def _bucket(self, name: str, limit: Limit, now: float) -> Window:
        window = self._buckets.get(name)
        if window is None:
            if len(self._buckets) >= _MANY_BUCKETS:
                self._buckets = {key: kept for key, kept in self._buckets.items() if kept.used_at > now - _IDLE_S}
            window = self._buckets[name] = Window(limit)
        return window


class Gate:
    """Waits for a pacer. Requests of one purpose, and of one account's bucket, pass in the order they came.

    Args:
        monotonic: The clock, in seconds.
        sleep: Waits that many seconds of it.
    """

    def __init__(
        self,
        pacer: Pacer,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.pacer = pacer
        self.monotonic = monotonic
        self._sleep = sleep
        self._venue_lines = {purpose: asyncio.Lock() for purpose in Purpose}
        self._bucket_lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # while somebody waits

    async def enter(self, cost: Cost, *, patience_s: float | None = None) -> None:
        """Return when the request may go out.

        Raises:
            NotSent: It would have to wait longer than its patience (`venue_busy`, with `retry_after_s`), or it glances.
        """
        if cost.purpose is Purpose.GLANCE:
            raise busy(0.0)
        now = self.monotonic()
        deadline = now + (PATIENCE_S[cost.purpose] if patience_s is None else patience_s)
        line = self._venue_lines[cost.purpose]
        if cost.bucket is not None and (cost.bucket in self._bucket_lines or self.pacer.bucket_wait_s(cost, now) > 0):
            await self._enter_bucket(cost, cost.bucket, deadline)
        if line.locked() or self.pacer.venue_wait_s(cost, self.monotonic()) > 0:
            async with line:
                await self._wait(self.pacer.venue_wait_s, cost, deadline)

    async def _enter_bucket(self, cost: Cost, bucket: str, deadline: float) -> None:
        line = self._bucket_lines.get(bucket)
        if line is None:
            line = self._bucket_lines[bucket] = asyncio.Lock()
        async with line:
            await self._wait(self.pacer.bucket_wait_s, cost, deadline)

    async def _wait(self, wait_s: Callable[[Cost, float], float], cost: Cost, deadline: float) -> None:
        while (delay := wait_s(cost, now := self.monotonic())) > 0:
            if now + delay > deadline:
                raise busy(delay)
            await self._sleep(delay)


def busy(retry_after_s: float) -> NotSent:
    """Return the refusal to send because the venue's limits are used up."""
    return NotSent(
        f"The venue limits how often we may ask; try again in {retry_after_s:.0f} s.",
        code="venue_busy",
        retry_after_s=round(retry_after_s, 1),
    )
