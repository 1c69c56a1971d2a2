"""What each action is called in pybit, and with which parameters. Numbers travel as text."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from models.enums import MarginMode, OrderSide, PositionMode, PositionSide, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
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


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _market(instrument: Instrument) -> dict[str, Any]:
    return {"category": "linear" if instrument.is_linear else "inverse", "symbol": instrument.native_symbol}


def _order(request: OrderRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "symbol": request.instrument.native_symbol,
        "side": _SIDES[request.side],
        "qty": plain(request.size),
        **_execution(request),
        "positionIdx": _HEDGE_INDEX[request.position_side],
        "orderLinkId": request.client_order_id,
        "reduceOnly": request.reduce_only,
        "triggerPrice": _text(request.trigger_price),
    }
    if request.trigger_price is not None:
        body["triggerDirection"] = 1 if request.trigger_rises else 2
        body["triggerBy"] = _TRIGGERS.get(request.trigger_by) if request.trigger_by else None
    if request.protection is not None:
        body |= {
            "takeProfit": _text(request.protection.take_profit),
            "stopLoss": _text(request.protection.stop_loss),
            "tpslMode": "Full",
        }
    return {name: value for name, value in body.items() if value is not None}


def _execution(request: OrderRequest) -> dict[str, Any]:
    """Return how the order executes: a market order that opens keeps its bound, as Bybit's distance in per cent."""
    if not request.order_type.is_market:
        return {
            "orderType": "Limit",
            "price": _text(request.price),
            "timeInForce": _TIMES[request.time_in_force],
        }
    if request.slippage_fraction is None or request.reduce_only or request.trigger_price is not None:
        return {"orderType": "Market"}
    percent = min(request.slippage_fraction * 100, _MOST_SLIPPAGE).quantize(Decimal("0.01"), ROUND_DOWN)
    if percent < _LEAST_SLIPPAGE:
        return {"orderType": "Limit", "price": _text(request.price), "timeInForce": "IOC"}
    return {"orderType": "Market", "slippageToleranceType": "Percent", "slippageTolerance": plain(percent)}


def _place(action: OrderRequest) -> Call:
    return Call("place_order", _market(action.instrument) | _order(action))


def _batch(action: BatchOrders) -> Call:
    market = _market(action.orders[0].instrument)
    return Call(
        "place_batch_order", {"category": market["category"], "request": [_order(order) for order in action.orders]}
    )


def _amend(action: AmendOrder) -> Call:
    changes = {
        "qty": _text(action.size),
        "price": _text(action.price),
        "triggerPrice": _text(action.trigger_price),
    }
    return Call("amend_order", _market(action.instrument) | _ids(action) | changes)


def _ids(action: AmendOrder | CancelOrder) -> dict[str, Any]:
    return {"orderId": action.order_id} if action.order_id else {"orderLinkId": action.client_order_id}


def _cancel(action: CancelOrder) -> Call:
    return Call("cancel_order", _market(action.instrument) | _ids(action))


def _cancel_all(action: CancelAll) -> Call:
    if action.instrument is not None:
        return Call("cancel_all_orders", _market(action.instrument))
    return Call("cancel_all_orders", {"category": "linear", "settleCoin": action.settle or "USDT"})


def _leverage(action: SetLeverage) -> Call:
    leverage = plain(action.leverage)
    return Call("set_leverage", _market(action.instrument) | {"buyLeverage": leverage, "sellLeverage": leverage})


def _margin_mode(action: SetMarginMode) -> Call:
    return Call("set_margin_mode", {"setMarginMode": _MARGIN[action.margin_mode]})


def _position_mode(action: SetPositionMode) -> Call:
    scope = _market(action.instrument) if action.instrument else {"category": "linear", "coin": action.settle or "USDT"}
    return Call("switch_position_mode", scope | {"mode": _MODES[action.position_mode]})


def _protect(action: SetProtection) -> Call:
    is_partial = action.size is not None
    body: dict[str, Any] = {
        "positionIdx": _HEDGE_INDEX[action.position_side if action.is_hedge else None],
        "tpslMode": "Partial" if is_partial else "Full",
        "takeProfit": _text(action.protection.take_profit),
        "stopLoss": _text(action.protection.stop_loss),
        "trailingStop": _text(action.trailing_distance),
        "activePrice": _text(action.trailing_activation),
    }
    if is_partial and action.protection.take_profit is not None:
        body["tpSize"] = _text(action.size)
    if is_partial and action.protection.stop_loss is not None:
        body["slSize"] = _text(action.size)
    return Call("set_trading_stop", _market(action.instrument) | body)


def _adjust(action: AdjustMargin) -> Call:
    index = _HEDGE_INDEX[action.position_side if action.is_hedge else None]
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
