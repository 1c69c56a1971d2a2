"""The check-up that nobody asks for: done again and again, kept for whoever looks, told to the owner once a day."""

import itertools
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.checkup import check_journal, check_process, check_venues
from core.clients import ClientPool
from core.clock import Clock, SystemClock
from core.forever import every, for_ever
from core.herald import Herald
from core.streaming import Streams
from db import Store
from exchanges.pacing import Purpose, reading_for
from exchanges.transport import Network
from models.finding import Finding, Verdict

logger = logging.getLogger(__name__)

EVERY_S = 60.0
VENUES_EVERY = 10
"""Venues and keys are asked every so many rounds."""
TOLD_WARNINGS = frozenset({"key_ends", "backup_old", "clock_off"})
"""What the owner is told of although it still works."""


class Rounds:
    """A slow background loop that looks at everything.

    Args:
        store: The open database.
        clients: Ask the venues.
        network: Knows how busy they are.
        streams: Know which accounts are silent.
        backups: Where the copies of the database lie.
        herald: Makes the messages to the owner.
        clock: Tests bring their own.
    """

    def __init__(
        self,
        store: Store,
        clients: ClientPool,
        network: Network,
        streams: Streams,
        backups: Path,
        herald: Herald,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clients = clients
        self._network = network
        self._streams = streams
        self._backups = backups
        self._herald = herald
        self._clock = clock or SystemClock()
        self._at_venues: list[Finding] = []
        self._before: set[str] = set()

    async def run(self) -> None:
        """Work for ever."""
        numbers = itertools.count()
        await for_ever(
            "check-up",
            lambda: self.go(with_venues=next(numbers) % VENUES_EVERY == 0),
            wait=every(self._clock, EVERY_S),
        )

    async def go(self, *, with_venues: bool) -> list[Finding]:
        """Look at everything once and tell the owner what was wrong this time and the time before."""
        if with_venues:
            with reading_for(Purpose.SYNC):
                self._at_venues = await check_venues(self._store, self._clients)
        found = await self.now()
        bad = {_name(finding): finding for finding in found if is_told(finding)}
        for name, finding in bad.items():
            if name in self._before:
                await self._tell(finding)
        self._before = set(bad)
        return found

    async def now(self) -> list[Finding]:
        """Return what is found now; of the venues, what was found when they were last asked."""
        moment = self._moment()
        process = check_process(self._network, self._streams, self._backups, now=moment)
        return [*await check_journal(self._store, now=moment), *self._at_venues, *process]

    async def _tell(self, finding: Finding) -> None:
        message = self._herald.finding(finding, f"{self._moment():%Y-%m-%d}")
        if message is not None and await self._store.outbox.add(message):
            logger.warning("finding", extra={"what": finding.code, "verdict": finding.verdict, **finding.fields})

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)


def is_told(finding: Finding) -> bool:
    """Whether the owner is told of a finding without asking."""
    return finding.verdict is Verdict.FAIL or finding.code in TOLD_WARNINGS


def worst(findings: Sequence[Finding]) -> Verdict:
    """Return the worst verdict of all."""
    order = list(Verdict)
    return max((finding.verdict for finding in findings), key=order.index, default=Verdict.OK)


def _name(finding: Finding) -> str:
    return f"{finding.code}:{finding.fields.get('venue')}:{finding.fields.get('kind')}:{finding.fields.get('user')}"
