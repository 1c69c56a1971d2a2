"""How far behind the market a trailing stop follows, from what a person wrote. Pure."""

from decimal import ROUND_CEILING, Decimal

from core.grid import round_price
from core.phrases import parse_level
from models.errors import BadOrder
from models.market import Instrument
from models.position import Position
from models.ticket import LevelUnit

_NOTHING = Decimal(0)


def trailing_distance(position: Position, instrument: Instrument, text: str) -> Decimal:
    """Return a distance in price on the market's grid; zero takes the trailing stop away.

    Raises:
        BadOrder: What a number can be; `trailing_too_far` where it reaches below zero.
        BadOrder: `no_price`, because per cent of an unknown price cannot be said.
    """
    level = parse_level(text)
    if level is None:
        return _NOTHING
    if level.unit is LevelUnit.PRICE:
        distance = level.amount
    elif position.mark_price is None:
        raise BadOrder("the market's price is not known", code="no_price")
    else:
        distance = position.mark_price * level.amount / 100
    if position.mark_price is not None and distance >= position.mark_price:
        raise BadOrder("expected less than the price", code="trailing_too_far", price=position.mark_price)
    return round_price(instrument, distance, ROUND_CEILING)
