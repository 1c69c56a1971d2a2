"""One lane per person: their updates one after another, nobody waiting for anybody else."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_AT_ONCE = 256
MAX_PENDING = 20


class Lanes(Generic[T]):
    """Runs work in order per person, many people at the same time.

    Args:
        work: What is done with an item. It handles its own errors.
        max_at_once: People served at the same time.
        max_pending: Items that may wait in one lane; more are refused, so that one person cannot fill the memory.
    """

    def __init__(
        self, work: Callable[[T], Awaitable[None]], *, max_at_once: int = MAX_AT_ONCE, max_pending: int = MAX_PENDING
    ) -> None:
        self._work = work
        self._max_pending = max_pending
        self._at_once = asyncio.Semaphore(max_at_once)
        self._lanes: dict[int, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, person: int, item: T, *, is_urgent: bool = False) -> bool:
        """Add an item to a person's lane; return whether there was room. What is urgent finds some longer."""
        lane = self._lanes.get(person)
        if lane is not None:
            if len(lane) >= self._max_pending * (1 + is_urgent):
                return False
            lane.append(item)
            return True
        self._lanes[person] = deque([item])
        task = asyncio.create_task(self._drive(person), name=f"lane-{person}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _drive(self, person: int) -> None:
        lane = self._lanes[person]
        try:
            while lane:
                async with self._at_once:
                    await self._work(lane[0])
                lane.popleft()
        finally:
            del self._lanes[person]

    @property
    def busy(self) -> int:
        """How many people are being served."""
        return len(self._lanes)

    async def drain(self, timeout_s: float) -> None:
        """Wait until everything put in so far is done, at most this long; what is left is cancelled."""
        if not self._tasks:
            return
        _, unfinished = await asyncio.wait(set(self._tasks), timeout=timeout_s)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
