"""Bybit's private stream: login, subscription, and what its messages become."""

import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from exchanges.base import AccountEvent, Credentials
from exchanges.bybit import BybitExchange
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, PositionSide
from models.errors import Rejected
from tests.exchanges import bybit_rows as rows
from tests.exchanges.bybit_kit import BTC, KEY, NOW_MS, SECRET, FrozenTime
from tests.exchanges.stream_server import StreamServer

Message = dict[str, Any]


def message(topic: str, *data: Message) -> Message:
    return {"id": "m", "topic": topic, "creationTime": NOW_MS, "data": [{"category": "linear", **row} for row in data]}


@asynccontextmanager
async def listening(server: StreamServer) -> AsyncIterator[BybitExchange]:
    time = FrozenTime()
    async with Network(monotonic=time.monotonic, wall=time.wall) as network:
        credentials = Credentials(
            exchange="bybit", account_type=AccountType.DEMO, values={"api_key": KEY, "api_secret": SECRET}
        )
        yield BybitExchange(credentials, Endpoints(rest="http://127.0.0.1:1", stream=server.url), network)


async def log_in(server: StreamServer, socket: web.WebSocketResponse) -> Message:
    """Play the venue's part of the greeting; return the login that was sent."""
    login = json.loads(await server.listen(socket))
    await socket.send_json({"success": True, "ret_msg": "", "op": "auth", "conn_id": "c"})
    assert json.loads(await server.listen(socket))["op"] == "subscribe"
    await socket.send_json({"op": "pong"})
    await socket.send_json({"success": True, "ret_msg": "", "op": "subscribe", "conn_id": "c"})
    assert isinstance(login, dict)
    return login


async def events_of(*messages: Message | str, count: int) -> list[AccountEvent]:
    """Return the events that a stream of messages becomes, the first gap left out."""

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await log_in(server, socket)
        for item in messages:
            await socket.send_str(item if isinstance(item, str) else json.dumps(item))
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        return (await take(exchange, count + 1))[1:]


async def take(exchange: BybitExchange, count: int) -> list[AccountEvent]:
    taken: list[AccountEvent] = []
    async with contextlib.aclosing(exchange.stream([BTC])) as events:
        async for event in events:
            taken.append(event)
            if len(taken) == count:
                break
    return taken


async def test_stream_logs_in_subscribes_and_starts_with_a_gap() -> None:
    logins: list[Message] = []

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        logins.append(await log_in(server, socket))
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        assert await take(exchange, 1) == [AccountEvent(is_gap=True)]
    (login,) = logins
    key, expires, signature = login["args"]
    assert (login["op"], key) == ("auth", KEY)
    assert expires == NOW_MS + 10_000
    assert signature == hmac.new(SECRET.encode(), f"GET/realtime{expires}".encode(), hashlib.sha256).hexdigest()
    assert json.loads(server.heard[1])["args"] == ["order", "execution", "position", "wallet"]


async def test_messages_become_models() -> None:
    position = {**rows.POSITION, "entryPrice": rows.POSITION["avgPrice"]}
    orders, fills, positions = await events_of(
        message("order", rows.ORDER),
        message("execution", rows.EXECUTION),
        message("position", {name: value for name, value in position.items() if name != "avgPrice"}),
        count=3,
    )
    assert [order.order_id for order in orders.orders] == [rows.ORDER["orderId"]]
    assert [fill.fill_id for fill in fills.fills] == [rows.EXECUTION["execId"]]
    assert [(p.side, p.entry_price) for p in positions.positions] == [(PositionSide.LONG, Decimal("60000.5"))]
    assert orders.orders[0].account_type is AccountType.DEMO


async def test_closed_position_asks_for_a_snapshot() -> None:
    flat = {**rows.POSITION, "symbol": "ETHUSDT", "side": "", "size": "0"}
    (event,) = await events_of(message("position", rows.POSITION, flat), count=1)
    assert (event.is_gap, len(event.positions)) == (True, 1)


async def test_wallet_message_is_a_hint_without_content() -> None:
    (event,) = await events_of(message("wallet", rows.WALLET), count=1)
    assert event == AccountEvent()


async def test_message_that_cannot_be_read_is_a_gap() -> None:
    (event,) = await events_of(message("order", {**rows.ORDER, "orderStatus": "Dreaming"}), count=1)
    assert event == AccountEvent(is_gap=True)


async def test_messages_about_other_things_are_passed_over() -> None:
    spot = {"topic": "order", "creationTime": NOW_MS, "data": [{**rows.ORDER, "category": "spot"}]}
    events = await events_of("not json", "[]", {"op": "pong"}, {"topic": "greeks"}, spot, message("wallet"), count=1)
    assert events == [AccountEvent()]


@pytest.mark.parametrize("answer", [{"ret_msg": "API key is invalid."}, {"ret_msg": "", "retCode": 10003}])
async def test_refused_key_ends_the_stream(answer: Message) -> None:
    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        await server.listen(socket)
        await socket.send_json({"success": False, "op": "auth", **answer})
        await server.listen(socket)

    async with StreamServer(talk) as server, listening(server) as exchange:
        with pytest.raises(Rejected) as caught:
            await take(exchange, 1)
    assert caught.value.code == "key_invalid"
    assert server.connections == 1
