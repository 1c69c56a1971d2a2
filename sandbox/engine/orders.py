"""What clients ask for, and the order the engine keeps of it."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.words import (
    OrderStatus,
    OrderType,
    PositionIdx,
    Reason,
    Side,
    StopKind,
    TimeInForce,
    TriggerBy,
    TriggerDirection,
)

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When a conditional order becomes active.

    Attributes:
        price: The watched price reaches this one. None only for a trailing stop, whose trigger follows the market.
        direction: None lets the engine take it from where the price is now.
    """

    price: Decimal | None
    by: TriggerBy = TriggerBy.LAST
    direction: TriggerDirection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A take-profit or stop-loss to attach to an entry or to set on a position.

    Attributes:
        trigger_price: Where it fires.
        limit_price: Set for a limit close, None for a market close.
        size: How much it closes; None means the whole position, whatever it is then.
    """

    trigger_price: Decimal
    by: TriggerBy = TriggerBy.LAST
    limit_price: Decimal | None = None
    size: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSpec:
    """What a client asks for.

    Attributes:
        size: In base currency; zero only with ``whole_position``.
        price: Limit price; for a market order the worst acceptable price, or None for the engine's own slippage limit.
        whole_position: The size follows the position until the trigger fires (position TP/SL, close-all).
        take_profit, stop_loss: Attached protection; it arms when the entry fills.
        parent_id: This order waits for that entry to fill, and dies with it (HyperLiquid's normalTpsl children).
        oco_group: Orders with the same group cancel each other when one of them executes.
        trail: Distance of a trailing stop, in price; with ``stop=StopKind.TRAILING``.
        activation: Price at which a trailing stop starts following; None means at once.
        tag: Free text of the venue's layer that the engine keeps (for example how the order was created).
    """

    symbol: str
    side: Side
    type: OrderType
    size: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    close_on_trigger: bool = False
    whole_position: bool = False
    position_idx: PositionIdx = PositionIdx.ONE_WAY
    client_order_id: str | None = None
    trigger: Trigger | None = None
    stop: StopKind = StopKind.NONE
    take_profit: Protection | None = None
    stop_loss: Protection | None = None
    parent_id: str | None = None
    oco_group: str | None = None
    trail: Decimal | None = None
    activation: Decimal | None = None
    tag: str = ""


@dataclass(slots=True, kw_only=True)
class Order:
    """One order as the venue knows it; read it, never write to it from outside the engine.

    Attributes:
        number: Rising integer, unique at the venue (HyperLiquid's oid).
        order_id: The venue's order id as text (Bybit: a UUID; HyperLiquid: the number).
        filled_value: Sum of price x size of the fills.
        fee: Sum of the fees of the fills, in the settle coin.
        reason: Why it ended; None while open and when filled.
        last_price_on_created: Last price when it was accepted.
        triggered_ms: When the trigger fired; None when it has not, or has none.
        extreme: Best price seen by a trailing stop since it became active.
    """

    number: int
    order_id: str
    account_id: str
    spec: OrderSpec
    size: Decimal
    price: Decimal | None
    trigger: Trigger | None
    status: OrderStatus
    created_ms: int
    updated_ms: int
    last_price_on_created: Decimal
    filled_size: Decimal = ZERO
    filled_value: Decimal = ZERO
    fee: Decimal = ZERO
    reason: Reason | None = None
    triggered_ms: int | None = None
    extreme: Decimal | None = None
    trail: Decimal | None = None
    take_profit: Protection | None = None
    stop_loss: Protection | None = None

    @property
    def symbol(self) -> str:
        """The market, in the venue's name."""
        return self.spec.symbol

    @property
    def side(self) -> Side:
        """Direction."""
        return self.spec.side

    @property
    def client_order_id(self) -> str | None:
        """The client's id, if it gave one."""
        return self.spec.client_order_id

    @property
    def is_open(self) -> bool:
        """Whether it can still execute."""
        return self.status.is_open

    @property
    def remaining(self) -> Decimal:
        """What is left to execute; zero once closed."""
        return self.size - self.filled_size if self.is_open else ZERO

    @property
    def average_price(self) -> Decimal | None:
        """Volume-weighted fill price; None before the first fill."""
        return self.filled_value / self.filled_size if self.filled_size else None
