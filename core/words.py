"""Words that callers use for closed sets, understood in one place."""

from enum import StrEnum
from typing import TypeVar

from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce
from models.errors import BadOrder

Word = TypeVar("Word", bound=StrEnum)

_SIDES = {"buy": OrderSide.BUY, "long": OrderSide.BUY, "sell": OrderSide.SELL, "short": OrderSide.SELL}
_POSITION_SIDES = {
    "long": PositionSide.LONG,
    "buy": PositionSide.LONG,
    "short": PositionSide.SHORT,
    "sell": PositionSide.SHORT,
}


def order_side_of(word: str) -> OrderSide:
    """Return the side that buy, sell, long or short means, in any case."""
    return _look_up(word, _SIDES, "side")


def position_side_of(word: str) -> PositionSide:
    """Return the position's side that long, short, buy or sell means, in any case."""
    return _look_up(word, _POSITION_SIDES, "position side")


def order_type_of(word: str) -> OrderType:
    """Return an order type by its name, in any case."""
    kinds = {str(kind): kind for kind in OrderType if kind is not OrderType.UNKNOWN}
    return _look_up(word, kinds, "order type")


def time_of(word: str | None) -> TimeInForce | None:
    """Return a time in force by its name; None leaves it to the kind of order."""
    return None if word is None else _look_up(word, {str(kind): kind for kind in TimeInForce}, "time in force")


def margin_mode_of(word: str) -> MarginMode:
    """Return a margin mode by its name."""
    return _look_up(word, {str(mode): mode for mode in MarginMode}, "margin mode")


def position_mode_of(word: str) -> PositionMode:
    """Return a position mode by its name."""
    return _look_up(word, {str(mode): mode for mode in PositionMode}, "position mode")


def _look_up(word: str, table: dict[str, Word], name: str) -> Word:
    found = table.get(str(word).strip().lower())
    if found is None:
        known = ", ".join(table)
        raise BadOrder(f"{name}: expected one of {known}", code="bad_word", name=name, known=known)
    return found
