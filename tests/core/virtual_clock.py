"""A clock whose hours pass at once: it jumps to the next waiter as soon as nothing else can happen."""

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

from db import Store

T = TypeVar("T")
START_MS = 1_700_000_000_000
_QUIET_ROUNDS = 3


class VirtualClock:
    """Implements `core.clock.Clock`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._stores: list[Store] = []

    def now_ms(self) -> int:
        return START_MS + round(self._now * 1000)

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._now + seconds, next(self._numbers), future))
        await future

    def watch(self, store: Store) -> None:
        """Let this store's threads finish before time moves."""
        self._stores.append(store)

    async def run(self, work: Coroutine[Any, Any, T], *, limit_s: float = 30 * 24 * 3600) -> T:
        """Run work to its end, moving time whenever everything waits for it."""
        task = asyncio.ensure_future(work)
        deadline = self._now + limit_s
        try:
            while not task.done():
                await self._settle()
                if not task.done():
                    self._jump()
                assert self._now <= deadline, f"still not done after {limit_s} s"
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task.result()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything that happens in it."""
        await self.run(self.sleep(seconds))

    async def _settle(self) -> None:
        loop, quiet = asyncio.get_running_loop(), 0
        while quiet < _QUIET_ROUNDS:
            if any(store.pending for store in self._stores):
                await asyncio.sleep(0.0002)
                quiet = 0
            else:
                await asyncio.sleep(0)
                quiet = 0 if loop._ready else quiet + 1  # type: ignore[attr-defined]

    def _jump(self) -> None:
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        if not self._waiting:
            return
        self._now = max(self._now, self._waiting[0][0])
        while self._waiting and self._waiting[0][0] <= self._now:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
