"""Both paths ask a venue for the same: their requests are compared field by field, without any server."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from direct.bybit_bodies import call_for
from direct.bybit_client import Recorder
from direct.hyperliquid_actions import action_for, legs_of
from exchanges.bybit_http import BybitHTTP
from exchanges.bybit_market import BUDGET
from exchanges.bybit_orders import build
from exchanges.hyperliquid_actions import client_ids, to_wire
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
from models.unified import Instrument
from tests.exchanges import bybit_kit, hyperliquid_kit

D = Decimal
LIMITS = Protection(take_profit=D(70000), take_profit_limit=D(69990), stop_loss=D(55000), stop_loss_limit=D(54000))
MARKETS = Protection(take_profit=D(70000), stop_loss=D(55000))
IDS = (hyperliquid_kit.TAKE_PROFIT_CLOID, hyperliquid_kit.STOP_CLOID)


AT_MARKET: dict[str, Any] = {"trigger_price": D(61000), "price": None}
ORDERS: list[dict[str, Any]] = [
    {},
    {"side": OrderSide.SELL, "reduce_only": True},
    {"time_in_force": TimeInForce.POST_ONLY},
    {"time_in_force": TimeInForce.IOC},
    {"order_type": OrderType.STOP_MARKET, "trigger_rises": True, **AT_MARKET},
    {"order_type": OrderType.STOP_MARKET, "side": OrderSide.SELL, "reduce_only": True, **AT_MARKET},
    {"order_type": OrderType.TAKE_PROFIT_MARKET, "side": OrderSide.SELL, **AT_MARKET},
    {"order_type": OrderType.TAKE_PROFIT_LIMIT, "trigger_price": D(61000), "trigger_rises": False},
    {"order_type": OrderType.STOP_LIMIT, "trigger_price": D(61000), "trigger_by": TriggerBy.MARK},
    {"protection": MARKETS, "protection_client_ids": IDS},
    {"protection": LIMITS, "protection_client_ids": IDS},
    {"protection": Protection(stop_loss=D(55000)), "protection_client_ids": IDS},
    {"protection": Protection(stop_loss=D(55000)), "protection_client_ids": IDS[1:]},
]
"""Orders of every kind that either venue takes, as changes to a limit order to buy."""


def settings_of(market: Instrument) -> list[Action]:
    """Return every change that both paths know."""
    cancel = CancelOrder(instrument=market, order_id="7", client_order_id=hyperliquid_kit.CLOID)
    protect: dict[str, Any] = {"instrument": market, "position_side": PositionSide.LONG, "position_size": D("0.3")}
    return [
        cancel,
        CancelOrder(instrument=market, order_id=None, client_order_id=hyperliquid_kit.CLOID),
        CancelAll(instrument=market, orders=(cancel,)),
        SetLeverage(instrument=market, leverage=D(5), margin_mode=MarginMode.ISOLATED),
        SetLeverage(instrument=market, leverage=D(5), margin_mode=MarginMode.CROSS),
        SetMarginMode(margin_mode=MarginMode.ISOLATED, instrument=market, leverage=D(3)),
        SetProtection(protection=MARKETS, client_ids=IDS, **protect),
        SetProtection(protection=LIMITS, client_ids=IDS, **protect),
        SetProtection(protection=LIMITS, size=D("0.1"), client_ids=IDS, **protect),
        SetProtection(protection=Protection(stop_loss=D(55000)), size=D("0.1"), client_ids=IDS, **protect),
        AdjustMargin(instrument=market, position_side=PositionSide.LONG, amount=D("12.345678")),
        AdjustMargin(instrument=market, position_side=PositionSide.LONG, amount=D(-3)),
    ]


HYPERLIQUID: list[Action] = [
    *(hyperliquid_kit.order(**changes) for changes in ORDERS),
    hyperliquid_kit.order(order_type=OrderType.MARKET, time_in_force=TimeInForce.IOC),
    hyperliquid_kit.order(
        side=OrderSide.SELL, order_type=OrderType.STOP_MARKET, price=None, trigger_price=D("0.98765")
    ),
    *settings_of(hyperliquid_kit.BTC),
    BatchOrders(orders=(hyperliquid_kit.order(), hyperliquid_kit.order(client_order_id=IDS[0]))),
    BatchOrders(orders=(hyperliquid_kit.order(protection=MARKETS, protection_client_ids=IDS),)),
    AmendOrder(instrument=hyperliquid_kit.BTC, order_id="7", client_order_id=None, replacement=hyperliquid_kit.order()),
    Noop(),
]


@pytest.mark.parametrize("action", HYPERLIQUID, ids=lambda action: type(action).__name__)
def test_both_paths_send_hyperliquid_the_same_action(action: Action) -> None:
    unified = json.loads(msgspec.json.encode(to_wire(action)))
    legacy = action_for(action)
    assert json.dumps(legacy) == json.dumps(unified)  # the order of keys is part of what is signed
    if not isinstance(action, CancelOrder | CancelAll):
        assert tuple(legs_of(legacy)) == client_ids(action)


PROTECT: dict[str, Any] = {
    "instrument": hyperliquid_kit.BTC,
    "position_side": PositionSide.LONG,
    "position_size": D("0.3"),
    "protection": MARKETS,
}
REFUSED: list[Action] = [
    hyperliquid_kit.order(order_type=OrderType.TRAILING_STOP, trigger_price=D(61000)),
    hyperliquid_kit.order(order_type=OrderType.STOP_MARKET),
    hyperliquid_kit.order(order_type=OrderType.STOP_MARKET, trigger_price=D(61000), trigger_rises=False),
    hyperliquid_kit.order(order_type=OrderType.STOP_MARKET, trigger_price=D(61000), trigger_by=TriggerBy.LAST),
    hyperliquid_kit.order(order_type=OrderType.STOP_LIMIT, trigger_price=D(61000), price=None),
    hyperliquid_kit.order(order_type=OrderType.MARKET, price=None),
    hyperliquid_kit.order(trigger_price=D(61000)),
    hyperliquid_kit.order(order_type=OrderType.STOP_MARKET, price=None, trigger_price=D("Infinity")),
    hyperliquid_kit.order(size=D("NaN")),
    hyperliquid_kit.order(client_order_id="x"),
    CancelOrder(instrument=hyperliquid_kit.BTC, order_id="x"),
    CancelOrder(instrument=hyperliquid_kit.BTC, order_id=None),
    BatchOrders(orders=()),
    hyperliquid_kit.order(time_in_force=TimeInForce.FOK),
    hyperliquid_kit.order(protection=Protection(stop_loss=D(55000), trigger_by=TriggerBy.LAST)),
    BatchOrders(orders=(hyperliquid_kit.order(), hyperliquid_kit.order(protection=MARKETS))),
    AmendOrder(instrument=hyperliquid_kit.BTC, order_id="7", client_order_id=None, price=D(1)),
    AmendOrder(
        instrument=hyperliquid_kit.BTC,
        order_id="7",
        client_order_id=None,
        replacement=hyperliquid_kit.order(protection=MARKETS),
    ),
    SetLeverage(instrument=hyperliquid_kit.BTC, leverage=D(5)),
    SetLeverage(instrument=hyperliquid_kit.BTC, leverage=D("5.5"), margin_mode=MarginMode.CROSS),
    SetProtection(**PROTECT, trailing_distance=D(500)),
    SetProtection(**{**PROTECT, "protection": Protection(stop_loss=D(0))}),
    CancelAll(),
    AdjustMargin(instrument=hyperliquid_kit.BTC, position_side=PositionSide.LONG, amount=D("0.0000001")),
]


@pytest.mark.parametrize("action", REFUSED, ids=lambda action: type(action).__name__)
def test_both_paths_refuse_what_hyperliquid_cannot_do(action: Action) -> None:
    for build_action in (to_wire, action_for):
        with pytest.raises(BadOrder):
            build_action(action)


BYBIT: list[Action] = [
    *(bybit_kit.order(**{"order_type": OrderType.LIMIT, "price": D(60000), **changes}) for changes in ORDERS),
    bybit_kit.order(protection=Protection(stop_loss=D(55000), trigger_by=TriggerBy.MARK)),
    bybit_kit.order(slippage_fraction=D("0.005"), price=D(60300)),
    bybit_kit.order(slippage_fraction=D("0.0001"), price=D(60300)),
    bybit_kit.order(price=D(60300)),
    bybit_kit.order(side=OrderSide.SELL, reduce_only=True, position_side=PositionSide.LONG),
    bybit_kit.order(side=OrderSide.SELL, reduce_only=True, closes_position=True),
    bybit_kit.order(
        side=OrderSide.SELL, order_type=OrderType.LIMIT, price=D(1), reduce_only=True, closes_position=True
    ),
    SetProtection(
        instrument=bybit_kit.BTC,
        position_side=PositionSide.SHORT,
        position_size=D(1),
        is_hedge=True,
        protection=Protection(take_profit=D(0)),
        trailing_distance=D(500),
        trailing_activation=D(65000),
    ),
    *settings_of(bybit_kit.BTC),
    CancelAll(settle="USDC"),
    CancelAll(settle="BTC"),
    CancelAll(instrument=bybit_kit.BTC, orders=(CancelOrder(instrument=bybit_kit.BTC, order_id="7", is_trigger=True),)),
    SetPositionMode(position_mode=PositionMode.HEDGE, instrument=bybit_kit.BTC),
    SetPositionMode(position_mode=PositionMode.ONE_WAY, settle="USDT"),
]


@pytest.mark.parametrize("action", BYBIT, ids=lambda action: type(action).__name__)
async def test_both_paths_send_bybit_the_same_request(action: Action) -> None:
    async with Network() as network:
        client = BybitHTTP("", network.transport("", BUDGET), api_key="k", api_secret="s")
        unified = build(action, client.endpoints)
    recorder: Any = Recorder()  # type: ignore[no-untyped-call]
    recorder.endpoint = ""
    call = call_for(action)
    path, payload = getattr(recorder, call.method)(**call.params)
    assert (path, json.loads(payload)) == (unified.path, json.loads(unified.payload))


NOT_FOR_BYBIT: list[Action] = [
    bybit_kit.order(order_type=OrderType.TRAILING_STOP, trigger_price=D(1)),
    bybit_kit.order(order_type=OrderType.STOP_MARKET),
    bybit_kit.order(order_type=OrderType.LIMIT),
    bybit_kit.order(order_type=OrderType.LIMIT, price=D("NaN")),
    bybit_kit.order(trigger_price=D(61000)),
    bybit_kit.order(size=D(0)),
    BatchOrders(orders=()),
    CancelAll(),
    SetPositionMode(position_mode=PositionMode.HEDGE),
    AdjustMargin(instrument=bybit_kit.BTC, position_side=PositionSide.LONG, amount=D("NaN")),
    bybit_kit.order(reduce_only=True, protection=MARKETS),
    bybit_kit.order(instrument=bybit_kit.BTC_USD),
    AmendOrder(instrument=bybit_kit.BTC, order_id="7", client_order_id=None),
    AmendOrder(instrument=bybit_kit.BTC, order_id=None, client_order_id=None, price=D(1)),
    CancelOrder(instrument=bybit_kit.BTC, order_id=None),
    SetProtection(**{**PROTECT, "instrument": bybit_kit.BTC, "protection": Protection()}),
    Noop(),
]


@pytest.mark.parametrize("action", NOT_FOR_BYBIT, ids=lambda action: type(action).__name__)
async def test_both_paths_refuse_what_bybit_is_not_asked_for_here(action: Action) -> None:
    async with Network() as network:
        client = BybitHTTP("", network.transport("", BUDGET), api_key="k", api_secret="s")
        with pytest.raises(BadOrder):
            build(action, client.endpoints)
    with pytest.raises(BadOrder):
        call_for(action)
