"""What is asked of OKX, byte for byte: sizes in contracts, triggers at endpoints of their own, closing as such."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.open_orders import cancel_requests
from exchanges.okx_orders import Request, build
from exchanges.registry import OKX
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
)
from tests.exchanges.okx_kit import BTC, CLIENT_ID, INVERSE, order

D = Decimal
PLACE, ALGO, CLOSE = "/api/v5/trade/order", "/api/v5/trade/order-algo", "/api/v5/trade/close-position"
BASE = {"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "buy"}
OWN = {**BASE, "clOrdId": CLIENT_ID, "sz": "2"}
SELL = {**BASE, "side": "sell"}
REDUCE: dict[str, Any] = {"side": OrderSide.SELL, "reduce_only": True}


def cancel(order_id: str | None = "680", *, is_trigger: bool = False, ours: str | None = None) -> CancelOrder:
    return CancelOrder(instrument=BTC, order_id=order_id, client_order_id=ours, is_trigger=is_trigger)


def limit(price: str = "60000", **changes: Any) -> Any:
    return order(order_type=OrderType.LIMIT, price=D(price), **changes)


REQUESTS: dict[str, tuple[Action, str, Any]] = {
    "market": (order(), PLACE, {**OWN, "ordType": "market"}),
    "market with a bound": (
        order(price=D("64000")),
        PLACE,
        {**OWN, "ordType": "ioc", "px": "64000", "pxAmendType": "1"},
    ),
    "limit": (limit(), PLACE, {**OWN, "ordType": "limit", "px": "60000"}),
    "limit, immediate": (
        limit(time_in_force=TimeInForce.IOC),
        PLACE,
        {**OWN, "ordType": "ioc", "px": "60000"},
    ),
    "limit, all or nothing": (
        limit(time_in_force=TimeInForce.FOK),
        PLACE,
        {**OWN, "ordType": "fok", "px": "60000"},
    ),
    "limit, maker only": (
        limit(time_in_force=TimeInForce.POST_ONLY),
        PLACE,
        {**OWN, "ordType": "post_only", "px": "60000"},
    ),
    "hedge leg": (
        order(position_side=PositionSide.LONG),
        PLACE,
        {**OWN, "posSide": "long", "ordType": "market"},
    ),
    "fraction of a contract": (
        order(size=D("0.0037")),
        PLACE,
        {**OWN, "sz": "0.37", "ordType": "market"},
    ),
    "reducing at the market's price": (
        order(price=D("60000"), **REDUCE),
        PLACE,
        {**OWN, "side": "sell", "ordType": "market", "reduceOnly": True},
    ),
    "with protection": (
        order(protection=Protection(take_profit=D(70000), stop_loss=D(58000), trigger_by=TriggerBy.MARK)),
        PLACE,
        {
            **OWN,
            "ordType": "market",
            "attachAlgoOrds": [
                {
                    "tpTriggerPx": "70000",
                    "tpOrdPx": "-1",
                    "tpTriggerPxType": "mark",
                    "slTriggerPx": "58000",
                    "slOrdPx": "-1",
                    "slTriggerPxType": "mark",
                }
            ],
        },
    ),
    "close": (
        order(closes_position=True, position_side=PositionSide.LONG, **REDUCE),
        CLOSE,
        {
            "instId": "BTC-USDT-SWAP",
            "mgnMode": "cross",
            "autoCxl": True,
            "clOrdId": CLIENT_ID,
            "posSide": "long",
        },
    ),
    "close of an inverse position": (
        order(instrument=INVERSE, size=D(300), closes_position=True, **REDUCE),
        CLOSE,
        {"instId": "BTC-USD-SWAP", "mgnMode": "cross", "autoCxl": True, "clOrdId": CLIENT_ID},
    ),
    "stop that reduces": (
        order(order_type=OrderType.STOP_MARKET, trigger_price=D(60000), trigger_by=TriggerBy.LAST, **REDUCE),
        ALGO,
        {
            **SELL,
            "algoClOrdId": CLIENT_ID,
            "sz": "2",
            "slTriggerPx": "60000",
            "slOrdPx": "-1",
            "slTriggerPxType": "last",
            "ordType": "conditional",
            "reduceOnly": True,
            "cxlOnClosePos": True,
        },
    ),
    "stop that closes": (
        order(order_type=OrderType.STOP_MARKET, trigger_price=D(60000), closes_position=True, **REDUCE),
        ALGO,
        {
            **SELL,
            "algoClOrdId": CLIENT_ID,
            "closeFraction": "1",
            "slTriggerPx": "60000",
            "slOrdPx": "-1",
            "ordType": "conditional",
            "reduceOnly": True,
            "cxlOnClosePos": True,
        },
    ),
    "target that rests": (
        order(order_type=OrderType.TAKE_PROFIT_LIMIT, trigger_price=D(70000), price=D(69990), **REDUCE),
        ALGO,
        {
            **SELL,
            "algoClOrdId": CLIENT_ID,
            "sz": "2",
            "tpTriggerPx": "70000",
            "tpOrdPx": "69990",
            "ordType": "conditional",
            "reduceOnly": True,
            "cxlOnClosePos": True,
        },
    ),
    "entry at a trigger": (
        order(
            order_type=OrderType.STOP_LIMIT,
            trigger_price=D(65000),
            trigger_by=TriggerBy.INDEX,
            price=D(65010),
            protection=Protection(stop_loss=D(64000)),
        ),
        ALGO,
        {
            **BASE,
            "algoClOrdId": CLIENT_ID,
            "ordType": "trigger",
            "sz": "2",
            "triggerPx": "65000",
            "orderPx": "65010",
            "triggerPxType": "index",
            "attachAlgoOrds": [{"slTriggerPx": "64000", "slOrdPx": "-1"}],
        },
    ),
    "batch": (
        BatchOrders(orders=(order(), limit())),
        "/api/v5/trade/batch-orders",
        [{**OWN, "ordType": "market"}, {**OWN, "ordType": "limit", "px": "60000"}],
    ),
    "amend": (
        AmendOrder(instrument=BTC, order_id="680", client_order_id=CLIENT_ID, size=D("0.03"), price=D("61000")),
        "/api/v5/trade/amend-order",
        {"instId": "BTC-USDT-SWAP", "newSz": "3", "newPx": "61000", "ordId": "680"},
    ),
    "amend by our id": (
        AmendOrder(instrument=BTC, order_id=None, client_order_id=CLIENT_ID, price=D("61000")),
        "/api/v5/trade/amend-order",
        {"instId": "BTC-USDT-SWAP", "newPx": "61000", "clOrdId": CLIENT_ID},
    ),
    "amend of a stop": (
        AmendOrder(
            instrument=BTC,
            order_id="753-sl",
            client_order_id=None,
            trigger_price=D(59000),
            replacement=order(order_type=OrderType.STOP_MARKET, trigger_price=D(59000), **REDUCE),
        ),
        "/api/v5/trade/amend-algos",
        {"instId": "BTC-USDT-SWAP", "algoId": "753", "newSlTriggerPx": "59000", "newSlOrdPx": "-1"},
    ),
    "amend of a trigger": (
        AmendOrder(
            instrument=BTC,
            order_id="754",
            client_order_id=None,
            size=D("0.01"),
            replacement=order(order_type=OrderType.STOP_LIMIT, trigger_price=D(65000), price=D(65010)),
        ),
        "/api/v5/trade/amend-algos",
        {"instId": "BTC-USDT-SWAP", "newSz": "1", "algoId": "754", "newTriggerPx": "65000", "newOrdPx": "65010"},
    ),
    "cancel": (cancel(), "/api/v5/trade/cancel-order", {"instId": "BTC-USDT-SWAP", "ordId": "680"}),
    "cancel by our id": (
        cancel(None, ours=CLIENT_ID),
        "/api/v5/trade/cancel-order",
        {"instId": "BTC-USDT-SWAP", "clOrdId": CLIENT_ID},
    ),
    "cancel of an algo order": (
        cancel("753", is_trigger=True),
        "/api/v5/trade/cancel-algos",
        [{"instId": "BTC-USDT-SWAP", "algoId": "753"}],
    ),
    "cancel of one level": (
        cancel("753-tp", is_trigger=True),
        "/api/v5/trade/amend-algos",
        {"instId": "BTC-USDT-SWAP", "algoId": "753", "newTpTriggerPx": "0"},
    ),
    "cancel all": (
        CancelAll(orders=(cancel("1"), cancel("2"))),
        "/api/v5/trade/cancel-batch-orders",
        [{"instId": "BTC-USDT-SWAP", "ordId": "1"}, {"instId": "BTC-USDT-SWAP", "ordId": "2"}],
    ),
    "cancel all that waits": (
        CancelAll(orders=(cancel("7-tp", is_trigger=True), cancel("7-sl", is_trigger=True))),
        "/api/v5/trade/cancel-algos",
        [{"instId": "BTC-USDT-SWAP", "algoId": "7"}],
    ),
    "leverage": (
        SetLeverage(instrument=BTC, leverage=D("12.5"), margin_mode=MarginMode.CROSS),
        "/api/v5/account/set-leverage",
        {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "lever": "12.5"},
    ),
    "position mode": (
        SetPositionMode(position_mode=PositionMode.HEDGE),
        "/api/v5/account/set-position-mode",
        {"posMode": "long_short_mode"},
    ),
}


@pytest.mark.parametrize(("action", "path", "body"), REQUESTS.values(), ids=REQUESTS)
def test_action_becomes_exactly_this_request(action: Action, path: str, body: Any) -> None:
    assert build(action) == Request(path, body)


REFUSALS: dict[str, tuple[Action, str]] = {
    "between two lots": (order(size=D("0.00015")), "size_off_grid"),
    "another venue's market": (order(instrument=replace(BTC, contract_size=None)), "unknown_symbol"),
    "limit without a price": (order(order_type=OrderType.LIMIT), "price_missing"),
    "stop without a trigger": (order(order_type=OrderType.STOP_MARKET), "trigger_missing"),
    "stop limit without a price": (
        order(order_type=OrderType.STOP_LIMIT, trigger_price=D(65000)),
        "price_missing",
    ),
    "trailing stop": (order(order_type=OrderType.TRAILING_STOP), "trailing_not_supported"),
    "protection on a close": (order(protection=Protection(stop_loss=D(1)), **REDUCE), "protection_on_close"),
    "inverse entry": (order(instrument=INVERSE, size=D(100)), "inverse_not_traded"),
    "batch of nothing": (BatchOrders(orders=()), "nothing_to_do"),
    "batch with a stop": (
        BatchOrders(orders=(order(order_type=OrderType.STOP_MARKET, trigger_price=D(65000)),)),
        "order_type_not_supported",
    ),
    "amend of nothing": (AmendOrder(instrument=BTC, order_id="1", client_order_id=None), "nothing_to_change"),
    "amend of a stop without it": (
        AmendOrder(instrument=BTC, order_id="1", client_order_id=None, trigger_price=D(1)),
        "trigger_missing",
    ),
    "cancel of no order": (cancel(None), "order_id_missing"),
    "cancel all of nothing": (CancelAll(), "nothing_to_cancel"),
    "cancel all of both kinds": (CancelAll(orders=(cancel(), cancel(is_trigger=True))), "not_supported"),
    "cancel of too many": (
        CancelAll(orders=tuple(cancel(str(n), is_trigger=True) for n in range(11))),
        "not_supported",
    ),
    "cross again": (SetMarginMode(margin_mode=MarginMode.CROSS), "already_set"),
    "isolated": (SetMarginMode(margin_mode=MarginMode.ISOLATED), "margin_mode_not_supported"),
    "margin of a position": (
        AdjustMargin(instrument=BTC, position_side=PositionSide.LONG, amount=D(1)),
        "not_supported",
    ),
    "nonce": (Noop(), "not_supported"),
}


@pytest.mark.parametrize(("action", "code"), REFUSALS.values(), ids=REFUSALS)
def test_impossible_action_is_refused_before_it_is_sent(action: Action, code: str) -> None:
    with pytest.raises(BadOrder) as caught:
        build(action)
    assert caught.value.code == code


def test_cancels_are_divided_as_okx_takes_them() -> None:
    cancels = [cancel(str(number), is_trigger=number % 2 == 0) for number in range(25)]
    parts = cancel_requests(OKX.cancels, cancels)
    assert [len(part) for part in parts] == [10, 2, 10, 3]
    assert sorted(c.order_id or "" for part in parts for c in part) == sorted(c.order_id or "" for c in cancels)
    for part in parts:
        build(CancelAll(instrument=BTC, orders=part))
