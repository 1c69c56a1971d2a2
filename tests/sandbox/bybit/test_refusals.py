"""What the simulated Bybit refuses, with the venue's codes."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.admin import BybitAccount
from sandbox.server import Sandbox
from tests.sandbox.bybit.kit import PybitClient

LINEAR = {"category": "linear", "symbol": "BTCUSDT"}
LIMIT = {"orderType": "Limit", "price": "59000"}

REFUSED_ORDERS: list[tuple[str, dict[str, Any], int, str]] = [
    ("quantity off the grid", {"qty": "0.0015"}, 10001, "Qty invalid"),
    ("quantity zero", {"qty": "0"}, 10001, "Qty invalid"),
    ("quantity negative", {"qty": "-0.01"}, 10001, "Qty invalid"),
    ("quantity not a number", {"qty": "NaN"}, 10001, "Qty invalid"),
    ("quantity with foreign digits", {"qty": "０.01"}, 10001, "Qty invalid"),
    ("market quantity too large", {"qty": "120"}, 10001, "maximum limit"),
    ("value below the minimum", {"symbol": "SOLUSDT", "qty": "0.1", **LIMIT, "price": "20"}, 110094, "minimum order"),
    ("price off the grid", {**LIMIT, "price": "59000.05"}, 10001, "Price invalid"),
    ("limit order without price", {"orderType": "Limit"}, 10001, "Price is required"),
    ("price far across the market", {**LIMIT, "price": "70000"}, 110003, "allowable range"),
    ("not enough money", {"qty": "5"}, 110007, "not enough"),
    ("position beyond the risk limit", {"qty": "190", **LIMIT}, 110090, "max limit"),
    ("reduce-only without a position", {"reduceOnly": True}, 110017, "position is zero"),
    ("hedge index in one-way mode", {"positionIdx": 1}, 10001, "position idx not match position mode"),
    ("unknown symbol", {"symbol": "NOPEUSDT"}, 10001, "symbol invalid"),
    ("inverse contract", {"symbol": "BTCUSD"}, 110074, "not live"),
    ("unknown side", {"side": "Up"}, 10001, "Side invalid"),
    ("unknown category", {"category": "moon"}, 10001, "category invalid"),
    ("link id too long", {"orderLinkId": "x" * 37}, 10001, "OrderLinkedID"),
    ("link id with a space", {"orderLinkId": "a b"}, 10001, "OrderLinkedID"),
    ("trigger must rise", {"triggerPrice": "59000", "triggerDirection": 1}, 110092, "expect Rising"),
    ("trigger must fall", {"triggerPrice": "61000", "triggerDirection": 2}, 110093, "expect Falling"),
    ("trigger without direction", {"triggerPrice": "61000"}, 10001, "TriggerDirection"),
    ("take profit below a long entry", {"takeProfit": "59000"}, 10001, "TakeProfit"),
    ("stop loss above a long entry", {"stopLoss": "61000"}, 10001, "StopLoss"),
]


@pytest.mark.parametrize(("name", "params", "code", "words"), REFUSED_ORDERS, ids=[row[0] for row in REFUSED_ORDERS])
async def test_a_wrong_order_is_refused(
    client: PybitClient, name: str, params: dict[str, Any], code: int, words: str
) -> None:
    answer = await client.refused_order(**params)
    assert answer[0] == code
    assert words in answer[1]
    assert (await client.call("get_order_history", category="linear"))["list"] == []


async def test_a_client_id_is_used_once(client: PybitClient) -> None:
    await client.order(orderLinkId="twice")
    assert (await client.refused_order(orderLinkId="twice"))[0] == 110072


async def test_reduce_only_in_the_positions_direction_is_refused(client: PybitClient) -> None:
    await client.order()
    assert await client.refused_order(reduceOnly=True) == (110017, "Reduce-only rule not satisfied")


async def test_orders_that_may_not_execute_are_accepted_and_then_cancelled(client: PybitClient) -> None:
    crossing = {"orderType": "Limit", "price": "61000"}
    wanted = {
        ("PostOnly", "61000"): "EC_PostOnlyWillTakeLiquidity",
        ("IOC", "59000"): "EC_NoImmediateQtyToFill",
        ("FOK", "59000"): "EC_NoImmediateQtyToFill",
    }
    for (tif, price), reason in wanted.items():
        ack = await client.order(**{**crossing, "price": price, "timeInForce": tif})
        order = await client.find(orderId=ack["orderId"])
        assert (order["orderStatus"], order["rejectReason"]) == ("Cancelled", reason)


async def test_fill_or_kill_takes_nothing_when_the_book_is_too_thin(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.thin_book("BTCUSDT", asks=[("60010", "0.004")])
    ack = await client.order(orderType="Limit", price="60100", timeInForce="FOK")
    assert (await client.find(orderId=ack["orderId"]))["cumExecQty"] == "0"
    ack = await client.order(orderType="Limit", price="60100", timeInForce="IOC")
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["cumExecQty"]) == ("Cancelled", "0.004")


async def test_closed_orders_cannot_be_cancelled_or_amended(client: PybitClient) -> None:
    ack = await client.order()
    assert (await client.refused("cancel_order", **LINEAR, orderId=ack["orderId"]))[0] == 110001
    assert (await client.refused("amend_order", **LINEAR, orderId=ack["orderId"], qty="0.02"))[0] == 110001
    assert (await client.refused("cancel_order", **LINEAR, orderLinkId="nobody"))[0] == 110001


async def test_an_amendment_that_changes_nothing_is_refused(client: PybitClient) -> None:
    ack = await client.order(**LIMIT)
    answer = await client.refused("amend_order", **LINEAR, orderId=ack["orderId"], price="59000")
    assert answer[0] == 10001


async def test_settings_that_change_nothing_have_their_own_codes(client: PybitClient) -> None:
    same = {"buyLeverage": "10", "sellLeverage": "10"}
    assert (await client.refused("set_leverage", **LINEAR, **same))[0] == 110043
    assert (await client.refused("switch_position_mode", **LINEAR, mode=0))[0] == 110025
    assert (await client.refused("set_margin_mode", setMarginMode="REGULAR_MARGIN"))[0] == 110026


@pytest.mark.parametrize(("buy", "sell", "code"), [("101", "101", 110013), ("0.5", "0.5", 10001), ("5", "6", 10001)])
async def test_impossible_leverage_is_refused(client: PybitClient, buy: str, sell: str, code: int) -> None:
    assert (await client.refused("set_leverage", **LINEAR, buyLeverage=buy, sellLeverage=sell))[0] == code


async def test_leverage_is_bound_by_the_risk_limit_of_the_position(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account(deposits={"USDT": 1_000_000}))
    await client.order(qty="50")
    answer = await client.refused("set_leverage", **LINEAR, buyLeverage="100", sellLeverage="100")
    assert answer[0] == 110013
    client.close()


async def test_open_positions_and_orders_block_the_modes(client: PybitClient) -> None:
    await client.order(**LIMIT)
    assert (await client.refused("switch_position_mode", **LINEAR, mode=3))[0] == 110028
    await client.order()
    assert (await client.refused("switch_position_mode", **LINEAR, mode=3))[0] == 110024
    assert (await client.refused("set_margin_mode", setMarginMode="ISOLATED_MARGIN"))[0] == 3400045


async def test_hedge_mode_needs_a_usdt_perpetual(client: PybitClient) -> None:
    answer = await client.refused("switch_position_mode", category="linear", symbol="BTCPERP", mode=3)
    assert answer[0] == 110029
    await client.call("switch_position_mode", **LINEAR, mode=3)
    assert (await client.refused_order())[1] == "position idx not match position mode"


async def test_protection_needs_a_position(client: PybitClient) -> None:
    answer = await client.refused("set_trading_stop", **LINEAR, stopLoss="59000", positionIdx=0)
    assert answer == (10001, "can not set tp/sl/ts for zero position")


async def test_a_delisted_market_may_only_be_left(sandbox: Sandbox, client: PybitClient) -> None:
    await client.order()
    sandbox.delist("BTCUSDT")
    assert (await client.refused_order())[0] == 110074
    await client.order(side="Sell", reduceOnly=True)


async def test_more_than_ten_conditional_orders_are_refused(client: PybitClient) -> None:
    for step in range(10):
        await client.order(triggerPrice=str(61_000 + step), triggerDirection=1)
    assert (await client.refused_order(triggerPrice="62000", triggerDirection=1))[0] == 110009


async def test_more_than_twenty_partial_protections_are_refused(client: PybitClient) -> None:
    await client.order(qty="0.1")
    partial = {**LINEAR, "tpslMode": "Partial", "tpSize": "0.001", "positionIdx": 0}
    for step in range(20):
        await client.call("set_trading_stop", **partial, takeProfit=str(61_000 + step))
    assert (await client.refused("set_trading_stop", **partial, takeProfit="62000"))[0] == 110061


KEYS = [
    ("sandbox-nobody-key", "sandbox-nobody-secret", 10003),
    ("sandbox-plain-key", "wrong-secret", 10004),
    ("sandbox-expired-key", "sandbox-expired-secret", 33004),
    ("sandbox-elsewhere-key", "sandbox-elsewhere-secret", 10010),
]


@pytest.mark.parametrize(("key", "secret", "code"), KEYS)
async def test_a_bad_key_is_refused(sandbox: Sandbox, key: str, secret: str, code: int) -> None:
    client = PybitClient(sandbox, BybitAccount(uid="", api_key=key, secret=secret))
    assert (await client.refused("get_wallet_balance", accountType="UNIFIED"))[0] == code
    client.close()


@pytest.mark.parametrize("name", ["readonly", "notrade"])
async def test_a_key_without_the_right_to_trade_may_look(sandbox: Sandbox, name: str) -> None:
    account = BybitAccount(uid="", api_key=f"sandbox-{name}-key", secret=f"sandbox-{name}-secret")
    client = PybitClient(sandbox, account)
    await client.call("get_wallet_balance", accountType="UNIFIED")
    assert (await client.refused_order())[0] == 10005
    client.close()


async def test_a_key_tells_what_it_may_do(sandbox: Sandbox) -> None:
    account = BybitAccount(uid="", api_key="sandbox-withdraw-key", secret="sandbox-withdraw-secret")
    client = PybitClient(sandbox, account)
    info = await client.call("get_api_key_information")
    assert "Withdraw" in info["permissions"]["Wallet"]
    assert info["ips"] == ["127.0.0.1"]
    client.close()


@pytest.mark.parametrize("skew_ms", [-2_000, 6_000])
async def test_a_wrong_clock_is_refused(sandbox: Sandbox, client: PybitClient, skew_ms: int) -> None:
    sandbox.world.behaviour.clock_skew_ms = skew_ms
    assert (await client.refused("get_wallet_balance", accountType="UNIFIED"))[0] == 10002


async def test_too_many_orders_a_second_are_refused(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.world.behaviour.rate_limits = True
    for _ in range(10):
        await client.order(qty="0.001")
    assert (await client.refused_order(qty="0.001"))[0] == 10006


async def test_reads_need_a_symbol_or_coin(client: PybitClient) -> None:
    assert (await client.refused("get_positions", category="linear"))[0] == 10001
    assert (await client.refused("get_open_orders", category="linear"))[0] == 10001


async def test_a_window_longer_than_a_week_is_refused(client: PybitClient) -> None:
    window = {"startTime": 1_700_000_000_000, "endTime": 1_701_000_000_000}
    assert (await client.refused("get_closed_pnl", category="linear", **window))[0] == 10001


async def test_a_larger_opposite_order_needs_money_for_the_new_part_only(client: PybitClient) -> None:
    await client.order(qty="1.5")
    await client.order(side="Sell", qty="2.9")
    assert Decimal((await client.position())["size"]) == Decimal("1.4")
