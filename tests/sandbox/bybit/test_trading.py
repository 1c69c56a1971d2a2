"""Stock pybit trades on the simulated Bybit."""

import asyncio
from decimal import Decimal

from sandbox import demo
from sandbox.admin import BybitAccount
from sandbox.server import Sandbox
from tests.sandbox.bybit.kit import PybitClient

LINEAR = {"category": "linear", "symbol": "BTCUSDT"}


async def test_a_market_order_fills_and_opens_a_position(client: PybitClient) -> None:
    ack = await client.order(orderLinkId="first-1")
    assert ack["orderLinkId"] == "first-1"
    order = await client.find(orderLinkId="first-1")
    assert order["orderStatus"] == "Filled"
    assert order["cumExecQty"] == "0.01"
    position = await client.position()
    assert (position["side"], position["size"]) == ("Buy", "0.01")
    assert Decimal(position["avgPrice"]) == Decimal(order["avgPrice"])
    wallet = (await client.call("get_wallet_balance", accountType="UNIFIED"))["list"][0]
    fee = Decimal(order["cumFeeDetail"]["USDT"])
    assert Decimal(wallet["totalWalletBalance"]) == Decimal(10_000) - fee


async def test_a_limit_order_rests_until_the_price_reaches_it(sandbox: Sandbox, client: PybitClient) -> None:
    ack = await client.order(orderType="Limit", price="59000")
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "New"
    sandbox.set_price("BTCUSDT", 59_000)
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["avgPrice"]) == ("Filled", "59000")
    fills = (await client.call("get_executions", **LINEAR))["list"]
    assert fills[0]["isMaker"] is True
    assert fills[0]["feeRate"] == "0.0002"


async def test_a_reduce_only_order_larger_than_the_position_only_closes_it(client: PybitClient) -> None:
    await client.order()
    ack = await client.order(side="Sell", qty="0.05", reduceOnly=True)
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["cumExecQty"]) == ("Filled", "0.01")
    assert (await client.position())["size"] == "0"


async def test_quantity_zero_with_close_on_trigger_closes_all(client: PybitClient) -> None:
    await client.order(qty="0.037")
    await client.order(side="Sell", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert (await client.position())["size"] == "0"
    record = (await client.call("get_closed_pnl", **LINEAR))["list"][0]
    assert record["closedSize"] == "0.037"
    assert Decimal(record["closedPnl"]) < 0


async def test_an_opposite_order_flips_a_one_way_position(client: PybitClient) -> None:
    await client.order(qty="0.01")
    await client.order(side="Sell", qty="0.03")
    position = await client.position()
    assert (position["side"], position["size"]) == ("Sell", "0.02")


async def test_a_conditional_order_fires_at_its_trigger(sandbox: Sandbox, client: PybitClient) -> None:
    ack = await client.order(triggerPrice="61000", triggerDirection=1)
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["stopOrderType"], order["triggerPrice"]) == ("Untriggered", "Stop", "61000.00")
    sandbox.set_price("BTCUSDT", 61_000)
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "Filled"


async def test_a_trigger_on_the_mark_price_ignores_the_last_price(sandbox: Sandbox, client: PybitClient) -> None:
    ack = await client.order(triggerPrice="61000", triggerDirection=1, triggerBy="MarkPrice")
    sandbox.set_price("BTCUSDT", 61_500, mark=Decimal(60_500))
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "Untriggered"
    sandbox.set_price("BTCUSDT", 60_500, mark=Decimal(61_000))
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "Filled"


async def test_attached_protection_closes_the_position(sandbox: Sandbox, client: PybitClient) -> None:
    await client.order(takeProfit="62000", stopLoss="59000")
    position = await client.position()
    assert (position["takeProfit"], position["stopLoss"]) == ("62000.00", "59000.00")
    armed = (await client.call("get_open_orders", **LINEAR))["list"]
    assert {row["stopOrderType"] for row in armed} == {"TakeProfit", "StopLoss"}
    assert {row["qty"] for row in armed} == {"0.01"}
    sandbox.set_price("BTCUSDT", 62_100)
    assert (await client.position())["size"] == "0"
    assert (await client.call("get_open_orders", **LINEAR))["list"] == []
    assert Decimal((await client.call("get_closed_pnl", **LINEAR))["list"][0]["closedPnl"]) > 0


async def test_position_protection_is_set_replaced_and_cleared(client: PybitClient) -> None:
    await client.order()
    await client.call("set_trading_stop", **LINEAR, stopLoss="58000", positionIdx=0)
    await client.call("set_trading_stop", **LINEAR, stopLoss="58500", takeProfit="65000", positionIdx=0)
    position = await client.position()
    assert (position["stopLoss"], position["takeProfit"]) == ("58500.00", "65000.00")
    same = await client.refused("set_trading_stop", **LINEAR, stopLoss="58500", positionIdx=0)
    assert same[0] == 34040
    await client.call("set_trading_stop", **LINEAR, stopLoss="0", positionIdx=0)
    assert (await client.position())["stopLoss"] == ""


async def test_partial_protection_closes_a_part_and_cancels_its_twin(sandbox: Sandbox, client: PybitClient) -> None:
    await client.order(qty="0.03")
    await client.call(
        "set_trading_stop", **LINEAR, tpslMode="Partial", takeProfit="62000", stopLoss="58000", tpSize="0.01",
        slSize="0.01", positionIdx=0,
    )  # fmt: skip
    armed = (await client.call("get_open_orders", **LINEAR))["list"]
    assert {row["stopOrderType"] for row in armed} == {"PartialTakeProfit", "PartialStopLoss"}
    sandbox.set_price("BTCUSDT", 62_000)
    assert (await client.position())["size"] == "0.02"
    assert (await client.call("get_open_orders", **LINEAR))["list"] == []


async def test_a_trailing_stop_follows_the_best_price(sandbox: Sandbox, client: PybitClient) -> None:
    await client.order()
    await client.call("set_trading_stop", **LINEAR, trailingStop="500", positionIdx=0)
    assert (await client.position())["trailingStop"] == "500"
    sandbox.set_price("BTCUSDT", 62_000)
    sandbox.set_price("BTCUSDT", 61_600)
    assert (await client.position())["size"] == "0.01"
    sandbox.set_price("BTCUSDT", 61_500)
    assert (await client.position())["size"] == "0"


async def test_a_trailing_stop_waits_for_its_activation_price(sandbox: Sandbox, client: PybitClient) -> None:
    await client.order()
    await client.call("set_trading_stop", **LINEAR, trailingStop="500", activePrice="61000", positionIdx=0)
    sandbox.set_price("BTCUSDT", 59_000)
    assert (await client.position())["size"] == "0.01"
    sandbox.set_price("BTCUSDT", 61_000)
    sandbox.set_price("BTCUSDT", 60_500)
    assert (await client.position())["size"] == "0"


async def test_an_order_is_amended_in_place_and_can_then_fill(client: PybitClient) -> None:
    ack = await client.order(orderType="Limit", price="59000", orderLinkId="keep-me")
    await client.call("amend_order", **LINEAR, orderLinkId="keep-me", qty="0.02", price="59500")
    order = await client.find(orderId=ack["orderId"])
    assert (order["qty"], order["price"], order["orderStatus"]) == ("0.02", "59500.00", "New")
    await client.call("amend_order", **LINEAR, orderId=ack["orderId"], price="60500")
    assert (await client.find(orderId=ack["orderId"]))["orderStatus"] == "Filled"


async def test_orders_are_cancelled_one_by_one_and_all_at_once(client: PybitClient) -> None:
    acks = [await client.order(orderType="Limit", price=str(59_000 - k)) for k in range(3)]
    await client.call("cancel_order", **LINEAR, orderId=acks[0]["orderId"])
    assert (await client.find(orderId=acks[0]["orderId"]))["orderStatus"] == "Cancelled"
    ended = await client.call("cancel_all_orders", category="linear", settleCoin="USDT")
    assert {row["orderId"] for row in ended["list"]} == {acks[1]["orderId"], acks[2]["orderId"]}


async def test_leverage_changes_the_margin_of_a_position(client: PybitClient) -> None:
    await client.call("set_leverage", **LINEAR, buyLeverage="5", sellLeverage="5")
    await client.order()
    position = await client.position()
    assert position["leverage"] == "5"
    assert Decimal(position["positionIM"]) == Decimal(60_000) * Decimal("0.01") / 5


async def test_a_market_order_walks_a_thin_book_and_is_cut_at_the_slippage_limit(
    sandbox: Sandbox, client: PybitClient
) -> None:
    sandbox.thin_book("BTCUSDT", asks=[("60010", "0.003"), ("61000", "0.002"), ("70000", "5")])
    ack = await client.order()
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["cumExecQty"], order["leavesQty"]) == ("Cancelled", "0.005", "0")
    assert order["rejectReason"] == "EC_ReachMarketPriceLimit"
    assert (await client.position())["size"] == "0.005"


async def test_a_market_order_without_liquidity_is_acknowledged_and_then_cancelled(
    sandbox: Sandbox, client: PybitClient
) -> None:
    sandbox.thin_book("BTCUSDT", asks=[])
    ack = await client.order()
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["rejectReason"]) == ("Cancelled", "EC_NoImmediateQtyToFill")


async def test_attached_partial_protection_is_sized_to_what_was_filled(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.thin_book("BTCUSDT", asks=[("60010", "0.003")])
    await client.order(takeProfit="62000", stopLoss="59000", tpslMode="Partial")
    armed = (await client.call("get_open_orders", **LINEAR))["list"]
    assert {row["qty"] for row in armed} == {"0.003"}


async def test_a_batch_reports_each_order_by_itself(client: PybitClient) -> None:
    good = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01", "price": "59000"}
    orders = [good, {**good, "qty": "0.0001"}]
    raw = await asyncio.to_thread(client.http.place_batch_order, category="linear", request=orders)
    assert [row["code"] for row in raw["retExtInfo"]["list"]] == [0, 10001]
    assert raw["result"]["list"][0]["orderId"]
    assert raw["result"]["list"][1]["orderId"] == ""


async def test_hedge_mode_holds_both_directions(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account(position_mode="hedge"))
    await client.order(positionIdx=1)
    await client.order(side="Sell", qty="0.02", positionIdx=2)
    rows = (await client.call("get_positions", **LINEAR))["list"]
    assert [(row["positionIdx"], row["side"], row["size"]) for row in rows] == [(1, "Buy", "0.01"), (2, "Sell", "0.02")]
    await client.order(side="Sell", qty="0.01", positionIdx=1)
    rows = (await client.call("get_positions", **LINEAR))["list"]
    assert [row["size"] for row in rows] == ["0", "0.02"]
    client.close()


async def test_isolated_margin_is_set_aside_and_can_be_added(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account(margin_mode="isolated"))
    await client.order()
    before = await client.position()
    assert before["tradeMode"] == 0
    await client.call("add_or_reduce_margin", **LINEAR, margin="100", positionIdx=0)
    after = await client.position()
    assert Decimal(after["positionBalance"]) == Decimal(before["positionBalance"]) + 100
    assert Decimal(after["liqPrice"]) < Decimal(before["liqPrice"])
    wallet = (await client.call("get_wallet_balance", accountType="UNIFIED"))["list"][0]
    assert wallet["totalAvailableBalance"] == ""
    client.close()


async def test_a_usdc_contract_settles_in_usdc(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    client = PybitClient(sandbox, sandbox.new_bybit_account(deposits={"USDT": 1_000, "USDC": 1_000}))
    await client.order(symbol="BTCPERP")
    rows = (await client.call("get_positions", category="linear", settleCoin="USDC"))["list"]
    assert [row["symbol"] for row in rows] == ["BTCPERP"]
    wallet = (await client.call("get_wallet_balance", accountType="UNIFIED"))["list"][0]
    coins = {row["coin"]: Decimal(row["walletBalance"]) for row in wallet["coin"]}
    assert coins["USDC"] < 1_000
    assert coins["USDT"] == 1_000
    client.close()


async def test_funding_is_paid_when_its_hour_passes(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.world.market.set_funding_rate("BTC", Decimal("0.0001"))
    await client.order()
    await sandbox.advance(8 * 3600)
    payments = (await client.call("get_executions", **LINEAR, execType="Funding"))["list"]
    assert [row["execFee"] for row in payments] == ["0.06"]
    log = (await client.call("get_transaction_log", type="SETTLEMENT"))["list"]
    assert [row["funding"] for row in log] == ["-0.06"]


async def test_an_underwater_cross_account_is_liquidated(sandbox: Sandbox, client: PybitClient) -> None:
    await client.call("set_leverage", **LINEAR, buyLeverage="50", sellLeverage="50")
    await client.order(qty="4")
    liquidation = Decimal((await client.position())["liqPrice"])
    sandbox.set_price("BTCUSDT", liquidation + 10)
    assert (await client.position())["size"] == "4"
    sandbox.set_price("BTCUSDT", liquidation - 10)
    assert (await client.position())["size"] == "0"
    record = (await client.call("get_closed_pnl", **LINEAR))["list"][0]
    assert record["execType"] == "BustTrade"


async def test_the_demo_account_has_money_history_and_a_position(sandbox: Sandbox) -> None:
    account = BybitAccount(uid=demo.BYBIT_UID, api_key=demo.BYBIT_KEY, secret=demo.BYBIT_SECRET)
    client = PybitClient(sandbox, account)
    assert len((await client.call("get_closed_pnl", category="linear"))["list"]) >= 7
    rows = (await client.call("get_positions", category="linear", settleCoin="USDT"))["list"]
    assert [row["symbol"] for row in rows] == ["BTCUSDT"]
    wallet = (await client.call("get_wallet_balance", accountType="UNIFIED"))["list"][0]
    assert Decimal(9_000) < Decimal(wallet["totalEquity"]) < Decimal(11_000)
    client.close()


async def test_a_resting_order_fills_bit_by_bit_in_a_thin_book(sandbox: Sandbox, client: PybitClient) -> None:
    ack = await client.order(orderType="Limit", price="59000", qty="0.01")
    sandbox.thin_book("BTCUSDT", asks=[("58990", "0.004")])
    sandbox.set_price("BTCUSDT", 58_995)
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["cumExecQty"], order["leavesQty"]) == ("PartiallyFilled", "0.004", "0.006")
    await client.call("cancel_order", **LINEAR, orderId=ack["orderId"])
    order = await client.find(orderId=ack["orderId"])
    assert (order["orderStatus"], order["cumExecQty"]) == ("Cancelled", "0.004")
    assert (await client.position())["size"] == "0.004"


async def test_closing_by_hand_takes_the_protection_along(client: PybitClient) -> None:
    await client.order(takeProfit="65000", stopLoss="55000")
    await client.order(side="Sell", reduceOnly=True)
    assert (await client.call("get_open_orders", **LINEAR))["list"] == []
    ended = (await client.call("get_order_history", **LINEAR))["list"]
    assert {row["cancelType"] for row in ended if row["orderStatus"] == "Deactivated"} == {"CancelByTpSlTsClear"}


async def test_whole_position_protection_follows_the_size(client: PybitClient) -> None:
    await client.order(stopLoss="55000")
    await client.order(qty="0.02")
    armed = (await client.call("get_open_orders", **LINEAR))["list"]
    assert [(row["stopOrderType"], row["qty"]) for row in armed] == [("StopLoss", "0.03")]


async def test_a_market_orders_slippage_can_be_bounded_by_the_client(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.thin_book("BTCUSDT", asks=[("60010", "0.003"), ("60700", "1")])
    ack = await client.order(slippageToleranceType="Percent", slippageTolerance="1")
    assert (await client.find(orderId=ack["orderId"]))["cumExecQty"] == "0.003"
