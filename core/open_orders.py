"""Open orders: the one that an id means, and what cancels one or many."""

from collections.abc import Sequence

from core.ids import is_ours
from exchanges.base import AccountVenue
from exchanges.spec import CancelRules
from models.errors import BadOrder
from models.requests import CancelOrder
from models.unified import Instrument, Order


async def find_open_order(client: AccountVenue, instrument: Instrument, order_id: str) -> Order:
    """Return an open order of a market by the venue's id or ours.

    Only an order under somebody else's id is looked for in the list of all, which is dear to ask for.

    Raises:
        BadOrder: None is open under this id (`order_not_open`).
        Unavailable: The venue did not answer.
    """
    order = await _look_up(client, instrument, order_id)
    if order is None:
        listed = await client.get_open_orders(instrument)
        order = next((order for order in listed if _is_called(order, order_id)), None)
    if order is None or not order.is_open:
        raise BadOrder(f"{instrument.symbol}: no such open order", code="order_not_open", symbol=instrument.symbol)
    return order


async def _look_up(client: AccountVenue, instrument: Instrument, order_id: str) -> Order | None:
    """Return an order by the venue's id or ours; None where there is none, or the id is neither."""
    try:
        if is_ours(instrument.exchange, order_id):
            order = await client.find_order(instrument, client_order_id=order_id)
        else:
            order = await client.find_order(instrument, order_id=order_id)
    except BadOrder:  # the venue's ids look different
        return None
    return order if order is not None and _is_called(order, order_id) else None


def _is_called(order: Order, order_id: str) -> bool:
    return order_id in (order.order_id, order.client_order_id)


def cancel_of(instrument: Instrument, order: Order) -> CancelOrder:
    """Return the action that cancels an order."""
    return CancelOrder(
        instrument=instrument,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        is_trigger=order.order_type.is_trigger,
    )


def cancel_requests(rules: CancelRules, cancels: Sequence[CancelOrder]) -> list[tuple[CancelOrder, ...]]:
    """Return cancels of one market in as few parts as the venue takes requests for them."""
    groups = [cancels]
    if rules.triggers_apart:
        groups = [[cancel for cancel in cancels if cancel.is_trigger is waits] for waits in (False, True)]
    most = rules.most or len(cancels)
    return [tuple(group[start : start + most]) for group in groups for start in range(0, len(group), most)]
