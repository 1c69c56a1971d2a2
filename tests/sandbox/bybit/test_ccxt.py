"""ccxt, a stranger to this project, trades on the simulated Bybit."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from ccxt.async_support.bybit import bybit
from ccxt.base.errors import InsufficientFunds

from sandbox.server import Sandbox

BTC = "BTC/USDT:USDT"


@pytest.fixture
async def stranger(sandbox: Sandbox) -> AsyncIterator[Any]:
    """A ccxt client with loaded markets and an account of its own."""
    sandbox.set_price("BTCUSDT", 60_000)
    account = sandbox.new_bybit_account()
    client: Any = bybit(
        {
            "apiKey": account.api_key,
            "secret": account.secret,
            "enableRateLimit": False,
            "options": {"defaultType": "swap"},
        }
    )
    client.urls["api"] = dict.fromkeys(client.urls["api"], sandbox.bybit_url)
    await client.load_markets()
    yield client
    await client.close()


async def test_it_reads_markets_prices_bars_and_the_balance(stranger: Any) -> None:
    assert {BTC, "ETH/USDT:USDT", "BTC/USDC:USDC", "1000PEPE/USDT:USDT"} <= set(stranger.markets)
    assert stranger.market(BTC)["limits"]["cost"]["min"] == 5
    assert (await stranger.fetch_ticker(BTC))["last"] == 60_000
    bars = await stranger.fetch_ohlcv(BTC, "1h", limit=300)
    assert len(bars) == 300
    assert [bar[0] for bar in bars] == sorted(bar[0] for bar in bars)
    assert (await stranger.fetch_balance())["USDT"]["total"] == 10_000


async def test_it_places_and_cancels_a_limit_order(stranger: Any) -> None:
    order = await stranger.create_order(BTC, "limit", "buy", 0.01, 59_000)
    assert [row["id"] for row in await stranger.fetch_open_orders(BTC)] == [order["id"]]
    await stranger.cancel_order(order["id"], BTC)
    assert await stranger.fetch_open_orders(BTC) == []
    assert (await stranger.fetch_canceled_orders(BTC))[0]["id"] == order["id"]


async def test_it_opens_a_protected_position_and_closes_it(stranger: Any) -> None:
    protection = {"takeProfit": {"triggerPrice": 65_000}, "stopLoss": {"triggerPrice": 58_000}}
    await stranger.create_order(BTC, "market", "buy", 0.01, None, protection)
    position = (await stranger.fetch_positions())[0]
    assert (position["side"], position["contracts"]) == ("long", 0.01)
    assert (position["takeProfitPrice"], position["stopLossPrice"]) == (65_000, 58_000)
    await stranger.set_leverage(5, BTC)
    assert (await stranger.fetch_leverage(BTC))["longLeverage"] == 5
    await stranger.create_order(BTC, "market", "sell", 0.01, None, {"reduceOnly": True})
    assert await stranger.fetch_positions() == []
    assert (await stranger.fetch_positions_history())[0]["realizedPnl"] < 0
    assert len(await stranger.fetch_my_trades(BTC)) == 2


async def test_it_understands_a_refusal(stranger: Any) -> None:
    with pytest.raises(InsufficientFunds):
        await stranger.create_order(BTC, "market", "buy", 50)
