"""The simulated Bybit's WebSockets, with stock pybit and by hand."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pybit.unified_trading
import pytest
from pybit.unified_trading import WebSocket

from sandbox.bybit.access import sign
from sandbox.bybit_api import STREAMS
from sandbox.clock import real_ms
from sandbox.server import Sandbox
from tests.sandbox.bybit.kit import PybitClient

WAIT_SECONDS = 10


class Inbox:
    """Messages of pybit's threads, in the test's loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def __call__(self, message: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, message)

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message that fits."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                message = await self._queue.get()
                if wanted(message):
                    return message


class Sent(dict[str, str]):
    """What pybit subscribed to. It notes a request after sending it; its other thread may hear the answer before."""

    def __missing__(self, request: str) -> str:
        deadline = time.monotonic() + WAIT_SECONDS
        while request not in self and time.monotonic() < deadline:
            time.sleep(0.001)
        return self.get(request, "")


async def connect(channel: str, **options: Any) -> WebSocket:
    """Return stock pybit's WebSocket, connected."""
    stream = await asyncio.to_thread(WebSocket, channel_type=channel, testnet=False, **options)
    stream.subscriptions = Sent()  # type: ignore[assignment]  # it holds a dict wherever it holds anything
    return stream


@pytest.fixture
def pybit_urls(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point stock pybit's WebSocket at the sandbox; it has no parameter for that."""
    monkeypatch.setattr(pybit.unified_trading, "PRIVATE_WSS", f"{sandbox.bybit_ws_url}/v5/private")
    monkeypatch.setattr(pybit.unified_trading, "PUBLIC_WSS", f"{sandbox.bybit_ws_url}/v5/public/linear")


@pytest.mark.usefixtures("pybit_urls")
async def test_stock_pybit_hears_its_order_fill_position_and_wallet(sandbox: Sandbox, client: PybitClient) -> None:
    assert client.account is not None
    inbox = Inbox()
    stream = await connect(
        "private", api_key=client.account.api_key, api_secret=client.account.secret, private_auth_expire=10
    )
    for subscribe in (stream.order_stream, stream.execution_stream, stream.position_stream, stream.wallet_stream):
        await asyncio.to_thread(subscribe, inbox)
    async with asyncio.timeout(WAIT_SECONDS):
        while len(sandbox.apps["bybit"][STREAMS].topics()) < 4:
            await asyncio.to_thread(time.sleep, 0.01)
    await client.order(orderLinkId="heard")
    execution = await inbox.until(lambda message: message["topic"] == "execution")
    assert execution["data"][0]["orderLinkId"] == "heard"
    order = await inbox.until(lambda m: m["topic"] == "order" and m["data"][0]["orderStatus"] == "Filled")
    assert order["data"][0]["category"] == "linear"
    await asyncio.to_thread(stream.exit)


@pytest.mark.usefixtures("pybit_urls")
async def test_stock_pybit_hears_tickers_books_trades_and_bars(sandbox: Sandbox) -> None:
    sandbox.set_price("BTCUSDT", 60_000)
    inbox = Inbox()
    stream = await connect("linear")
    await asyncio.to_thread(stream.ticker_stream, "BTCUSDT", inbox)
    await asyncio.to_thread(stream.orderbook_stream, 1, "BTCUSDT", inbox)
    await asyncio.to_thread(stream.trade_stream, "BTCUSDT", inbox)
    await asyncio.to_thread(stream.kline_stream, 1, "BTCUSDT", inbox)
    for topic in ("tickers.BTCUSDT", "orderbook.1.BTCUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"):
        await inbox.until(lambda message, topic=topic: message["topic"] == topic)  # type: ignore[misc]
    sandbox.set_price("BTCUSDT", 61_000)
    await inbox.until(lambda m: m["topic"] == "tickers.BTCUSDT" and m["data"]["lastPrice"] == "61000.00")
    await asyncio.to_thread(stream.exit)


async def open_private(session: aiohttp.ClientSession, sandbox: Sandbox, client: PybitClient) -> Any:
    """An authenticated socket that listens to executions."""
    assert client.account is not None
    socket = await session.ws_connect(f"{sandbox.bybit_ws_url}/v5/private")
    expires = real_ms() + 10_000
    signature = sign(client.account.secret, f"GET/realtime{expires}")
    await socket.send_json({"op": "auth", "args": [client.account.api_key, expires, signature]})
    assert (await socket.receive_json())["success"] is True
    await socket.send_json({"op": "subscribe", "args": ["execution"], "req_id": "7"})
    assert (await socket.receive_json())["req_id"] == "7"
    return socket


async def test_a_wrong_signature_is_refused_and_the_socket_closed(sandbox: Sandbox, client: PybitClient) -> None:
    assert client.account is not None
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{sandbox.bybit_ws_url}/v5/private")
        await socket.send_json({"op": "auth", "args": [client.account.api_key, real_ms() + 10_000, "00"]})
        assert (await socket.receive_json())["success"] is False
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_private_topics_need_authentication(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{sandbox.bybit_ws_url}/v5/private")
        await socket.send_json({"op": "subscribe", "args": ["order"]})
        assert (await socket.receive_json())["success"] is False
        await socket.close()


@pytest.mark.parametrize(("path", "field"), [("private", "op"), ("public/linear", "ret_msg")])
async def test_a_ping_is_answered(sandbox: Sandbox, path: str, field: str) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{sandbox.bybit_ws_url}/v5/{path}")
        await socket.send_json({"op": "ping", "req_id": "1"})
        answer = await socket.receive_json()
        assert (answer[field], answer["req_id"]) == ("pong", "1")
        await socket.close()


async def test_dropped_sockets_end_and_a_new_one_may_replay_executions(sandbox: Sandbox, client: PybitClient) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await open_private(session, sandbox, client)
        await client.order(orderLinkId="once")
        first = await socket.receive_json()
        assert await sandbox.world.drop_sockets("bybit") == 1
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        sandbox.world.behaviour.replay_executions = 5
        again = await open_private(session, sandbox, client)
        assert (await again.receive_json())["data"][0]["execId"] == first["data"][0]["execId"]
        await again.close()


async def test_a_muted_stream_stays_open_and_silent(sandbox: Sandbox, client: PybitClient) -> None:
    sandbox.world.behaviour.mute_streams = True
    async with aiohttp.ClientSession() as session:
        socket = await open_private(session, sandbox, client)
        await client.order()
        await socket.send_str(json.dumps({"op": "ping"}))
        assert (await socket.receive_json())["op"] == "pong"
        await socket.close()


async def test_an_account_does_not_hear_another_ones_orders(sandbox: Sandbox, client: PybitClient) -> None:
    other = PybitClient(sandbox, sandbox.new_bybit_account("other"))
    async with aiohttp.ClientSession() as session:
        socket = await open_private(session, sandbox, other)
        await client.order()
        await socket.send_json({"op": "ping"})
        assert (await socket.receive_json())["op"] == "pong"
        await socket.close()
    other.close()
