"""What protects positions where stops and targets are orders of their own: read off the open orders. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from models.enums import OrderType
from models.order import Order
from models.position import Position

STOPS = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})
TARGETS = frozenset({OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT})


def with_protection(positions: Sequence[Position], orders: Iterable[Order]) -> list[Position]:
    """Return positions with the stop and the target that the market would reach first."""
    listed = list(orders)
    return [_protected(position, listed) for position in positions]


def _protected(position: Position, orders: Sequence[Order]) -> Position:
    mine = [order for order in orders if _protects(order, position)]
    stops = [order.trigger_price for order in mine if order.order_type in STOPS and order.trigger_price]
    targets = [order.trigger_price for order in mine if order.order_type in TARGETS and order.trigger_price]
    return replace(
        position,
        stop_loss=position.stop_loss or _first(stops, is_above=not position.is_long),
        take_profit=position.take_profit or _first(targets, is_above=position.is_long),
    )


def _first(prices: Sequence[Decimal], *, is_above: bool) -> Decimal | None:
    """Return the price that a market reaches first which comes from the other side."""
    return (min if is_above else max)(prices, default=None)


def _protects(order: Order, position: Position) -> bool:
    is_reducing = order.reduce_only or order.closes_position
    is_its_leg = order.position_side in (None, position.side)
    is_its_market = order.native_symbol == position.native_symbol
    return is_reducing and is_its_leg and is_its_market and order.side is position.side.closing_side
