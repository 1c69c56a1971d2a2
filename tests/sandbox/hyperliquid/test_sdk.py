"""The unmodified official SDK trades on the simulated venue."""

from decimal import Decimal
from typing import Any

import pytest
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.types import Cloid

from sandbox.hyperliquid import people
from tests.sandbox.hyperliquid.conftest import Running, only_status, sdk_exchange

GTC: Any = {"limit": {"tif": "Gtc"}}
CLOID = Cloid.from_int(7)


def stop(trigger: float, *, kind: str = "sl") -> Any:
    return {"trigger": {"isMarket": True, "triggerPx": trigger, "tpsl": kind}}


def order(coin: str, *, buy: bool, size: float, price: float, kind: Any, reduce: bool = False) -> Any:
    return {"coin": coin, "is_buy": buy, "sz": size, "limit_px": price, "order_type": kind, "reduce_only": reduce}


def test_constructors_find_the_markets_of_every_dex(info: Info) -> None:
    assert info.name_to_asset("BTC") == 0
    assert info.name_to_asset("xyz:TSLA") == 110_000
    assert info.asset_to_sz_decimals[0] == 5
    assert info.perp_dexs()[0] is None
    assert set(info.all_mids()) > {"BTC", "kPEPE"}
    assert set(info.all_mids("xyz")) == {"xyz:TSLA", "xyz:GOLD"}


def test_market_order_opens_a_position_and_closing_ends_it(exchange: Exchange, info: Info, trader: str) -> None:
    opened = only_status(exchange.market_open("BTC", True, 0.01))["filled"]
    assert opened["totalSz"] == "0.01"
    (row,) = info.user_state(trader)["assetPositions"]
    assert row["type"] == "oneWay"
    assert row["position"]["szi"] == "0.01"
    assert row["position"]["entryPx"] == opened["avgPx"]

    assert "filled" in only_status(exchange.market_close("BTC"))
    assert info.user_state(trader)["assetPositions"] == []
    directions = [fill["dir"] for fill in info.user_fills(trader)]
    assert directions == ["Close Long", "Open Long"]


def test_short_and_flip_are_named_as_the_venue_names_them(exchange: Exchange, info: Info, trader: str) -> None:
    exchange.market_open("ETH", False, 0.1)
    assert info.user_state(trader)["assetPositions"][0]["position"]["szi"] == "-0.1"
    exchange.market_open("ETH", True, 0.3)
    assert info.user_state(trader)["assetPositions"][0]["position"]["szi"] == "0.2"
    flip, opening = info.user_fills(trader)
    assert (opening["dir"], flip["dir"], flip["startPosition"]) == ("Open Short", "Short > Long", "-0.1")


def test_limit_order_rests_and_is_cancelled_by_cloid(exchange: Exchange, info: Info, trader: str) -> None:
    resting = only_status(exchange.order("BTC", True, 0.01, 50000, GTC, cloid=CLOID))["resting"]
    assert resting["cloid"] == CLOID.to_raw()
    (listed,) = info.open_orders(trader)
    assert (listed["oid"], listed["limitPx"], listed["side"]) == (resting["oid"], "50000.0", "B")

    assert only_status(exchange.cancel_by_cloid("BTC", CLOID)) == "success"
    assert info.open_orders(trader) == []
    assert info.query_order_by_cloid(trader, CLOID)["order"]["status"] == "canceled"
    assert info.query_order_by_oid(trader, resting["oid"])["order"]["status"] == "canceled"


def test_unknown_order_is_said_to_be_unknown(info: Info, trader: str) -> None:
    assert info.query_order_by_oid(trader, 1) == {"status": "unknownOid"}
    assert info.query_order_by_cloid(trader, CLOID) == {"status": "unknownOid"}


def test_resting_order_fills_when_the_market_comes(
    hyperliquid: Running, exchange: Exchange, info: Info, trader: str
) -> None:
    oid = only_status(exchange.order("BTC", True, 0.01, 59000, GTC))["resting"]["oid"]
    hyperliquid.set_price("BTC", "58900")
    assert info.query_order_by_oid(trader, oid)["order"]["status"] == "filled"
    (fill,) = info.user_fills(trader)
    assert (fill["px"], fill["crossed"], fill["oid"]) == ("59000.0", False, oid)


def test_modify_gives_a_new_oid_under_the_same_cloid(exchange: Exchange, info: Info, trader: str) -> None:
    first = only_status(exchange.order("BTC", True, 0.01, 50000, GTC, cloid=CLOID))["resting"]["oid"]
    second = only_status(exchange.modify_order(CLOID, "BTC", True, 0.02, 51000, GTC, cloid=CLOID))["resting"]["oid"]
    assert second != first
    assert info.query_order_by_oid(trader, first)["order"]["status"] == "canceled"
    found = info.query_order_by_cloid(trader, CLOID)["order"]["order"]
    assert (found["oid"], found["limitPx"], found["origSz"]) == (second, "51000.0", "0.02")
    gone = only_status(exchange.modify_order(first, "BTC", True, 0.02, 51000, GTC))
    assert gone == {"error": "Cannot modify canceled or filled order"}


def test_entry_with_children_arms_them_when_it_fills(
    hyperliquid: Running, exchange: Exchange, info: Info, trader: str
) -> None:
    legs = [
        order("BTC", buy=True, size=0.01, price=59000, kind=GTC),
        order("BTC", buy=False, size=0.01, price=59700, kind=stop(59500, kind="tp"), reduce=True),
        order("BTC", buy=False, size=0.01, price=52000, kind=stop(57000), reduce=True),
    ]
    answer = exchange.bulk_orders(legs, grouping="normalTpsl")
    entry, *children = answer["response"]["data"]["statuses"]
    assert children == ["waitingForFill", "waitingForFill"]
    (shown,) = info.frontend_open_orders(trader)
    assert shown["oid"] == entry["resting"]["oid"]
    assert [child["orderType"] for child in shown["children"]] == ["Take Profit Market", "Stop Market"]

    hyperliquid.set_price("BTC", "58900")
    armed = {row["orderType"]: row for row in info.frontend_open_orders(trader)}
    assert set(armed) == {"Take Profit Market", "Stop Market"}
    assert armed["Stop Market"]["triggerCondition"] == "Price below 57000"
    assert armed["Stop Market"]["tif"] is None

    hyperliquid.set_price("BTC", "56900")
    assert info.user_state(trader)["assetPositions"] == []
    statuses = {row["order"]["oid"]: row["status"] for row in info.historical_orders(trader)}
    assert statuses[armed["Stop Market"]["oid"]] == "filled"
    assert statuses[armed["Take Profit Market"]["oid"]] == "siblingFilledCanceled"


def test_children_of_a_filled_entry_wait_for_their_trigger(exchange: Exchange) -> None:
    legs = [
        order("BTC", buy=True, size=0.01, price=63000, kind={"limit": {"tif": "Ioc"}}),
        order("BTC", buy=False, size=0.01, price=60000, kind=stop(66000, kind="tp"), reduce=True),
        order("BTC", buy=False, size=0.01, price=50000, kind=stop(55000), reduce=True),
    ]
    answer = exchange.bulk_orders(legs, grouping="normalTpsl")
    assert answer["response"]["data"]["statuses"][1:] == ["waitingForTrigger", "waitingForTrigger"]


def test_position_protection_follows_the_position(exchange: Exchange, info: Info, trader: str) -> None:
    exchange.market_open("BTC", True, 0.01)
    legs = [order("BTC", buy=False, size=0, price=50000, kind=stop(55000), reduce=True)]
    answer = exchange.bulk_orders(legs, grouping="positionTpsl")
    assert answer["response"]["data"]["statuses"] == ["waitingForTrigger"]
    (row,) = info.frontend_open_orders(trader)
    assert (row["isPositionTpsl"], row["isTrigger"], row["reduceOnly"], row["sz"]) == (True, True, True, "0.0")
    exchange.market_close("BTC")
    assert info.frontend_open_orders(trader) == []


def test_leverage_and_isolated_margin(exchange: Exchange, info: Info, trader: str) -> None:
    assert exchange.update_leverage(5, "ETH", is_cross=False) == {"status": "ok", "response": {"type": "default"}}
    exchange.market_open("ETH", True, 0.1)
    before = info.user_state(trader)["assetPositions"][0]["position"]
    assert (before["leverage"]["type"], before["leverage"]["value"]) == ("isolated", 5)
    assert exchange.update_isolated_margin(10.5, "ETH")["status"] == "ok"
    after = info.user_state(trader)["assetPositions"][0]["position"]
    assert Decimal(after["marginUsed"]) - Decimal(before["marginUsed"]) == Decimal("10.5")
    raw = Decimal(after["leverage"]["rawUsd"])
    assert raw + Decimal(after["positionValue"]) == Decimal(after["marginUsed"])


def test_builder_dex_position_is_seen_only_there(exchange: Exchange, info: Info, trader: str) -> None:
    exchange.market_open("xyz:TSLA", True, 2)
    assert info.user_state(trader)["assetPositions"] == []
    (row,) = info.user_state(trader, dex="xyz")["assetPositions"]
    assert row["position"]["coin"] == "xyz:TSLA"
    assert row["position"]["leverage"]["type"] == "isolated"
    assert "filled" in only_status(exchange.market_close("xyz:TSLA"))


def test_agents_address_reads_nothing(exchange: Exchange, info: Info) -> None:
    exchange.market_open("BTC", True, 0.01)
    exchange.order("BTC", True, 0.01, 50000, GTC)
    agent = exchange.wallet.address
    assert info.user_state(agent)["marginSummary"]["accountValue"] == "0.0"
    assert info.open_orders(agent) == info.user_fills(agent) == info.historical_orders(agent) == []


def test_roles_and_agents(info: Info, trader: str) -> None:
    agent = people.address_of(people.TRADER_AGENT_KEY)
    assert info.user_role(agent) == {"role": "agent", "data": {"user": trader}}
    assert info.user_role(trader) == {"role": "user"}
    assert info.user_role(people.SUB_ACCOUNT) == {"role": "subAccount", "data": {"master": trader}}
    assert info.user_role(people.VAULT) == {"role": "vault"}
    assert info.user_role(people.address_of(people.EXPIRED_AGENT_KEY)) == {"role": "missing"}
    assert [(row["name"], row["address"]) for row in info.extra_agents(trader)] == [("bot", agent)]


def test_approved_agent_trades_and_its_predecessor_no_longer(hyperliquid: Running, trader: str, info: Info) -> None:
    master = sdk_exchange(hyperliquid, people.TRADER_KEY)
    answer, key = master.approve_agent("bot")
    assert answer == {"status": "ok", "response": {"type": "default"}}
    assert "filled" in only_status(sdk_exchange(hyperliquid, key).market_open("BTC", True, 0.01))
    assert info.user_state(trader)["assetPositions"]
    old = sdk_exchange(hyperliquid, people.TRADER_AGENT_KEY).market_open("BTC", True, 0.01)
    address = people.address_of(people.TRADER_AGENT_KEY)
    assert old == {"status": "err", "response": f"User or API Wallet {address} does not exist."}


def test_agent_trades_for_a_vault_and_a_sub_account(hyperliquid: Running, info: Info) -> None:
    for address in (people.VAULT, people.SUB_ACCOUNT):
        client = sdk_exchange(hyperliquid, people.TRADER_AGENT_KEY, vault_address=address)
        assert "filled" in only_status(client.market_open("BTC", True, 0.01))
        assert len(info.user_state(address)["assetPositions"]) == 1


def test_unified_account_keeps_its_money_in_spot(hyperliquid: Running, info: Info) -> None:
    user = people.address_of(people.UNIFIED_KEY)
    client = sdk_exchange(hyperliquid, people.UNIFIED_KEY)
    assert "filled" in only_status(client.market_open("BTC", True, 0.01))
    assert info.query_user_abstraction_state(user) == "unifiedAccount"
    state = info.user_state(user)
    assert state["marginSummary"]["accountValue"] == state["withdrawable"] == "0.0"
    assert state["assetPositions"][0]["position"]["szi"] == "0.01"
    (usdc,) = info.spot_user_state(user)["balances"]
    assert Decimal(usdc["total"]) > 9_990
    assert Decimal(usdc["hold"]) == 30


def test_class_transfer_moves_money_between_wallets(hyperliquid: Running, info: Info, trader: str) -> None:
    master = sdk_exchange(hyperliquid, people.TRADER_KEY)
    assert master.usd_class_transfer(120.5, True)["status"] == "ok"
    assert info.user_state(trader)["marginSummary"]["accountValue"] == "10120.5"
    assert info.spot_user_state(trader)["balances"][0]["total"] == "379.5"
    assert master.usd_class_transfer(1000.0, True)["status"] == "err"


@pytest.mark.parametrize("dex", ["", "xyz"])
def test_candles_funding_and_books_are_served(info: Info, hyperliquid: Running, dex: str) -> None:
    coin = info.meta(dex)["universe"][0]["name"]
    now = hyperliquid.venue.now_ms()
    bars = info.candles_snapshot(coin, "1h", now - 4 * 3_600_000, now)
    assert 4 <= len(bars) <= 5
    assert bars[0]["T"] - bars[0]["t"] == 3_599_999
    rates = info.funding_history(coin, now - 5 * 3_600_000)
    assert 5 <= len(rates) <= 6
    bids, asks = info.l2_snapshot(coin)["levels"]
    assert Decimal(bids[0]["px"]) < Decimal(asks[0]["px"])
    assert len(bids) == len(asks) == 20
