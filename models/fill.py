"""What happened to an account: fills, closed profit, funding."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.enums import AccountType, FillKind, OrderSide, PositionSide
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Value):
    """One execution. `fee` is positive when paid, negative when received."""

    exchange: str
    symbol: str
    native_symbol: str
    fill_id: str
    order_id: str
    client_order_id: str | None
    side: OrderSide
    size: Decimal
    price: Decimal
    fee: Decimal | None
    fee_currency: str | None
    is_maker: bool | None
    kind: FillKind
    realized_pnl: Decimal | None = None
    """Without fees; None where the venue reports it elsewhere."""
    closed_size: Decimal | None = None
    """The part that closed a position; None where the venue does not say."""
    filled_at: datetime
    account_type: AccountType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPnl(Value):
    """The result of closing a position, wholly or in part; `pnl` is after fees where `fees` says so."""

    exchange: str
    symbol: str
    native_symbol: str
    order_id: str
    side: PositionSide
    """The side of the position that was closed."""
    size: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    pnl: Decimal
    """Net of `fees`."""
    fees: Decimal | None
    leverage: Decimal | None = None
    kind: FillKind = FillKind.TRADE
    closed_at: datetime
    account_type: AccountType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment(Value):
    """Funding of one position at one moment: received positive, paid negative."""

    exchange: str
    symbol: str
    native_symbol: str
    payment_id: str
    amount: Decimal
    currency: str
    rate: Decimal | None
    size: Decimal | None
    paid_at: datetime
    account_type: AccountType | None = None
