"""OKX's private stream: login, subscription, and what its messages become."""

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from exchanges.base import AccountEvent, Credentials
from exchanges.okx import OkxExchange
from exchanges.okx_http import Keys
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, OrderStatus
from models.errors import Rejected
from tests.exchanges.okx_kit import (
    BTC,
    CREDENTIALS,
    KEY,
    NOW_MS,
    PASSPHRASE,
    SECRET,
    FrozenTime,
    answering,
    okx_rows,
)
from tests.exchanges.stream_server import StreamServer
from tests.exchanges.wire_server import WireServer
from tests.payloads.loading import payload

Message = dict[str, Any]
FILLED: Message = payload("okx/ws_orders")
OPEN: Message = {**FILLED, "data": [okx_rows("http_get_trade_order")[0]]}
POSITIONS: Message = {
    "arg": {"channel": "positions", "instType": "SWAP"},
    "data": okx_rows("http_get_account_positions"),
}
MONEY: Message = {"arg": {"channel": "account"}, "data": okx_rows("http_get_account_balance_futures")}


@asynccontextmanager
async def listening(server: StreamServer) -> AsyncIterator[OkxExchange]:
    time = FrozenTime()
    credentials = Credentials(exchange="okx", account_type=AccountType.DEMO, values=CREDENTIALS)
    async with (
        WireServer(answering()) as rest,
        Network(monotonic=time.monotonic, wall=time.wall) as network,
    ):
        yield OkxExchange(credentials, Endpoints(rest=rest.url, stream=server.url), network)


async def log_in(server: StreamServer, socket: web.WebSocketResponse) -> list[Message]:
    """Play the venue's part of the greeting; return what was sent."""
    login = json.loads(await server.listen(socket))
    await socket.send_json({"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"})
    subscription = json.loads(await server.listen(socket))
    for argument in subscription["args"]:
        await socket.send_json({"event": "subscribe", "arg": argument, "connId": "a4d3ae55"})
    return [login, subscription]


async def events_of(*messages: Message | str, count: int) -> list[AccountEvent]:
    """Return the events that a stream of messages becomes, the first gap left out."""

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await log_in(server, socket)
        for item in messages:
            await socket.send_str(item if isinstance(item, str) else json.dumps(item))
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        return (await take(exchange, count + 1))[1:]


async def take(exchange: OkxExchange, count: int) -> list[AccountEvent]:
    taken: list[AccountEvent] = []
    async with contextlib.aclosing(exchange.stream([BTC])) as events:
        async for event in events:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


async def test_stream_logs_in_subscribes_and_starts_with_a_gap() -> None:
    sent: list[Message] = []

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        sent.extend(await log_in(server, socket))
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        (first,) = await take(exchange, 1)
    login, subscription = sent
    time = str(NOW_MS // 1000)
    keys = Keys(api_key=KEY, api_secret=SECRET, passphrase=PASSPHRASE)
    assert first == AccountEvent(is_gap=True)
    assert login == {
        "op": "login",
        "args": [
            {
                "apiKey": KEY,
                "passphrase": PASSPHRASE,
                "timestamp": time,
                "sign": keys.signature(f"{time}GET/users/self/verify"),
            }
        ],
    }
    assert [argument["channel"] for argument in subscription["args"]] == ["orders", "positions", "account"]


async def test_order_and_its_execution_come_together() -> None:
    resting, filled = await events_of(OPEN, FILLED, count=2)
    assert ([order.status for order in resting.orders], resting.fills) == ([OrderStatus.OPEN], ())
    assert [(order.status, order.filled_size) for order in filled.orders] == [(OrderStatus.FILLED, Decimal("0.02"))]
    assert [(fill.size, fill.fee) for fill in filled.fills] == [(Decimal("0.02"), Decimal("0.6325"))]


async def test_position_asks_for_a_snapshot_and_money_is_a_hint() -> None:
    position, money = await events_of(POSITIONS, MONEY, count=2)
    assert (position.is_gap, position.positions) == (True, ())
    assert (money.is_gap, money.balance) == (False, None)


@pytest.mark.parametrize(
    "noise", ["pong", "[]", '{"event":"notice","code":"64008","msg":"soon"}', '{"arg":{"channel":"tickers"},"data":[]}']
)
async def test_what_is_no_news_is_left_out(noise: str) -> None:
    (event,) = await events_of(noise, MONEY, count=1)
    assert event == AccountEvent()


@pytest.mark.parametrize("broken", [{}, {"instId": "GONE-USDT-SWAP", "uTime": "1"}, {"instId": "BTC-USDT-SWAP"}])
async def test_message_that_cannot_be_read_is_a_gap(broken: Message) -> None:
    (event,) = await events_of({**FILLED, "data": [broken]}, count=1)
    assert event == AccountEvent(is_gap=True)


@pytest.mark.parametrize("code", ["60005", "60009", "60032"])
async def test_refused_key_ends_the_stream(code: str) -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await server.listen(socket)
        await socket.send_json({"event": "error", "code": code, "msg": "Login failed."})

    async with StreamServer(talk) as server, listening(server) as exchange:
        with pytest.raises(Rejected) as caught:
            await take(exchange, 1)
    assert (caught.value.code, caught.value.venue_code) == ("key_invalid", code)


@pytest.mark.parametrize("code", ["60006", "60004", "63999"])
async def test_login_that_failed_for_another_reason_is_tried_again(code: str) -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        if number == 0:
            await server.listen(socket)
            await socket.send_json({"event": "error", "code": code, "msg": "Timestamp request expired"})
            return
        await log_in(server, socket)
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        assert await take(exchange, 1) == [AccountEvent(is_gap=True)]
        assert server.connections == 2


async def test_refused_channel_is_tried_again() -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        if number == 0:
            await server.listen(socket)
            await socket.send_json({"event": "login", "code": "0", "msg": ""})
            await server.listen(socket)
            await socket.send_json({"event": "error", "code": "60012", "msg": "Illegal request"})
            return
        await log_in(server, socket)
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        assert await take(exchange, 1) == [AccountEvent(is_gap=True)]
