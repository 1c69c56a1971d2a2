"""How an account's money moved with its closed trades and its funding. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.summary import EntryFee
from models.fill import ClosedPnl, FundingPayment
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint(Value):
    """What had been earned since the beginning of the stretch, at one moment."""

    at: datetime
    total: Decimal


def profit_curve(
    closed: Iterable[ClosedPnl], funding: Iterable[FundingPayment], entry_fees: Iterable[EntryFee] = ()
) -> list[CurvePoint]:
    """Add up results, funding and fees in the order they came; what came at one moment makes one point."""
    changes = [(row.closed_at, row.pnl) for row in closed] + [(row.paid_at, row.amount) for row in funding]
    changes += [(paid.at, -paid.fee) for paid in entry_fees]
    totals: dict[datetime, Decimal] = {}
    total = Decimal(0)
    for at, amount in sorted(changes, key=lambda change: change[0]):
        total += amount
        totals[at] = total
    return [CurvePoint(at=at, total=total) for at, total in totals.items()]
