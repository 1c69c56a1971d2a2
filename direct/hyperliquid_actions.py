"""Our actions as the HyperLiquid SDK's: built with its own functions, numbers as text without trailing zeros."""

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, cast

from hyperliquid.utils.signing import order_wires_to_order_action

from models.enums import MarginMode, OrderType, TimeInForce, TriggerBy
from models.errors import BadOrder
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
    SetProtection,
)
from models.unified import Instrument, OrderSide
from models.values import plain

Wire = dict[str, Any]

_TIMES = {TimeInForce.GTC: "Gtc", TimeInForce.IOC: "Ioc", TimeInForce.POST_ONLY: "Alo"}
_TRIGGERS = {
    OrderType.STOP_MARKET: "sl",
    OrderType.STOP_LIMIT: "sl",
    OrderType.TAKE_PROFIT_MARKET: "tp",
    OrderType.TAKE_PROFIT_LIMIT: "tp",
}
_TRIGGER_SLIPPAGE = Decimal("0.1")  # the venue's own tolerance for triggered market orders
_FIGURES = 5  # of a price
_USD_DECIMALS = 6
_CLOID = re.compile(r"0x[0-9a-f]{32}", re.ASCII)


def action_for(action: Action) -> Wire:
    """Return the venue's action.

    Raises:
        BadOrder: HyperLiquid's direct path has no such action, or a value that it needs is missing.
    """
    build = _BUILDERS.get(type(action))
    if build is None:
        raise BadOrder(f"{type(action).__name__} is not available on HyperLiquid", code="not_supported")
    return build(action)


def legs_of(wire: Wire) -> list[str | None]:
    """Return our id of each leg, in the order of the venue's answers."""
    for name in ("orders", "cancels", "modifies"):
        if name in wire:
            rows = [row.get("order", row) for row in wire[name]]
            return [row.get("c") or row.get("cloid") for row in rows]
    return [None]


def _asset(instrument: Instrument) -> int:
    if instrument.asset_id is None:
        raise BadOrder(f"{instrument.symbol} has no asset number", code="unknown_symbol", symbol=instrument.symbol)
    return instrument.asset_id


def _text(number: Decimal) -> str:
    if not number.is_finite() or number.is_signed():
        raise BadOrder(f"expected a number from zero up, was {number}", code="bad_number", text=str(number))
    return plain(number)


def _oid(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadOrder("an order id is digits", code="bad_order_id")
    return int(text)


def _cloid(text: str | None) -> str:
    if text is None or _CLOID.fullmatch(text) is None:
        raise BadOrder("an order id of ours is 0x and 32 hexadecimal digits", code="bad_client_order_id")
    return text


def _order(request: OrderRequest) -> Wire:
    limit = request.price
    if request.trigger_price is not None:
        kind = _trigger(request, request.trigger_price)
        if limit is None and request.order_type.is_market and request.trigger_price:
            limit = _bound(request.instrument, request.trigger_price, request.side)
    else:
        kind = {"limit": {"tif": _time_in_force(request)}}
    if limit is None:
        raise BadOrder("an order needs its limit, a market order the worst price to accept", code="price_missing")
    return {
        "a": _asset(request.instrument),
        "b": request.side is OrderSide.BUY,
        "p": _text(limit),
        "s": _text(request.size),
        "r": request.reduce_only or request.closes_position,
        "t": kind,
        "c": _cloid(request.client_order_id),
    }


def _time_in_force(request: OrderRequest) -> str:
    if request.order_type is OrderType.MARKET:
        return "Ioc"
    if request.order_type is not OrderType.LIMIT:
        raise BadOrder("this order needs a trigger price", code="trigger_price_missing")
    if request.time_in_force not in _TIMES:
        raise BadOrder("HyperLiquid has no fill-or-kill", code="time_in_force_not_supported")
    return _TIMES[request.time_in_force]


def _trigger(request: OrderRequest, price: Decimal) -> Wire:
    tpsl = _TRIGGERS.get(request.order_type)
    if tpsl is None:
        raise BadOrder("HyperLiquid has no trailing stops", code="trailing_not_supported")
    _check_trigger_by(request.trigger_by)
    rises = (request.side is OrderSide.BUY) == (tpsl == "sl")
    if request.trigger_rises not in {None, rises}:
        raise BadOrder("such an order fires when the price goes the other way", code="trigger_direction")
    return {"trigger": {"isMarket": request.order_type.is_market, "triggerPx": _text(price), "tpsl": tpsl}}


def _check_trigger_by(trigger_by: TriggerBy | None) -> None:
    if trigger_by not in {None, TriggerBy.MARK}:
        raise BadOrder("HyperLiquid fires triggers by the mark price only", code="trigger_by_not_supported")


def _bound(instrument: Instrument, trigger: Decimal, side: OrderSide) -> Decimal:
    """Return the limit that a triggered market order still needs: on the venue's grid, within its tolerance."""
    _text(trigger)
    is_buy = side is OrderSide.BUY
    worst = trigger * (1 + _TRIGGER_SLIPPAGE if is_buy else 1 - _TRIGGER_SLIPPAGE)
    decimals = min(instrument.price_max_decimals or 0, _FIGURES - 1 - worst.adjusted())
    return worst.quantize(Decimal(1).scaleb(-max(decimals, 0)), ROUND_FLOOR if is_buy else ROUND_CEILING) or trigger


def _levels(protection: Protection | None) -> list[tuple[str, Decimal, Decimal | None]]:
    """Return kind, trigger and limit of what is to be set; zero only removes."""
    if protection is None:
        return []
    levels = (
        ("tp", protection.take_profit, protection.take_profit_limit),
        ("sl", protection.stop_loss, protection.stop_loss_limit),
    )
    return [(kind, trigger, limit) for kind, trigger, limit in levels if trigger]


def _children(action: OrderRequest | SetProtection, side: OrderSide, size: Decimal, ids: tuple[str, ...]) -> list[Wire]:
    protection, wanted = action.protection, _levels(action.protection)
    if protection is None or not wanted:
        return []
    _check_trigger_by(protection.trigger_by)
    # one id per order, or a take-profit's and a stop-loss's of which one is not needed
    named = dict(zip([kind for kind, _, _ in wanted] if len(ids) == len(wanted) else ("tp", "sl"), ids, strict=False))
    wires = []
    for kind, trigger, limit in wanted:
        bound = _bound(action.instrument, trigger, side) if limit is None else limit
        wire: Wire = {
            "a": _asset(action.instrument),
            "b": side is OrderSide.BUY,
            "p": _text(bound),
            "s": _text(size),
            "r": True,
            "t": {"trigger": {"isMarket": limit is None, "triggerPx": _text(trigger), "tpsl": kind}},
        }
        wires.append(wire | {"c": _cloid(named[kind])} if kind in named else wire)
    return wires


def _signed_action(orders: list[Wire], grouping: str) -> Wire:
    return cast(Wire, order_wires_to_order_action(cast(Any, orders), None, cast(Any, grouping)))


def _place(action: OrderRequest) -> Wire:
    children = _children(action, action.side.opposite, action.size, action.protection_client_ids)
    return _signed_action([_order(action), *children], "normalTpsl" if children else "na")


def _batch(action: BatchOrders) -> Wire:
    if not action.orders:
        raise BadOrder("a batch needs at least one order", code="nothing_to_do")
    if len(action.orders) == 1:
        return _place(action.orders[0])
    if any(_levels(order.protection) for order in action.orders):
        raise BadOrder("orders with protection go one by one on HyperLiquid", code="protection_in_batch")
    return _signed_action([_order(order) for order in action.orders], "na")


def _amend(action: AmendOrder) -> Wire:
    if action.replacement is None:
        raise BadOrder("an amendment needs the whole order", code="not_supported")
    if _levels(action.replacement.protection):
        raise BadOrder("protection is changed with orders of its own", code="protection_in_amend")
    oid = _oid(action.order_id) if action.order_id else _cloid(action.client_order_id)
    return {"type": "batchModify", "modifies": [{"oid": oid, "order": _order(action.replacement)}]}


def _cancels(orders: tuple[CancelOrder, ...]) -> Wire:
    if not orders:
        raise BadOrder("there is nothing to cancel", code="nothing_to_cancel")
    if all(order.order_id for order in orders):
        rows = [{"a": _asset(order.instrument), "o": _oid(order.order_id or "")} for order in orders]
        return {"type": "cancel", "cancels": rows}
    named = [{"asset": _asset(order.instrument), "cloid": _cloid(order.client_order_id)} for order in orders]
    return {"type": "cancelByCloid", "cancels": named}


def _leverage(action: SetLeverage) -> Wire:
    if action.margin_mode is None and not action.instrument.isolated_only:
        raise BadOrder("HyperLiquid sets leverage and margin mode together: say which mode", code="margin_mode_missing")
    mode = action.margin_mode or MarginMode.ISOLATED
    return _update_leverage(action.instrument, mode is not MarginMode.ISOLATED, action.leverage)


def _margin_mode(action: SetMarginMode) -> Wire:
    if action.margin_mode is MarginMode.PORTFOLIO:
        raise BadOrder("portfolio margin is an account's, not a market's", code="margin_mode_not_supported")
    if action.instrument is None or action.leverage is None:
        raise BadOrder("HyperLiquid sets the margin mode market by market, with a leverage", code="not_supported")
    return _update_leverage(action.instrument, action.margin_mode is not MarginMode.ISOLATED, action.leverage)


def _update_leverage(instrument: Instrument, is_cross: bool, leverage: Decimal) -> Wire:
    if is_cross and instrument.isolated_only:
        raise BadOrder(f"{instrument.symbol} takes isolated margin only", code="isolated_only")
    if not leverage.is_finite() or leverage < 1 or leverage != leverage.to_integral_value():
        raise BadOrder("HyperLiquid takes whole leverages", code="bad_leverage", leverage=str(leverage))
    return {"type": "updateLeverage", "asset": _asset(instrument), "isCross": is_cross, "leverage": int(leverage)}


def _protect(action: SetProtection) -> Wire:
    _refuse_hedge(action)
    if action.trailing_distance or action.trailing_activation:
        raise BadOrder("HyperLiquid has no trailing stops", code="trailing_not_supported")
    size = action.size if action.size is not None else action.position_size
    children = _children(action, action.position_side.closing_side, size, action.client_ids)
    if not children:
        return _cancels(action.replaced)
    return _signed_action(children, "positionTpsl" if action.size is None else "na")


def _refuse_hedge(action: SetProtection | AdjustMargin) -> None:
    if action.is_hedge:
        raise BadOrder("HyperLiquid has one position per market", code="hedge_not_supported")


def _adjust(action: AdjustMargin) -> Wire:
    _refuse_hedge(action)
    units = action.amount.scaleb(_USD_DECIMALS) if action.amount.is_finite() else Decimal(0)
    if not units or units != units.to_integral_value():
        raise BadOrder(f"the amount has at most {_USD_DECIMALS} decimals and is not zero", code="bad_number")
    return {"type": "updateIsolatedMargin", "asset": _asset(action.instrument), "isBuy": True, "ntli": int(units)}


_BUILDERS: dict[type, Callable[[Any], Wire]] = {
    OrderRequest: _place,
    BatchOrders: _batch,
    AmendOrder: _amend,
    CancelOrder: lambda action: _cancels((action,)),
    CancelAll: lambda action: _cancels(action.orders),
    SetLeverage: _leverage,
    SetMarginMode: _margin_mode,
    SetProtection: _protect,
    AdjustMargin: _adjust,
    Noop: lambda _: {"type": "noop"},
}
