"""An order, as either venue reports it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.enums import AccountType, OrderSide, OrderStatus, OrderType, PositionSide, TimeInForce, TriggerBy
from models.values import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Value):
    """One order. Sizes are in base currency.

    A protection order that covers a whole position has `closes_position` and may have `size` None: the venue
    takes whatever the position is when it fires.
    """

    exchange: str
    symbol: str
    native_symbol: str
    order_id: str
    client_order_id: str | None
    side: OrderSide
    order_type: OrderType
    status: OrderStatus
    size: Decimal | None
    filled_size: Decimal = Decimal(0)
    price: Decimal | None = None
    """The limit; None for orders that take the market's price."""
    average_price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_by: TriggerBy | None = None
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    closes_position: bool = False
    position_side: PositionSide | None = None
    """The hedge leg it belongs to; None in one-way mode."""
    take_profit: Decimal | None = None
    """Protection that becomes active when this order fills."""
    stop_loss: Decimal | None = None
    parent_order_id: str | None = None
    reject_reason: str | None = None
    venue_status: str = ""
    """The venue's own word, for support."""
    fee: Decimal | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    account_type: AccountType | None = None
    as_of: datetime | None = None

    @property
    def remaining_size(self) -> Decimal | None:
        """What can still fill; None where the order has no size of its own."""
        return None if self.size is None else max(self.size - self.filled_size, Decimal(0))

    @property
    def is_open(self) -> bool:
        """Whether the order can still execute."""
        return self.status.is_open
