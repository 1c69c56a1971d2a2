"""The clock of one machine, in a file that its processes share: waiting costs nothing, and nobody's clock is off.

Every process of a world reads its time, of day and monotonic, through this file, from before its first import on. The
lab moves the time of all of them at once, and only while all of them sleep: a fence of five seconds passes in a
millisecond, while work takes as long as it takes. What a process was about to do next it writes beside the time.
"""

import asyncio
import mmap
import os
import selectors
import signal
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SANDBOX, BOT = 1, 2
"""The places of processes in the file; place 0 holds how far ahead of the kernel's clock the machine is."""
_WORDS = 3
_NEVER = (1 << 62) - 1
_REAL_TIME_NS, _REAL_MONOTONIC_NS = time.time_ns, time.monotonic_ns
_MOST_S = 1.0
"""The longest step: whatever is wrong about one does no more harm than a slow network."""
_SANDBOX_STEP_S, _BOT_STEP_S = 0.2, 0.1
"""The shortest steps: a process looks around far more often than anything happens in it, and timers may be late."""
_LOOK_EVERY_S = 0.001


def make_clock(path: Path) -> None:
    """Write the file of a machine whose time is now's."""
    path.write_bytes(struct.pack(f"{_WORDS}q", 0, _NEVER, _NEVER))


def _words(path: Path) -> memoryview:
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("q")


def live_by(path: Path, place: int) -> None:
    """Let this process live by a machine's clock. Nothing that takes a clock may be imported before."""
    words = _words(path)

    class Telling(selectors.EpollSelector):
        """Writes down until when its loop sleeps."""

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            until = _NEVER if timeout is None else _REAL_MONOTONIC_NS() + words[0] + round(timeout * 1e9)
            words[place] = until
            return super().select(timeout)

    clocks = {
        "time": lambda: (_REAL_TIME_NS() + words[0]) / 1e9,
        "time_ns": lambda: _REAL_TIME_NS() + words[0],
        "monotonic": lambda: (_REAL_MONOTONIC_NS() + words[0]) / 1e9,
        "monotonic_ns": lambda: _REAL_MONOTONIC_NS() + words[0],
    }
    for name, clock in clocks.items():
        setattr(time, name, clock)
    selectors.DefaultSelector = Telling  # type: ignore[misc,assignment]  # event loops take it from here
    signal.signal(signal.SIGUSR1, lambda *_: None)  # its byte in the loop's own pipe is what wakes it


class Machine:
    """Moves the time of every process on it.

    Args:
        path: Where the clock's file stands.
    """

    def __init__(self, path: Path) -> None:
        make_clock(path)
        self.path = path
        self._words = _words(path)
        self._pids: dict[int, int] = {}
        self._busy = 0
        self._sleepers: dict[asyncio.Future[None], float] = {}

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return (_REAL_MONOTONIC_NS() + self._words[0]) / 1e9

    def now_ms(self) -> int:
        """Return the machine's time of day in epoch milliseconds."""
        return (_REAL_TIME_NS() + self._words[0]) // 1_000_000

    def put(self, place: int, pid: int | None) -> None:
        """Say which process is at a place; None: nobody is."""
        self._words[place] = _NEVER
        if pid is None:
            self._pids.pop(place, None)
        else:
            self._pids[place] = pid

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold time still: something of the lab's own is under way."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def sleep(self, seconds: float) -> None:
        """Wait for a moment of the machine's time."""
        await self.until(self.monotonic() + seconds, asyncio.get_running_loop().create_future())

    async def until(self, deadline: float, happened: "asyncio.Future[Any]") -> bool:
        """Wait until something happened, but not beyond a moment of the machine's time; return whether it did."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[waker] = deadline
        either: set[asyncio.Future[Any]] = {waker, happened}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._sleepers[waker]
        return happened.done()

    async def run(self) -> None:
        """Let time pass until cancelled: by itself while anybody works, in steps while nobody does."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._wake()
            if self._busy or not await self._all_asleep():
                continue
            step_s = min(self._next() - self.monotonic(), _MOST_S)
            if step_s > 0:
                self._words[0] += round(step_s * 1e9)
                for pid in self._pids.values():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGUSR1)
            self._wake()

    def _wake(self) -> None:
        now = self.monotonic()
        for waker, deadline in self._sleepers.items():
            if deadline <= now and not waker.done():
                waker.set_result(None)

    def _next(self) -> float:
        """Return when the next thing is going to happen."""
        now = self.monotonic()
        bot, sandbox = self._words[BOT] / 1e9, self._words[SANDBOX] / 1e9
        return min(
            max(bot, now + _BOT_STEP_S), max(sandbox, now + _SANDBOX_STEP_S), *self._sleepers.values(), now + _MOST_S
        )

    async def _all_asleep(self) -> bool:
        """Whether every thread of every process sleeps, and none ran between two looks at all of them."""
        first = self._look()
        if first is None:
            return False
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # what they said last has reached the lab by now
        return self._look() == first and not self._busy

    def _look(self) -> Sequence[str] | None:
        seen: list[str] = []
        for pid in self._pids.values():
            found = _threads_of(pid)
            if found is None:
                return None
            seen += found
        return seen


def _threads_of(pid: int) -> list[str] | None:
    """Return how much each thread of a process ran so far; None while one of them runs or waits for a disk."""
    seen = []
    try:
        for thread in sorted(os.listdir(f"/proc/{pid}/task")):
            place = f"/proc/{pid}/task/{thread}"
            if _read(f"{place}/stat").rpartition(")")[2].split(maxsplit=1)[0] not in {"S", "Z"}:
                return None
            seen.append(f"{thread} {_read(f'{place}/schedstat')}")
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return []
    return seen


def _read(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()
