"""Looks at what is held, from the stored snapshots: tells of a near liquidation, a missing stop, funding, silence.

Each condition is told once while it holds, and again when it gets worse; what was told survives restarts.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.accounts import spec_of
from core.clock import Clock, SystemClock
from core.dangers import (
    distance_to_liquidation,
    is_far_again,
    is_guarded,
    nearness,
    wanted_stop,
)
from core.forever import every, for_ever, holding
from core.reading import guarded_positions
from core.resolver import Clients
from db import Job, Message, Store
from exchanges.pacing import Purpose, reading_for
from exchanges.spec import Capability
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
        await for_ever("watch", holding(self._store, Job.RECONCILER, self.look_once), wait=every(self._clock, _EVERY_S))

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
        bare = {f"{prefix}{p.symbol}:{p.side}": p for p in positions if not is_guarded(p)}
        wanted = {key: p for key, p in bare.items() if await self._wants_stop(account, p.symbol)}
        now = self._clock.monotonic()
        since = {key: self._naked_since.get(key, now) for key in wanted}
        others = {key: at for key, at in self._naked_since.items() if not key.startswith(prefix)}
        self._naked_since = others | since
        ripe = {key: p for key, p in wanted.items() if now - since[key] >= _NAKED_FOR_S}
        naked = await self._confirmed(account, ripe)
        if naked is None:
            return
        for key in naked.keys() - held.keys():
            await self._store.conditions.begin(key, 1, self._no_stop(account, naked[key]))
        for key in held.keys() - naked.keys():
            await self._store.conditions.end(key)

    def _no_stop(self, account: Account, position: Position) -> Message:
        name = f"{position.symbol}:{position.side}:{self._clock.now_ms()}"
        facts = {"symbol": position.symbol, "side": position.side, "size": position.size}
        return _message(account, "naked", name, **facts)

    async def _confirmed(self, account: Account, ripe: Mapping[str, Position]) -> Mapping[str, Position] | None:
        """Return which positions lack their stop; None: not known now.

        Where stops are orders of their own no snapshot shows them, so the venue is asked, now and then.
        """
        if not ripe or spec_of(account.exchange).can(Capability.POSITION_PROTECTION):
            return ripe
        if self._clock.monotonic() - self._asked_at.get(account, -_ASK_AGAIN_S) < _ASK_AGAIN_S:
            return None
        self._asked_at[account] = self._clock.monotonic()
        try:
            with reading_for(Purpose.SYNC):
                found = await guarded_positions(account, await self._clients(account))
        except TradingError as e:
            logger.info("stops not read", extra={"account": str(account), "code": e.code})
            self._asked_at[account] -= _ASK_AGAIN_S - _EVERY_S  # what is not known is asked for again soon
            return None
        bare = {(position.symbol, position.side) for position in found if not is_guarded(position)}
        return {key: position for key, position in ripe.items() if (position.symbol, position.side) in bare}

    async def _wants_stop(self, account: Account, symbol: str) -> bool:
        if await self._store.settings.get(account.user_id, "requires_stop", False):
            return True
        return wanted_stop(await self._store.journal.of_market(account, symbol))

    async def _watch_funding(self, account: Account, now: datetime) -> None:
        """Tell what was paid and received, at most once in eight hours: one venue settles every hour."""
        told_until = await self._store.fills.mark(account, _FUNDING_TOLD)
        if told_until is None:
            await self._store.fills.set_mark(account, _FUNDING_TOLD, now)
            return
        payments = await self._store.fills.funding(account, since=told_until, limit=_MAX_FUNDING)
        is_told = await self._store.outbox.find(_key(account, "funding", str(_slot(now)))) is not None
        if is_told or not payments:
            return
        by_symbol: dict[str, Decimal] = {}
        for payment in payments:
            by_symbol[payment.symbol] = by_symbol.get(payment.symbol, Decimal(0)) + payment.amount
        facts = {"total": sum(by_symbol.values(), Decimal(0)), "count": len(payments), "by_symbol": by_symbol}
        if await self._store.outbox.add(_message(account, "funding", str(_slot(now)), **facts)) is not None:
            newest = max(payment.paid_at for payment in payments)
            await self._store.fills.set_mark(account, _FUNDING_TOLD, newest + timedelta(milliseconds=1))


def _slot(moment: datetime) -> int:
    return int(moment.timestamp() // _FUNDING_SLOT.total_seconds())


def _key(account: Account, kind: str, name: str) -> str:
    return f"{kind}:{account}:{name}"


def _message(account: Account, kind: str, name: str, **data: Any) -> Message:
    body = {"kind": kind, "account": account, **data}
    return Message(chat_id=account.user_id, key=_key(account, kind, name), body=body)
