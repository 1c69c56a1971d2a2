"""Which executions a book offers to an order. Pure: nothing is changed here."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.book import BookSource, Level
from sandbox.engine.orders import Order
from sandbox.words import OrderType, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution that the book offers."""

    price: Decimal
    size: Decimal
    maker: bool


def worst_price(order: Order, book: BookSource) -> Decimal:
    """The limit price, or for a market order the price at which the venue stops walking the book."""
    if order.price is not None:
        return order.price
    return book.last * (1 + order.side.sign * book.instrument.price_band)


def crosses(order: Order, book: BookSource) -> bool:
    """Whether the order would execute at once."""
    best = book.best(order.side.opposite)
    return best is not None and _within(order.side, best.price, worst_price(order, book))


def taker_executions(order: Order, book: BookSource, size: Decimal) -> list[Execution]:
    """Walk the opposite side up to the order's worst price."""
    executions = []
    for level in _levels_within(order.side, book, worst_price(order, book)):
        take = min(size, level.size)
        executions.append(Execution(price=level.price, size=take, maker=False))
        size -= take
        if size == 0:
            break
    return executions


def maker_executions(order: Order, book: BookSource, size: Decimal) -> list[Execution]:
    """What a resting limit order gets now that the market has come to its price: at its own price.

    It executes when the market trades at its price or through it; no more than the book holds there.
    """
    if order.spec.type is not OrderType.LIMIT or order.price is None:
        return []
    reached = _within(order.side, book.last, order.price)
    levels = list(_levels_within(order.side, book, order.price))
    if not levels and reached:
        best = book.best(order.side.opposite)
        levels = [best] if best is not None else []
    offered = sum((level.size for level in levels), Decimal(0))
    take = min(size, offered)
    return [Execution(price=order.price, size=take, maker=True)] if take > 0 else []


def _levels_within(side: Side, book: BookSource, limit: Decimal) -> Iterator[Level]:
    for level in book.side(side.opposite):
        if not _within(side, level.price, limit):
            return
        yield level


def _within(side: Side, price: Decimal, limit: Decimal) -> bool:
    """Whether this price is as good as the limit or better."""
    return side.sign * (limit - price) >= 0
