"""Several targets of one entry: how its size is shared among them, and where the stop goes after each. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from core.grid import floor_size
from core.levels import breakeven_price
from models.enums import PositionSide
from models.market import Instrument
from models.position import Position
from models.ticket import Target

_NOTHING = Decimal(0)


def nearest_first(targets: Sequence[Target], side: PositionSide) -> tuple[Target, ...]:
    """Return targets in the order in which a position of this side reaches them."""
    return tuple(sorted(targets, key=lambda target: target.price, reverse=side is PositionSide.SHORT))


def shared(size: Decimal, targets: Sequence[Target], instrument: Instrument) -> list[Decimal]:
    """Share a filled size among targets as they were asked for, on the market's grid; nothing is left over.

    What is too small for all of them goes to the last, so that no part of a position lacks its target.
    """
    asked = sum((target.size for target in targets), _NOTHING)
    parts = [floor_size(instrument, size * target.size / asked) for target in targets[:-1]]
    parts = [part if part >= instrument.min_size else _NOTHING for part in parts]
    return [*parts, size - sum(parts, _NOTHING)]


def stop_after(
    hits: int, targets: Sequence[Target], position: Position, instrument: Instrument, taker_fee: Decimal
) -> Decimal:
    """Return where the stop goes once so many targets are reached: to breakeven, then to the target before."""
    if hits < 2:
        return breakeven_price(position, instrument, taker_fee)
    return targets[hits - 2].price


def is_tighter(price: Decimal, stop: Decimal | None, side: PositionSide) -> bool:
    """Whether a stop at `price` keeps more than the one there is; a stop is never loosened."""
    if stop is None:
        return True
    return price > stop if side is PositionSide.LONG else price < stop


def fires_at_once(price: Decimal, mark: Decimal | None, side: PositionSide) -> bool:
    """Whether the market has passed a stop already."""
    if mark is None:
        return False
    return mark <= price if side is PositionSide.LONG else mark >= price
