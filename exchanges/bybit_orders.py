"""Bybit's words for what can be asked of it: every action becomes one call of pybit, without any I/O.

Numbers leave as plain text: pybit casts some of them, forgets others, and lets floats through.
"""

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from exchanges.bybit_calls import Call, Endpoints
from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.instrument import Instrument
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
from models.values import plain

Body = dict[str, Any]

MAX_BATCH = 10
"""Orders of linear contracts in one request."""

_SIDES = {OrderSide.BUY: "Buy", OrderSide.SELL: "Sell"}
_TIMES_IN_FORCE = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
_TRIGGERS = {TriggerBy.LAST: "LastPrice", TriggerBy.MARK: "MarkPrice", TriggerBy.INDEX: "IndexPrice"}
_RISES, _FALLS = 1, 2
_LEGS = {None: 0, PositionSide.LONG: 1, PositionSide.SHORT: 2}
MARGIN_MODES = {
    MarginMode.CROSS: "REGULAR_MARGIN",
    MarginMode.ISOLATED: "ISOLATED_MARGIN",
    MarginMode.PORTFOLIO: "PORTFOLIO_MARGIN",
}
_POSITION_MODES = {PositionMode.ONE_WAY: 0, PositionMode.HEDGE: 3}
_TAKE_PROFITS = {OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT}
_WHOLE_POSITION: Final = "0"
_NOTHING, _LEAST_NUMBER = Decimal(0), Decimal("1E-40")
_LEAST_SLIPPAGE, _MOST_SLIPPAGE = Decimal("0.05"), Decimal(1)  # percent, as the page of the endpoint says


def build(action: Action, endpoints: Endpoints) -> Call:
    """Return the request that asks for an action.

    Raises:
        BadOrder: Bybit has no such action, or not in this combination.
    """
    builder = _BUILDERS.get(type(action))
    if builder is None:
        raise BadOrder(f"Bybit has no {type(action).__name__}.", code="not_supported")
    return builder(action, endpoints)


def category(instrument: Instrument) -> str:
    """Return Bybit's word for the kind of contract."""
    return "linear" if instrument.is_linear else "inverse"


def market(instrument: Instrument) -> Body:
    """Return the two fields that name a market."""
    return {"category": category(instrument), "symbol": instrument.native_symbol}


def order_body(order: OrderRequest) -> Body:
    """Return the body of `POST /v5/order/create`.

    https://bybit-exchange.github.io/docs/v5/order/create-order
    """
    _refuse_impossible(order)
    body: Body = {
        **market(order.instrument),
        "side": _SIDES[order.side],
        "qty": _number(order.size, "size"),
        **_execution(order),
        "positionIdx": _LEGS[order.position_side],
        "orderLinkId": order.client_order_id,
    }
    if order.reduce_only:
        body["reduceOnly"] = True
    if order.closes_position:
        body |= _closing(is_market=order.order_type.is_market)
    if order.trigger_price is not None:
        body |= _trigger(order, order.trigger_price)
    if order.protection is not None:
        body |= _protection(order.protection)
    return body


def _execution(order: OrderRequest) -> Body:
    """Return how the order executes.

    A market order goes out as one, so that a stop or a close fills where Bybit fills it. One that opens keeps the
    caller's bound: as Bybit's distance from the best price or, where only a price is known, as a limit that does not
    rest.
    """
    if not order.order_type.is_market:
        if order.price is None:
            raise BadOrder("A limit order needs a price.", code="price_missing")
        return _limit(order.price, _TIMES_IN_FORCE[order.time_in_force])
    if order.order_type.is_trigger or order.reduce_only or order.price is None:
        return {"orderType": "Market"}
    percent = _slippage_percent(order.slippage_fraction)
    if percent is None:
        return _limit(order.price, "IOC")
    return {"orderType": "Market", "slippageToleranceType": "Percent", "slippageTolerance": percent}


def _limit(price: Decimal, time_in_force: str) -> Body:
    return {"orderType": "Limit", "price": _number(price, "price"), "timeInForce": time_in_force}


def _slippage_percent(fraction: Decimal | None) -> str | None:
    """Return a fraction as Bybit's percent, never more than was asked; None where Bybit cannot be that strict."""
    if fraction is None:
        return None
    percent = min(fraction * 100, _MOST_SLIPPAGE).quantize(Decimal("0.01"), ROUND_DOWN)
    return plain(percent) if percent >= _LEAST_SLIPPAGE else None


def _closing(*, is_market: bool) -> Body:
    """Return how to close whatever the position is.

    Bybit sizes a market close itself when it is asked for nothing: what has changed since the size was seen is closed
    with it, up to the largest market order. A limit close keeps its size, which reduce-only caps.
    """
    if is_market:
        return {"reduceOnly": True, "closeOnTrigger": True, "qty": _WHOLE_POSITION}
    return {"reduceOnly": True}


def _number(number: Decimal, name: str, *, least: Decimal = _LEAST_NUMBER) -> str:
    """Write a size or a price."""
    if not number.is_finite() or number < least:
        raise BadOrder(
            f"{name}: expected a number above zero, was {number}", code="bad_number", name=name, text=str(number)
        )
    return plain(number)


def _refuse_impossible(order: OrderRequest) -> None:
    if order.order_type in {OrderType.TRAILING_STOP, OrderType.UNKNOWN}:
        raise BadOrder("Bybit trails the stop of a position, not an order; set it on the position.", code="no_trailing")
    if order.order_type.is_trigger and order.trigger_price is None:
        raise BadOrder("A conditional order needs a trigger price.", code="trigger_missing")
    if order.trigger_price is not None and not order.order_type.is_trigger:
        raise BadOrder(f"A {order.order_type} order has no trigger price.", code="bad_trigger_price")
    if order.reduce_only and order.protection is not None:
        raise BadOrder("An order that only reduces cannot carry take-profit or stop-loss.", code="bad_protection")
    if not order.instrument.is_linear and not order.closes_position:
        raise BadOrder("Coin-settled contracts can be closed here, not opened.", code="inverse_not_traded")


def _trigger(order: OrderRequest, price: Decimal) -> Body:
    rises = order.trigger_rises
    if rises is None:  # a stop goes with the market, a take-profit waits against it
        rises = (order.side is OrderSide.BUY) != (order.order_type in _TAKE_PROFITS)
    body: Body = {"triggerPrice": _number(price, "trigger price"), "triggerDirection": _RISES if rises else _FALLS}
    return body | {"triggerBy": _TRIGGERS[order.trigger_by]} if order.trigger_by is not None else body


def _protection(protection: Protection) -> Body:
    """Return take-profit and stop-loss: `Full` follows the position's size, but only `Partial` can rest as a limit."""
    body: Body = {}
    for prefix, name, price, limit in (
        ("tp", "takeProfit", protection.take_profit, protection.take_profit_limit),
        ("sl", "stopLoss", protection.stop_loss, protection.stop_loss_limit),
    ):
        if price is None:
            continue
        body[name] = _number(price, name, least=_NOTHING)
        if price and protection.trigger_by is not None:
            body[f"{prefix}TriggerBy"] = _TRIGGERS[protection.trigger_by]
        if price and limit is not None:
            body |= {f"{prefix}OrderType": "Limit", f"{prefix}LimitPrice": _number(limit, name)}
    if body:
        body["tpslMode"] = "Partial" if body.keys() & {"tpOrderType", "slOrderType"} else "Full"
    return body


def _place(order: OrderRequest, endpoints: Endpoints) -> Call:
    return endpoints.place_order(**order_body(order))


def _place_batch(batch: BatchOrders, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/order/batch-place"""
    bodies = [order_body(order) for order in batch.orders]
    if not 0 < len(bodies) <= MAX_BATCH:
        raise BadOrder(f"Bybit takes 1 to {MAX_BATCH} orders at once.", code="batch_too_long", limit=MAX_BATCH)
    categories = {body.pop("category") for body in bodies}
    if len(categories) != 1:
        raise BadOrder("A batch holds USD-settled or coin-settled contracts, not both.", code="not_supported")
    return endpoints.place_batch_order(category=categories.pop(), request=bodies)


def _amend(amend: AmendOrder, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/order/amend-order"""
    changes = {"qty": amend.size, "price": amend.price, "triggerPrice": amend.trigger_price}
    numbers = {name: _number(value, name) for name, value in changes.items() if value is not None}
    if not numbers:
        raise BadOrder("Nothing to change.", code="nothing_to_change")
    return endpoints.amend_order(
        **market(amend.instrument), **_order_name(amend.order_id, amend.client_order_id), **numbers
    )


def _cancel(cancel: CancelOrder, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/order/cancel-order"""
    return endpoints.cancel_order(**market(cancel.instrument), **_order_name(cancel.order_id, cancel.client_order_id))


def _order_name(order_id: str | None, client_order_id: str | None) -> Body:
    if order_id is not None:
        return {"orderId": order_id}
    if client_order_id is not None:
        return {"orderLinkId": client_order_id}
    raise BadOrder("Which order? It has neither the venue's id nor ours.", code="order_id_missing")


def _cancel_all(action: CancelAll, endpoints: Endpoints) -> Call:
    """Cancel what is open of one market or of one settlement coin.

    Without a filter Bybit also cancels the protection of open positions. So where the orders that were seen are all
    of one kind, only that kind is cancelled.

    https://bybit-exchange.github.io/docs/v5/order/cancel-all
    """
    kinds = {order.is_trigger for order in action.orders}
    narrowed = {"orderFilter": "StopOrder" if kinds.pop() else "Order"} if len(kinds) == 1 else {}
    if action.instrument is not None:
        return endpoints.cancel_all_orders(**market(action.instrument), **narrowed)
    if action.settle is None:
        raise BadOrder("Bybit cancels one settlement coin at a time; name the coin.", code="settle_missing")
    kind = "linear" if action.settle in {"USDT", "USDC"} else "inverse"
    return endpoints.cancel_all_orders(category=kind, settleCoin=action.settle, **narrowed)


def _set_leverage(action: SetLeverage, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/position/leverage"""
    leverage = _number(action.leverage, "leverage")
    return endpoints.set_leverage(**market(action.instrument), buyLeverage=leverage, sellLeverage=leverage)


def _set_margin_mode(action: SetMarginMode, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/account/set-margin-mode"""
    return endpoints.set_margin_mode(setMarginMode=MARGIN_MODES[action.margin_mode])


def _set_position_mode(action: SetPositionMode, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/position/position-mode"""
    mode = _POSITION_MODES[action.position_mode]
    if action.instrument is not None:
        return endpoints.switch_position_mode(**market(action.instrument), mode=mode)
    if action.settle is None:
        raise BadOrder("One-way or hedge is chosen for a market or a settlement coin.", code="settle_missing")
    return endpoints.switch_position_mode(category="linear", coin=action.settle, mode=mode)


def _set_protection(action: SetProtection, endpoints: Endpoints) -> Call:
    """Set the protection of a position; `Full` replaces what is there, `Partial` adds.

    https://bybit-exchange.github.io/docs/v5/position/trading-stop
    """
    body = _protection(action.protection)
    for prefix, level in (("tp", action.protection.take_profit), ("sl", action.protection.stop_loss)):
        if level:
            body.setdefault(f"{prefix}OrderType", "Market")
    size = action.position_size if action.size is None else action.size
    if body and (action.size is not None or body["tpslMode"] == "Partial"):
        body["tpslMode"] = "Partial"
        body |= {
            name: _number(size, "size")
            for name, set_ in (("tpSize", "takeProfit"), ("slSize", "stopLoss"))
            if set_ in body
        }
    if action.trailing_distance is not None:
        body["trailingStop"] = _number(action.trailing_distance, "trailing distance", least=_NOTHING)
        if action.trailing_activation is not None:
            body["activePrice"] = _number(action.trailing_activation, "activation price")
    if not body:
        raise BadOrder("Nothing to protect with: no take-profit, stop-loss or trailing stop.", code="nothing_to_change")
    body.setdefault("tpslMode", "Full")
    return endpoints.set_trading_stop(**market(action.instrument), positionIdx=_leg(action), **body)


def _adjust_margin(action: AdjustMargin, endpoints: Endpoints) -> Call:
    """https://bybit-exchange.github.io/docs/v5/position/manual-add-margin"""
    if not action.amount.is_finite() or not action.amount:
        raise BadOrder(
            f"amount: expected a number other than zero, was {action.amount}",
            code="bad_number",
            name="amount",
            text=str(action.amount),
        )
    return endpoints.add_or_reduce_margin(
        **market(action.instrument), margin=plain(action.amount), positionIdx=_leg(action)
    )


def _leg(action: SetProtection | AdjustMargin) -> int:
    return _LEGS[action.position_side] if action.is_hedge else _LEGS[None]


_Builder = Callable[[Any, Endpoints], Call]
_BUILDERS: dict[type, _Builder] = {
    OrderRequest: _place,
    BatchOrders: _place_batch,
    AmendOrder: _amend,
    CancelOrder: _cancel,
    CancelAll: _cancel_all,
    SetLeverage: _set_leverage,
    SetMarginMode: _set_margin_mode,
    SetPositionMode: _set_position_mode,
    SetProtection: _set_protection,
    AdjustMargin: _adjust_margin,
}
