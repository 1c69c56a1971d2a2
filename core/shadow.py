"""Reads on both paths, compared: what differs is logged, what is answered comes from the user's own path.

One comparison at a time and per kind of read, at the lowest priority of the rate budget, so that it costs nobody
anything they would notice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from exchanges.pacing import Purpose, reading_for
from models.errors import TradingError
from models.values import jsonable

logger = logging.getLogger(__name__)

COMPARED = frozenset({"get_balance", "get_positions", "get_orders", "get_account_state"})
"""Reads whose answer does not depend on the moment, but for the fields below."""
_OF_THE_MOMENT = frozenset({"as_of", "updated_at", "opened_at", "source"})
_TOLERANCE = Decimal("0.01")
"""Prices move between two reads: amounts that differ by less are held to be the same."""
_TOLD = 5
_NO_OTHER_PATH = "unified_only"


class Shadow:
    """Compares reads while it is wanted.

    Args:
        is_wanted: Looked at on every read.
    """

    def __init__(self, is_wanted: Callable[[], bool]) -> None:
        self._is_wanted = is_wanted
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.compared = 0
        self.differed = 0

    def compare(self, name: str, answer: Any, other: Callable[[], Awaitable[Any]]) -> None:
        """Compare an answer with the other path's, later and elsewhere; at once nothing happens."""
        if name not in COMPARED or not self._is_wanted() or name in self._busy:
            return
        task = asyncio.create_task(self._compare(name, answer, other), name=f"shadow {name}")
        self._busy[name] = task
        task.add_done_callback(lambda ended: self._note_end(name, ended))

    async def settle(self) -> None:
        """Wait for the comparisons under way."""
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _note_end(self, name: str, ended: asyncio.Task[None]) -> None:
        self._busy.pop(name, None)
        if not ended.cancelled() and (error := ended.exception()) is not None:
            logger.error("shadow: the other path broke", exc_info=error, extra={"read": name})
            self.differed += 1

    async def _compare(self, name: str, answer: Any, other: Callable[[], Awaitable[Any]]) -> None:
        try:
            with reading_for(Purpose.SYNC):
                theirs = await other()
        except TradingError as e:
            if e.code == _NO_OTHER_PATH:
                return
            logger.warning("shadow: the other path failed", extra={"read": name, "code": e.code})
            self.differed += 1
            return
        self.compared += 1
        found = differences(jsonable(answer), jsonable(theirs))
        if found:
            self.differed += 1
            logger.warning("shadow: the paths differ", extra={"read": name, "where": "; ".join(found[:_TOLD])})


def differences(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """Return where two JSON values differ by more than the moment between them. Pure."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        names = sorted((ours.keys() | theirs.keys()) - _OF_THE_MOMENT)
        return [found for n in names for found in differences(ours.get(n), theirs.get(n), f"{place}.{n}".lstrip("."))]
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{place}: {len(ours)} rows, {len(theirs)} rows"]
        pairs = zip(_sorted(ours), _sorted(theirs), strict=True)
        return [found for n, (a, b) in enumerate(pairs) for found in differences(a, b, f"{place}[{n}]")]
    return [] if _is_same(ours, theirs) else [f"{place}: {ours!r}, {theirs!r}"]


def _sorted(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: str([row.get(k) for k in _KEYS]) if isinstance(row, dict) else str(row))


_KEYS = ("symbol", "side", "order_id", "currency")


def _is_same(ours: Any, theirs: Any) -> bool:
    if ours == theirs:
        return True
    try:
        one, other = Decimal(str(ours)), Decimal(str(theirs))
        return abs(one - other) <= _TOLERANCE * max(abs(one), abs(other))
    except InvalidOperation:
        return False
