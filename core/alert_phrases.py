"""What follows `/alert`: `BTC > 70000`, `BTC below 60000`, `ETH +5%`, `ETH 3000 take some off`. Pure."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from core.grid import round_price
from core.numbers import echo, parse_number
from core.ticket import MAX_TEXT
from db import Direction
from models.errors import BadOrder
from models.market import Instrument
from models.values import Value

MAX_NOTE = 80
_SIGNS = {
    **dict.fromkeys((">", ">=", "≥", "above", "over", "выше", "вище", "понад"), Direction.ABOVE),
    **dict.fromkeys(("<", "<=", "≤", "below", "under", "ниже", "нижче"), Direction.BELOW),
}
_ATTACHED = re.compile(r"(>=|<=|[<>≥≤])")
_MOVE = re.compile(r"([+\-−])(.+)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWish(Value):
    """A line to watch: a price, or a move away from the price now."""

    symbol: str
    direction: Direction | None = None
    price: Decimal | None = None
    move_percent: Decimal | None = None
    note: str = ""


def parse_alert(text: str) -> AlertWish:
    """Read a market, a line, and perhaps a note.

    Raises:
        BadOrder: `missing_symbol`, `missing_number`, `too_long`, or what a number can be.
    """
    if len(text) > MAX_TEXT:
        raise BadOrder(f"expected at most {MAX_TEXT} characters", code="too_long", limit=MAX_TEXT)
    words = _ATTACHED.sub(r" \1 ", text).split()
    if not words:
        raise BadOrder("expected a market such as BTC", code="missing_symbol")
    symbol, *rest = words
    direction = _SIGNS.get(rest[0].lower()) if rest else None
    if direction is not None:
        rest = rest[1:]
    if not rest:
        raise BadOrder("expected a price", code="missing_number", word=echo(words[-1]))
    line, note = rest[0], " ".join(rest[1:])[:MAX_NOTE]
    move = _MOVE.fullmatch(line)
    if move is None or direction is not None:
        price = parse_number(line.strip("$"), "price")
        return AlertWish(symbol=symbol, direction=direction, price=price, note=note)
    percent = parse_number(move[2], "move")
    is_rise = move[1] == "+"
    if not is_rise and percent >= 100:
        raise BadOrder("expected a fall of less than 100%", code="level_below_zero", percent=percent)
    direction = Direction.ABOVE if is_rise else Direction.BELOW
    return AlertWish(symbol=symbol, direction=direction, move_percent=percent if is_rise else -percent, note=note)


def line_of(wish: AlertWish, instrument: Instrument, now: Decimal) -> tuple[Direction, Decimal]:
    """Return the line of a wish and the side on which it fires: without a word, the side that the price is not on.

    Raises:
        BadOrder: `alert_now`, because the price is there already.
    """
    price = wish.price
    if price is None:
        price = round_price(instrument, now * (1 + (wish.move_percent or Decimal(0)) / 100), ROUND_HALF_EVEN)
    direction = wish.direction or (Direction.ABOVE if price > now else Direction.BELOW)
    is_there = now >= price if direction is Direction.ABOVE else now <= price
    if is_there:
        raise BadOrder("the price is there already", code="alert_now", price=price, now=now)
    return direction, price
