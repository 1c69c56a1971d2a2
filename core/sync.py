"""Positions and fills follow the venue: a complete snapshot is the truth, a stream is a hint to take one sooner.

Nothing here deletes a position because of an error: a read that fails raises, and what was known stays.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.account_events import AccountEvent, Reason, account_events, changed_keys, exit_of
from core.accounts import spec_of
from core.actions import instrument_of_leg
from core.clock import Clock, SystemClock
from core.fences import KEY_PAUSE_S, KEY_PROBLEMS
from core.forever import every, for_ever, holding, ring
from core.herald import Herald
from core.ids import is_ours
from core.news import News
from core.outcomes import by_order
from core.resolver import Clients
from db import Job, Leg, LegKind, LegState, Message, NewFill, Step, Store
from exchanges.base import AccountEvent as StreamEvent
from exchanges.base import AccountVenue
from exchanges.pacing import Purpose, reading_for
from exchanges.spec import Capability
from models.account import Account
from models.enums import OrderStatus
from models.errors import TradingError
from models.fill import ClosedPnl
from models.order import Order
from models.position import Position
from models.values import Value, from_millis, to_millis

logger = logging.getLogger(__name__)

_FIRST_LOOK_BACK = timedelta(hours=24)
_OVERLAP = timedelta(minutes=1)
_OPEN_STATES = (LegState.ACKED, LegState.WORKING, LegState.PARTIAL)
_QUICK_EVERY_S = 15.0
_FULL_EVERY_S = 300.0
_AFTER_FAILURE_S = 10.0
_TICK_S = 1.0
_AT_ONCE = 4
_LOOK_UPS = 5


class DriftKind(StrEnum):
    """A difference between what we believed and what the venue says."""

    UNEXPLAINED = "unexplained_change"
    UNKNOWN_ORDER = "unknown_order_of_ours"
    LOST_ORDER = "open_order_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift(Value):
    """One difference; `subject` is a market or an order."""

    kind: DriftKind
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport(Value):
    """What one look at an account found."""

    account: Account
    as_of: datetime
    is_full: bool
    """Whether orders and fills were read too, not only positions."""
    positions: tuple[Position, ...]
    events: tuple[AccountEvent, ...] = ()
    new_fills: tuple[NewFill, ...] = ()
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """What happened between two looks."""

    events: tuple[AccountEvent, ...] = ()
    new_fills: tuple[NewFill, ...] = ()

    @property
    def unexplained(self) -> list[Drift]:
        """Changes that no fill tells of."""
        return [Drift(kind=DriftKind.UNEXPLAINED, subject=e.symbol) for e in self.events if e.is_unexplained]


@dataclass(slots=True)
class _Plan:
    """When an account is looked at next, in monotonic seconds."""

    quick: float = 0.0
    full: float = 0.0


class AccountSync:
    """Keeps what is stored about accounts equal to what their venues say.

    Args:
        store: The open database.
        clients: Gives an account's client.
        herald: Makes the messages about what nobody here did.
        clock: Tests bring their own.
        news: Rings when a leg changed.
        listener: Gets every report that tells something, e.g. to refresh a screen.
    """

    def __init__(
        self,
        store: Store,
        clients: Clients,
        herald: Herald,
        *,
        clock: Clock | None = None,
        news: News | None = None,
        listener: Callable[[SyncReport], None] | None = None,
    ) -> None:
        self._store = store
        self._clients = clients
        self._herald = herald
        self._clock = clock or SystemClock()
        self._news = news or News()
        self._listener = listener
        self._plans: dict[Account, _Plan] = {}
        self._bell = asyncio.Event()

    def hint(self, account: Account) -> None:
        """Look at an account soon: something happened there. What changed is then read fully."""
        plan = self._plans.get(account) or _Plan()
        self._plans[account] = _Plan(full=plan.full)
        self._bell.set()

    async def run(self) -> None:
        """Follow every usable account for ever. One process at a time holds the job."""
        await for_ever(
            "sync",
            holding(self._store, Job.RECONCILER, self.sync_due),
            wait=ring(self._clock, self._bell, lambda: _TICK_S),
            after_failure=every(self._clock, _AFTER_FAILURE_S),
        )

    async def sync_due(self) -> list[SyncReport]:
        """Look at every account that is due, a few at a time; return what was found."""
        now, limit = self._clock.monotonic(), asyncio.Semaphore(_AT_ONCE)
        accounts = [row.account for row in await self._store.accounts.usable()]
        due = [account for account in accounts if self._plans.setdefault(account, _Plan()).quick <= now]
        reports = await asyncio.gather(*(self._sync_planned(account, limit) for account in due))
        return [report for report in reports if report is not None]

    async def sync(self, account: Account, *, is_full: bool = True) -> SyncReport:
        """Look at an account now; nobody waits for the background's look, which may wait long for its turn.

        Args:
            account: Whose.
            is_full: Read orders and fills too. A quick look does so only where positions changed.

        Raises:
            Unavailable: The venue did not answer; what was known stays.
            NoCredentials: The account has no keys.
        """
        report = await self._sync(account, is_full=is_full)
        if self._listener is not None and (report.events or report.new_fills or report.drift):
            self._listener(report)
        return report

    async def apply(self, account: Account, event: StreamEvent) -> None:
        """Take in what a private stream tells: fills and orders at once, positions as a hint."""
        if event.fills:
            await self._store.fills.add(account, event.fills)
        for order in event.orders:
            await self._merge(account, order)
        if event.positions or event.fills or event.is_gap:
            self.hint(account)

    async def _sync_planned(self, account: Account, limit: asyncio.Semaphore) -> SyncReport | None:
        plan, now = self._plans[account], self._clock.monotonic()
        is_full = plan.full <= now
        try:
            async with limit:
                with reading_for(Purpose.SYNC):
                    report = await self.sync(account, is_full=is_full)
        except TradingError as e:
            logger.info("account not read", extra={"account": str(account), "code": e.code})
            pause_s = KEY_PAUSE_S if e.code in KEY_PROBLEMS else _AFTER_FAILURE_S
            self._plans[account] = _Plan(quick=now + pause_s, full=plan.full)
            return None
        if self._plans[account] is plan:  # no hint came meanwhile
            full = now + _FULL_EVERY_S if report.is_full else plan.full
            self._plans[account] = _Plan(quick=now + _QUICK_EVERY_S, full=full)
        return report

    async def _sync(self, account: Account, *, is_full: bool) -> SyncReport:
        client = await self._clients(account)
        as_of = from_millis(self._clock.now_ms())
        positions = await client.get_positions()
        last_look = await self._store.fills.mark(account, "positions")
        before = [stored.position for stored in await self._store.positions.of_account(account)]
        drift = await self._follow_orders(account, client, is_full=is_full)
        is_full = is_full or last_look is None
        has_changed = is_full or bool(changed_keys(before, positions))
        if has_changed:
            await self._follow_fills(account, client, as_of)
        if is_full:
            await self._follow_funding(account, client, as_of)
        changes = await self._take_over(account, client, positions, as_of)
        return SyncReport(
            account=account,
            as_of=as_of,
            is_full=is_full,
            positions=tuple(positions),
            events=changes.events,
            new_fills=changes.new_fills,
            drift=(*drift, *changes.unexplained),
        )

    async def _take_over(
        self, account: Account, client: AccountVenue, positions: Sequence[Position], as_of: datetime
    ) -> _Changes:
        """Make a snapshot the truth and tell what changed since the one before it, whoever took that."""
        while True:
            last_look = await self._store.fills.mark(account, "positions")
            changes = await self._changes(account, client, positions, as_of, last_look)
            news = [self._message(account, event, as_of) for event in changes.events if event.is_surprise]
            if await self._store.positions.replace(account, positions, as_of, news, since=last_look):
                return changes
            latest = await self._store.fills.mark(account, "positions")
            if latest is None or latest >= as_of:
                return replace(changes, events=())  # whoever looked later has told them

    async def _changes(
        self,
        account: Account,
        client: AccountVenue,
        positions: Sequence[Position],
        as_of: datetime,
        last_look: datetime | None,
    ) -> _Changes:
        """Return what is new since the last look; at the first one everything was there before."""
        if last_look is None:
            return _Changes()
        before = [stored.position for stored in await self._store.positions.of_account(account)]
        new_fills = await self._store.fills.seen_since(account, last_look)
        orders = await self._orders_behind(client, new_fills)
        own = await self._markets_of_ours(account, as_of)
        exits = await self._exits_of_ours(new_fills)
        events = account_events(before, positions, new_fills, orders, own, exits)
        return _Changes(events=tuple(events), new_fills=tuple(new_fills))

    async def _follow_orders(self, account: Account, client: AccountVenue, *, is_full: bool) -> list[Drift]:
        """Bring every open leg to what its order is now; what is open no more is looked up, a few at a time."""
        open_legs = await self._store.journal.in_state(*_OPEN_STATES, account=account)
        legs = [leg for leg in open_legs if leg.kind is not LegKind.CHANGE]
        if not legs and not is_full:
            return []
        listed = await client.get_open_orders()
        by_id = {order.client_order_id: order for order in listed if order.client_order_id is not None}
        drift = []
        for leg in legs:
            if leg.client_order_id in by_id:
                await self._update(leg, by_id[leg.client_order_id])
        gone = [leg for leg in legs if leg.client_order_id not in by_id and leg.state is not LegState.ACKED]
        for leg in gone[:_LOOK_UPS]:
            order = await client.find_order(instrument_of_leg(leg), client_order_id=leg.client_order_id)
            if order is None:
                drift.append(Drift(kind=DriftKind.LOST_ORDER, subject=leg.reference))
            else:
                await self._update(leg, order)
        ours = [client_id for client_id in by_id if is_ours(account.exchange, client_id)]
        known = await self._store.journal.knows(account.exchange, ours)
        drift += [
            Drift(kind=DriftKind.UNKNOWN_ORDER, subject=client_id) for client_id in ours if client_id not in known
        ]
        return drift

    async def _follow_fills(self, account: Account, client: AccountVenue, as_of: datetime) -> None:
        mark = await self._store.fills.mark(account, "fills")
        since = as_of - _FIRST_LOOK_BACK if mark is None else mark - _OVERLAP
        fills = await client.get_fills(since=since)
        await self._store.fills.add(account, fills)
        counts_itself = spec_of(account.exchange).can(Capability.CLOSED_PNL)
        closed = await client.get_closed_pnl(since=since) if counts_itself else ClosedPnl.from_fills(fills)
        await self._store.fills.add_closed_pnl(account, closed)
        await self._store.fills.set_mark(account, "fills", as_of)

    async def _follow_funding(self, account: Account, client: AccountVenue, as_of: datetime) -> None:
        mark = await self._store.fills.mark(account, "funding")
        since = as_of - _FIRST_LOOK_BACK if mark is None else mark - _OVERLAP
        await self._store.fills.add_funding(account, await client.get_funding(since=since))
        await self._store.fills.set_mark(account, "funding", as_of)

    async def _orders_behind(self, client: AccountVenue, new_fills: Sequence[NewFill]) -> dict[str, Order]:
        """Return the orders that made the fills, to tell a stop from a hand; none where nothing filled."""
        if not new_fills:
            return {}
        since = min(new_fill.fill.filled_at for new_fill in new_fills) - _OVERLAP
        return {order.order_id: order for order in await client.get_order_history(since=since)}

    async def _exits_of_ours(self, new_fills: Sequence[NewFill]) -> dict[str, Reason]:
        """Return which fills are of stops and targets that we placed as orders of their own, by the venue's order."""
        exits: dict[str, Reason] = {}
        for new_fill in new_fills:
            leg = None if new_fill.leg_id is None else await self._store.journal.leg(new_fill.leg_id)
            reason = None if leg is None else exit_of(leg)
            if reason is not None:
                exits[new_fill.fill.order_id] = reason
        return exits

    async def _markets_of_ours(self, account: Account, as_of: datetime) -> set[str]:
        recent = await self._store.journal.recent(account.user_id)
        since_ms = to_millis(as_of - _OVERLAP)
        return {leg.symbol for leg in recent if leg.account == account and leg.updated_ms >= since_ms}

    async def _merge(self, account: Account, order: Order) -> None:
        if order.client_order_id is None:
            return
        leg = await self._store.journal.by_client_order_id(account.exchange, order.client_order_id)
        if leg is None or leg.account != account:
            return
        if order.status is OrderStatus.CANCELLED and not leg.state.is_final:
            # a venue that replaces what is amended cancels the old order and goes on with a new one under our id
            client = await self._clients(account)
            order = await client.find_order(instrument_of_leg(leg), client_order_id=order.client_order_id) or order
        await self._update(leg, order)

    async def _update(self, leg: Leg, order: Order) -> None:
        step = await self._store.journal.update(leg.id, by_order(order), announce=self._announcement)
        if step is not None:
            self._news.ring()

    def _announcement(self, step: Step) -> Message | None:
        is_being_sent = step.before.state is LegState.SENDING  # its sender waits for the answer, and tells
        return None if is_being_sent else self._herald.progressed(step)

    def _message(self, account: Account, event: AccountEvent, as_of: datetime) -> Message:
        key = f"{event.kind}:{account}:{event.symbol}:{event.side}:{event.fill_id or as_of.isoformat()}"
        return self._herald.event(account, event.kind, key, {"event": event.to_dict()})
