"""Looks at what is held, from the stored snapshots: tells of a near liquidation, a missing stop, funding, silence.

Each condition is told once while it holds, and again when it gets worse; what was told survives restarts.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.clock import Clock, SystemClock
from core.dangers import (
    distance_to_liquidation,
    is_far_again,
    is_guarded,
    nearness,
    wanted_stop,
)
from core.reading import guarded_positions
from core.resolver import Clients
from db import Job, Message, Store
from exchanges.pacing import Purpose, reading_for
from models.account import Account
from models.errors import TradingError
from models.position import Position
from models.values import from_millis

logger = logging.getLogger(__name__)

_EVERY_S = 5.0
_FRESH = timedelta(seconds=60)
_SILENT = timedelta(minutes=3)
_NAKED_FOR_S = 15.0
_ASK_AGAIN_S = 30.0
_FUNDING_SLOT = timedelta(hours=8)
_MAX_FUNDING = 500
_FUNDING_TOLD = "funding_told"


class Watchman:
    """The background job. One process at a time holds it.

    Args:
        store: The open database.
        clients: Gives an account's client.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, clients: Clients, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clients = clients
        self._clock = clock or SystemClock()
        self._began = self._clock.monotonic()
        self._naked_since: dict[str, float] = {}
        self._asked_at: dict[Account, float] = {}

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self._clock.sleep(_EVERY_S)
            try:
                if await self._store.processes.hold(Job.RECONCILER):
                    await self.look_once()
            except Exception:
                logger.exception("watch: round failed")

    async def look_once(self) -> None:
        """Look at every usable account."""
        for row in await self._store.accounts.usable():
            await self._look(row.account)

    async def _look(self, account: Account) -> None:
        seen_at = await self._store.fills.mark(account, "positions")
        if seen_at is None:
            return
        now = from_millis(self._clock.now_ms())
        await self._watch_connection(account, seen_at, now)
        if now - seen_at > _FRESH:
            return
        positions = [row.position for row in await self._store.positions.of_account(account)]
        await self._watch_liquidation(account, positions)
        await self._watch_stops(account, positions)
        await self._watch_funding(account, now)

    async def _watch_connection(self, account: Account, seen_at: datetime, now: datetime) -> None:
        key = f"silent:{account}"
        if now - seen_at <= _FRESH:
            if key in await self._store.conditions.held(key):
                back = _message(account, "account_back", f"{now.isoformat()}")
                await self._store.conditions.end(key, back)
            return
        has_had_time = self._clock.monotonic() - self._began > _SILENT.total_seconds()
        if now - seen_at > _SILENT and has_had_time:
            news = _message(account, "account_silent", seen_at.isoformat(), since=seen_at)
            await self._store.conditions.begin(key, 1, news)

    async def _watch_liquidation(self, account: Account, positions: Sequence[Position]) -> None:
        prefix = f"liquidation_near:{account}:"
        held = await self._store.conditions.held(prefix)
        for position in positions:
            key, level = f"{prefix}{position.symbol}:{position.side}", nearness(position)
            if level > held.pop(key, 0):
                await self._store.conditions.begin(key, level, self._near(account, position, level))
            elif not is_far_again(position):
                continue
            else:
                await self._store.conditions.end(key)
        for gone in held:
            await self._store.conditions.end(gone)

    def _near(self, account: Account, position: Position, level: int) -> Message:
        facts = {
            "mark": position.mark_price,
            "liquidation": position.liquidation_price,
            "distance": distance_to_liquidation(position),
        }
        name = f"{position.symbol}:{position.side}:{level}:{self._clock.now_ms()}"
        return _message(account, "liquidation_near", name, symbol=position.symbol, side=position.side, **facts)

    async def _watch_stops(self, account: Account, positions: Sequence[Position]) -> None:
        prefix = f"naked:{account}:"
        held = await self._store.conditions.held(prefix)
        naked = await self._naked(account, positions)
        for key, position in ((f"{prefix}{p.symbol}:{p.side}", p) for p in naked):
            since = self._naked_since.setdefault(key, self._clock.monotonic())
            if key not in held and self._clock.monotonic() - since >= _NAKED_FOR_S:
                await self._store.conditions.begin(key, 1, self._no_stop(account, position))
        names = {f"{prefix}{p.symbol}:{p.side}" for p in naked}
        for key in {key for key in self._naked_since if key.startswith(prefix)} - names:
            del self._naked_since[key]
        for key in held.keys() - names:
            await self._store.conditions.end(key)

    def _no_stop(self, account: Account, position: Position) -> Message:
        name = f"{position.symbol}:{position.side}:{self._clock.now_ms()}"
        facts = {"symbol": position.symbol, "side": position.side, "size": position.size}
        return _message(account, "naked", name, **facts)

    async def _naked(self, account: Account, positions: Sequence[Position]) -> list[Position]:
        """Return the positions that lack a stop which was wanted; asks the venue where a snapshot cannot tell."""
        bare = [position for position in positions if not is_guarded(position)]
        wanted = [position for position in bare if await self._wants_stop(account, position.symbol)]
        if not wanted:
            return []
        if self._clock.monotonic() - self._asked_at.get(account, -_ASK_AGAIN_S) < _ASK_AGAIN_S:
            return [p for p in wanted if f"naked:{account}:{p.symbol}:{p.side}" in self._naked_since]
        self._asked_at[account] = self._clock.monotonic()
        try:
            with reading_for(Purpose.SYNC):
                now_held = await guarded_positions(account, await self._clients(account))
        except TradingError as e:
            logger.info("stops not read", extra={"account": str(account), "code": e.code})
            return [p for p in wanted if f"naked:{account}:{p.symbol}:{p.side}" in self._naked_since]
        still_bare = {(p.symbol, p.side) for p in now_held if not is_guarded(p)}
        return [position for position in wanted if (position.symbol, position.side) in still_bare]

    async def _wants_stop(self, account: Account, symbol: str) -> bool:
        if await self._store.settings.get(account.user_id, "requires_stop", False):
            return True
        return wanted_stop(await self._store.journal.of_market(account, symbol))

    async def _watch_funding(self, account: Account, now: datetime) -> None:
        """Tell what was paid and received, at most once in eight hours: one venue settles every hour."""
        told_at = await self._store.fills.mark(account, _FUNDING_TOLD)
        if told_at is None:
            await self._store.fills.set_mark(account, _FUNDING_TOLD, now)
            return
        if _slot(now) == _slot(told_at):
            return
        payments = await self._store.fills.funding(account, since=told_at, limit=_MAX_FUNDING)
        if not payments:
            return
        by_symbol: dict[str, Decimal] = {}
        for payment in payments:
            by_symbol[payment.symbol] = by_symbol.get(payment.symbol, Decimal(0)) + payment.amount
        facts = {"total": sum(by_symbol.values(), Decimal(0)), "count": len(payments), "by_symbol": by_symbol}
        await self._store.outbox.add(_message(account, "funding", str(_slot(now)), **facts))
        await self._store.fills.set_mark(account, _FUNDING_TOLD, now)


def _slot(moment: datetime) -> int:
    return int(moment.timestamp() // _FUNDING_SLOT.total_seconds())


def _message(account: Account, kind: str, name: str, **data: Any) -> Message:
    body = {"kind": kind, "account": account, **data}
    return Message(chat_id=account.user_id, key=f"{kind}:{account}:{name}", body=body)
