"""Time that a test moves: one jump takes the event loop's timers, the product's clock and the simulated world along.

Requests still travel over real sockets. Time moves only when everything that can happen now has happened, so ten
minutes of an outage cost a test the work that is done in them, and not a second of waiting.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sandbox.server import Sandbox

T = TypeVar("T")
STEP_S = 1.0
_QUIET_ROUNDS = 6
_PATIENCE_S = 0.05
_PATIENCE_ROUNDS = 150
"""A busy machine gives a thread its turn later, and takes as much longer for as many rounds of ours; they are given
once to the threads that are under way."""


class Travel:
    """Implements `core.clock.Clock`, and moves it.

    Args:
        sandbox: The world that comes along.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._loop = cast(Any, asyncio.get_running_loop())
        self._ahead_s = 0.0
        self._threads = self._rounds = 0
        self._is_busy: list[Callable[[], bool]] = []
        self.patience_s = _PATIENCE_S
        """How long a thread that waits for a server is waited for at least, before time moves on without it."""
        self.skew_ms = 0
        """How far this machine's time of day is ahead of the venues'."""
        self._loop.time = self.monotonic
        self._run_in_executor = self._loop.run_in_executor
        self._loop.run_in_executor = self._counted

    # The clock

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + round(self._ahead_s * 1000) + self.skew_ms

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead_s

    def wall(self) -> float:
        return self.now_ms() / 1000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    # Moving it

    @contextmanager
    def holding(self, is_busy: Callable[[], bool]) -> Iterator[None]:
        """Hold time still while this says that something is under way."""
        self._is_busy.append(is_busy)
        try:
            yield
        finally:
            self._is_busy.remove(is_busy)

    async def run(self, work: Awaitable[T], *, limit_s: float = 120) -> T:
        """Run work to its end, moving time whenever everything waits for it."""
        task = asyncio.ensure_future(work)
        try:
            await self.until(task.done, limit_s=limit_s)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return task.result()

    async def until(self, is_so: Callable[[], bool], *, limit_s: float = 120, step_s: float = STEP_S) -> float:
        """Move time until something is so; return how long that took.

        Raises:
            AssertionError: It is still not so after `limit_s`.
        """
        started = self.monotonic()
        await self._settle()
        while not is_so():
            assert self.monotonic() - started <= limit_s, f"still not so after {limit_s} s"
            self._jump(self._next_timer_s(step_s))
            await self._settle()
        return self.monotonic() - started

    async def advance(self, seconds: float, *, step_s: float = STEP_S) -> None:
        """Let time pass, and everything that happens in it."""
        deadline = self.monotonic() + seconds
        await self._settle()
        while (left := deadline - self.monotonic()) > 0.0005:
            self._jump(min(left, step_s))
            await self._settle()

    def _jump(self, seconds: float) -> None:
        self._ahead_s += seconds
        self._sandbox.world.clock.advance_ms(round(seconds * 1000))
        self._sandbox.world.step()

    def _next_timer_s(self, at_most_s: float) -> float:
        due = [timer.when() for timer in self._loop._scheduled if not timer.cancelled()]
        return min(max(min(due, default=0.0) - self.monotonic(), 0.001), at_most_s)

    async def _settle(self) -> None:
        quiet, give_up_at = 0, time.monotonic() + self.patience_s
        while quiet < _QUIET_ROUNDS:
            if any(is_busy() for is_busy in self._is_busy):
                quiet = await self._wait()
            elif self._threads and (self._rounds < _PATIENCE_ROUNDS or time.monotonic() < give_up_at):
                self._rounds += 1
                quiet = await self._wait()
            else:
                await asyncio.sleep(0)
                quiet = 0 if self._loop._ready else quiet + 1

    async def _wait(self) -> int:
        await asyncio.sleep(0.0002)
        return 0

    def _counted(self, executor: Any, function: Any, *arguments: Any) -> Any:
        self._threads, self._rounds = self._threads + 1, 0
        future = self._run_in_executor(executor, function, *arguments)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _: asyncio.Future[Any]) -> None:
        self._threads, self._rounds = self._threads - 1, 0
