"""What a market takes: the check that every order passes before it may be signed.

Pure, and without venue names: what venues differ in is data on `Instrument`.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from core.grid import effective_tick, floor_size, notional_of, to_grid
from models.enums import OrderSide, OrderType, TimeInForce
from models.errors import BadOrder
from models.instrument import Instrument
from models.requests import OrderRequest, Protection
from models.values import plain

_MAX_CLIENT_ID = 64
_MAX_WORSE = Decimal("0.5")
"""How much worse than the market's a limit may be, as a fraction. On the better side it may rest anywhere."""


def check_order(order: OrderRequest, *, reference_price: Decimal | None = None) -> None:
    """Refuse an order that the market's rules cannot take.

    Raises:
        BadOrder: `market_closed`, `price_missing`, `trigger_price_missing`, `price_off_grid`, `price_out_of_band`,
            `price_too_far`, `bad_trigger_price`, `size_off_grid`, `below_min_size`, `above_max_size`,
            `above_max_market_size`, `below_min_notional`, `reference_price_missing`, `bad_time_in_force`,
            `bad_client_order_id` or `close_must_reduce`.
    """
    instrument = order.instrument
    if not order.reduce_only and not instrument.is_tradable:
        raise refusal(instrument, "market_closed", f"takes no new positions: {instrument.status.value}")
    if order.closes_position and not order.reduce_only:
        raise refusal(instrument, "close_must_reduce", "an order that closes the position has to be reduce-only")
    _check_identity(order)
    _check_prices(order, reference_price)
    if not (order.closes_position and order.reduce_only):
        _check_size(order)
        _check_notional(order, reference_price)


def expected_entry(
    side: OrderSide,
    order_type: OrderType,
    price: Decimal | None,
    trigger: Decimal | None,
    reference_price: Decimal | None,
) -> Decimal | None:
    """Return about where the order fills: its trigger, its limit, or the market's price if that is better."""
    if trigger is not None:
        return trigger
    if order_type.is_market or price is None:
        return reference_price
    if reference_price is None:
        return price
    return min(price, reference_price) if side is OrderSide.BUY else max(price, reference_price)


def refusal(instrument: Instrument, code: str, reason: str, **fields: Any) -> BadOrder:
    """Return the error of an order that a market cannot take."""
    return BadOrder(
        f"{instrument.symbol}: {reason}", code=code, symbol=instrument.symbol, base=instrument.base, **fields
    )


def _check_identity(order: OrderRequest) -> None:
    name = order.client_order_id
    if not 0 < len(name) <= _MAX_CLIENT_ID or not name.isascii():
        raise refusal(order.instrument, "bad_client_order_id", "an order needs a client order id")
    takes_at_once = {TimeInForce.IOC, TimeInForce.FOK}
    if order.order_type is OrderType.MARKET and order.time_in_force not in takes_at_once:
        raise refusal(order.instrument, "bad_time_in_force", "a market order cannot rest", found=order.time_in_force)


def _check_prices(order: OrderRequest, reference_price: Decimal | None) -> None:
    instrument = order.instrument
    if order.price is None and not order.order_type.is_market:
        raise refusal(instrument, "price_missing", "a limit order needs a price")
    if order.trigger_price is None and order.order_type.is_trigger:
        raise refusal(instrument, "trigger_price_missing", "a trigger order needs its trigger price")
    levels = order.protection or Protection()
    for name, price in (
        ("price", order.price),
        ("trigger_price", order.trigger_price),
        ("take_profit", levels.take_profit),
        ("stop_loss", levels.stop_loss),
        ("take_profit_limit", levels.take_profit_limit),
        ("stop_loss_limit", levels.stop_loss_limit),
    ):
        if price:
            _check_price(instrument, name, price)
    _check_trigger_side(order, reference_price)
    _check_distance(order, reference_price)


def _check_distance(order: OrderRequest, reference_price: Decimal | None) -> None:
    """Refuse a limit that pays far more than the market asks: a digit too many, or another market's price."""
    price = order.price
    if price is None or reference_price is None or order.trigger_price is not None or order.reduce_only:
        return
    worse_by = (price / reference_price - 1) if order.side is OrderSide.BUY else (1 - price / reference_price)
    if worse_by > _MAX_WORSE:
        raise refusal(
            order.instrument,
            "price_too_far",
            f"the price is far from the market's {plain(reference_price)}",
            price=price,
            reference=reference_price,
        )


def _check_price(instrument: Instrument, name: str, price: Decimal) -> None:
    tick = effective_tick(instrument, price)
    if to_grid(price, tick, ROUND_FLOOR) != price:
        raise refusal(instrument, "price_off_grid", f"{name}: prices go in steps of {plain(tick)}", step=tick)
    low, high = instrument.min_price, instrument.max_price
    if (low is not None and price < low) or (high is not None and price > high) or price <= 0:
        limits = f"{plain(low or tick)} to {plain(high)}" if high is not None else f"at least {plain(low or tick)}"
        raise refusal(
            instrument, "price_out_of_band", f"{name}: prices are {limits}", minimum=low, maximum=high, price=price
        )


def _check_trigger_side(order: OrderRequest, reference_price: Decimal | None) -> None:
    trigger = order.trigger_price
    if trigger is None or reference_price is None or order.order_type is OrderType.TRAILING_STOP:
        return
    if (trigger > reference_price) if order.trigger_rises else (trigger < reference_price):
        return
    way = "above" if order.trigger_rises else "below"
    raise refusal(
        order.instrument,
        "bad_trigger_price",
        f"the trigger has to be {way} the market's price {plain(reference_price)}",
        price=trigger,
        reference=reference_price,
    )


def _check_size(order: OrderRequest) -> None:
    instrument, size = order.instrument, order.size
    if size <= 0 or floor_size(instrument, size) != size:
        step = instrument.size_step
        raise refusal(instrument, "size_off_grid", f"sizes go in steps of {plain(step)}", step=step, size=size)
    if size < instrument.min_size:
        smallest = instrument.min_size
        raise refusal(
            instrument, "below_min_size", f"the smallest size is {plain(smallest)}", minimum=smallest, size=size
        )
    if order.order_type.is_market:
        _check_maximum(instrument, "above_max_market_size", size, instrument.max_market_size)
    _check_maximum(instrument, "above_max_size", size, instrument.max_size)


def _check_maximum(instrument: Instrument, code: str, size: Decimal, maximum: Decimal | None) -> None:
    if maximum is not None and size > maximum:
        raise refusal(instrument, code, f"the largest size is {plain(maximum)}", maximum=maximum, size=size)


def _check_notional(order: OrderRequest, reference_price: Decimal | None) -> None:
    instrument = order.instrument
    minimum = instrument.min_notional_reducing if order.reduce_only else instrument.min_notional
    if minimum is None:
        return
    price = expected_entry(order.side, order.order_type, order.price, order.trigger_price, reference_price)
    if price is None:
        if order.reduce_only:
            return  # the venue will say; an exit does not wait for a price
        raise refusal(instrument, "reference_price_missing", "a market order needs the market's price")
    value = notional_of(instrument, order.size, price)
    if value < minimum:
        raise refusal(
            instrument,
            "below_min_notional",
            f"the smallest order is worth {plain(minimum)} {instrument.quote}, this one {plain(round(value, 4))}",
            minimum=minimum,
            notional=value,
            minimum_size=to_grid(minimum / price, instrument.size_step, ROUND_CEILING),
            size=order.size,
            currency=instrument.quote,
        )
