"""Where a position is protected and how much of it is closed, from what a person asked for. Pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from core.grid import floor_size, round_price
from models.enums import PositionSide
from models.errors import BadOrder
from models.market import Instrument
from models.position import Position
from models.ticket import Level, LevelUnit

WHOLE = Decimal(100)
_FEES_BOTH_WAYS = 2


def breakeven_price(position: Position, instrument: Instrument, taker_fee: Decimal) -> Decimal:
    """Return the price at which closing leaves nothing lost, rounded to the safe side."""
    cost = position.entry_price * taker_fee * _FEES_BOTH_WAYS
    if position.is_long:
        return round_price(instrument, position.entry_price + cost, ROUND_CEILING)
    return round_price(instrument, position.entry_price - cost, ROUND_FLOOR)


def level_price(position: Position, instrument: Instrument, level: Level, *, is_stop: bool) -> Decimal:
    """Return the price of a level on the market's grid; per cent count from the entry, away from it.

    Raises:
        BadOrder: `level_below_zero`, or `roi_needs_leverage` where the position's leverage is not known.
    """
    rises = position.is_long is not is_stop
    if level.unit is LevelUnit.PRICE:
        price = level.amount
    else:
        share = _share(position, level)
        price = position.entry_price * (1 + share if rises else 1 - share)
    if price <= 0:
        raise BadOrder("that distance is beyond zero", code="level_below_zero", percent=level.amount)
    return round_price(instrument, price, ROUND_FLOOR if rises else ROUND_CEILING)


def _share(position: Position, level: Level) -> Decimal:
    """Return a distance as a fraction of the entry."""
    if level.unit is LevelUnit.PERCENT:
        return level.amount / 100
    if not position.leverage:
        raise BadOrder("a level by return needs the position's leverage", code="roi_needs_leverage")
    return level.amount / 100 / position.leverage


def refuse_wrong_side(position: Position, price: Decimal, *, is_stop: bool) -> None:
    """Refuse a level that would fire at once.

    Raises:
        BadOrder: `stop_at_market` or `target_at_market`.
    """
    mark = position.mark_price
    if mark is None:
        return
    must_be_above = position.side is (PositionSide.SHORT if is_stop else PositionSide.LONG)
    if (price > mark) is not must_be_above or price == mark:
        code = "stop_at_market" if is_stop else "target_at_market"
        raise BadOrder("the level is on the wrong side of the market", code=code, price=price, mark=mark)


def size_to_close(
    held: Decimal, instrument: Instrument, *, percent: Decimal = WHOLE, size: Decimal | None = None
) -> Decimal:
    """Return what a wish takes from a position, rounded down to the market's steps: a size, or else per cent of it.

    Raises:
        BadOrder: More than there is, or less than one step.
    """
    if size is None and percent == WHOLE:
        return held
    wanted = held * percent / 100 if size is None else size
    if wanted > held:
        raise BadOrder("size: more than the position", code="more_than_position", size=held)
    taken = floor_size(instrument, wanted)
    if taken == 0:
        raise BadOrder(
            "size: below one step", code="below_min_size", minimum=instrument.size_step, base=instrument.base
        )
    return taken
