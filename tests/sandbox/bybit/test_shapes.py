"""The simulated Bybit's answers have every documented and recorded field, of the same JSON type."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.payloads.loading import needs_recordings, payload, recorded
from tests.sandbox.bybit.kit import PybitClient

LINEAR = {"category": "linear", "symbol": "BTCUSDT"}
# file of documented payloads -> pybit method and parameters
DOCUMENTED: dict[str, tuple[str, dict[str, Any]]] = {
    "http_get_closed_pnl": ("get_closed_pnl", LINEAR),
    "http_get_execution_list": ("get_executions", LINEAR),
    "http_get_fee_rate": ("get_fee_rates", LINEAR),
    "http_get_instruments_info_linear": ("get_instruments_info", LINEAR),
    "http_get_order_history": ("get_order_history", LINEAR),
    "http_get_order_realtime": ("get_open_orders", LINEAR),
    "http_get_position_list": ("get_positions", LINEAR),
    "http_get_tickers_linear": ("get_tickers", LINEAR),
    "http_get_transaction_log": ("get_transaction_log", {}),
    "http_get_wallet_balance_cross": ("get_wallet_balance", {"accountType": "UNIFIED"}),
}
RECORDED: dict[str, str] = {
    "fetchBalance": "http_get_wallet_balance_cross",
    "fetchOpenOrder": "http_get_order_realtime",
    "fetchClosedOrder": "http_get_order_history",
    "fetchPositions": "http_get_position_list",
    "fetchMyTrades": "http_get_execution_list",
    "fetchTicker": "http_get_tickers_linear",
}
# What only other products, older accounts or the venue's own paging put into a row.
ELSEWHERE = {"nextPageCursor", "marketUnit"}


@pytest.fixture
async def active(sandbox: Sandbox, client: PybitClient) -> PybitClient:
    """An account with a bit of everything: a closed trade, an open protected position, a resting order."""
    await client.order()
    await client.order(side="Sell", reduceOnly=True)
    await client.order(takeProfit="65000", stopLoss="55000")
    await client.order(orderType="Limit", price="59000")
    return client


async def our_row(client: PybitClient, name: str) -> Any:
    """The first row that the sandbox answers where the documented file shows rows."""
    method, params = DOCUMENTED[name]
    return (await client.call(method, **params))["list"][0]


def kinds(value: Any) -> str:
    """JSON type of a value."""
    return type(value).__name__


def differences(wanted: dict[str, Any], got: dict[str, Any]) -> Iterator[str]:
    """Fields of the venue that are missing here, or of another type."""
    for name, value in wanted.items():
        if name in ELSEWHERE:
            continue
        if name not in got:
            yield f"{name} is missing"
        elif value is not None and got[name] is not None and kinds(value) != kinds(got[name]):
            yield f"{name} is {kinds(got[name])}, not {kinds(value)}"
        elif isinstance(value, list) and value and got[name] and isinstance(value[0], dict):
            yield from differences(value[0], got[name][0])


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_every_documented_field_is_answered(active: PybitClient, name: str) -> None:
    wanted = payload(f"bybit/{name}")["result"]["list"][0]
    assert list(differences(wanted, await our_row(active, name))) == []


@needs_recordings
@pytest.mark.parametrize("name", RECORDED)
async def test_every_recorded_field_is_answered(active: PybitClient, name: str) -> None:
    ours = await our_row(active, RECORDED[name])
    for example in recorded("ccxt/bybit_response")[name]:
        rows = (example["httpResponse"]["result"] or {}).get("list") or []
        missing = {field for row in rows for field in row} - set(ours) - ELSEWHERE
        assert missing == set()


async def test_bars_have_seven_texts(client: PybitClient) -> None:
    rows = (await client.call("get_kline", **LINEAR, interval="1", limit=3))["list"]
    wanted = payload("bybit/http_get_kline")["result"]["list"][0]
    assert [len(row) for row in rows] == [len(wanted)] * 3
    assert all(isinstance(value, str) for row in rows for value in row)


async def test_pages_follow_each_other_without_gap_or_repetition(client: PybitClient) -> None:
    for step in range(7):
        await client.order(orderType="Limit", price=str(58_000 + step))
    seen: list[str] = []
    cursor = ""
    while True:
        page = await client.call("get_open_orders", **LINEAR, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [row["price"] for row in page["list"]]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert seen == [f"{58_000 + step}.00" for step in reversed(range(7))]


async def test_every_listed_market_can_be_paged_through(client: PybitClient) -> None:
    first = await client.call("get_instruments_info", category="linear", limit=20)
    second = await client.call("get_instruments_info", category="linear", limit=20, cursor=first["nextPageCursor"])
    names = [row["symbol"] for row in (*first["list"], *second["list"])]
    assert len(names) == len(set(names)) >= 24


async def test_limit_headers_come_with_every_private_answer(client: PybitClient) -> None:
    client.http.return_response_headers = True
    answer = await asyncio.to_thread(client.http.get_wallet_balance, accountType="UNIFIED")
    headers = answer[2]
    assert headers["X-Bapi-Limit"] == "50"
    assert int(headers["X-Bapi-Limit-Status"]) == 49
    assert headers["X-Bapi-Limit-Reset-Timestamp"].isdigit()
