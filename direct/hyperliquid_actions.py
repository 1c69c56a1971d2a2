"""Our actions as the HyperLiquid SDK's: built with its own functions, numbers as text without trailing zeros."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from hyperliquid.utils.signing import order_wires_to_order_action

from models.enums import MarginMode, OrderType, TimeInForce
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
    SetLeverage,
    SetMarginMode,
    SetProtection,
)
from models.unified import Instrument, OrderSide
from models.values import plain

Wire = dict[str, Any]

_TIMES = {TimeInForce.GTC: "Gtc", TimeInForce.IOC: "Ioc", TimeInForce.POST_ONLY: "Alo"}
_TAKE_PROFITS = {OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT}
_TRIGGER_SLIPPAGE = Decimal("0.1")  # the venue's own tolerance for triggered market orders
_USD_UNITS = 10**6


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


def _order(request: OrderRequest) -> Wire:
    limit = request.price
    if request.trigger_price is not None:
        kind: Wire = {
            "trigger": {
                "isMarket": request.order_type.is_market,
                "triggerPx": plain(request.trigger_price),
                "tpsl": "tp" if request.order_type in _TAKE_PROFITS else "sl",
            }
        }
        limit = limit if limit is not None else _bound(request.instrument, request.trigger_price, request.side)
    else:
        is_market = request.order_type is OrderType.MARKET
        time_in_force = TimeInForce.IOC if is_market else request.time_in_force
        if time_in_force not in _TIMES:
            raise BadOrder("HyperLiquid has no fill-or-kill", code="time_in_force_not_supported")
        kind = {"limit": {"tif": _TIMES[time_in_force]}}
    if limit is None:
        raise BadOrder("a market order needs the worst price to accept", code="price_missing")
    return {
        "a": _asset(request.instrument),
        "b": request.side is OrderSide.BUY,
        "p": plain(limit),
        "s": plain(request.size),
        "r": request.reduce_only,
        "t": kind,
        "c": request.client_order_id,
    }


def _bound(instrument: Instrument, trigger: Decimal, side: OrderSide) -> Decimal:
    """Return the limit that a triggered market order still needs, on the venue's grid."""
    factor = 1 + _TRIGGER_SLIPPAGE if side is OrderSide.BUY else 1 - _TRIGGER_SLIPPAGE
    return Decimal(f"{trigger * factor:.5g}").quantize(Decimal(1).scaleb(-(instrument.price_max_decimals or 0)))


def _child(
    instrument: Instrument, side: OrderSide, size: Decimal, trigger: Decimal, kind: str, cloid: str | None
) -> Wire:
    wire: Wire = {
        "a": _asset(instrument),
        "b": side is OrderSide.BUY,
        "p": plain(_bound(instrument, trigger, side)),
        "s": plain(size),
        "r": True,
        "t": {"trigger": {"isMarket": True, "triggerPx": plain(trigger), "tpsl": kind}},
    }
    return wire | {"c": cloid} if cloid else wire


def _children(action: OrderRequest | SetProtection, side: OrderSide, size: Decimal, ids: tuple[str, ...]) -> list[Wire]:
    protection = action.protection
    if protection is None:
        return []
    levels = [(protection.take_profit, "tp"), (protection.stop_loss, "sl")]
    wanted = [(price, kind) for price, kind in levels if price]
    named = dict(enumerate(ids))
    return [_child(action.instrument, side, size, price, kind, named.get(n)) for n, (price, kind) in enumerate(wanted)]


def _signed_action(orders: list[Wire], grouping: str) -> Wire:
    return cast(Wire, order_wires_to_order_action(cast(Any, orders), None, cast(Any, grouping)))


def _place(action: OrderRequest) -> Wire:
    children = _children(action, action.side.opposite, action.size, action.protection_client_ids)
    return _signed_action([_order(action), *children], "normalTpsl" if children else "na")


def _batch(action: BatchOrders) -> Wire:
    return _signed_action([_order(order) for order in action.orders], "na")


def _amend(action: AmendOrder) -> Wire:
    if action.replacement is None:
        raise BadOrder("an amendment needs the whole order", code="not_supported")
    oid: int | str | None = int(action.order_id) if action.order_id else action.client_order_id
    return {"type": "batchModify", "modifies": [{"oid": oid, "order": _order(action.replacement)}]}


def _cancels(orders: tuple[CancelOrder, ...]) -> Wire:
    if all(order.order_id for order in orders):
        rows = [{"a": _asset(order.instrument), "o": int(order.order_id or 0)} for order in orders]
        return {"type": "cancel", "cancels": rows}
    named = [{"asset": _asset(order.instrument), "cloid": order.client_order_id} for order in orders]
    return {"type": "cancelByCloid", "cancels": named}


def _cancel_all(action: CancelAll) -> Wire:
    if not action.orders:
        raise BadOrder("there is nothing to cancel", code="nothing_to_cancel")
    return _cancels(action.orders)


def _leverage(action: SetLeverage) -> Wire:
    is_cross = action.margin_mode is not MarginMode.ISOLATED and not action.instrument.isolated_only
    return _update_leverage(action.instrument, is_cross, action.leverage)


def _margin_mode(action: SetMarginMode) -> Wire:
    if action.instrument is None or action.leverage is None:
        raise BadOrder("HyperLiquid sets the margin mode market by market, with a leverage", code="not_supported")
    return _update_leverage(action.instrument, action.margin_mode is not MarginMode.ISOLATED, action.leverage)


def _update_leverage(instrument: Instrument, is_cross: bool, leverage: Decimal) -> Wire:
    if leverage != int(leverage):
        raise BadOrder("HyperLiquid takes whole leverages", code="bad_leverage", leverage=plain(leverage))
    return {"type": "updateLeverage", "asset": _asset(instrument), "isCross": is_cross, "leverage": int(leverage)}


def _protect(action: SetProtection) -> Wire:
    size = action.size if action.size is not None else action.position_size
    children = _children(action, action.position_side.closing_side, size, action.client_ids)
    if not children:
        return _cancels(action.replaced)
    return _signed_action(children, "positionTpsl" if action.size is None else "na")


def _adjust(action: AdjustMargin) -> Wire:
    units = int(action.amount * _USD_UNITS)
    return {"type": "updateIsolatedMargin", "asset": _asset(action.instrument), "isBuy": True, "ntli": units}


_BUILDERS: dict[type, Callable[[Any], Wire]] = {
    OrderRequest: _place,
    BatchOrders: _batch,
    AmendOrder: _amend,
    CancelOrder: lambda action: _cancels((action,)),
    CancelAll: _cancel_all,
    SetLeverage: _leverage,
    SetMarginMode: _margin_mode,
    SetProtection: _protect,
    AdjustMargin: _adjust,
    Noop: lambda _: {"type": "noop"},
}
