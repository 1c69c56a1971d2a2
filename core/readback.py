"""Whether a change took effect, read from the account itself: for changes whose answer was lost."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from exchanges.base import AccountVenue
from models.order import Order
from models.position import Position
from models.requests import (
    Action,
    AmendOrder,
    CancelAll,
    CancelOrder,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)


async def read_back(client: AccountVenue, action: Action) -> bool | None:
    """Return whether the account is as the action wanted it; None where no reading can tell.

    Raises:
        Unavailable: The venue did not answer, which proves nothing.
    """
    reader = _READERS.get(type(action))
    return None if reader is None else await reader(client, action)


async def _cancelled(client: AccountVenue, action: CancelOrder) -> bool:
    order = await client.find_order(action.instrument, client_order_id=action.client_order_id, order_id=action.order_id)
    return order is None or not order.is_open


async def _all_cancelled(client: AccountVenue, action: CancelAll) -> bool:
    wanted = {order.order_id or order.client_order_id for order in action.orders}
    still_open = await client.get_open_orders(action.instrument)
    return not any({order.order_id, order.client_order_id} & wanted for order in still_open)


async def _amended(client: AccountVenue, action: AmendOrder) -> bool:
    order = await client.find_order(action.instrument, client_order_id=action.client_order_id, order_id=action.order_id)
    return order is not None and _looks_amended(order, action)


def _looks_amended(order: Order, action: AmendOrder) -> bool:
    pairs = ((action.size, order.size), (action.price, order.price), (action.trigger_price, order.trigger_price))
    return all(wanted is None or wanted == found for wanted, found in pairs)


async def _leverage_is(client: AccountVenue, action: SetLeverage) -> bool | None:
    found = await client.get_leverage(action.instrument)
    return None if found is None else found == action.leverage


async def _margin_mode_is(client: AccountVenue, action: SetMarginMode) -> bool | None:
    found = (await client.get_account_state(action.instrument)).margin_mode
    return None if found is None else found is action.margin_mode


async def _position_mode_is(client: AccountVenue, action: SetPositionMode) -> bool | None:
    found = (await client.get_account_state(action.instrument)).position_mode
    return None if found is None else found is action.position_mode


async def _protected(client: AccountVenue, action: SetProtection) -> bool | None:
    if action.size is not None or action.replaced:
        return None  # part of a position, or orders of its own: the position does not show it
    for position in await client.get_positions(action.instrument):
        if position.side is action.position_side:
            return _looks_protected(position, action)
    return False


def _looks_protected(position: Position, action: SetProtection) -> bool:
    pairs = (
        (action.protection.take_profit, position.take_profit),
        (action.protection.stop_loss, position.stop_loss),
        (action.trailing_distance, position.trailing_stop),
    )
    return all(wanted is None or wanted == (found or 0) for wanted, found in pairs)


_READERS: Mapping[type[Action], Callable[[AccountVenue, Any], Awaitable[bool | None]]] = {
    CancelOrder: _cancelled,
    CancelAll: _all_cancelled,
    AmendOrder: _amended,
    SetLeverage: _leverage_is,
    SetMarginMode: _margin_mode_is,
    SetPositionMode: _position_mode_is,
    SetProtection: _protected,
}
