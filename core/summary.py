"""What a stretch of time brought: closed trades, fees and funding, added up exactly. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.fill import ClosedPnl, FundingPayment
from models.values import Value

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFee(Value):
    """What one fill cost to open."""

    at: datetime
    symbol: str
    fee: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Value):
    """The result of some closed trades, in quote currency.

    `pnl` is net of trading fees, without funding; `fees` is None where the venue did not say every one.
    """

    trades: int
    wins: int
    pnl: Decimal
    fees: Decimal | None
    funding: Decimal
    best: ClosedPnl | None
    worst: ClosedPnl | None
    by_symbol: tuple[tuple[str, Decimal], ...]
    """Net result by market, the best first."""

    @property
    def total(self) -> Decimal:
        """Everything together."""
        return self.pnl + self.funding

    @property
    def win_fraction(self) -> Decimal | None:
        """The share of trades that gained; None without trades."""
        return Decimal(self.wins) / self.trades if self.trades else None


def summarize(
    closed: Sequence[ClosedPnl],
    funding: Iterable[FundingPayment],
    entry_fees: Iterable[EntryFee] = (),
) -> Summary:
    """Add up closed trades and funding.

    Args:
        closed: Results.
        funding: Payments.
        entry_fees: What was paid to open, where the results hold only the fees of closing.
    """
    by_symbol: dict[str, Decimal] = defaultdict(Decimal)
    for row in closed:
        by_symbol[row.symbol] += row.pnl
    opening = _ZERO
    for paid in entry_fees:
        by_symbol[paid.symbol] -= paid.fee
        opening += paid.fee
    fees = [row.fees for row in closed]
    return Summary(
        trades=len(closed),
        wins=sum(row.pnl > 0 for row in closed),
        pnl=sum((row.pnl for row in closed), _ZERO) - opening,
        fees=None if None in fees else sum((fee for fee in fees if fee is not None), opening),
        funding=sum((payment.amount for payment in funding), _ZERO),
        best=max(closed, key=lambda row: row.pnl, default=None),
        worst=min(closed, key=lambda row: row.pnl, default=None),
        by_symbol=tuple(sorted(by_symbol.items(), key=lambda item: item[1], reverse=True)),
    )
