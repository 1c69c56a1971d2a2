"""An order, as either venue reports it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from models import _bybit_words as bybit
from models import _hyperliquid_words as hyperliquid
from models import wire
from models.enums import AccountType, OrderSide, OrderStatus, OrderType, PositionSide, TimeInForce, TriggerBy
from models.symbols import canonical_symbol, is_bybit_inverse, is_perp_coin
from models.values import Value

_NEVER = datetime.min.replace(tzinfo=UTC)


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
    fee_currency: str | None = None
    """None: the settlement currency, or no fee is known."""
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

    @classmethod
    def from_bybit(
        cls, row: wire.Row, *, account_type: AccountType | None = None, as_of: datetime | None = None
    ) -> "Order":
        """Read an order of the realtime or history list, or of the order stream.

        https://bybit-exchange.github.io/docs/v5/order/open-order
        """
        native = wire.text(row, "symbol")
        order_type = _bybit_order_type(row)
        status = wire.choice(row, "orderStatus", bybit.ORDER_STATUSES)
        size = wire.optional_unsigned(row, "qty") if "qty" in row else wire.unsigned(row, "qty")
        filled = wire.optional_unsigned(row, "cumExecQty")
        if filled is None and status is OrderStatus.FILLED:
            filled = size
        fee, fee_currency = _bybit_fee(row)
        reason = wire.optional_text(row, "rejectReason")
        return cls(
            exchange=bybit.EXCHANGE,
            symbol=canonical_symbol(bybit.EXCHANGE, native),
            native_symbol=native,
            order_id=wire.identifier(row, "orderId"),
            client_order_id=wire.optional_text(row, "orderLinkId"),
            side=wire.choice(row, "side", bybit.ORDER_SIDES),
            order_type=order_type,
            status=status,
            size=size or None,
            filled_size=filled or Decimal(0),
            # A market order carries the worst price the venue allows itself, which is not a limit of the user's.
            price=None if _bybit_takes_market_price(row) else wire.optional_price(row, "price"),
            average_price=wire.optional_price(row, "avgPrice") or _bybit_average(row, native, filled),
            trigger_price=wire.optional_price(row, "triggerPrice"),
            trigger_by=wire.described(row, "triggerBy", bybit.TRIGGER_PRICES, nothing=bybit.NO_TRIGGER_PRICE),
            time_in_force=wire.described(row, "timeInForce", bybit.TIMES_IN_FORCE),
            reduce_only=wire.flag(row, "reduceOnly"),
            closes_position=_bybit_closes_position(row, size),
            position_side=bybit.HEDGE_LEGS.get(wire.optional_integer(row, "positionIdx") or bybit.ONE_WAY),
            take_profit=wire.optional_price(row, "takeProfit"),
            stop_loss=wire.optional_price(row, "stopLoss"),
            parent_order_id=wire.optional_text(row, "parentOrderLinkId"),
            reject_reason=None if reason in bybit.NO_REJECTIONS else reason,
            venue_status=wire.text(row, "orderStatus"),
            fee=fee,
            fee_currency=fee_currency,
            created_at=wire.optional_moment(row, "createdTime"),
            updated_at=wire.optional_moment(row, "updatedTime"),
            account_type=account_type,
            as_of=as_of,
        )

    @classmethod
    def from_hyperliquid(
        cls, row: wire.Row, *, account_type: AccountType | None = None, as_of: datetime | None = None
    ) -> "Order":
        """Read an order in any of the venue's shapes.

        Args:
            row: A row of `openOrders` or `frontendOpenOrders` (open, as they say no state), of `historicalOrders` or
                `orderUpdates`, or an `orderStatus` answer that found the order.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
        """
        inner, word, changed_at = _unwrap(row)
        coin = wire.text(inner, "coin")
        remaining = wire.unsigned(inner, "sz")
        size = wire.optional_unsigned(inner, "origSz")
        size = remaining if size is None else size
        filled = max(size - remaining, Decimal(0))  # more left than ordered proves no fill
        is_trigger = wire.flag(inner, "isTrigger")
        order_type = wire.described(inner, "orderType", hyperliquid.ORDER_TYPES) or OrderType.UNKNOWN
        status = _hyperliquid_status(word, is_trigger=is_trigger, size=size, filled=filled)
        if status is OrderStatus.FILLED and not filled:  # the row is older than the word
            filled = size
        take_profit, stop_loss = _attached_protection(inner)
        return cls(
            exchange=hyperliquid.EXCHANGE,
            symbol=canonical_symbol(hyperliquid.EXCHANGE, coin),
            native_symbol=coin,
            order_id=wire.identifier(inner, "oid"),
            client_order_id=wire.optional_text(inner, "cloid"),
            side=wire.choice(inner, "side", hyperliquid.ORDER_SIDES),
            order_type=order_type,
            status=status,
            size=size or None,
            filled_size=filled,
            # Orders that take the market's price carry the worst price to accept.
            price=None if order_type.is_market else wire.optional_price(inner, "limitPx"),
            trigger_price=wire.optional_price(inner, "triggerPx"),
            trigger_by=TriggerBy.MARK if is_trigger else None,
            time_in_force=wire.described(inner, "tif", hyperliquid.TIMES_IN_FORCE),
            reduce_only=wire.flag(inner, "reduceOnly"),
            closes_position=wire.flag(inner, "isPositionTpsl"),
            take_profit=take_profit,
            stop_loss=stop_loss,
            reject_reason=word if status is OrderStatus.REJECTED else None,
            venue_status=word,
            created_at=wire.optional_moment(inner, "timestamp"),
            updated_at=changed_at,
            account_type=account_type,
            as_of=as_of,
        )

    @classmethod
    def from_hyperliquid_status(
        cls, answer: wire.Row, *, account_type: AccountType | None = None, as_of: datetime | None = None
    ) -> "Order | None":
        """Read an `orderStatus` answer; None if the venue knows no such order."""
        if wire.text(answer, "status") == hyperliquid.UNKNOWN_ORDER:
            return None
        return cls.from_hyperliquid(answer, account_type=account_type, as_of=as_of)


def orders_from_hyperliquid(
    rows: object, *, account_type: AccountType | None = None, as_of: datetime | None = None
) -> list[Order]:
    """Return the perpetual orders of a list, each once and in its last state.

    Attached protection becomes orders of their own: the venue lists a child of a waiting entry inside its parent,
    beside it, or both; the parent's id is kept.
    """
    orders: dict[str, Order] = {}
    for row in wire.as_records(rows, "orders"):
        for order in _with_children(row, None, account_type, as_of):
            known = orders.get(order.order_id)
            orders[order.order_id] = order if known is None else _latest(known, order)
    return list(orders.values())


def _latest(known: Order, order: Order) -> Order:
    """Return the later state of an order that is listed twice, with its parent if either row names one.

    Histories list an order once per state, in any order, and an order that filled at once with one time for both.
    """
    later = max(known, order, key=lambda row: (row.updated_at or _NEVER, not row.is_open))
    return replace(later, parent_order_id=known.parent_order_id or order.parent_order_id)


def _with_children(
    row: wire.Row, parent_id: str | None, account_type: AccountType | None, as_of: datetime | None
) -> Iterable[Order]:
    inner = _unwrap(row)[0]
    if not is_perp_coin(wire.text(inner, "coin")):
        return
    order = Order.from_hyperliquid(row, account_type=account_type, as_of=as_of)
    yield replace(order, parent_order_id=parent_id)
    for child in _children(inner):
        yield from _with_children(child, order.order_id, account_type, as_of)


def _children(inner: wire.Row) -> list[wire.Row]:
    return wire.records(inner, "children") if inner.get("children") is not None else []


def _attached_protection(inner: wire.Row) -> tuple[Decimal | None, Decimal | None]:
    prices: dict[bool, Decimal | None] = {}
    for child in _children(inner):
        kind = wire.described(child, "orderType", hyperliquid.ORDER_TYPES)
        if kind is not None and kind.is_trigger:
            prices[kind.is_take_profit] = wire.optional_price(child, "triggerPx")
    return prices.get(True), prices.get(False)


def _unwrap(row: wire.Row) -> tuple[wire.Row, str, datetime | None]:
    """Return the order itself, the venue's word for its state, and when it came to that state."""
    if row.get("status") == hyperliquid.UNKNOWN_ORDER:
        raise wire.bad_field("status", "an order", hyperliquid.UNKNOWN_ORDER)
    if row.get("status") == hyperliquid.FOUND_ORDER:
        row = wire.record(row, "order")
    if "order" not in row:
        return row, hyperliquid.OPEN, None
    return wire.record(row, "order"), wire.text(row, "status"), wire.optional_moment(row, "statusTimestamp")


def _hyperliquid_status(word: str, *, is_trigger: bool, size: Decimal, filled: Decimal) -> OrderStatus:
    status = hyperliquid.order_status(word)
    if status is not OrderStatus.OPEN:
        return status
    if filled:  # with nothing left the order is done, though the venue has not said so yet
        return OrderStatus.PARTIALLY_FILLED if filled < size else OrderStatus.FILLED
    return OrderStatus.UNTRIGGERED if is_trigger else OrderStatus.OPEN


def _bybit_order_type(row: wire.Row) -> OrderType:
    word = wire.optional_text(row, "stopOrderType") or ""
    if word in bybit.NO_STOP and wire.optional_price(row, "triggerPrice") is not None:
        word = bybit.CONDITIONAL
    table = bybit.TYPES_BY_STOP_ORDER_TYPE.get(word)
    if table is None:
        wire.warn_unknown("stopOrderType", word)
        return OrderType.UNKNOWN
    direction = row.get("side"), wire.optional_integer(row, "triggerDirection")
    if word in bybit.EITHER_WAY and direction in bybit.WAITS_FOR_GAIN:
        table = bybit.TAKE_PROFIT_TYPES
    return wire.described(row, "orderType", table, nothing=bybit.NO_ORDER_TYPE) or OrderType.UNKNOWN


def _bybit_takes_market_price(row: wire.Row) -> bool:
    return row.get("orderType") == "Market"


def _bybit_closes_position(row: wire.Row, size: Decimal | None) -> bool:
    is_whole = (
        wire.optional_text(row, "stopOrderType") in bybit.WHOLE_POSITION_STOPS and row.get("tpslMode") != bybit.PARTIAL
    )
    return is_whole or size == 0


def _bybit_average(row: wire.Row, native: str, filled: Decimal | None) -> Decimal | None:
    """Return what the fills cost on average: some accounts leave it out of orders that were cancelled half filled."""
    value = wire.optional_price(row, "cumExecValue")
    if not filled or value is None:
        return None
    return filled / value if is_bybit_inverse(native) else value / filled  # an inverse contract's value is in coins


def _bybit_fee(row: wire.Row) -> tuple[Decimal | None, str | None]:
    """Return the fee and its coin; a fee in several coins has no sum."""
    details = wire.optional_record(row, "cumFeeDetail") or {}
    if len(details) > 1:
        return None, None
    for coin in details:
        return wire.optional_decimal(details, coin), coin
    return wire.optional_decimal(row, "cumExecFee"), None
