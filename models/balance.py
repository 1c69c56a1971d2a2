"""Money in an account."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.enums import AccountType, MarginMode
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinBalance(Value):
    """One coin of an account, in its own unit; `usd_value` in US dollars."""

    coin: str
    total: Decimal
    available: Decimal | None = None
    locked: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    usd_value: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Value):
    """An account's money in `currency`. None: the venue does not say."""

    exchange: str
    currency: str
    equity: Decimal
    """Everything, unrealised profit included."""
    wallet: Decimal | None
    """Everything without unrealised profit."""
    available: Decimal | None
    """What new positions can use as margin."""
    margin_used: Decimal | None
    maintenance_margin: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    margin_mode: MarginMode | None = None
    coins: tuple[CoinBalance, ...] = ()
    account_type: AccountType | None = None
    as_of: datetime | None = None
