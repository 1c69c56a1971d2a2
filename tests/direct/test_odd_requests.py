"""Whatever stands in an action, both paths send the same for it, or both refuse it in words before it is signed."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from direct.bybit_bodies import call_for
from direct.bybit_client import Recorder
from direct.hyperliquid_actions import action_for
from exchanges.bybit_http import BybitHTTP
from exchanges.bybit_orders import build
from exchanges.hyperliquid_actions import to_wire
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
from tests.exchanges import bybit_kit, hyperliquid_kit

ODD = ["0", "-1", "NaN", "Infinity", "0.00001", "12.3456789"]
NUMBERS = st.sampled_from([Decimal(text) for text in ["60000", "0.5", "61234.50", "1E+2", "0.010"] * 4 + ODD])
CLOIDS = [hyperliquid_kit.CLOID, hyperliquid_kit.STOP_CLOID, "odd"]


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def actions(markets: list[Instrument], ids: list[str]) -> st.SearchStrategy[Any]:
    """Return actions of every kind, sensible and senseless."""
    market, sides = st.sampled_from(markets), st.sampled_from(PositionSide)
    ours = st.sampled_from(ids)
    levels = st.builds(
        Protection,
        take_profit=maybe(NUMBERS),
        stop_loss=maybe(NUMBERS),
        take_profit_limit=maybe(NUMBERS),
        stop_loss_limit=maybe(NUMBERS),
        trigger_by=maybe(st.sampled_from(TriggerBy)),
    )
    order = st.builds(
        OrderRequest,
        instrument=market,
        side=st.sampled_from(OrderSide),
        size=NUMBERS,
        order_type=st.sampled_from(OrderType),
        client_order_id=ours,
        price=maybe(NUMBERS),
        time_in_force=st.sampled_from(TimeInForce),
        trigger_price=maybe(NUMBERS),
        trigger_by=maybe(st.sampled_from(TriggerBy)),
        trigger_rises=maybe(st.booleans()),
        reduce_only=st.booleans(),
        closes_position=st.booleans(),
        position_side=maybe(sides),
        slippage_fraction=maybe(st.sampled_from([Decimal("0.0001"), Decimal("0.005"), Decimal("0.05")])),
        protection=maybe(levels),
    )
    named = maybe(st.sampled_from(["7", "odd"]))
    cancel = st.builds(
        CancelOrder, instrument=market, order_id=named, client_order_id=maybe(ours), is_trigger=st.booleans()
    )
    few = st.lists(cancel, max_size=2).map(tuple)
    settle = maybe(st.sampled_from(["USDT", "BTC"]))
    mode = maybe(st.sampled_from(MarginMode))
    where: dict[str, Any] = {"instrument": market, "position_side": sides, "is_hedge": st.booleans()}
    return st.one_of(
        order,
        st.builds(BatchOrders, orders=st.lists(order, max_size=3).map(tuple)),
        st.builds(
            AmendOrder,
            instrument=market,
            order_id=named,
            client_order_id=maybe(ours),
            size=maybe(NUMBERS),
            price=maybe(NUMBERS),
            trigger_price=maybe(NUMBERS),
            replacement=maybe(order),
        ),
        cancel,
        st.builds(CancelAll, instrument=maybe(market), orders=few, settle=settle),
        st.builds(SetLeverage, instrument=market, leverage=NUMBERS, margin_mode=mode),
        st.builds(
            SetMarginMode, margin_mode=st.sampled_from(MarginMode), instrument=maybe(market), leverage=maybe(NUMBERS)
        ),
        st.builds(
            SetPositionMode, position_mode=st.sampled_from(PositionMode), instrument=maybe(market), settle=settle
        ),
        st.builds(AdjustMargin, amount=NUMBERS, **where),
        st.builds(
            SetProtection,
            position_size=NUMBERS,
            protection=levels,
            size=maybe(NUMBERS),
            trailing_distance=maybe(NUMBERS),
            trailing_activation=maybe(NUMBERS),
            replaced=few,
            **where,
        ),
    )


def said(ask: Callable[[], object]) -> object:
    """Return what would be sent; None for what is refused."""
    try:
        return ask()
    except BadOrder:
        return None


SOL = hyperliquid_kit.SOL
AT_HYPERLIQUID = [hyperliquid_kit.BTC, SOL, replace(SOL, isolated_only=True), replace(SOL, asset_id=None)]


@given(action=actions(AT_HYPERLIQUID, CLOIDS))
def test_both_paths_make_the_same_of_any_action_for_hyperliquid(action: Action) -> None:
    unified = said(lambda: json.dumps(json.loads(msgspec.json.encode(to_wire(action)))))
    assert said(lambda: json.dumps(action_for(action))) == unified


UNUSED: Any = None  # a request is worded here, never sent
CLIENT = BybitHTTP("", UNUSED, api_key="k", api_secret="s").endpoints
RECORDER: Any = Recorder()  # type: ignore[no-untyped-call]
RECORDER.endpoint = ""


@given(action=actions([bybit_kit.BTC, bybit_kit.BTC_USD], [bybit_kit.CLIENT_ID]))
def test_both_paths_make_the_same_of_any_action_for_bybit(action: Action) -> None:
    def unified() -> object:
        call = build(action, CLIENT)
        return call.path, json.loads(call.payload)

    def direct() -> object:
        call = call_for(action)
        path, payload = getattr(RECORDER, call.method)(**call.params)
        return path, json.loads(payload)

    assert said(direct) == said(unified)
