"""What may be wrong with a position: liquidation is near, or the stop that was wanted is missing. Pure."""

from collections.abc import Iterable
from decimal import Decimal

from core.actions import thaw
from db import Leg, LegKind, LegState
from models.position import Position
from models.requests import OrderRequest, SetProtection

NEAR_FRACTIONS = (Decimal("0.10"), Decimal("0.05"), Decimal("0.02"))
"""The distances to liquidation at which its owner is told, each once."""
_USED_UP = Decimal("0.5")
_RELIEF = Decimal("1.3")
_REFUSED = frozenset({LegState.REJECTED, LegState.ABSENT, LegState.PREPARED})


def distance_to_liquidation(position: Position) -> Decimal | None:
    """Return how far the market is from a position's liquidation, as a fraction of its price; None: not known."""
    mark, end = position.mark_price, position.liquidation_price
    if not mark or not end:
        return None
    return max((mark - end if position.is_long else end - mark) / mark, Decimal(0))


def nearness(position: Position) -> int:
    """Return how near liquidation is: 0 for far, then one for each of `NEAR_FRACTIONS` that was passed.

    A position that was opened with high leverage starts near; it counts once half of its way is used up.
    """
    distance = distance_to_liquidation(position)
    if distance is None or not _is_half_way(position):
        return 0
    return sum(distance <= fraction for fraction in NEAR_FRACTIONS)


def is_far_again(position: Position) -> bool:
    """Whether liquidation is so far that its nearness would be news again."""
    distance = distance_to_liquidation(position)
    return distance is not None and (distance > NEAR_FRACTIONS[0] * _RELIEF or not _is_half_way(position))


def _is_half_way(position: Position) -> bool:
    end, mark = position.liquidation_price, position.mark_price
    if not end or not mark or not position.entry_price:
        return False
    whole = abs(position.entry_price - end)
    return bool(whole) and abs(mark - end) <= whole * _USED_UP


def is_guarded(position: Position) -> bool:
    """Whether a stop of any kind stands."""
    return bool(position.stop_loss or position.trailing_stop)


def wanted_stop(legs: Iterable[Leg]) -> bool:
    """Whether its owner asked for a stop, by what was last asked for in its market.

    Args:
        legs: Of the market, the newest first.
    """
    for leg in legs:
        if leg.state in _REFUSED:
            continue
        action = thaw(leg.action_kind, leg.action)
        if isinstance(action, SetProtection):
            if action.trailing_distance:
                return True
            if action.protection.stop_loss is not None:
                return bool(action.protection.stop_loss)
        if isinstance(action, OrderRequest) and leg.kind is LegKind.ORDER and not action.reduce_only:
            return action.protection is not None and bool(action.protection.stop_loss)
    return False
