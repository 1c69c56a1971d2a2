"""The clock of the simulated world: real time by default, frozen and driven by tests."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Tells the world's time and lets tests stop it and move it forward.

    The world's time (``now``) is when things happen: prices, orders, funding. The venues' clocks on the wire (``wall``)
    never stop: clients measure and sign with running clocks, so a frozen world still answers with a running time. Both
    move together when somebody advances the clock.

    Args:
        frozen_at: When given, time stands still at this moment until ``advance_ms``; otherwise it is the real time.
    """

    def __init__(self, *, frozen_at: datetime | None = None) -> None:
        self._offset_ms = 0
        self._frozen_ms: int | None = None
        self._sleepers: set[asyncio.Future[None]] = set()
        if frozen_at is not None:
            self.freeze(frozen_at)

    @property
    def frozen(self) -> bool:
        """Whether time stands still until somebody advances it."""
        return self._frozen_ms is not None

    @property
    def driven(self) -> bool:
        """Whether somebody stopped or moved it: clients with a clock of their own cannot know the time."""
        return self.frozen or self._offset_ms != 0

    def now_ms(self) -> int:
        """The world's time in milliseconds since 1970."""
        return self.wall_ms() if self._frozen_ms is None else self._frozen_ms

    def now(self) -> datetime:
        """The world's time as an aware UTC datetime."""
        return from_ms(self.now_ms())

    def wall_ms(self) -> int:
        """What the venues' clocks show: it runs on while the world stands still."""
        return real_ms() + self._offset_ms

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the world's time, at the given moment or where it is."""
        self._frozen_ms = self.now_ms() if at is None else to_ms(at)
        self._offset_ms = self._frozen_ms - real_ms()
        self._wake()

    def release(self) -> None:
        """Let the world's time run again, from what the venues' clocks show."""
        self._frozen_ms = None
        self._wake()

    def advance_ms(self, milliseconds: int) -> None:
        """Move time forward.

        Raises:
            ValueError: the step is negative; the world's time never runs backwards.
        """
        if milliseconds < 0:
            raise ValueError("the clock only moves forward: give a step of zero or more")
        self._offset_ms += milliseconds
        if self._frozen_ms is not None:
            self._frozen_ms += milliseconds
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Wait until this much of the world's time has passed; on a frozen clock, until somebody advances it."""
        deadline = self.now_ms() + round(seconds * 1000)
        while (left := deadline - self.now_ms()) > 0:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.add(changed)
            try:
                await asyncio.wait([changed], timeout=None if self.frozen else left / 1000)
            finally:
                self._sleepers.discard(changed)

    def _wake(self) -> None:
        """Let every sleeper look at the clock again."""
        for changed in self._sleepers:
            if not changed.done():
                changed.set_result(None)


def real_ms() -> int:
    """This machine's time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("give a time with a time zone, for example datetime.now(UTC)")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC datetime of a number of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=milliseconds)
