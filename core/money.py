"""The only maker of orders: every size and price that reaches a venue was rounded here.

Sizes only ever get smaller. A price gets worse for nobody: a limit to buy never rises and a limit to sell never falls.
A trigger moves towards the market, so a stop never lies further away than was asked.
"""

from decimal import Decimal

from core.grid import (
    effective_tick,
    floor_size,
    limit_rounding,
    notional_of,
    round_price,
    trigger_rises,
    trigger_rounding,
)
from core.order_rules import check_order, expected_entry, refusal
from models.enums import OrderSide, OrderType, PositionSide, TimeInForce, TriggerBy
from models.instrument import Instrument
from models.requests import OrderRequest, Protection
from models.values import Number, plain, positive_decimal

__all__ = [
    "build_order",
    "check_order",
    "effective_tick",
    "floor_size",
    "limit_rounding",
    "notional_of",
    "round_price",
    "round_protection",
    "trigger_rises",
    "trigger_rounding",
]


def build_order(
    instrument: Instrument,
    *,
    side: OrderSide,
    size: Number,
    order_type: OrderType,
    client_order_id: str,
    price: Number | None = None,
    reference_price: Decimal | None = None,
    slippage_fraction: Decimal | None = None,
    trigger_price: Number | None = None,
    trigger_by: TriggerBy | None = None,
    time_in_force: TimeInForce | None = None,
    reduce_only: bool = False,
    closes_position: bool = False,
    position_side: PositionSide | None = None,
    protection: Protection | None = None,
    protection_client_ids: tuple[str, ...] = (),
) -> OrderRequest:
    """Return an order that the market's rules can take.

    Args:
        size: In base currency, before rounding. With `closes_position`, the whole position as it was seen.
        price: The limit; for an order that takes the market's price, the worst price to accept.
        reference_price: The market's price now. Needed to open with a market order.
        slippage_fraction: How much worse than the reference a market order may fill; makes `price` where none is given.
        closes_position: Closes all of it, with `reduce_only`; no minimum applies.
        protection: Stop and target to become active with the order, before rounding.

    Raises:
        BadOrder: The market cannot take it; `code` says why, and `fields` hold the numbers of the sentence.
    """
    side_price = _order_price(instrument, side, order_type, price, reference_price, slippage_fraction, trigger_price)
    trigger = _trigger(instrument, side, order_type, trigger_price)
    entry = expected_entry(side, order_type, side_price, trigger, reference_price)
    if protection is not None and reduce_only:
        raise refusal(instrument, "protection_on_close", "an order that closes cannot carry a stop or target")
    order = OrderRequest(
        instrument=instrument,
        side=side,
        size=_order_size(instrument, size, is_full_close=closes_position and reduce_only),
        order_type=order_type,
        client_order_id=client_order_id,
        price=side_price,
        time_in_force=time_in_force or _usual_time_in_force(order_type),
        trigger_price=trigger,
        trigger_by=trigger_by,
        trigger_rises=None if trigger is None else trigger_rises(order_type, side),
        reduce_only=reduce_only,
        closes_position=closes_position,
        position_side=position_side,
        slippage_fraction=slippage_fraction if order_type.is_market and price is None else None,
        protection=None
        if protection is None
        else round_protection(instrument, protection, position_side=_opened_by(side), entry_price=entry),
        protection_client_ids=protection_client_ids,
    )
    check_order(order, reference_price=reference_price)
    return order


def round_protection(
    instrument: Instrument, protection: Protection, *, position_side: PositionSide, entry_price: Decimal | None
) -> Protection:
    """Return protection on the grid and on the right side.

    A price of zero, which removes a level, stays zero; None stays None.

    Args:
        entry_price: What the levels lie around: the entry of an order, the mark price of a position. None: unknown,
            so that the sides are not checked.

    Raises:
        BadOrder: `stop_wrong_side` or `target_wrong_side`.
    """
    is_long = position_side is PositionSide.LONG
    stop = _level(instrument, protection.stop_loss, rises=not is_long)
    target = _level(instrument, protection.take_profit, rises=is_long)
    _check_side(instrument, "stop_wrong_side", "stop", stop, entry_price, is_below=is_long)
    _check_side(instrument, "target_wrong_side", "target", target, entry_price, is_below=not is_long)
    rounding = limit_rounding(position_side.closing_side)
    return Protection(
        take_profit=target,
        stop_loss=stop,
        take_profit_limit=_limit(instrument, protection.take_profit_limit, rounding),
        stop_loss_limit=_limit(instrument, protection.stop_loss_limit, rounding),
        trigger_by=protection.trigger_by,
    )


def _order_price(
    instrument: Instrument,
    side: OrderSide,
    order_type: OrderType,
    price: Number | None,
    reference_price: Decimal | None,
    slippage_fraction: Decimal | None,
    trigger_price: Number | None,
) -> Decimal | None:
    rounding = limit_rounding(side)
    if price is not None:
        return _price_on_grid(instrument, positive_decimal(price, "price"), rounding)
    if not order_type.is_market or slippage_fraction is None:
        return None
    if not 0 <= slippage_fraction < 1:
        raise refusal(instrument, "bad_slippage", "slippage has to be a fraction from 0 to 1", found=slippage_fraction)
    start = positive_decimal(trigger_price, "trigger_price") if trigger_price is not None else reference_price
    if start is None:
        raise refusal(instrument, "reference_price_missing", "a market order needs the market's price")
    worse = 1 + slippage_fraction if side is OrderSide.BUY else 1 - slippage_fraction
    return _price_on_grid(instrument, start * worse, rounding)


def _trigger(
    instrument: Instrument, side: OrderSide, order_type: OrderType, trigger_price: Number | None
) -> Decimal | None:
    if trigger_price is None:
        return None
    if not order_type.is_trigger:
        raise refusal(instrument, "bad_trigger_price", f"a {order_type.value} order has no trigger price")
    rounding = trigger_rounding(rises=trigger_rises(order_type, side))
    return _price_on_grid(instrument, positive_decimal(trigger_price, "trigger_price"), rounding)


def _order_size(instrument: Instrument, size: Number, *, is_full_close: bool) -> Decimal:
    asked = positive_decimal(size, "size")
    rounded = floor_size(instrument, asked)
    if rounded:
        return rounded
    if is_full_close:  # dust that the venue closes by being asked for everything
        return asked
    raise refusal(
        instrument,
        "rounds_to_zero",
        f"the smallest size is {plain(instrument.min_size)}",
        minimum=instrument.min_size,
        step=instrument.size_step,
        size=asked,
    )


def _usual_time_in_force(order_type: OrderType) -> TimeInForce:
    return TimeInForce.IOC if order_type is OrderType.MARKET else TimeInForce.GTC


def _opened_by(side: OrderSide) -> PositionSide:
    return PositionSide.LONG if side is OrderSide.BUY else PositionSide.SHORT


def _level(instrument: Instrument, price: Decimal | None, *, rises: bool) -> Decimal | None:
    return _limit(instrument, price, trigger_rounding(rises=rises))


def _limit(instrument: Instrument, price: Decimal | None, rounding: str) -> Decimal | None:
    if not price:
        return price
    return _price_on_grid(instrument, positive_decimal(price, "price"), rounding)


def _check_side(
    instrument: Instrument, code: str, name: str, level: Decimal | None, entry: Decimal | None, *, is_below: bool
) -> None:
    if not level or entry is None or (level < entry if is_below else level > entry):
        return
    way = "below" if is_below else "above"
    raise refusal(instrument, code, f"the {name} has to be {way} {plain(entry)}", level=level, entry=entry)


def _price_on_grid(instrument: Instrument, price: Decimal, rounding: str) -> Decimal:
    rounded = round_price(instrument, price, rounding)
    if rounded <= 0:
        tick = effective_tick(instrument, price)
        raise refusal(instrument, "price_off_grid", f"prices go in steps of {plain(tick)}", step=tick, price=price)
    return rounded
