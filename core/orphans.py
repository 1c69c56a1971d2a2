"""Stops and targets of ours whose position is gone: where they are orders of their own they would hit the next one."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from core.actions import instrument_of_leg, thaw
from core.clock import Clock, SystemClock
from core.forever import every, for_ever, holding
from core.ports import CancelOrder
from core.resolver import Clients
from db import Job, Leg, LegKind, LegState, Message, Store
from exchanges.pacing import Purpose, reading_for
from models.account import Account
from models.errors import TradingError
from models.requests import OrderRequest

logger = logging.getLogger(__name__)

_EVERY_S = 5.0
_AFTER_FAILURE_S = 30.0
_OPEN = (LegState.ACKED, LegState.WORKING, LegState.PARTIAL)
_UNDECIDED = (*_OPEN, LegState.PREPARED, LegState.SENDING, LegState.UNKNOWN)


class Orphans:
    """Cancels protection that protects nothing. One process at a time holds the job.

    A protection order is an orphan when two snapshots in a row show no position of its market, no entry of ours is on
    its way there, and the venue itself says the same when asked.

    Args:
        store: The open database.
        clients: Gives an account's client.
        cancel: The trading function.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, clients: Clients, cancel: CancelOrder, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clients = clients
        self._cancel = cancel
        self._clock = clock or SystemClock()
        self._suspected: dict[int, datetime] = {}

    async def run(self) -> None:
        """Look for ever."""
        await for_ever(
            "orphans",
            holding(self._store, Job.RECONCILER, self.look_once),
            wait=every(self._clock, _EVERY_S),
            after_failure=every(self._clock, _AFTER_FAILURE_S),
        )

    async def look_once(self) -> int:
        """Cancel what was an orphan this time and the time before; return how many orders that were."""
        rows = await self._store.accounts.usable()
        found = await asyncio.gather(*(self._look(row.account) for row in rows))
        self._suspected = {leg_id: seen_at for suspects, _ in found for leg_id, seen_at in suspects.items()}
        return sum(cancelled for _, cancelled in found)

    async def _look(self, account: Account) -> tuple[dict[int, datetime], int]:
        seen_at = await self._store.fills.mark(account, "positions")
        if seen_at is None:
            return {}, 0
        candidates = await self._candidates(account)
        ripe = [leg for leg in candidates if self._suspected.get(leg.id, seen_at) < seen_at]
        fresh = {leg.id: self._suspected.get(leg.id, seen_at) for leg in candidates}
        try:
            return fresh, await self._cancel_orphans(account, ripe) if ripe else 0
        except TradingError as e:
            logger.info("orphans wait", extra={"account": str(account), "code": e.code})
            return fresh, 0

    async def _candidates(self, account: Account) -> list[Leg]:
        """Return protection of ours in markets where the last snapshot shows nothing, and where nothing is coming."""
        legs = await self._store.journal.in_state(*_UNDECIDED, account=account)
        if not legs:
            return []
        held = {row.position.symbol for row in await self._store.positions.of_account(account)}
        awaited = {leg.symbol for leg in legs if _opens(leg)}
        return [leg for leg in legs if _protects(leg) and leg.symbol not in held | awaited]

    async def _cancel_orphans(self, account: Account, legs: Sequence[Leg]) -> int:
        with reading_for(Purpose.SYNC):
            return sum([await self._cancel_one(account, leg) for leg in legs])

    async def _cancel_one(self, account: Account, leg: Leg) -> bool:
        client, instrument = await self._clients(account), instrument_of_leg(leg)
        if await client.get_positions(instrument):
            return False
        listed = await client.get_open_orders(instrument)
        if not any(order.client_order_id == leg.client_order_id for order in listed):
            return False
        result = await self._cancel(
            account.user_id,
            leg.symbol,
            leg.client_order_id or "",
            exchange=account.exchange,
            account_type=account.account_type,
            cause=f"orphan:{leg.reference}",
        )
        if result.success:
            await self._store.outbox.add(_message(account, leg))
        return result.success


def _opens(leg: Leg) -> bool:
    """Whether a leg can open a position, after which its protection is no orphan."""
    return leg.kind is LegKind.ORDER and not _is_reducing(leg)


def _protects(leg: Leg) -> bool:
    """Whether a leg is a stop or target that stands, of its own or beside an entry."""
    if leg.state not in _OPEN or leg.client_order_id is None:
        return False
    return leg.kind is LegKind.PROTECTION or (leg.kind is LegKind.ORDER and _is_reducing(leg) and _is_trigger(leg))


def _is_reducing(leg: Leg) -> bool:
    action = thaw(leg.action_kind, leg.action)
    return isinstance(action, OrderRequest) and action.reduce_only


def _is_trigger(leg: Leg) -> bool:
    action = thaw(leg.action_kind, leg.action)
    return isinstance(action, OrderRequest) and action.order_type.is_trigger


def _message(account: Account, leg: Leg) -> Message:
    body = {"kind": "orphan_cancelled", "account": account, "symbol": leg.symbol, "part": leg.part}
    return Message(chat_id=account.user_id, key=f"orphan_cancelled:{leg.id}", body=body)
