"""ccxt, a stranger to this project, trades on the simulated OKX."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from ccxt.async_support.okx import okx
from ccxt.base.errors import (
    AuthenticationError,
    ExchangeError,
    InsufficientFunds,
    InvalidOrder,
    OrderNotFound,
    PermissionDenied,
)

from sandbox.okx.keys import OkxKey
from sandbox.server import Sandbox

BTC = "BTC/USDT:USDT"  # one contract is 0.01 BTC


TRIGGERS = {"trigger": True, "ordType": "conditional"}


async def client_of(sandbox: Sandbox, key: OkxKey, *, passphrase: str | None = None) -> Any:
    client: Any = okx(
        {
            "apiKey": key.api_key,
            "secret": key.secret,
            "password": key.passphrase if passphrase is None else passphrase,
            "enableRateLimit": False,
            "options": {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}},
        }
    )
    client.urls["api"] = {"rest": sandbox.okx_url}
    client.has["fetchCurrencies"] = False
    await client.load_markets()
    return client


@pytest.fixture
async def stranger(sandbox: Sandbox) -> AsyncIterator[Any]:
    """A ccxt client with loaded markets and an account of its own."""
    sandbox.set_price("BTCUSDT", 60_000)
    client = await client_of(sandbox, sandbox.new_okx_account())
    yield client
    await client.close()


async def test_it_reads_markets_prices_bars_and_the_balance(stranger: Any) -> None:
    assert {BTC, "ETH/USDT:USDT", "PEPE/USDT:USDT"} <= set(stranger.markets)
    assert stranger.market(BTC)["contractSize"] == 0.01
    assert (await stranger.fetch_ticker(BTC))["last"] == 60_000
    bars = await stranger.fetch_ohlcv(BTC, "1h", limit=100)
    assert len(bars) == 100
    assert [bar[0] for bar in bars] == sorted(bar[0] for bar in bars)
    assert (await stranger.fetch_balance())["USDT"]["total"] == 10_000


async def test_it_places_changes_and_cancels_a_limit_order(stranger: Any) -> None:
    order = await stranger.create_order(BTC, "limit", "buy", 1, 59_000)
    await stranger.edit_order(order["id"], BTC, "limit", "buy", 2, 58_000)
    (resting,) = await stranger.fetch_open_orders(BTC)
    assert (resting["id"], resting["price"], resting["amount"]) == (order["id"], 58_000, 2)
    await stranger.cancel_order(order["id"], BTC)
    assert await stranger.fetch_open_orders(BTC) == []
    assert (await stranger.fetch_order(order["id"], BTC))["status"] == "canceled"


async def test_it_opens_a_protected_position_and_closes_it(stranger: Any) -> None:
    protection = {"takeProfit": {"triggerPrice": 65_000}, "stopLoss": {"triggerPrice": 58_000}}
    order = await stranger.create_order(BTC, "market", "buy", 2, None, protection)
    assert (await stranger.fetch_order(order["id"], BTC))["filled"] == 2
    (position,) = await stranger.fetch_positions()
    assert (position["side"], position["contracts"], position["contractSize"]) == ("long", 2, 0.01)
    (pair,) = await stranger.fetch_open_orders(BTC, None, None, {"ordType": "oco"})
    assert (pair["takeProfitPrice"], pair["stopLossPrice"]) == (65_000, 58_000)
    await stranger.set_leverage(5, BTC, {"mgnMode": "cross"})
    assert (await stranger.fetch_leverage(BTC, {"mgnMode": "cross"}))["longLeverage"] == 5
    await stranger.close_position(BTC, None, {"marginMode": "cross"})
    assert await stranger.fetch_positions() == []
    assert await stranger.fetch_open_orders(BTC, None, None, {"ordType": "oco"}) == []
    (result,) = await stranger.fetch_positions_history([BTC])
    assert result["realizedPnl"] < 0
    assert len(await stranger.fetch_my_trades(BTC)) == 2


async def test_stop_fires_and_takes_its_partner_along(stranger: Any, sandbox: Sandbox) -> None:
    protection = {"takeProfit": {"triggerPrice": 65_000}, "stopLoss": {"triggerPrice": 58_000}}
    await stranger.create_order(BTC, "market", "buy", 2, None, protection)
    sandbox.set_price("BTCUSDT", 57_900)
    await sandbox.advance(1)
    assert await stranger.fetch_positions() == []
    assert await stranger.fetch_open_orders(BTC, None, None, {"ordType": "oco"}) == []


async def test_what_fired_and_what_was_cancelled_is_told_apart(stranger: Any, sandbox: Sandbox) -> None:
    await stranger.create_order(BTC, "market", "buy", 2)
    closing = {"reduceOnly": True, "ordType": "conditional"}
    for price in (58_000, 57_000):
        await stranger.create_order(BTC, "market", "sell", 1, None, {**closing, "stopLossPrice": price})
    (far,) = [o for o in await stranger.fetch_open_orders(BTC, params=TRIGGERS) if o["stopLossPrice"] == 57_000]
    await stranger.cancel_order(far["id"], BTC, {"trigger": True})
    sandbox.set_price("BTCUSDT", 57_900)
    await sandbox.advance(1)
    past = stranger.privateGetTradeOrdersAlgoHistory
    query = {"instType": "SWAP", "ordType": "conditional,oco"}
    (fired,) = (await past({**query, "state": "effective"}))["data"]
    (cancelled,) = await stranger.fetch_canceled_orders(BTC, params=TRIGGERS)
    (made,) = [o for o in await stranger.fetch_closed_orders(BTC) if o["info"]["algoId"] == fired["algoId"]]
    child = made["info"]["ordId"]
    assert (fired["actualSide"], fired["slTriggerPx"], fired["ordIdList"]) == ("sl", "58000", [child])
    assert fired["algoId"] != child
    assert (cancelled["id"], made["status"]) == (far["id"], "closed")


async def test_funding_is_paid_and_told_as_a_bill(stranger: Any, sandbox: Sandbox) -> None:
    await stranger.create_order(BTC, "market", "buy", 2)
    sandbox.world.market.set_funding_rate("BTC", Decimal("0.001"))
    await sandbox.advance(8 * 3600)
    (bill,) = (await stranger.private_get_account_bills({"instType": "SWAP", "type": "8"}))["data"]
    assert (bill["subType"], bill["sz"], Decimal(bill["pnl"])) == ("173", "2", Decimal("-1.2"))


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ((BTC, "market", "buy", 5_000), InsufficientFunds),
        ((BTC, "market", "sell", 1, None, {"reduceOnly": True}), ExchangeError),
        ((BTC, "limit", "buy", 1, 80_000), InvalidOrder),
        ((BTC, "market", "buy", 20_000), InvalidOrder),
    ],
)
async def test_it_understands_a_refusal(stranger: Any, order: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        await stranger.create_order(*order)


async def test_it_understands_that_an_order_is_not_there(stranger: Any) -> None:
    with pytest.raises(OrderNotFound):
        await stranger.cancel_order("1", BTC)
    with pytest.raises(OrderNotFound):
        await stranger.fetch_order("1", BTC)


async def test_wrong_passphrase_and_foreign_address_are_refused(sandbox: Sandbox) -> None:
    wrong = await client_of(sandbox, sandbox.new_okx_account(), passphrase="something-else")
    elsewhere = await client_of(sandbox, sandbox.new_okx_account(ips=("203.0.113.7",)))
    for client, error in ((wrong, AuthenticationError), (elsewhere, (PermissionDenied, AuthenticationError))):
        with pytest.raises(error):
            await client.fetch_balance()
        await client.close()


async def test_key_that_only_reads_cannot_trade(sandbox: Sandbox) -> None:
    client = await client_of(sandbox, sandbox.new_okx_account(permissions=("read_only",)))
    assert (await client.fetch_balance())["USDT"]["total"] == 10_000
    try:
        with pytest.raises(ExchangeError, match="50120"):
            await client.create_order(BTC, "market", "buy", 1)
    finally:
        await client.close()
