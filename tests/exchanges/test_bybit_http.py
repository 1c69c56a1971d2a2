"""Our client against stock pybit: what leaves is the same, byte by byte."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pybit import _helpers
from pybit.unified_trading import HTTP

from exchanges.bybit_calls import Endpoints
from exchanges.bybit_http import BybitHTTP
from exchanges.bybit_market import BUDGET
from exchanges.transport import Network
from models.errors import BadPayload, Unavailable
from tests.exchanges.bybit_kit import KEY, NOW_MS, SECRET, FrozenTime, bybit, ok, refusal
from tests.exchanges.wire_server import Received, Reply, WireServer, reply

LINEAR = {"category": "linear", "symbol": "BTCUSDT"}
QUERIES: dict[str, dict[str, Any]] = {
    "get_server_time": {},
    "get_instruments_info": {"category": "linear", "limit": 1000, "cursor": None},
    "get_tickers": LINEAR,
    "get_kline": {**LINEAR, "interval": "60", "limit": 200, "end": NOW_MS},
    "get_wallet_balance": {"accountType": "UNIFIED"},
    "get_account_info": {},
    "get_positions": {
        "category": "linear",
        "settleCoin": "USDT",
        "limit": 200,
        "cursor": "BTCUSDT%2C1699948800031%2C0",
    },
    "get_open_orders": {**LINEAR, "orderLinkId": "eb1-x_y", "limit": 50},
    "get_order_history": {**LINEAR, "startTime": NOW_MS - 1000, "endTime": NOW_MS},
    "get_executions": {**LINEAR, "cursor": "132766%3A2%2C132766%3A2"},
    "get_closed_pnl": {"category": "linear", "limit": 100},
    "get_transaction_log": {"accountType": "UNIFIED", "category": "linear", "type": "SETTLEMENT"},
    "get_fee_rates": LINEAR,
    "get_api_key_information": {},
    "place_order": {**LINEAR, "side": "Buy", "orderType": "Market", "qty": "0.01", "orderLinkId": "eb1-x"},
    "place_batch_order": {"category": "linear", "request": [{"symbol": "BTCUSDT", "qty": "0.01"}]},
    "amend_order": {**LINEAR, "orderId": "o-1", "price": "60000.1"},
    "cancel_order": {**LINEAR, "orderId": "o-1"},
    "cancel_all_orders": {"category": "linear", "settleCoin": "USDT"},
    "set_leverage": {**LINEAR, "buyLeverage": "5", "sellLeverage": "5"},
    "set_margin_mode": {"setMarginMode": "ISOLATED_MARGIN"},
    "switch_position_mode": {**LINEAR, "mode": 3},
    "set_trading_stop": {**LINEAR, "stopLoss": "59000", "tpslMode": "Full", "positionIdx": 0},
    "add_or_reduce_margin": {**LINEAR, "margin": "10", "positionIdx": 0},
}
SENT_HEADERS = (
    "Content-Type",
    "Accept",
    "X-BAPI-API-KEY",
    "X-BAPI-SIGN",
    "X-BAPI-SIGN-TYPE",
    "X-BAPI-TIMESTAMP",
    "X-BAPI-RECV-WINDOW",
)


def stock_request(name: str, query: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> requests.PreparedRequest:
    """Return what pybit itself would have sent at this moment."""
    captured: list[requests.PreparedRequest] = []

    def send(request: requests.PreparedRequest, **options: object) -> requests.Response:
        captured.append(request)
        answer = requests.Response()
        answer.status_code, answer._content = 200, b'{"retCode": 0, "retMsg": "OK", "result": {}}'
        return answer

    client = HTTP(api_key=KEY, api_secret=SECRET)
    client.endpoint = "http://127.0.0.1:1"
    monkeypatch.setattr(client.client, "send", send)
    monkeypatch.setattr(_helpers, "generate_timestamp", lambda: NOW_MS)
    getattr(client, name)(**dict(query))
    client.client.close()
    return captured[0]


async def our_request(name: str, query: dict[str, Any]) -> Received:
    time = FrozenTime()
    async with (
        WireServer(lambda request: ok({})) as server,
        Network(monotonic=time.monotonic, wall=time.wall) as network,
    ):
        transport = network.transport(server.url, BUDGET, follows_date=False)
        transport.clock.observe(NOW_MS / 1000, sent_at=1000.0, received_at=1000.0, resolution_s=0.0)
        client = BybitHTTP(server.url, transport, api_key=KEY, api_secret=SECRET)
        call = getattr(client, name)(**dict(query))
        if call.method == "GET":
            await call
        else:
            headers = client.sign(call, timestamp_ms=NOW_MS)
            await transport.request("POST", call.url, body=call.payload.encode(), headers=headers)
        return server.requests[-1]


def test_every_endpoint_of_the_project_is_compared() -> None:
    assert set(QUERIES) == {name for name in vars(Endpoints) if not name.startswith("_")}


@pytest.mark.parametrize("name", QUERIES)
async def test_request_is_what_stock_pybit_sends(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = stock_request(name, QUERIES[name], monkeypatch)
    ours = await our_request(name, QUERIES[name])

    split = urlsplit(str(theirs.url))
    assert ours.method == theirs.method
    assert ours.target == (f"{split.path}?{split.query}" if split.query else split.path)
    assert ours.body == str(theirs.body or "").encode()
    assert {name: ours.headers.get(name) for name in SENT_HEADERS} == {
        name: theirs.headers.get(name) for name in SENT_HEADERS
    }


@pytest.mark.parametrize("value", ["a&side=Sell", "a#b", "a b", "a\r\nX: y", "ü", "a?b"])
async def test_value_that_would_change_the_query_is_never_sent(value: str) -> None:
    async with bybit(lambda request: ok()) as (exchange, server):
        with pytest.raises(ValueError, match="query"):
            exchange._api.get_open_orders(category="linear", orderLinkId=value)
        assert server.requests == []


async def test_write_cannot_be_awaited() -> None:
    async with bybit(lambda request: ok()) as (exchange, server):
        with pytest.raises(TypeError):
            await exchange._api.place_order(category="linear")
        assert server.requests == []


async def test_clock_is_measured_before_the_first_signed_read() -> None:
    venue_ms = NOW_MS + 3_600_000  # this machine's own time is an hour off
    async with bybit(lambda request: ok({"list": []}, time_ms=venue_ms)) as (exchange, server):
        await exchange.get_closed_pnl()
        assert server.requests[0].path == "/v5/market/time"
        assert {request.headers["X-BAPI-TIMESTAMP"] for request in server.requests[1:]} == {str(venue_ms)}


async def test_read_refused_for_its_time_is_repeated_once_with_the_venues_time() -> None:
    answers: list[Reply] = [
        ok({}, time_ms=NOW_MS),
        refusal(10002, time_ms=NOW_MS - 9000),
        ok({"list": []}, time_ms=NOW_MS - 9000),
    ]
    async with bybit(lambda request: answers.pop(0)) as (exchange, server):
        await exchange._api.get_closed_pnl(category="linear")
        stamps = [request.headers["X-BAPI-TIMESTAMP"] for request in server.to("/v5/position/closed-pnl")]
        assert [int(stamp) - NOW_MS for stamp in stamps] == [0, -9000]


async def test_answer_from_a_cache_is_not_believed() -> None:
    answers = [ok({}, time_ms=NOW_MS), ok({"list": []}, time_ms=NOW_MS - 60_000), ok({}, time_ms=NOW_MS)]
    async with bybit(lambda request: answers.pop(0)) as (exchange, _):
        with pytest.raises(Unavailable) as caught:
            await exchange._api.get_closed_pnl(category="linear")
        assert caught.value.code == "stale_answer"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"<html>", b'{"retCode": true}', b'{"retCode": "x"}', b"\xff"]
)
async def test_answer_without_the_documented_envelope_is_refused(body: bytes) -> None:
    async with bybit(lambda request: Reply(body=body)) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_tickers()


@pytest.mark.parametrize(
    ("status", "word"), [(401, "key_invalid"), (403, "venue_busy"), (429, "venue_busy"), (502, "unavailable")]
)
async def test_http_status_of_a_read_is_told(status: int, word: str) -> None:
    async with bybit(lambda request: reply({}, status=status)) as (exchange, server):
        with pytest.raises(Unavailable) as caught:
            await exchange.get_server_time()
        assert caught.value.code == word
        assert len(server.requests) == 1


async def test_refused_read_carries_both_codes_and_is_not_repeated() -> None:
    async with bybit(lambda request: refusal(10010, "unmatched ip")) as (exchange, server):
        with pytest.raises(Unavailable) as caught:
            await exchange.get_server_time()
        assert (caught.value.code, caught.value.fields["venue_code"]) == ("ip_not_allowed", "10010")
        assert len(server.requests) == 1


async def test_no_secret_shows_in_any_repr() -> None:
    async with bybit(lambda request: ok()) as (exchange, _):
        shown = f"{exchange!r} {exchange._http!r} {exchange._api.get_account_info()!r} {exchange._http.transport!r}"
        assert SECRET not in shown
        assert KEY not in shown
