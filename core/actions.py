"""What an action is to the journal: its effect on exposure, its legs, and its frozen text."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal

import msgspec

from db import Effect, Leg, LegKind, LegSpec
from models.enums import TimeInForce
from models.errors import BadOrder
from models.instrument import Instrument
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    OrderRequest,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)
from models.values import plain

_KINDS: dict[str, type[Action]] = {
    kind.__name__: kind
    for kind in (
        OrderRequest,
        BatchOrders,
        AmendOrder,
        CancelOrder,
        CancelAll,
        SetLeverage,
        SetMarginMode,
        SetPositionMode,
        SetProtection,
        AdjustMargin,
        Noop,
    )
}
_EFFECTS: dict[type[Action], Effect] = {
    CancelOrder: Effect.CANCELS,
    CancelAll: Effect.CANCELS,
    SetProtection: Effect.REDUCES,  # protects what is open, so it passes a pause
    AdjustMargin: Effect.SETS,
    SetLeverage: Effect.SETS,
    SetMarginMode: Effect.SETS,
    SetPositionMode: Effect.SETS,
    Noop: Effect.CANCELS,
}
_DERIVED: dict[type[Action], frozenset[str]] = {
    CancelAll: frozenset({"orders"}),
    AmendOrder: frozenset({"replacement"}),
    SetProtection: frozenset({"position_size", "replaced", "client_ids"}),
}
_WORST_PRICE = frozenset({"price"})
_SEEN_SIZE = frozenset({"size"})
_PARTS = ("take_profit", "stop_loss")


def effect_of(action: Action) -> Effect:
    """Return what an action can do to the account's exposure."""
    match action:
        case OrderRequest():
            return Effect.REDUCES if action.reduce_only else Effect.OPENS
        case BatchOrders():
            is_reducing = all(order.reduce_only for order in action.orders)
            return Effect.REDUCES if is_reducing else Effect.OPENS
        case AmendOrder():
            is_reducing = action.replacement is not None and action.replacement.reduce_only
            return Effect.REDUCES if is_reducing else Effect.OPENS
        case _:
            return _EFFECTS[type(action)]


def fills_at_once(action: Action) -> bool:
    """Return whether an order is filled, or ended, as soon as the venue has it: whoever sent it waits for that."""
    if not isinstance(action, OrderRequest) or action.order_type.is_trigger:
        return False
    return action.order_type.is_market or action.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}


def is_emergency(action: Action) -> bool:
    """Return whether an action may be sent when nothing can be written down: it can only shrink what is open.

    Sending it twice does no harm: an order is cancelled once, and a full reduce-only close cannot flip a position.
    """
    if isinstance(action, OrderRequest):
        return action.reduce_only and action.closes_position
    return isinstance(action, CancelOrder | CancelAll)


def symbol_of(action: Action) -> str:
    """Return the market an action is about; empty for the whole account or several markets."""
    if isinstance(action, BatchOrders):
        symbols = {order.instrument.symbol for order in action.orders}
        return symbols.pop() if len(symbols) == 1 else ""
    if isinstance(action, Noop) or action.instrument is None:
        return ""
    return action.instrument.symbol


def legs_of(action: Action) -> tuple[LegSpec, ...]:
    """Return what an action asks for, in the order of the venue's answers.

    Raises:
        BadOrder: A batch of nothing.
    """
    match action:
        case OrderRequest():
            return (_entry(action), *_protections(action, action.protection, action.protection_client_ids))
        case BatchOrders(orders=()):
            raise BadOrder("a batch needs at least one order", code="nothing_to_do")
        case BatchOrders():
            return tuple(leg for order in action.orders for leg in legs_of(order))
        case SetProtection(client_ids=ids) if ids and protection_levels(action.protection):
            return _protections(action, action.protection, ids)
        case _:
            return (LegSpec(symbol=symbol_of(action), kind=LegKind.CHANGE),)


def protection_levels(protection: Protection | None) -> list[str]:
    """Return which protection orders are wanted; a price of zero removes and makes none."""
    if protection is None:
        return []
    prices = dict(zip(_PARTS, (protection.take_profit, protection.stop_loss), strict=True))
    return [part for part, price in prices.items() if price]


def freeze(action: Action) -> str:
    """Return an action as the text that the journal keeps."""
    return msgspec.json.encode(action).decode()


def thaw(kind: str, text: str) -> Action:
    """Return the action that `freeze` wrote; `kind` is its class's name."""
    return msgspec.json.decode(text, type=_KINDS[kind])


def instrument_of_leg(leg: Leg) -> Instrument:
    """Return the market of a leg, as it was when the leg was claimed.

    Raises:
        BadOrder: The leg is about the whole account.
    """
    action = thaw(leg.action_kind, leg.action)
    if isinstance(action, BatchOrders):
        return next(order.instrument for order in action.orders if order.instrument.symbol == leg.symbol)
    if isinstance(action, Noop) or action.instrument is None:
        raise BadOrder(f"{leg.reference}: it is about no single market", code="no_market")
    return action.instrument


def fingerprint(action: Action) -> str:
    """Return what tells two requests of one cause apart: what was asked, without what was worked out from the market.

    A command that arrives again after a crash meets another price, but asks for the same.
    """
    asked = f"{type(action).__name__}:{_asked(action)!r}"
    return hashlib.sha256(asked.encode()).hexdigest()


def _asked(action: Action) -> list[object]:
    if isinstance(action, BatchOrders):
        return [_asked(order) for order in action.orders]
    derived = _DERIVED.get(type(action), frozenset())
    if isinstance(action, OrderRequest):
        derived = derived | (_WORST_PRICE if action.order_type.is_market else frozenset())
        derived = derived | (_SEEN_SIZE if action.closes_position else frozenset())
    return [(field.name, _word(getattr(action, field.name))) for field in fields(action) if field.name not in derived]


def _word(value: object) -> str:
    if isinstance(value, Instrument):
        return value.native_symbol
    return plain(value) if isinstance(value, Decimal) else str(value)


def _entry(order: OrderRequest) -> LegSpec:
    return LegSpec(
        symbol=order.instrument.symbol,
        kind=LegKind.ORDER,
        part="entry",
        client_order_id=order.client_order_id,
        side=order.side,
        size=order.size,
    )


def _protections(
    action: OrderRequest | SetProtection, protection: Protection | None, ids: Sequence[str]
) -> tuple[LegSpec, ...]:
    """Pair levels with ids: one id per level, or one for each kind of which one may not be needed."""
    levels = protection_levels(protection)
    if not ids or not levels:
        return ()
    by_part = dict(zip(levels if len(ids) == len(levels) else _PARTS, ids, strict=True))
    side = action.side.opposite if isinstance(action, OrderRequest) else action.position_side.closing_side
    size: Decimal | None = action.size
    return tuple(
        LegSpec(
            symbol=action.instrument.symbol,
            kind=LegKind.PROTECTION,
            part=part,
            client_order_id=by_part[part],
            side=side,
            size=size,
        )
        for part in levels
    )
