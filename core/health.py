"""What must not stand still in a running process, as a list of signs with limits."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from db import StorageUnavailable, Store

logger = logging.getLogger(__name__)

LOOP_LIMIT_S = 2.0
DATABASE_LIMIT_S = 15.0
"""A write that waits for the other process may take the whole busy timeout of five seconds."""
RESOLVER_LIMIT_S = 90.0
"""One look at a venue that does not answer, with its turn at the gate, takes most of a minute."""
_LAG_EVERY_S = 0.25
_PROBE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Something that keeps happening while a process is well.

    Attributes:
        age_s: Returns how long ago it last happened, or how late it is.
        limit_s: The age from which the process is not well.
    """

    name: str
    age_s: Callable[[], float]
    limit_s: float


def overdue(signs: Sequence[Sign]) -> list[str]:
    """Return the names of the signs that are over their limit."""
    return [sign.name for sign in signs if sign.age_s() > sign.limit_s]


class Pulse:
    """Measures what every process has: how late its event loop runs, and whether its database answers writes."""

    def __init__(self, store: Store, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._answered_at = monotonic()
        self._lag_s = 0.0
        self.is_writable = True
        """Whether the last write reached the disk. A full disk is no reason to restart: closing still works."""

    @property
    def signs(self) -> tuple[Sign, ...]:
        """What a watchdog looks at."""
        return (
            Sign(name="event loop", age_s=self.take_lag_s, limit_s=LOOP_LIMIT_S),
            Sign(name="database", age_s=lambda: self._monotonic() - self._answered_at, limit_s=DATABASE_LIMIT_S),
        )

    def beating(self, name: str, last_beat: Callable[[], float], *, limit_s: float) -> Sign:
        """Return the sign of a loop that notes when it went round, in monotonic seconds; its first round counts too."""
        began = self._monotonic()
        return Sign(name=name, age_s=lambda: self._monotonic() - max(began, last_beat()), limit_s=limit_s)

    def take_lag_s(self) -> float:
        """Return how late the event loop ran at worst since this was last asked."""
        lag_s, self._lag_s = self._lag_s, 0.0
        return lag_s

    @asynccontextmanager
    async def measured(self) -> AsyncIterator["Pulse"]:
        """Measure until the block ends."""
        tasks = [asyncio.create_task(self._measure_lag()), asyncio.create_task(self._keep_probing())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)

    async def probe(self) -> None:
        """Write once and note whether it worked."""
        try:
            await self._store.probe()
        except StorageUnavailable as e:
            if self.is_writable:
                logger.error("database takes no writes", extra={"code": e.code})  # noqa: TRY400 - the code says it all
            self.is_writable = False
        else:
            self.is_writable = True
        self._answered_at = self._monotonic()

    async def _measure_lag(self) -> None:
        while True:
            due = self._monotonic() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            self._lag_s = max(self._lag_s, self._monotonic() - due)

    async def _keep_probing(self) -> None:
        while True:
            await self.probe()
            await asyncio.sleep(_PROBE_EVERY_S)
