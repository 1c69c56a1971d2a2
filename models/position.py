"""A position, as either venue reports it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.enums import AccountType, MarginMode, PositionSide
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Value):
    """An open position. `size` is in base currency and above zero; the direction is `side`.

    None means the venue does not say, e.g. no liquidation price because the account is margined as a whole.
    """

    exchange: str
    symbol: str
    native_symbol: str
    side: PositionSide
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    notional: Decimal | None
    """Size times mark price, in quote currency."""
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None = None
    """Since this position was opened, as far as the venue says."""
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    margin_used: Decimal | None = None
    liquidation_price: Decimal | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    trailing_stop: Decimal | None = None
    """Distance in price."""
    is_hedge: bool = False
    """Whether the symbol is in hedge mode, so that a long and a short may stand beside each other."""
    funding_since_open: Decimal | None = None
    """Received positive, paid negative."""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    account_type: AccountType | None = None
    as_of: datetime | None = None

    @property
    def is_long(self) -> bool:
        """Whether the position gains when the price rises."""
        return self.side is PositionSide.LONG

    @property
    def return_on_margin(self) -> Decimal | None:
        """Unrealised profit as a fraction of the margin used; None where either is not known."""
        if self.unrealized_pnl is None or not self.margin_used:
            return None
        return self.unrealized_pnl / self.margin_used
