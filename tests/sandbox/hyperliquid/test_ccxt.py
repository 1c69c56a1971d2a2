"""Unmodified ccxt trades on the simulated venue."""

from collections.abc import Iterator
from typing import Any

import pytest
from ccxt.base.errors import InsufficientFunds, InvalidOrder, OrderNotFound
from ccxt.hyperliquid import hyperliquid as ccxt_client

from sandbox.hyperliquid import people
from tests.sandbox.hyperliquid.conftest import Running

BTC, ETH = "BTC/USDC:USDC", "ETH/USDC:USDC"
CLOID = "0x" + "ab" * 16


@pytest.fixture
def venue(hyperliquid: Running, trader: str) -> Iterator[Any]:
    """ccxt with the trader's master key, on the test chain."""
    options: Any = {"enableRateLimit": False, "options": {"sandboxMode": True}}
    client: Any = ccxt_client(options | {"walletAddress": trader, "privateKey": people.TRADER_KEY})
    client.urls["api"] = {"public": hyperliquid.url, "private": hyperliquid.url}
    yield client
    client.session.close()


def test_markets_of_every_dex_are_loaded(venue: Any) -> None:
    markets = venue.load_markets()
    assert markets[BTC]["precision"]["amount"] == 1e-05
    assert markets[BTC]["limits"]["leverage"]["max"] == 40
    assert "XYZ-TSLA/USDC:USDC" in markets


def test_market_order_opens_a_position_with_its_client_id(venue: Any) -> None:
    order = venue.create_order(BTC, "market", "buy", 0.01, 60000, {"clientOrderId": CLOID})
    assert (order["clientOrderId"], order["filled"]) == (CLOID, 0.01)
    (position,) = venue.fetch_positions()
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 0.01, 20)
    (trade,) = venue.fetch_my_trades(BTC)
    assert (trade["order"], trade["takerOrMaker"]) == (order["id"], "taker")
    assert trade["fee"]["cost"] == pytest.approx(trade["cost"] * 0.00045, abs=1e-6)
    assert venue.fetch_balance()["USDC"]["used"] == 30.0


def test_limit_order_is_listed_edited_and_cancelled(venue: Any) -> None:
    order = venue.create_order(BTC, "limit", "buy", 0.01, 50000)
    assert venue.fetch_order(order["id"], BTC)["status"] == "open"
    edited = venue.edit_order(order["id"], BTC, "limit", "buy", 0.02, 51000)
    (listed,) = venue.fetch_open_orders(BTC)
    assert (listed["id"], listed["price"], listed["amount"]) == (edited["id"], 51000.0, 0.02)
    venue.cancel_order(edited["id"], BTC)
    assert venue.fetch_open_orders(BTC) == []
    assert {row["status"] for row in venue.fetch_canceled_orders(BTC)} == {"canceled"}


def test_entry_with_protection_is_placed_in_one_request(venue: Any) -> None:
    protection = {
        "stopLoss": {"type": "market", "triggerPrice": 2500},
        "takeProfit": {"type": "market", "triggerPrice": 4000},
    }
    venue.create_order(ETH, "market", "buy", 0.1, 3000, protection)
    kinds = {row["info"]["orderType"] for row in venue.fetch_open_orders(ETH)}
    assert kinds == {"Stop Market", "Take Profit Market"}


def test_leverage_and_margin_mode_are_set(venue: Any) -> None:
    assert venue.set_leverage(5, ETH)["status"] == "ok"
    assert venue.set_margin_mode("isolated", ETH, {"leverage": 3})["status"] == "ok"
    venue.create_order(ETH, "market", "sell", 0.1, 3000)
    (position,) = venue.fetch_positions([ETH])
    assert (position["side"], position["marginMode"], position["leverage"]) == ("short", "isolated", 3)


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ((BTC, "limit", "buy", 100, 59000), InsufficientFunds),
        ((BTC, "limit", "buy", 0.0001, 50000), InvalidOrder),
        ((BTC, "limit", "buy", 0.01, 61000, {"postOnly": True}), InvalidOrder),
    ],
)
def test_refusal_is_the_exception_that_ccxt_knows(venue: Any, order: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        venue.create_order(*order)


def test_unknown_order_is_not_found(venue: Any) -> None:
    with pytest.raises(OrderNotFound):
        venue.fetch_order("1", BTC)


def test_prices_books_and_history_are_read(venue: Any) -> None:
    assert venue.fetch_ticker(BTC)["last"] == 60000.0
    assert venue.fetch_order_book(BTC)["bids"][0][0] == 59998.0
    assert len(venue.fetch_ohlcv(BTC, "1h", limit=3)) == 3
    assert venue.fetch_funding_rates([BTC])[BTC]["fundingRate"] is not None
    assert venue.fetch_trading_fee(BTC)["taker"] == 0.00045
    assert venue.fetch_deposits()[0]["amount"] == 10000.0
    assert venue.fetch_status()["status"] == "ok"
