"""What happened to an account between two looks at it. Pure: two snapshots and the fills between them go in."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from core.actions import thaw
from db import Leg, LegKind, NewFill, Origin
from models.enums import FillKind, OrderSide, OrderType, PositionSide
from models.order import Order
from models.position import Position
from models.requests import OrderRequest
from models.values import Value

Key = tuple[str, PositionSide]


class EventKind(StrEnum):
    """What became of a position."""

    OPENED = "position_opened"
    CHANGED = "position_changed"
    CLOSED = "position_closed"


class Reason(StrEnum):
    """Who or what did it."""

    OURS = "ours"
    ELSEWHERE = "elsewhere"
    """Its owner, in the venue's own app or through another program."""
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    LIQUIDATION = "liquidation"
    AUTO_DELEVERAGE = "auto_deleverage"
    SETTLEMENT = "settlement"
    UNEXPLAINED = "unexplained"
    """No fill tells of it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent(Value):
    """One change of one position."""

    kind: EventKind
    symbol: str
    side: PositionSide
    reason: Reason
    size_before: Decimal
    size_after: Decimal
    price: Decimal | None
    """The average price of the fills that did it; None where none is known."""
    realized_pnl: Decimal | None
    position: Position | None
    """As it is now, or as it was last seen; None for one that came and went between two looks."""
    fill_id: str | None = None
    """What such a one is told by, however often its fills are looked at."""

    @property
    def is_surprise(self) -> bool:
        """Whether its owner has not heard of it yet: it was not this program's own order."""
        return self.reason is not Reason.OURS

    @property
    def is_unexplained(self) -> bool:
        """Whether no fill tells of it."""
        return self.reason is Reason.UNEXPLAINED


_KINDS = {
    FillKind.LIQUIDATION: Reason.LIQUIDATION,
    FillKind.AUTO_DELEVERAGE: Reason.AUTO_DELEVERAGE,
    FillKind.SETTLEMENT: Reason.SETTLEMENT,
}
_TYPES = {
    OrderType.TAKE_PROFIT_MARKET: Reason.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT: Reason.TAKE_PROFIT,
    OrderType.STOP_MARKET: Reason.STOP_LOSS,
    OrderType.STOP_LIMIT: Reason.STOP_LOSS,
    OrderType.TRAILING_STOP: Reason.TRAILING_STOP,
}
_EXITS = frozenset({*_KINDS.values(), *_TYPES.values()})
_PARTS = {"take_profit": Reason.TAKE_PROFIT, "stop_loss": Reason.STOP_LOSS}


def exit_of(leg: Leg) -> Reason | None:
    """Return what a fill of one of our legs means where it is a stop or a target; None where it is neither."""
    if leg.kind is LegKind.PROTECTION:
        return _PARTS.get(leg.part)
    action = thaw(leg.action_kind, leg.action)
    if isinstance(action, OrderRequest) and action.reduce_only:
        return _TYPES.get(action.order_type)
    return None


def changed_keys(before: Iterable[Position], after: Iterable[Position]) -> set[Key]:
    """Return which positions differ in size between two snapshots."""
    old, new = _by_key(before), _by_key(after)
    return {key for key in old.keys() | new.keys() if _size(old, key) != _size(new, key)}


def account_events(
    before: Sequence[Position],
    after: Sequence[Position],
    fills: Sequence[NewFill],
    orders: Mapping[str, Order],
    own_markets: Set[str] = frozenset(),
    own_exits: Mapping[str, Reason] = MappingProxyType({}),
) -> list[AccountEvent]:
    """Return what happened between two snapshots, ordered by market.

    Args:
        before: The snapshot that was stored.
        after: The snapshot now.
        fills: Those that became known since.
        orders: By the venue's id, those that the fills belong to, as far as they were read.
        own_markets: Where this program had orders lately, whose fills may not be listed yet.
        own_exits: By the venue's id, the stops and targets that this program placed as orders of their own.
    """
    old, new = _by_key(before), _by_key(after)
    changed = changed_keys(before, after)
    events = [_event(old, new, key, fills, orders, own_exits) for key in sorted(changed)]
    unseen = {_closed_by(row) for row in fills} - changed - old.keys() - new.keys()
    events += [event for key in sorted(unseen) if (event := _unseen(key, fills, orders, own_exits)) is not None]
    return [
        replace(event, reason=Reason.OURS) if event.is_unexplained and event.symbol in own_markets else event
        for event in events
    ]


def _event(
    old: Mapping[Key, Position],
    new: Mapping[Key, Position],
    key: Key,
    fills: Sequence[NewFill],
    orders: Mapping[str, Order],
    own_exits: Mapping[str, Reason],
) -> AccountEvent:
    symbol, side = key
    size_before, size_after = _size(old, key), _size(new, key)
    kind = EventKind.CLOSED if not size_after else EventKind.CHANGED if size_before else EventKind.OPENED
    order_side = side.opening_side if size_after > size_before else side.closing_side
    causing = [new_fill for new_fill in fills if new_fill.fill.symbol == symbol and new_fill.fill.side is order_side]
    return AccountEvent(
        kind=kind,
        symbol=symbol,
        side=side,
        reason=_reason(causing, orders, own_exits),
        size_before=size_before,
        size_after=size_after,
        price=_average(causing),
        realized_pnl=_sum_of_pnl(causing),
        position=new[key] if key in new else old[key],
    )


def _closed_by(new_fill: NewFill) -> Key:
    """Return the position that a fill closes, if it closes one."""
    side = PositionSide.LONG if new_fill.fill.side is OrderSide.SELL else PositionSide.SHORT
    return new_fill.fill.symbol, side


def _unseen(
    key: Key, fills: Sequence[NewFill], orders: Mapping[str, Order], own_exits: Mapping[str, Reason]
) -> AccountEvent | None:
    """Return the end of a position that no snapshot shows: opened, and closed by its stop, between two looks."""
    mine = [row for row in fills if row.fill.symbol == key[0]]
    exits = [row for row in mine if _closed_by(row) == key and _reason([row], orders, own_exits) in _EXITS]
    was_opened = any(row.fill.side is key[1].opening_side for row in mine)
    if not exits or not was_opened:
        return None
    return AccountEvent(
        kind=EventKind.CLOSED,
        symbol=key[0],
        side=key[1],
        reason=_reason(exits, orders, own_exits),
        size_before=sum((row.fill.size for row in exits), Decimal(0)),
        size_after=Decimal(0),
        price=_average(exits),
        realized_pnl=_sum_of_pnl(exits),
        position=None,
        fill_id=exits[0].fill.fill_id,
    )


def _reason(causing: Sequence[NewFill], orders: Mapping[str, Order], own_exits: Mapping[str, Reason]) -> Reason:
    """The fills tell: a forced one first, then what kind of order it was, then whose."""
    if not causing:
        return Reason.UNEXPLAINED
    for new_fill in causing:
        if new_fill.fill.kind in _KINDS:
            return _KINDS[new_fill.fill.kind]
    for new_fill in causing:
        order = orders.get(new_fill.fill.order_id)
        if order is not None and order.order_type in _TYPES and (order.reduce_only or order.closes_position):
            return _TYPES[order.order_type]
        if new_fill.fill.order_id in own_exits:
            return own_exits[new_fill.fill.order_id]
    is_ours = any(new_fill.origin is Origin.OURS for new_fill in causing)
    return Reason.OURS if is_ours else Reason.ELSEWHERE


def _average(causing: Sequence[NewFill]) -> Decimal | None:
    size = sum((row.fill.size for row in causing), Decimal(0))
    return sum((row.fill.size * row.fill.price for row in causing), Decimal(0)) / size if size else None


def _sum_of_pnl(causing: Sequence[NewFill]) -> Decimal | None:
    known = [row.fill.realized_pnl for row in causing if row.fill.realized_pnl is not None]
    return sum(known, Decimal(0)) if known else None


def _by_key(positions: Iterable[Position]) -> dict[Key, Position]:
    return {(position.symbol, position.side): position for position in positions}


def _size(positions: Mapping[Key, Position], key: Key) -> Decimal:
    return positions[key].size if key in positions else Decimal(0)
