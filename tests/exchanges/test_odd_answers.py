"""Whatever stands in an answer, a read says that it could not be read: on no path is it an empty list, or a crash."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from direct.bybit import DirectBybit
from direct.calls import Pools
from hl_adapter import DirectHyperliquid
from models.enums import AccountType
from models.errors import TradingError
from models.venue import Credentials, KeyInfo
from tests.exchanges import bybit_kit, hyperliquid_kit, okx_kit
from tests.exchanges.wire_server import Received, Reply, Script, WireServer

Reads = dict[str, Callable[[Any], Awaitable[Any]]]
TIME = {"timeSecond": "1790000000", "timeNano": "1790000000000000000"}
NOT_JSON = [b"", b"null", b"<html>busy</html>", b'"ok"', b"7", b"true", b"[1]", b"[[]]", b"[null]", b"[" * 100_000]
OUT_OF_SHAPE = [b"{}", b'{"error": "x"}', b'{"list": []}', b'{"data": []}']
LISTS: list[Any] = [None, {}, [None], [{}], [[]]]
RESULTS: list[Any] = [None, [], "", {}, *({"list": rows} for rows in LISTS)]
BYBIT_BODIES = [
    *NOT_JSON,
    *OUT_OF_SHAPE,
    b"[]",
    b'{"retCode": 0}',
    b'{"retCode": 10001}',
    b'{"retCode": 10016, "retMsg": null, "result": null}',
    b'{"retCode": "10016", "retMsg": "x", "result": {"list": []}}',
    b'{"retCode": null, "retMsg": "", "result": {"list": []}}',
    b'{"retCode": false, "retMsg": "", "result": {"list": []}}',
    b'{"result": {"list": []}}',
    *(
        json.dumps({"retCode": 0, "retMsg": "OK", "time": bybit_kit.NOW_MS, "result": result}).encode()
        for result in RESULTS
    ),
]
OKX_BODIES = [
    *NOT_JSON,
    *OUT_OF_SHAPE,
    b"[]",
    b'{"code": "0"}',
    b'{"code": 0, "msg": "", "data": []}',
    b'{"code": "0", "msg": "", "data": null}',
    b'{"code": "0", "msg": "", "data": {}}',
    b'{"code": "0", "msg": "", "data": [null]}',
    b'{"code": "0", "msg": "", "data": [{}]}',
    b'{"code": "50001", "msg": null, "data": []}',
]
HYPERLIQUID_BODIES = [*NOT_JSON, *OUT_OF_SHAPE, b"[{}]", b'[{"coin": "BTC"}]', b'{"status": "err", "response": "x"}']


def reads_of(market: Any) -> Reads:
    """Return every question about an account or a market."""
    return {
        "balance": lambda e: e.get_balance(),
        "positions": lambda e: e.get_positions(),
        "positions of a market": lambda e: e.get_positions(market),
        "open orders": lambda e: e.get_open_orders(),
        "order": lambda e: e.find_order(market, client_order_id="0x" + "0" * 32),
        "history": lambda e: e.get_order_history(),
        "fills": lambda e: e.get_fills(),
        "results": lambda e: e.get_closed_pnl(),
        "funding": lambda e: e.get_funding(),
        "leverage": lambda e: e.get_leverage(market),
        "fees": lambda e: e.get_fee_rates(market),
        "state": lambda e: e.get_account_state(market),
        "key": lambda e: e.get_key_info(),
        "ticker": lambda e: e.get_ticker(market),
        "tickers": lambda e: e.get_tickers(),
        "candles": lambda e: e.get_candles(market, "1h"),
    }


@asynccontextmanager
async def bybit_directly(script: Script) -> AsyncIterator[tuple[DirectBybit, WireServer]]:
    values = {"api_key": bybit_kit.KEY, "api_secret": bybit_kit.SECRET}
    credentials = Credentials(exchange="bybit", account_type=AccountType.PAPER, values=values)
    pools = Pools("odd")
    async with WireServer(script) as server:
        yield (
            DirectBybit(base_url=server.url, account_type=AccountType.PAPER, credentials=credentials, pools=pools),
            server,
        )
    pools.close()


@asynccontextmanager
async def hyperliquid_directly(script: Script) -> AsyncIterator[tuple[DirectHyperliquid, WireServer]]:
    values = {"private_key": hyperliquid_kit.AGENT_KEY, "account_address": hyperliquid_kit.MASTER}
    credentials = Credentials(exchange="hyperliquid", account_type=AccountType.PAPER, values=values)
    pools = Pools("odd")
    async with WireServer(script) as server:
        yield (
            DirectHyperliquid(
                base_url=server.url, account_type=AccountType.PAPER, credentials=credentials, pools=pools
            ),
            server,
        )
    pools.close()


PATHS: dict[str, tuple[Any, list[bytes], Any]] = {
    "bybit": (bybit_kit.bybit, BYBIT_BODIES, bybit_kit.BTC),
    "bybit directly": (bybit_directly, BYBIT_BODIES, bybit_kit.BTC),
    "okx": (okx_kit.okx, OKX_BODIES, okx_kit.BTC),
    "hyperliquid": (hyperliquid_kit.venue, HYPERLIQUID_BODIES, hyperliquid_kit.BTC),
    "hyperliquid directly": (hyperliquid_directly, HYPERLIQUID_BODIES, hyperliquid_kit.BTC),
}


def always(body: bytes) -> Script:
    """Answer everything so, but the time of day."""

    def script(request: Received) -> Reply:
        if request.path == "/v5/market/time":
            return bybit_kit.ok(TIME)
        if request.path == okx_kit.TIME:
            return okx_kit.ok({"ts": str(okx_kit.NOW_MS)})
        return Reply(body=body)

    return script


async def outcome(reading: Awaitable[Any]) -> object:
    """Return what a read gave: a value, or the error that says that there is none."""
    try:
        return await reading
    except TradingError as e:
        return e


@pytest.mark.parametrize("path", PATHS)
async def test_no_odd_answer_is_taken_for_an_answer(path: str) -> None:
    opened, bodies, market = PATHS[path]
    for body in bodies:
        async with opened(always(body)) as (exchange, _):
            for name, read in reads_of(market).items():
                found = await outcome(read(exchange))
                is_bare_key = name == "key" and isinstance(found, KeyInfo)  # a test account's, which tells nothing
                assert isinstance(found, TradingError) or is_bare_key, (name, body)


CODES: list[Any] = [None, "", [], {}, [0], "x", 10**30, -1, 0.5, True]
TIMES: list[Any] = [None, "", "x", 10**30, 10**400, -(10**18), 1.5, True, [], {}, "9" * 40, "9" * 5000, 0]


@pytest.mark.parametrize("path", ["bybit", "bybit directly"])
async def test_odd_time_of_an_answer_neither_spoils_it_nor_the_clock(path: str) -> None:
    opened, _, _ = PATHS[path]
    for moment in TIMES:
        body = json.dumps({"retCode": 0, "retMsg": "OK", "time": moment, "result": {"list": []}}).encode()
        async with opened(always(body)) as (exchange, _):
            assert await exchange.get_open_orders() == [], moment
            assert exchange.venue_time_ms() // 10**12 == 1, moment


@pytest.mark.parametrize("path", PATHS)
async def test_odd_code_of_an_answer_ends_in_words(path: str) -> None:
    opened, _, _ = PATHS[path]
    for code in CODES:
        for name in ("retCode", "code"):
            body = json.dumps({name: code, "retMsg": "x", "msg": "x", "result": {"list": []}, "data": []}).encode()
            async with opened(always(body)) as (exchange, _):
                assert isinstance(await outcome(exchange.get_positions()), TradingError), code
