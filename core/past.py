"""What an account did in a stretch of time: from the venue, and from the records where the venue is asked no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from core.accounts import spec_of
from core.curve import CurvePoint, profit_curve
from core.ports import TradingBackend
from core.summary import EntryFee, Summary, summarize
from db import Store
from exchanges.spec import Capability
from models.account import Account
from models.fill import ClosedPnl, Fill, FundingPayment
from models.values import Value

ASKED_BACK = timedelta(days=30)
"""How far back a venue is asked; what is older comes from the records alone, so nothing is counted twice."""
MOST = 2000
_STORED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past(Value):
    """Results, funding, and what was paid to open where results leave that out."""

    closed: tuple[ClosedPnl, ...] = ()
    funding: tuple[FundingPayment, ...] = ()
    entry_fees: tuple[EntryFee, ...] = ()

    @property
    def summary(self) -> Summary:
        """Everything added up."""
        return summarize(self.closed, self.funding, self.entry_fees)

    @property
    def curve(self) -> list[CurvePoint]:
        """How the total moved."""
        return profit_curve(self.closed, self.funding, self.entry_fees)


async def recent_past(backend: TradingBackend, account: Account, since: datetime) -> Past:
    """Return what a venue tells of an account since a moment.

    Raises:
        Unavailable: It did not answer.
    """
    user_id, exchange, account_type = account.user_id, account.exchange, account.account_type
    funding = await backend.get_funding(user_id, since=since, limit=MOST, exchange=exchange, account_type=account_type)
    if spec_of(exchange).can(Capability.CLOSED_PNL):
        closed = await backend.get_closed_pnl(
            user_id, since=since, limit=MOST, exchange=exchange, account_type=account_type
        )
        return Past(closed=tuple(closed), funding=tuple(funding))
    fills = await backend.get_fills(user_id, since=since, limit=MOST, exchange=exchange, account_type=account_type)
    return Past(closed=tuple(ClosedPnl.from_fills(fills)), funding=tuple(funding), entry_fees=entry_fees(fills))


async def past_of(backend: TradingBackend, store: Store, account: Account, since: datetime, now: datetime) -> Past:
    """Return what an account did since a moment, however long ago: what is older comes from the records.

    Raises:
        Unavailable: The venue did not answer.
    """
    asked_since = max(since, now - ASKED_BACK)
    recent = await recent_past(backend, account, asked_since)
    older = await stored_past(store, account, since, asked_since)
    return Past(
        closed=(*recent.closed, *older.closed),
        funding=(*recent.funding, *older.funding),
        entry_fees=(*recent.entry_fees, *older.entry_fees),
    )


async def stored_past(store: Store, account: Account, since: datetime, until: datetime) -> Past:
    """Return what the records hold of an account between two moments."""
    if since >= until:
        return Past()
    closed = await store.fills.closed_pnl(account, since=since, limit=_STORED)
    funding = await store.fills.funding(account, since=since, limit=_STORED)
    fills: Sequence[Fill] = ()
    if not spec_of(account.exchange).can(Capability.CLOSED_PNL):
        fills = await store.fills.fills(account, since=since, limit=_STORED)
    return Past(
        closed=tuple(row for row in closed if row.closed_at < until),
        funding=tuple(payment for payment in funding if payment.paid_at < until),
        entry_fees=entry_fees(fill for fill in fills if fill.filled_at < until),
    )


def entry_fees(fills: Iterable[Fill]) -> tuple[EntryFee, ...]:
    """Return what was paid to open: the part of each fee that belongs to what a fill did not close."""
    fees = []
    for fill in fills:
        opened = fill.size - (fill.closed_size or Decimal(0))
        if fill.fee is not None and opened > 0:
            fees.append(EntryFee(at=fill.filled_at, symbol=fill.symbol, fee=fill.fee * opened / fill.size))
    return tuple(fees)
