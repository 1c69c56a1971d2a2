"""The way back after a crash, which is also the way of every start.

What dead processes were sending is unknown; what never left and is stale is refused; orders of ours that the journal
does not know are taken in; and until an account was compared with its venue, nothing opens there.
"""

import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from core.actions import freeze
from core.clock import Clock, SystemClock
from core.emergency import EmergencyLog
from core.herald import Herald
from core.ids import is_ours
from core.outcomes import by_order
from core.resolver import Clients, Resolver
from db import EVERYBODY, Job, LegKind, LegSpec, Store, TradingState
from exchanges.base import AccountVenue
from models.account import Account
from models.enums import TimeInForce
from models.errors import TradingError
from models.instrument import Instrument
from models.order import Order
from models.requests import OrderRequest
from models.values import from_millis

logger = logging.getLogger(__name__)

FindInstrument = Callable[[Account, str], Awaitable[Instrument | None]]
"""Finds a market of an account's venue by the venue's own name."""

RECONCILING = "reconciling"
RESTORED = "restored"
_FRESH_MS = 30_000
_LOOK_BACK = timedelta(hours=24)
_HIGH_WATER = "journal.mark"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryReport:
    """What a start found."""

    orphaned: int
    """Legs that a dead process was sending."""
    expired: int
    unresolved: int
    """Legs still unknown after one look at each."""
    adopted: int
    """Orders of ours that the journal did not know."""
    unreconciled: tuple[Account, ...]
    """Accounts whose venue did not answer; nothing opens there until it does."""
    is_restored: bool
    """The database is older than this machine remembers; trading is halted until the operator resumes it."""


class Recovery:
    """Brings the journal and the venues together.

    Args:
        store: The open database.
        clients: Gives an account's client.
        resolver: Looks at what is unknown.
        find_instrument: Finds the market of an order that the journal does not know.
        emergency: What was sent while the database took no writes.
        clock: Tests bring their own.
    """

    def __init__(
        self,
        store: Store,
        clients: Clients,
        resolver: Resolver,
        find_instrument: FindInstrument,
        emergency: EmergencyLog,
        *,
        herald: Herald,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clients = clients
        self._resolver = resolver
        self._find_instrument = find_instrument
        self._emergency = emergency
        self._herald = herald
        self._clock = clock or SystemClock()

    async def recover(self) -> RecoveryReport:
        """Do everything that must be done before the first command is taken."""
        is_restored = await self._halt_if_restored()
        await self._keep_emergencies()
        now_ms = self._clock.now_ms()
        orphaned = await self._store.journal.orphan(await self._store.bury_the_dead(), older_than_ms=now_ms - _FRESH_MS)
        expired = await self.expire()
        accounts = [row.account for row in await self._store.accounts.usable()]
        for account in accounts:
            await self._store.trading.restrict(str(account), RECONCILING, TradingState.REDUCING)
        unresolved = 0
        if await self._store.processes.hold(Job.RESOLVER):  # else the other process is at it
            unresolved = await self._resolver.look_once()
        adopted, unreconciled = 0, []
        for account in accounts:
            found = await self.reconcile(account)
            adopted += found or 0
            if found is None:
                unreconciled.append(account)
        await self.mark_high_water()
        return RecoveryReport(
            orphaned=len(orphaned),
            expired=expired,
            unresolved=unresolved,
            adopted=adopted,
            unreconciled=tuple(unreconciled),
            is_restored=is_restored,
        )

    async def expire(self) -> int:
        """Refuse what was prepared, never left, and is too old to be wanted; return how many legs that were."""
        older_than_ms = self._clock.now_ms() - _FRESH_MS
        return len(await self._store.journal.expire(older_than_ms=older_than_ms, announce=self._herald.changed))

    async def reconcile(self, account: Account) -> int | None:
        """Take in what the venue has of ours and let the account open positions again.

        Returns:
            How many orders were taken in; None when the venue did not answer, and the account stays as it is.
        """
        try:
            client = await self._clients(account)
            adopted = await self._adopt_orders(account, client)
        except TradingError as e:
            logger.warning("account not reconciled", extra={"account": str(account), "code": e.code})
            return None
        await self._store.trading.lift(str(account), RECONCILING)
        return adopted

    async def resume(self, by_user_id: int) -> None:
        """Trade again after a restore, on the word of the operator."""
        await self._store.trading.lift(EVERYBODY, RESTORED)
        await self._store.audit.add("resume", RESTORED, actor_id=by_user_id)

    async def mark_high_water(self) -> None:
        """Note how far the journal is, outside the database, so that an older one is recognised."""
        mark = {"event": await self._store.journal.high_water()}
        temporary = self._mark.with_suffix(f".{os.getpid()}")  # the other process may be at it too
        with temporary.open("w", encoding="ascii") as file:
            file.write(json.dumps(mark))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._mark)

    @property
    def _mark(self) -> Path:
        return self._store.path.with_name(_HIGH_WATER)

    async def _halt_if_restored(self) -> bool:
        remembered = self._remembered()
        if remembered is not None and await self._store.journal.high_water() >= remembered:
            return False
        logger.error("the database is older than expected; trading is halted until the operator resumes it")
        await self._store.trading.restrict(EVERYBODY, RESTORED, TradingState.HALTED, note="the database was restored")
        return True

    def _remembered(self) -> int | None:
        """Return how far the journal was; None where that cannot be read, which looks like damage."""
        try:
            return int(json.loads(self._mark.read_bytes())["event"])
        except FileNotFoundError:  # nothing was ever written here
            return 0
        except (ValueError, KeyError, TypeError):
            return None

    async def _keep_emergencies(self) -> None:
        """Move what was sent without a journal into the audit."""
        entries = self._emergency.entries()
        for entry in entries:
            await self._store.audit.add("emergency", str(entry.get("account", "")), entry=entry)
        if entries:
            self._emergency.clear()

    async def _adopt_orders(self, account: Account, client: AccountVenue) -> int:
        since = from_millis(self._clock.now_ms()) - _LOOK_BACK
        history = await client.get_order_history(since=since, limit=500)
        ours: dict[str, Order] = {}
        for order in (*history, *await client.get_open_orders()):  # what is open wins over what is older
            if order.client_order_id is not None and is_ours(account.exchange, order.client_order_id):
                ours[order.client_order_id] = order
        known = await self._store.journal.knows(account.exchange, list(ours))
        adopted = [await self._adopt(account, order) for client_id, order in ours.items() if client_id not in known]
        return sum(adopted)

    async def _adopt(self, account: Account, order: Order) -> bool:
        instrument = await self._find_instrument(account, order.native_symbol)
        if instrument is None:
            logger.error("order of ours on an unknown market", extra={"account": str(account), "order": order.order_id})
            return False
        request = _as_request(order, instrument)
        spec = LegSpec(
            symbol=order.symbol,
            kind=LegKind.ORDER,
            part="entry",
            client_order_id=order.client_order_id,
            side=order.side,
            size=order.size,
        )
        leg_id = await self._store.journal.adopt(
            account, spec, by_order(order), action_kind=OrderRequest.__name__, action=freeze(request)
        )
        if leg_id is not None:
            logger.warning("order adopted", extra={"leg": f"A{leg_id}", "account": str(account)})
        return leg_id is not None


def _as_request(order: Order, instrument: Instrument) -> OrderRequest:
    """Return the request that would have made an order, as far as its venue tells."""
    return OrderRequest(
        instrument=instrument,
        side=order.side,
        size=order.size or Decimal(0),
        order_type=order.order_type,
        client_order_id=order.client_order_id or "",
        price=order.price,
        time_in_force=order.time_in_force or TimeInForce.GTC,
        trigger_price=order.trigger_price,
        trigger_by=order.trigger_by,
        reduce_only=order.reduce_only,
        closes_position=order.closes_position,
        position_side=order.position_side,
    )
