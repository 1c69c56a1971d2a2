"""Actions in Bybit's words. The expected bodies are those of Bybit's own pages."""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchanges.bybit_http import BybitHTTP
from exchanges.bybit_market import BUDGET
from exchanges.bybit_orders import MAX_BATCH, build, order_body
from exchanges.transport import Network
from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.requests import (
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
    SetProtection,
)
from tests.exchanges.bybit_kit import BTC, BTC_USD, CLIENT_ID, order

D = Decimal
MARKET = {"category": "linear", "symbol": "BTCUSDT"}
PLAIN = {**MARKET, "side": "Buy", "orderType": "Market", "qty": "0.01", "positionIdx": 0, "orderLinkId": CLIENT_ID}
LIMIT = {**PLAIN, "orderType": "Limit", "price": "60000.5", "timeInForce": "GTC"}


async def sent(action: Action) -> tuple[str, dict[str, Any]]:
    """Return path and body of the request that an action becomes."""
    async with Network() as network:
        client = BybitHTTP("", network.transport("", BUDGET), api_key="k", api_secret="s")
        call = build(action, client.endpoints)
    assert call.method == "POST"
    assert call.is_signed
    body = json.loads(call.payload)
    assert isinstance(body, dict)
    return call.path, body


ORDERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "market": ({}, PLAIN),
    "market sell of a hedge leg": (
        {"side": OrderSide.SELL, "position_side": PositionSide.SHORT},
        {**PLAIN, "side": "Sell", "positionIdx": 2},
    ),
    "limit": ({"order_type": OrderType.LIMIT, "price": D("60000.50")}, LIMIT),
    "post only": (
        {"order_type": OrderType.LIMIT, "price": D("60000.5"), "time_in_force": TimeInForce.POST_ONLY},
        {**LIMIT, "timeInForce": "PostOnly"},
    ),
    "market with a worst price": ({"price": D("60000.5")}, {**LIMIT, "timeInForce": "IOC"}),
    "market with a slippage": (
        {"price": D("60600"), "slippage_fraction": D("0.0058")},
        {**PLAIN, "slippageToleranceType": "Percent", "slippageTolerance": "0.58"},
    ),
    "market with a slippage wider than bybit takes": (
        {"price": D("63000"), "slippage_fraction": D("0.05")},
        {**PLAIN, "slippageToleranceType": "Percent", "slippageTolerance": "1"},
    ),
    "market with a slippage finer than bybit takes": (
        {"price": D("60000.5"), "slippage_fraction": D("0.0004")},
        {**LIMIT, "timeInForce": "IOC"},
    ),
    "close is bounded by the venue alone": (
        {"side": OrderSide.SELL, "price": D("59000"), "slippage_fraction": D("0.01"), "reduce_only": True},
        {**PLAIN, "side": "Sell", "reduceOnly": True},
    ),
    "stop is bounded by the venue alone": (
        {
            "order_type": OrderType.STOP_MARKET,
            "trigger_price": D(61000),
            "price": D(61610),
            "slippage_fraction": D("0.01"),
        },
        {**PLAIN, "triggerPrice": "61000", "triggerDirection": 1},
    ),
    "reduce only": (
        {"side": OrderSide.SELL, "reduce_only": True},
        {**PLAIN, "side": "Sell", "reduceOnly": True},
    ),
    "close of whatever the position is": (
        {"side": OrderSide.SELL, "reduce_only": True, "closes_position": True},
        {**PLAIN, "side": "Sell", "qty": "0", "reduceOnly": True, "closeOnTrigger": True},
    ),
    "limit close keeps its size": (
        {"order_type": OrderType.LIMIT, "price": D("60000.5"), "reduce_only": True, "closes_position": True},
        {**LIMIT, "reduceOnly": True},
    ),
    "stop market": (
        {"order_type": OrderType.STOP_MARKET, "trigger_price": D(61000), "trigger_rises": True},
        {**PLAIN, "triggerPrice": "61000", "triggerDirection": 1},
    ),
    "stop limit by mark price": (
        {
            "order_type": OrderType.STOP_LIMIT,
            "price": D("60000.5"),
            "trigger_price": D(61000),
            "trigger_rises": False,
            "trigger_by": TriggerBy.MARK,
        },
        {**LIMIT, "triggerPrice": "61000", "triggerDirection": 2, "triggerBy": "MarkPrice"},
    ),
    "buy stop without a direction rises": (
        {"order_type": OrderType.STOP_MARKET, "trigger_price": D(61000)},
        {**PLAIN, "triggerPrice": "61000", "triggerDirection": 1},
    ),
    "sell take-profit without a direction rises": (
        {"order_type": OrderType.TAKE_PROFIT_MARKET, "side": OrderSide.SELL, "trigger_price": D(61000)},
        {**PLAIN, "side": "Sell", "triggerPrice": "61000", "triggerDirection": 1},
    ),
    "sell stop without a direction falls": (
        {"order_type": OrderType.STOP_MARKET, "side": OrderSide.SELL, "trigger_price": D(61000)},
        {**PLAIN, "side": "Sell", "triggerPrice": "61000", "triggerDirection": 2},
    ),
    "protection that follows the position": (
        {"protection": Protection(take_profit=D(70000), stop_loss=D(59000))},
        {**PLAIN, "takeProfit": "70000", "stopLoss": "59000", "tpslMode": "Full"},
    ),
    "protection by mark price": (
        {"protection": Protection(stop_loss=D(59000), trigger_by=TriggerBy.MARK)},
        {**PLAIN, "stopLoss": "59000", "slTriggerBy": "MarkPrice", "tpslMode": "Full"},
    ),
    "take-profit that rests": (
        {"protection": Protection(take_profit=D(70000), take_profit_limit=D(69990), stop_loss=D(59000))},
        {
            **PLAIN,
            "takeProfit": "70000",
            "tpOrderType": "Limit",
            "tpLimitPrice": "69990",
            "stopLoss": "59000",
            "tpslMode": "Partial",
        },
    ),
    "size without an exponent": ({"size": D("1E+2")}, {**PLAIN, "qty": "100"}),
    "tiny size without an exponent": ({"size": D("1E-7")}, {**PLAIN, "qty": "0.0000001"}),
}


@pytest.mark.parametrize("name", ORDERS)
def test_order_body_is_bybits(name: str) -> None:
    changes, expected = ORDERS[name]
    assert order_body(order(**changes)) == expected


ACTIONS: dict[str, tuple[Action, str, dict[str, Any]]] = {
    "order": (order(), "/v5/order/create", PLAIN),
    "batch": (
        BatchOrders(orders=(order(), order(client_order_id="b"))),
        "/v5/order/create-batch",
        {
            "category": "linear",
            "request": [
                {name: value for name, value in body.items() if name != "category"}
                for body in (PLAIN, {**PLAIN, "orderLinkId": "b"})
            ],
        },
    ),
    "amend by our id": (
        AmendOrder(instrument=BTC, order_id=None, client_order_id="c", price=D("61000.0"), size=D("0.020")),
        "/v5/order/amend",
        {**MARKET, "orderLinkId": "c", "qty": "0.02", "price": "61000"},
    ),
    "amend of a trigger": (
        AmendOrder(instrument=BTC, order_id="o", client_order_id=None, trigger_price=D(58000)),
        "/v5/order/amend",
        {**MARKET, "orderId": "o", "triggerPrice": "58000"},
    ),
    "cancel": (
        CancelOrder(instrument=BTC, order_id="o", client_order_id="c"),
        "/v5/order/cancel",
        {**MARKET, "orderId": "o"},
    ),
    "cancel of an inverse order": (
        CancelOrder(instrument=BTC_USD, order_id=None, client_order_id="c"),
        "/v5/order/cancel",
        {"category": "inverse", "symbol": "BTCUSD", "orderLinkId": "c"},
    ),
    "cancel all of a market": (CancelAll(instrument=BTC), "/v5/order/cancel-all", MARKET),
    "cancel all of a coin": (
        CancelAll(settle="USDC"),
        "/v5/order/cancel-all",
        {"category": "linear", "settleCoin": "USDC"},
    ),
    "cancel all leaves protection alone": (
        CancelAll(instrument=BTC, orders=(CancelOrder(instrument=BTC, order_id="o"),)),
        "/v5/order/cancel-all",
        {**MARKET, "orderFilter": "Order"},
    ),
    "cancel all of what has a trigger": (
        CancelAll(instrument=BTC, orders=(CancelOrder(instrument=BTC, order_id="o", is_trigger=True),)),
        "/v5/order/cancel-all",
        {**MARKET, "orderFilter": "StopOrder"},
    ),
    "leverage": (
        SetLeverage(instrument=BTC, leverage=D("12.50")),
        "/v5/position/set-leverage",
        {**MARKET, "buyLeverage": "12.5", "sellLeverage": "12.5"},
    ),
    "margin mode": (
        SetMarginMode(margin_mode=MarginMode.ISOLATED),
        "/v5/account/set-margin-mode",
        {"setMarginMode": "ISOLATED_MARGIN"},
    ),
    "hedge mode of a market": (
        SetPositionMode(position_mode=PositionMode.HEDGE, instrument=BTC),
        "/v5/position/switch-mode",
        {**MARKET, "mode": 3},
    ),
    "one-way mode of a coin": (
        SetPositionMode(position_mode=PositionMode.ONE_WAY, settle="USDT"),
        "/v5/position/switch-mode",
        {"category": "linear", "coin": "USDT", "mode": 0},
    ),
    "protection of a position": (
        SetProtection(
            instrument=BTC,
            position_side=PositionSide.LONG,
            position_size=D(1),
            protection=Protection(take_profit=D(70000), stop_loss=D(0)),
        ),
        "/v5/position/trading-stop",
        {
            **MARKET,
            "positionIdx": 0,
            "takeProfit": "70000",
            "tpOrderType": "Market",
            "stopLoss": "0",
            "tpslMode": "Full",
        },
    ),
    "protection of a part": (
        SetProtection(
            instrument=BTC,
            position_side=PositionSide.SHORT,
            position_size=D(1),
            is_hedge=True,
            size=D("0.5"),
            protection=Protection(take_profit=D(50000)),
        ),
        "/v5/position/trading-stop",
        {
            **MARKET,
            "positionIdx": 2,
            "takeProfit": "50000",
            "tpOrderType": "Market",
            "tpslMode": "Partial",
            "tpSize": "0.5",
        },
    ),
    "trailing stop": (
        SetProtection(
            instrument=BTC,
            position_side=PositionSide.LONG,
            position_size=D(1),
            protection=Protection(),
            trailing_distance=D(500),
            trailing_activation=D(65000),
        ),
        "/v5/position/trading-stop",
        {**MARKET, "positionIdx": 0, "trailingStop": "500", "activePrice": "65000", "tpslMode": "Full"},
    ),
    "trailing stop taken off": (
        SetProtection(
            instrument=BTC,
            position_side=PositionSide.LONG,
            position_size=D(1),
            protection=Protection(),
            trailing_distance=D(0),
        ),
        "/v5/position/trading-stop",
        {**MARKET, "positionIdx": 0, "trailingStop": "0", "tpslMode": "Full"},
    ),
    "margin taken away": (
        AdjustMargin(instrument=BTC, position_side=PositionSide.LONG, amount=D("-10.50")),
        "/v5/position/add-margin",
        {**MARKET, "margin": "-10.5", "positionIdx": 0},
    ),
}


@pytest.mark.parametrize("name", ACTIONS)
async def test_action_is_bybits_request(name: str) -> None:
    action, path, body = ACTIONS[name]
    assert await sent(action) == (path, body)


IMPOSSIBLE: dict[str, Action] = {
    "noop": Noop(),
    "trailing order": order(order_type=OrderType.TRAILING_STOP),
    "limit without a price": order(order_type=OrderType.LIMIT),
    "trigger without a price": order(order_type=OrderType.STOP_MARKET),
    "reduce-only with protection": order(reduce_only=True, protection=Protection(stop_loss=D(1))),
    "opening an inverse contract": order(instrument=BTC_USD),
    "empty batch": BatchOrders(orders=()),
    "too long a batch": BatchOrders(orders=tuple(order(client_order_id=f"c{n}") for n in range(MAX_BATCH + 1))),
    "amend of nothing": AmendOrder(instrument=BTC, order_id="o", client_order_id=None),
    "cancel of no order": CancelOrder(instrument=BTC, order_id=None),
    "cancel all of everything": CancelAll(),
    "position mode of nothing": SetPositionMode(position_mode=PositionMode.HEDGE),
    "protection with nothing": SetProtection(
        instrument=BTC, position_side=PositionSide.LONG, position_size=D(1), protection=Protection()
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
async def test_action_that_bybit_cannot_take_is_refused_before_it_is_sent(name: str) -> None:
    with pytest.raises(BadOrder):
        await sent(IMPOSSIBLE[name])


async def test_inverse_position_can_be_closed() -> None:
    closing = order(instrument=BTC_USD, side=OrderSide.SELL, size=D(100), reduce_only=True, closes_position=True)
    _, body = await sent(closing)
    assert (body["category"], body["qty"], body["reduceOnly"]) == ("inverse", "0", True)
