"""What each action is called in pybit, and with which parameters. Numbers travel as text."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)
from models.unified import Instrument
from models.values import plain

_SIDES = {OrderSide.BUY: "Buy", OrderSide.SELL: "Sell"}
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK", TimeInForce.POST_ONLY: "PostOnly"}
_TRIGGERS = {TriggerBy.LAST: "LastPrice", TriggerBy.MARK: "MarkPrice", TriggerBy.INDEX: "IndexPrice"}
_HEDGE_INDEX = {None: 0, PositionSide.LONG: 1, PositionSide.SHORT: 2}
_MARGIN = {
    MarginMode.ISOLATED: "ISOLATED_MARGIN",
    MarginMode.CROSS: "REGULAR_MARGIN",
    MarginMode.PORTFOLIO: "PORTFOLIO_MARGIN",
}
_LEAST_SLIPPAGE, _MOST_SLIPPAGE = Decimal("0.05"), Decimal(1)  # per cent, as Bybit takes it
_NOTHING, _LEAST = Decimal(0), Decimal("1E-40")
_MOST_AT_ONCE = 10
_MODES = {PositionMode.ONE_WAY: 0, PositionMode.HEDGE: 3}


@dataclass(frozen=True, slots=True)
class Call:
    """One pybit method and its arguments."""

    method: str
    params: dict[str, Any]


def call_for(action: Action) -> Call:
    """Return the pybit call that asks for an action.

    Raises:
        BadOrder: Bybit's direct path has no such action.
    """
    build = _CALLS.get(type(action))
    if build is None:
        raise BadOrder(f"{type(action).__name__} is not available on the direct path", code="not_supported")
    return build(action)


def _text(number: Decimal | None, *, least: Decimal = _LEAST) -> str | None:
    if number is not None and (not number.is_finite() or number < least):
        raise BadOrder(f"expected a number above zero, was {number}", code="bad_number", text=str(number))
    return None if number is None else plain(number)


def _market(instrument: Instrument) -> dict[str, Any]:
    return {"category": "linear" if instrument.is_linear else "inverse", "symbol": instrument.native_symbol}


def _order(request: OrderRequest) -> dict[str, Any]:
    if request.order_type in {OrderType.TRAILING_STOP, OrderType.UNKNOWN}:
        raise BadOrder("Bybit trails the stop of a position, not an order", code="no_trailing")
    if request.order_type.is_trigger and request.trigger_price is None:
        raise BadOrder("a conditional order needs a trigger price", code="trigger_missing")
    if request.trigger_price is not None and not request.order_type.is_trigger:
        raise BadOrder("an order without a condition has no trigger price", code="bad_trigger_price")
    if request.price is None and not request.order_type.is_market:
        raise BadOrder("a limit order needs a price", code="price_missing")
    if request.reduce_only and request.protection is not None:
        raise BadOrder("an order that only reduces cannot carry take-profit or stop-loss", code="bad_protection")
    if not request.instrument.is_linear and not request.closes_position:
        raise BadOrder("coin-settled contracts can be closed here, not opened", code="inverse_not_traded")
    body: dict[str, Any] = {
        "symbol": request.instrument.native_symbol,
        "side": _SIDES[request.side],
        "qty": _text(request.size),
        **_execution(request),
        "positionIdx": _HEDGE_INDEX[request.position_side],
        "orderLinkId": request.client_order_id,
        "reduceOnly": request.reduce_only or request.closes_position or None,
        "triggerPrice": _text(request.trigger_price),
    }
    if request.trigger_price is not None:
        body["triggerDirection"] = 1 if _rises(request) else 2
        body["triggerBy"] = _TRIGGERS.get(request.trigger_by) if request.trigger_by else None
    if request.closes_position and request.order_type.is_market:  # whatever the position is by then, dust included
        body |= {"qty": "0", "closeOnTrigger": True}
    if request.protection is not None:
        body |= _levels(request.protection)
    return {name: value for name, value in body.items() if value is not None}


def _rises(request: OrderRequest) -> bool:
    if request.trigger_rises is not None:
        return request.trigger_rises
    return (request.side is OrderSide.BUY) is not request.order_type.is_take_profit


def _levels(protection: Protection) -> dict[str, Any]:
    """Return take-profit and stop-loss; one that rests as a limit makes both partial, which is all Bybit has for it."""
    trigger_by = _TRIGGERS.get(protection.trigger_by) if protection.trigger_by else None
    body: dict[str, Any] = {}
    for prefix, name, price, limit in (
        ("tp", "takeProfit", protection.take_profit, protection.take_profit_limit),
        ("sl", "stopLoss", protection.stop_loss, protection.stop_loss_limit),
    ):
        if price is not None:
            body[name] = _text(price, least=_NOTHING)
        if price and trigger_by:
            body[f"{prefix}TriggerBy"] = trigger_by
        if price and limit is not None:
            body |= {f"{prefix}OrderType": "Limit", f"{prefix}LimitPrice": _text(limit)}
    if body:
        body["tpslMode"] = "Partial" if body.keys() & {"tpOrderType", "slOrderType"} else "Full"
    return body


def _execution(request: OrderRequest) -> dict[str, Any]:
    """Return how the order executes: a market order that opens keeps its bound, as Bybit's distance in per cent."""
    if not request.order_type.is_market:
        return {
            "orderType": "Limit",
            "price": _text(request.price),
            "timeInForce": _TIMES[request.time_in_force],
        }
    if request.price is None or request.reduce_only or request.trigger_price is not None:
        return {"orderType": "Market"}
    percent = min(100 * (request.slippage_fraction or Decimal(0)), _MOST_SLIPPAGE).quantize(Decimal("0.01"), ROUND_DOWN)
    if percent < _LEAST_SLIPPAGE:
        return {"orderType": "Limit", "price": _text(request.price), "timeInForce": "IOC"}
    return {"orderType": "Market", "slippageToleranceType": "Percent", "slippageTolerance": plain(percent)}


def _place(action: OrderRequest) -> Call:
    return Call("place_order", _market(action.instrument) | _order(action))


def _batch(action: BatchOrders) -> Call:
    categories = {_market(order.instrument)["category"] for order in action.orders}
    if not 0 < len(action.orders) <= _MOST_AT_ONCE:
        raise BadOrder(f"Bybit takes 1 to {_MOST_AT_ONCE} orders at once", code="batch_too_long", limit=_MOST_AT_ONCE)
    if len(categories) != 1:
        raise BadOrder("a batch holds USD-settled or coin-settled contracts, not both", code="not_supported")
    return Call(
        "place_batch_order", {"category": categories.pop(), "request": [_order(order) for order in action.orders]}
    )


def _amend(action: AmendOrder) -> Call:
    changes = {
        "qty": _text(action.size),
        "price": _text(action.price),
        "triggerPrice": _text(action.trigger_price),
    }
    if not any(changes.values()):
        raise BadOrder("nothing to change", code="nothing_to_change")
    return Call("amend_order", _market(action.instrument) | _ids(action) | changes)


def _ids(action: AmendOrder | CancelOrder) -> dict[str, Any]:
    if not action.order_id and not action.client_order_id:
        raise BadOrder("which order? it has neither the venue's id nor ours", code="order_id_missing")
    return {"orderId": action.order_id} if action.order_id else {"orderLinkId": action.client_order_id}


def _cancel(action: CancelOrder) -> Call:
    return Call("cancel_order", _market(action.instrument) | _ids(action))


def _cancel_all(action: CancelAll) -> Call:
    """Cancel only the kind that was seen open: without a filter the protection of open positions goes too."""
    kinds = {order.is_trigger for order in action.orders}
    narrowed = {"orderFilter": "StopOrder" if True in kinds else "Order"} if len(kinds) == 1 else {}
    if action.instrument is not None:
        return Call("cancel_all_orders", _market(action.instrument) | narrowed)
    if action.settle is None:
        raise BadOrder("Bybit cancels one settlement coin at a time", code="settle_missing")
    category = "linear" if action.settle in {"USDT", "USDC"} else "inverse"
    return Call("cancel_all_orders", {"category": category, "settleCoin": action.settle, **narrowed})


def _leverage(action: SetLeverage) -> Call:
    leverage = _text(action.leverage)
    return Call("set_leverage", _market(action.instrument) | {"buyLeverage": leverage, "sellLeverage": leverage})


def _margin_mode(action: SetMarginMode) -> Call:
    return Call("set_margin_mode", {"setMarginMode": _MARGIN[action.margin_mode]})


def _position_mode(action: SetPositionMode) -> Call:
    if action.instrument is None and action.settle is None:
        raise BadOrder("one-way or hedge is chosen for a market or a settlement coin", code="settle_missing")
    scope = _market(action.instrument) if action.instrument else {"category": "linear", "coin": action.settle}
    return Call("switch_position_mode", scope | {"mode": _MODES[action.position_mode]})


def _protect(action: SetProtection) -> Call:
    body = _levels(action.protection)
    for prefix, price in (("tp", action.protection.take_profit), ("sl", action.protection.stop_loss)):
        if price:
            body.setdefault(f"{prefix}OrderType", "Market")
    if not body and action.trailing_distance is None:
        raise BadOrder("nothing to protect with", code="nothing_to_change")
    if body and (action.size is not None or body["tpslMode"] == "Partial"):
        size = _text(action.position_size if action.size is None else action.size)
        body["tpslMode"] = "Partial"
        body |= {name: size for name, level in (("tpSize", "takeProfit"), ("slSize", "stopLoss")) if level in body}
    body |= {
        "positionIdx": _HEDGE_INDEX[action.position_side if action.is_hedge else None],
        "tpslMode": body.get("tpslMode", "Full"),
        "trailingStop": _text(action.trailing_distance, least=_NOTHING),
        "activePrice": None if action.trailing_distance is None else _text(action.trailing_activation),
    }
    return Call("set_trading_stop", _market(action.instrument) | body)


def _adjust(action: AdjustMargin) -> Call:
    index = _HEDGE_INDEX[action.position_side if action.is_hedge else None]
    if not action.amount.is_finite() or not action.amount:
        raise BadOrder("the amount is a number other than zero", code="bad_number", text=str(action.amount))
    body = {"margin": plain(action.amount), "positionIdx": index}
    return Call("add_or_reduce_margin", _market(action.instrument) | body)


_CALLS: dict[type, Callable[[Any], Call]] = {
    OrderRequest: _place,
    BatchOrders: _batch,
    AmendOrder: _amend,
    CancelOrder: _cancel,
    CancelAll: _cancel_all,
    SetLeverage: _leverage,
    SetMarginMode: _margin_mode,
    SetPositionMode: _position_mode,
    SetProtection: _protect,
    AdjustMargin: _adjust,
}
