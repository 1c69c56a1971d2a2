"""What has to be done now and then for the rest to stay well: reconcile what could not be, remember, forget."""

import itertools

from core.clock import Clock, SystemClock
from core.forever import every, for_ever
from core.recovery import RECONCILING, Recovery
from db import Store

_EVERY_S = 15.0
_SOONER_S = (2.0, 3.0, 5.0)
"""The first rounds: nobody can open where the venue was away for a moment just when we started."""
_TIDY_EVERY = 4
_KEEP_MS = 7 * 24 * 3600 * 1000
_KEEP_FINISHED_MS = 30 * 24 * 3600 * 1000
_KEEP_CONDITIONS_MS = 90 * 24 * 3600 * 1000
_KEEP_CONFIRMATIONS_MS = 24 * 3600 * 1000


class Housekeeper:
    """A slow background loop.

    Args:
        store: The open database.
        recovery: Reconciles accounts whose venue did not answer at the start.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, recovery: Recovery, *, clock: Clock | None = None) -> None:
        self._store = store
        self._recovery = recovery
        self._clock = clock or SystemClock()

    async def run(self) -> None:
        """Work for ever."""
        rounds = itertools.count()
        wait = every(self._clock, _EVERY_S, first=_SOONER_S)
        await for_ever("housekeeping", lambda: self._round(next(rounds)), wait=wait)

    async def _round(self, number: int) -> None:
        await self.reconcile_left_over()
        await self._recovery.expire()  # what could not be given up while nothing could be written down
        if number % _TIDY_EVERY == 0:
            await self.tidy()

    async def reconcile_left_over(self) -> None:
        """Try the accounts again that could not be compared with their venue yet."""
        waiting = {r.scope for r in await self._store.trading.restrictions() if r.reason == RECONCILING}
        for row in await self._store.accounts.usable() if waiting else []:
            if str(row.account) in waiting:
                await self._recovery.reconcile(row.account)

    async def tidy(self) -> None:
        """Remember how far the journal is, finish deletions, forget what is done and old."""
        now_ms = self._clock.now_ms()
        await self._recovery.mark_high_water()
        await self._store.users.finish_deletions()
        await self._store.inbox.forget_before(now_ms - _KEEP_MS)
        await self._store.outbox.forget_before(now_ms - _KEEP_MS)
        await self._store.confirmations.forget_before(now_ms - _KEEP_CONFIRMATIONS_MS)
        await self._store.refusals.forget_before(now_ms - _KEEP_CONFIRMATIONS_MS)
        await self._store.targets.forget_before(now_ms - _KEEP_FINISHED_MS)
        await self._store.alerts.forget_before(now_ms - _KEEP_FINISHED_MS)
        await self._store.conditions.forget_before(now_ms - _KEEP_CONDITIONS_MS)
