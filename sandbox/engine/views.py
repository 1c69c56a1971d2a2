"""How an account and its positions stand at this moment."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.engine.orders import Order
from sandbox.engine.records import Position
from sandbox.words import MarginMode


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """A position with everything that depends on the market at this moment."""

    position: Position
    leverage: Decimal
    margin_mode: MarginMode
    mark_price: Decimal
    value: Decimal  # size x mark, above zero
    unrealised: Decimal
    initial_margin: Decimal  # of the position at its leverage; isolated: the collateral set aside
    maintenance_margin: Decimal
    liquidation_price: Decimal | None  # None: cannot be liquidated by this market alone
    bankruptcy_price: Decimal | None
    break_even_price: Decimal | None
    take_profit: Order | None  # the armed whole-position orders
    stop_loss: Order | None
    trailing_stop: Order | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinView:
    """One coin of an account."""

    coin: str
    wallet: Decimal
    unrealised: Decimal
    equity: Decimal
    position_margin: Decimal
    position_maintenance: Decimal
    order_margin: Decimal
    cumulative_realised: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account's money at this moment, in US dollars (one stablecoin = one dollar).

    Attributes:
        available: What new orders may use.
        margin_balance: Equity that stands behind cross positions (isolated collateral and its profit left out).
    """

    account_id: str
    time_ms: int
    coins: tuple[CoinView, ...]
    equity: Decimal
    wallet: Decimal
    unrealised: Decimal
    margin_balance: Decimal
    available: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    position_value: Decimal
