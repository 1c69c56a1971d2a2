"""The venues' instrument tables, kept for the whole process: no user and no order pays for them."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from exchanges.pacing import Purpose, reads_for
from models.enums import AccountType
from models.errors import TradingError
from models.market import Instrument

logger = logging.getLogger(__name__)

Load = Callable[[str, AccountType], Awaitable[Sequence[Instrument]]]
Key = tuple[str, AccountType]


@dataclass(slots=True)
class _Table:
    rows: Sequence[Instrument]
    loaded_at: float


class InstrumentTables:
    """One table per venue and environment, loaded once and refreshed behind the callers' backs.

    Args:
        load: Asks a venue for all its markets.
        fresh_s: The age at which a table is loaded anew; the old one serves meanwhile.
        monotonic: The clock.
    """

    def __init__(self, load: Load, *, fresh_s: float = 600, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._tables: dict[Key, _Table] = {}
        self._loading: dict[Key, asyncio.Task[Sequence[Instrument]]] = {}

    async def of(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        """Return a venue's markets.

        Raises:
            Unavailable: The venue has never answered yet.
        """
        key = (exchange, account_type)
        table = self._tables.get(key)
        if table is None:
            return await asyncio.shield(self._refresh(key))
        if self._monotonic() - table.loaded_at > self._fresh_s:
            self._refresh(key).add_done_callback(_log_failure)
        return table.rows

    def _refresh(self, key: Key) -> asyncio.Task[Sequence[Instrument]]:
        """Load a table, once however many ask."""
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._fetch(key))
            task.add_done_callback(lambda _: self._loading.pop(key, None))
        return task

    @reads_for(Purpose.READ)  # it serves everybody, whoever happened to be the first to ask
    async def _fetch(self, key: Key) -> Sequence[Instrument]:
        rows = tuple(await self._load(*key))
        self._tables[key] = _Table(rows=rows, loaded_at=self._monotonic())
        return rows


def _log_failure(task: asyncio.Task[Sequence[Instrument]]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        if not isinstance(error, TradingError):
            raise error
        logger.warning("instrument table not refreshed", extra={"reason": str(error)})
