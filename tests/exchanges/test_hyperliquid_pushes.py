"""What HyperLiquid pushes: one line for all questions, no old answer for a new one, REST wherever it is silent."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from aiohttp import web

from exchanges.hyperliquid import HLExchange
from exchanges.hyperliquid_keys import AccountAddress
from exchanges.hyperliquid_looks import Looks, changes_open_orders
from exchanges.hyperliquid_market import BUDGET
from exchanges.hyperliquid_pushes import Pushes, Topic
from exchanges.hyperliquid_stream import slots_of
from exchanges.pacing import Purpose, reading_for
from exchanges.transport import Network
from models.enums import MarginMode, OrderType
from models.market import Ticker
from models.requests import Action, CancelOrder, SetLeverage
from models.values import from_millis, to_millis
from tests.exchanges.hyperliquid_kit import BTC, Simulation, order, simulation
from tests.exchanges.stream_server import StreamServer, Talk

T = TypeVar("T")

DEADLINE_S = 10
PATIENCE = "exchanges.hyperliquid_pushes._PATIENCE_S"
PRICE = Topic("activeAssetCtx", "BTC")
ORDERS = Topic("openOrders", "", "0xa1")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for pushes longer than a busy machine may keep them."""
    monkeypatch.setattr(PATIENCE, DEADLINE_S * 0.8)


class Time:
    """The machine's clock, moved forward by hand."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@asynccontextmanager
async def pushing(talk: Callable[[StreamServer], Talk]) -> AsyncIterator[tuple[Pushes, StreamServer, Time]]:
    """Yield pushes from a hand-written venue."""
    server = StreamServer(lambda socket, number: talk(server)(socket, number))
    clock = Time()
    async with server, Network(monotonic=clock) as network, asyncio.timeout(DEADLINE_S):
        yield Pushes(network.transport("http://127.0.0.1:9", BUDGET), server.url), server, clock


def telling(server: StreamServer) -> Talk:
    """Return a venue that tells, about each subscription, how many came before it, and beats."""

    async def beat(socket: web.WebSocketResponse) -> None:
        while True:
            await socket.send_json({"channel": "pong"})
            await asyncio.sleep(0.02)

    async def talk(socket: web.WebSocketResponse, number: int) -> None:
        count = 0
        beating = asyncio.create_task(beat(socket))
        try:
            while True:
                message = json.loads(await server.listen(socket))
                if message["method"] == "subscribe":
                    wanted = message["subscription"]
                    data = {**wanted, "count": f"{number}:{count}"}
                    count += 1
                    await socket.send_json({"channel": wanted["type"], "data": data})
        finally:
            beating.cancel()

    return talk


def counted(push: Any) -> str | None:
    return None if push is None else push.data["count"]


async def test_all_questions_share_one_line_and_each_is_subscribed_once() -> None:
    async with pushing(telling) as (pushes, server, _):
        asked = [PRICE, PRICE, ORDERS, PRICE]
        told = await asyncio.gather(*(pushes.latest(topic) for topic in asked))
        assert [push.data["type"] for push in told if push] == [topic.channel for topic in asked]
        assert (await pushes.latest(Topic("activeAssetCtx", "ETH"))) is not None
    assert server.connections == 1
    wanted = [json.loads(text)["subscription"] for text in server.heard]
    assert wanted[1] == {"type": "openOrders", "user": "0xa1", "dex": ""}
    assert [each["coin"] for each in wanted if "coin" in each] == ["BTC", "ETH"]


async def test_what_nobody_asks_for_any_more_is_unsubscribed_and_the_line_hung_up() -> None:
    async with pushing(telling) as (pushes, server, clock):
        await pushes.latest(PRICE)
        clock.ahead_s += 50
        await pushes.latest(ORDERS)
        clock.ahead_s += 50
        await pushes.latest(ORDERS)
        await _until(lambda: "unsubscribe" in server.heard[-1])
        assert json.loads(server.heard[-1])["subscription"] == {"type": "activeAssetCtx", "coin": "BTC"}
        clock.ahead_s += 100
        await server.closed.wait()
        assert counted(await _answer(lambda: pushes.latest(ORDERS))) == "1:0"


async def test_nothing_is_told_of_a_lost_line_and_it_is_not_waited_for() -> None:
    def once(server: StreamServer) -> Talk:
        async def talk(socket: web.WebSocketResponse, number: int) -> None:
            await server.listen(socket)
            if number == 0:
                await socket.send_json({"channel": "activeAssetCtx", "data": {"coin": "BTC", "count": "first"}})
                await lose.wait()
            else:
                await socket.send_json({"channel": "activeAssetCtx", "data": {"coin": "BTC", "count": "second"}})
                await server.listen(socket)

        return talk

    lose = asyncio.Event()
    async with pushing(once) as (pushes, _, clock):
        assert counted(await pushes.latest(PRICE)) == "first"
        lose.set()
        await _until(lambda: pushes._line is None)
        assert await pushes.latest(PRICE, newer_than=clock()) is None
        pushes.note(PRICE, {"count": "noted"}, asked_at=clock())
        assert counted(await _answer(lambda: pushes.latest(PRICE))) == "second"


async def test_nothing_is_told_of_a_line_that_was_followed_before() -> None:
    async with pushing(telling) as (pushes, _, _clock):
        assert counted(await pushes.latest(PRICE)) == "0:0"
        assert pushes._task is not None
        pushes._task.cancel()
        await asyncio.gather(pushes._task, return_exceptions=True)
        assert counted(await _answer(lambda: pushes.latest(PRICE))) == "1:0"


async def test_what_changed_is_waited_for_and_an_answer_of_rest_stands_in_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with pushing(telling) as (pushes, _, clock):
        first = await pushes.latest(PRICE)
        assert first is not None
        monkeypatch.setattr(PATIENCE, 0.1)
        changed_at = clock()
        assert await pushes.latest(PRICE, newer_than=changed_at) is None
        pushes.note(PRICE, {"count": "too old"}, asked_at=first.received_at - 1)
        assert counted(await pushes.latest(PRICE)) == "0:0"
        pushes.note(PRICE, {"count": "noted"}, asked_at=changed_at)
        assert counted(await pushes.latest(PRICE, newer_than=changed_at)) == "noted"


async def test_no_more_people_are_followed_than_leave_room_for_the_private_streams() -> None:
    async with pushing(telling) as (pushes, _, _clock):
        told = [await pushes.latest(Topic("openOrders", "", f"0x{number}")) for number in range(6)]
    assert [push is not None for push in told] == [True] * 5 + [False]


async def test_nobody_is_followed_in_the_place_of_a_private_stream() -> None:
    async with pushing(telling) as (pushes, _, _clock), AsyncExitStack() as streams:
        for number in range(8):
            streams.enter_context(slots_of(pushes._transport).take(AccountAddress(f"0x{number}")))
        told = [await pushes.latest(Topic("openOrders", "", f"0x{number}")) for number in (1, 8, 9, 10)]
    assert [push is not None for push in told] == [True, True, True, False]


async def test_push_that_cannot_be_read_is_as_good_as_none() -> None:
    async with pushing(telling) as (pushes, server, clock):
        looks, user = Looks(pushes, clock), AccountAddress("0xa1")
        with reading_for(Purpose.READ, is_look=True):
            assert await looks.leverage(user, "BTC") is None
            assert await looks.orders(user, "", lambda _: "read") is None
            assert await looks.state(user, "") is None
        assert len(server.heard) == 3
        assert await looks.leverage(user, "ETH") is None  # who does more than look does not even ask
        assert len(server.heard) == 3


@pytest.mark.parametrize(
    ("action", "changes"),
    [
        (order(), True),
        (order(order_type=OrderType.MARKET), False),
        (SetLeverage(instrument=BTC, leverage=Decimal(3), margin_mode=MarginMode.CROSS), False),
        (CancelOrder(instrument=BTC, order_id="1"), True),
    ],
)
def test_only_what_may_rest_or_end_a_rest_makes_older_lists_of_orders_worthless(action: Action, changes: bool) -> None:
    assert changes_open_orders(action) is changes


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110  a condition of the other side, not an event of this one
        await asyncio.sleep(0.01)


async def _answer(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer."""
    while (found := await ask()) is None:  # noqa: ASYNC110  likewise
        await asyncio.sleep(0.02)
    return found


def kinds(simulated: Simulation) -> list[str]:
    return [body["type"] for body in simulated.asked if body["path"] == "/info"]


async def _ticker_at(exchange: HLExchange, price: Decimal) -> Ticker | None:
    ticker = await exchange.get_ticker(BTC)
    return ticker if ticker.mark_price == price else None


async def test_pushed_price_costs_nothing_and_an_old_one_is_not_taken_for_new() -> None:
    async with simulation() as (simulated, _), Network(monotonic=(clock := Time())) as network:
        exchange = simulated.account(network)
        async with asyncio.timeout(DEADLINE_S):
            assert (await exchange.get_ticker(BTC)).mark_price == Decimal(60000)
            moved_at = from_millis(to_millis(datetime.now(UTC)))
            simulated.set_price("BTC", "61000")
            ticker = await _answer(lambda: _ticker_at(exchange, Decimal(61000)))
            assert kinds(simulated) == []
            clock.ahead_s += 5
            later = await exchange.get_ticker(BTC)
    assert (later.mark_price, kinds(simulated)) == (Decimal(61000), ["metaAndAssetCtxs"])
    assert moved_at <= ticker.as_of <= datetime.now(UTC)


async def test_looks_at_orders_and_leverage_see_what_was_just_done_and_cost_nothing() -> None:
    async with simulation() as (simulated, network):
        exchange = simulated.account(network)
        async with asyncio.timeout(DEADLINE_S * 2):
            with reading_for(Purpose.READ, is_look=True):
                await exchange.get_positions()
                before = await exchange.get_open_orders(BTC)
                assert kinds(simulated).count("clearinghouseState") == 0
                await simulated.do(exchange, order(price=Decimal(50000)))
                after = await exchange.get_open_orders(BTC)
                await exchange.get_positions()
                asked = [body for body in simulated.asked if body.get("type") == "clearinghouseState"]
                assert [body for body in asked if body.get("dex")] == []  # nothing was sent there
                assert await exchange.get_leverage(BTC) != 7
                await simulated.do(
                    exchange, SetLeverage(instrument=BTC, leverage=Decimal(7), margin_mode=MarginMode.CROSS)
                )
                assert await exchange.get_leverage(BTC) == 7
            assert len(after) == len(before) + 1
            assert kinds(simulated).count("frontendOpenOrders") == 0
            assert kinds(simulated).count("activeAssetData") <= 1  # its push may come too late
            decided_by = await exchange.get_open_orders(BTC)
    assert [o.order_id for o in decided_by] == [o.order_id for o in after]
    assert kinds(simulated)[-1] == "frontendOpenOrders"
