"""What a person wants to do, before any market rule has touched it, and the exact order it would become."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from models.account import Account
from models.enums import OrderSide, OrderType, TimeInForce
from models.market import Instrument
from models.values import Value


class SizeUnit(StrEnum):
    """What the number of a size counts."""

    COINS = "coins"
    NOTIONAL = "notional"
    """Quote currency, before leverage: 100$ of BTC."""
    EQUITY_PERCENT = "equity_percent"
    """Per cent of the account's equity, as notional."""
    RISK_PERCENT = "risk_percent"
    """Per cent of equity that is lost if the stop fires; needs a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSize(Value):
    """A size as it was typed."""

    amount: Decimal
    unit: SizeUnit


class LevelUnit(StrEnum):
    """What the number of a stop or target counts."""

    PRICE = "price"
    PERCENT = "percent"
    """Distance from the entry, in per cent of price."""
    ROI_PERCENT = "roi_percent"
    """Profit or loss in per cent of margin, so divided by leverage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Value):
    """A stop or target as it was typed; always a positive number, the side says which way."""

    amount: Decimal
    unit: LevelUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Value):
    """An order as a person wrote it: `/long btc 200$ 5x sl 2% tp 4%`."""

    symbol: str
    """As typed; resolved against the venue's instruments later."""
    side: OrderSide
    size: TicketSize
    price: Decimal | None = None
    """The limit; None takes the market's price."""
    leverage: Decimal | None = None
    stop_loss: Level | None = None
    take_profits: tuple[Level, ...] = ()
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Value):
    """One take-profit of an order: at this price, for this size."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview(Value):
    """The exact order that a confirmation would send, and what it would cost. Estimates are named so.

    None means it cannot be said honestly, e.g. no liquidation price on a portfolio-margined account.
    """

    account: Account
    instrument: Instrument
    side: OrderSide
    order_type: OrderType
    size: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    reference_price: Decimal
    """The price everything here is computed from: the limit, or the market's price at `as_of`."""
    notional: Decimal
    leverage: Decimal | None
    """The leverage the order would run at."""
    leverage_change: Decimal | None
    """The leverage to set first, when the ticket names one that differs; None: nothing to change."""
    margin: Decimal | None
    fee_estimate: Decimal | None
    liquidation_estimate: Decimal | None
    stop_loss: Decimal | None
    targets: tuple[Target, ...]
    stop_distance_fraction: Decimal | None
    risk_amount: Decimal | None
    """What is lost if the stop fires at its price, without fees, in quote currency."""
    risk_reward: Decimal | None
    """Reward of the targets divided by the risk."""
    available: Decimal | None
    warnings: tuple[str, ...] = ()
    """Codes, e.g. `no_stop`, `liquidation_before_stop`, `insufficient_margin`."""
    as_of: datetime
