"""Reads of Bybit's direct path, on a venue that is a script: as much is read as on the unified one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from direct.bybit import DirectBybit
from direct.calls import Pools
from models.enums import AccountType
from models.errors import BadPayload, Unavailable
from models.order import Order
from models.values import from_millis
from models.venue import Credentials
from tests.exchanges.bybit_kit import BTC, BTC_USD, KEY, NOW_MS, SECRET, ok, page, refusal
from tests.exchanges.wire_server import Received, Reply, Script, WireServer
from tests.payloads.loading import bybit_rows

LINEAR, INVERSE = {("linear", "USDT"), ("linear", "USDC")}, {("inverse", None)}
Read = Callable[[DirectBybit], Awaitable[Any]]


def answering(**answers: Reply | Script) -> Script:
    """Return a script that answers by the last two parts of a path; anything else is an empty list."""

    def script(request: Received) -> Reply:
        name = "_".join(request.path.split("/")[-2:]).replace("-", "_")
        if name == "market_time":
            return ok({"timeNano": f"{NOW_MS}000000"})
        answer = answers.get(name, page())
        return answer if isinstance(answer, Reply) else answer(request)  # type: ignore[return-value]

    return script


@asynccontextmanager
async def direct(script: Script) -> AsyncIterator[tuple[DirectBybit, WireServer]]:
    """Yield the direct path to a venue that is a script."""
    values = {"api_key": KEY, "api_secret": SECRET}
    credentials = Credentials(exchange="bybit", account_type=AccountType.PAPER, values=values)
    pools = Pools("test")
    async with WireServer(script) as server:
        account = DirectBybit(base_url=server.url, account_type=AccountType.PAPER, credentials=credentials, pools=pools)
        yield account, server
    pools.close()


SCOPES: dict[str, tuple[Read, set[tuple[str, str | None]]]] = {
    "order/history": (lambda e: e.get_order_history(), LINEAR | INVERSE),
    "execution/list": (lambda e: e.get_fills(), {("linear", None)} | INVERSE),
    "position/closed-pnl": (lambda e: e.get_closed_pnl(), {("linear", None)} | INVERSE),
    "account/transaction-log": (lambda e: e.get_funding(), {("linear", None)} | INVERSE),
    "market/tickers": (lambda e: e.get_tickers(), {("linear", None)} | INVERSE),
    "position/list": (lambda e: e.get_positions(), LINEAR | INVERSE),
    "order/realtime": (lambda e: e.get_open_orders(), LINEAR | INVERSE),
}


@pytest.mark.parametrize("path", SCOPES)
async def test_everything_that_an_account_can_hold_is_asked_for(path: str) -> None:
    read, wanted = SCOPES[path]
    async with direct(answering(account_info=ok({"marginMode": "REGULAR_MARGIN"}))) as (account, server):
        assert await read(account) == []
        asked = {(r.query["category"], r.query.get("settleCoin")) for r in server.to(f"/v5/{path}")}
    assert asked == wanted


async def test_past_of_an_inverse_market_is_asked_where_it_is_kept() -> None:
    async with direct(answering()) as (account, server):
        for read in (account.get_order_history, account.get_fills, account.get_closed_pnl):
            await read(BTC_USD)
        await account.get_funding(BTC_USD)
        asked = {r.query["category"] for r in server.requests if r.path != "/v5/market/time"}
    assert asked == {"inverse"}


async def test_newest_comes_first_across_kinds_of_contract() -> None:
    row = bybit_rows("http_get_execution_list")[0]

    def fills(request: Received) -> Reply:
        is_linear = request.query["category"] == "linear"
        return page(*({**row, "execId": f"f{n}", "execTime": str(NOW_MS + n)} for n in range(2 * is_linear, 5, 3)))

    async with direct(answering(execution_list=fills)) as (account, _):
        found = await account.get_fills(limit=2)
    assert [fill.filled_at for fill in found] == [from_millis(NOW_MS + 3), from_millis(NOW_MS + 2)]


async def test_history_holds_what_is_closed_and_each_order_once() -> None:
    rows = [row for row in bybit_rows("http_get_order_history") if not Order.from_bybit(row).is_open]
    live = {**rows[0], "orderId": "live", "orderStatus": "New"}
    async with direct(answering(order_history=page(live, *rows))) as (account, _):
        found = await account.get_order_history()
    assert {order.order_id for order in found} == {row["orderId"] for row in rows}
    assert len(found) == len({order.order_id for order in found})


async def test_row_that_is_on_two_pages_counts_once() -> None:
    row, order = bybit_rows("http_get_position_list")[0], bybit_rows("http_get_order_realtime")[0]

    def pages(row: dict[str, Any]) -> Script:
        def script(request: Received) -> Reply:
            is_first = "cursor" not in request.query
            return page({**row, "symbol": "BTCUSDT"}, cursor="p2" if is_first else "")

        return script

    info = ok({"marginMode": "REGULAR_MARGIN"})
    answers = answering(position_list=pages(row), order_realtime=pages(order), account_info=info)
    async with direct(answers) as (account, server):
        assert len(await account.get_positions(BTC)) == len(await account.get_open_orders(BTC)) == 1
        assert len(server.to("/v5/position/list")) == 2


async def test_answer_about_another_order_is_no_miss() -> None:
    other = {**bybit_rows("http_get_order_realtime")[0], "orderId": "other"}
    async with direct(answering(order_realtime=page(other))) as (account, _):
        with pytest.raises(BadPayload):
            await account.find_order(BTC, order_id="asked")


async def test_answer_about_another_market_is_none_about_this_one() -> None:
    other = page({**bybit_rows("http_get_position_list")[0], "symbol": "ETHUSDT"})
    async with direct(answering(position_list=other, order_realtime=other, market_tickers=other)) as (account, _):
        for read in (account.get_positions, account.get_open_orders, account.get_ticker):
            with pytest.raises(BadPayload, match="another market"):
                await read(BTC)


async def test_code_of_an_answer_may_be_written_as_text() -> None:
    row = bybit_rows("http_get_position_list")[0]
    info = ok({"marginMode": "REGULAR_MARGIN"}, retCode="0")
    positions = ok({"list": [row]}, retCode="0")
    async with direct(answering(position_list=positions, account_info=info)) as (account, _):
        assert {position.native_symbol for position in await account.get_positions()} == {row["symbol"]}
    async with direct(answering(order_realtime=refusal("10016"))) as (account, _):
        with pytest.raises(Unavailable) as caught:
            await account.get_open_orders()
        assert caught.value.fields["venue_code"] == "10016"


async def test_leverage_of_two_legs_is_the_smaller() -> None:
    rows = [{"symbol": "BTCUSDT", "leverage": value, "positionIdx": n} for n, value in ((1, "20"), (2, "5"))]
    async with direct(answering(position_list=page(*rows))) as (account, _):
        assert await account.get_leverage(BTC) == Decimal(5)


async def test_key_of_demo_is_valid_if_the_account_answers() -> None:
    info = ok({"marginMode": "REGULAR_MARGIN"})
    async with direct(answering(user_query_api=refusal(10032), account_info=info)) as (account, _):
        assert (await account.get_key_info()).is_valid
