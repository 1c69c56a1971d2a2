"""When a conditional order fires. Pure, except that a trailing stop remembers the best price it has seen."""

from decimal import Decimal

from sandbox.engine.orders import Order
from sandbox.market import Quote
from sandbox.words import StopKind, TriggerDirection


def fires(order: Order, quote: Quote) -> bool:
    """Whether an untriggered order's condition holds at these prices."""
    if order.spec.stop is StopKind.TRAILING:
        return _trailing_fires(order, quote)
    trigger = order.trigger
    if trigger is None or trigger.price is None:
        return False
    price = quote.by(trigger.by)
    return price >= trigger.price if trigger.direction is TriggerDirection.RISE else price <= trigger.price


def direction_to(trigger: Decimal, current: Decimal) -> TriggerDirection:
    """From which side the price must come to reach the trigger."""
    return TriggerDirection.RISE if trigger > current else TriggerDirection.FALL


def _trailing_fires(order: Order, quote: Quote) -> bool:
    """A trailing sell follows the highest price down by its distance; a buy the lowest price up."""
    if order.trail is None:
        return False
    sign, price = order.side.sign, quote.last
    activation = order.spec.activation
    if order.extreme is None:
        if activation is not None and sign * (price - activation) > 0:
            return False
        order.extreme = price
    order.extreme = min(order.extreme, price) if sign > 0 else max(order.extreme, price)
    return sign * (price - order.extreme) >= order.trail
