"""Reading OKX: every page, every place, and never an empty list for an answer that did not come."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base import Credentials
from exchanges.okx import OkxExchange
from exchanges.pacing import Cost, Limit, Purpose
from exchanges.registry import OKX
from exchanges.transport import Network
from models.enums import AccountType, OrderStatus, OrderType
from models.errors import BadPayload, NoCredentials, Rejected, Unavailable
from models.values import from_millis
from tests.exchanges.okx_kit import (
    BTC,
    CREDENTIALS,
    KEY,
    NOW_MS,
    PASSPHRASE,
    SECRET,
    answering,
    ok,
    okx,
    okx_rows,
    refusal,
)
from tests.exchanges.wire_server import Received, Reply

D = Decimal
MISS = refusal("51603", "Order does not exist")
ORDER = okx_rows("http_get_trade_order")[0]
FIRED = okx_rows("http_get_trade_order_algo")[0]
CHILD = {**okx_rows("http_get_trade_orders_history")[3], "ordId": FIRED["ordIdList"][0]}


def paged(rows: list[dict[str, Any]], cursor: str) -> Callable[[Received], Reply]:
    """Answer with the rows after the one named by the cursor."""

    def answer(request: Received) -> Reply:
        names = [row[cursor] for row in rows]
        start = names.index(request.query["after"]) + 1 if "after" in request.query else 0
        return ok(*rows[start : start + int(request.query["limit"])])

    return answer


@pytest.mark.parametrize("name", CREDENTIALS)
async def test_account_without_all_three_fields_has_no_adapter(name: str) -> None:
    values = {field: value for field, value in CREDENTIALS.items() if field != name}
    async with Network() as network:
        with pytest.raises(NoCredentials):
            OkxExchange(
                Credentials(exchange="okx", account_type=AccountType.REAL, values=values),
                OKX.endpoints[AccountType.REAL],
                network,
            )


async def test_adapter_shows_nothing_of_its_keys() -> None:
    async with okx(answering()) as (exchange, _):
        assert not any(part in repr(exchange) for part in (KEY, SECRET, PASSPHRASE))


async def test_real_and_demo_share_an_address_but_no_table_of_markets() -> None:
    async with Network() as network:
        demo, real = (
            OKX.adapter(
                Credentials(exchange="okx", account_type=kind, values=CREDENTIALS), OKX.endpoints[kind], network
            )
            for kind in (AccountType.DEMO, AccountType.REAL)
        )
        assert isinstance(demo, OkxExchange)
        assert isinstance(real, OkxExchange)
        assert demo._http.transport is real._http.transport
        assert demo._contracts is not real._contracts


async def test_query_is_signed_as_it_is_sent() -> None:
    async with okx(answering()) as (exchange, server):
        await exchange.get_positions(BTC)
        (sent,) = server.to("/api/v5/account/positions")
    assert sent.target == "/api/v5/account/positions?instType=SWAP&instId=BTC-USDT-SWAP"
    headers = {name.lower(): value for name, value in sent.headers.items()}
    keys = exchange._http.keys
    assert keys is not None
    assert headers["ok-access-sign"] == keys.signature(f"{headers['ok-access-timestamp']}GET{sent.target}")


async def test_clock_that_is_off_is_measured_and_the_read_repeated() -> None:
    answers = iter([refusal("50102", status=401), ok(okx_rows("http_get_account_config")[0])])
    async with okx(answering(config=lambda request: next(answers))) as (exchange, server):
        assert (await exchange.get_key_info()).can_trade
        assert len(server.to("/api/v5/account/config")) == 2
        assert len(server.to("/api/v5/public/time")) == 2


async def test_positions_carry_what_closes_all_of_them() -> None:
    script = answering(
        positions=ok(*okx_rows("http_get_account_positions")[:1]),
        orders_algo_pending=ok(*okx_rows("http_get_trade_orders_algo_pending")[:2]),
    )
    async with okx(script) as (exchange, _):
        (position,) = await exchange.get_positions()
    assert (position.size, position.stop_loss, position.take_profit) == (D("0.05"), D(60000), D(70000))
    assert position.as_of is not None


async def test_position_whose_orders_are_not_told_is_not_told_either() -> None:
    script = answering(
        positions=ok(*okx_rows("http_get_account_positions")[:1]), orders_algo_pending=refusal("50026", status=500)
    )
    async with okx(script) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_positions()


async def test_position_of_an_unlisted_market_is_no_empty_list() -> None:
    row = {**okx_rows("http_get_account_positions")[0], "instId": "GONE-USDT-SWAP"}
    async with okx(answering(positions=ok(row))) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_positions()


async def test_every_kind_of_open_order_is_read_once() -> None:
    def algos(request: Received) -> Reply:
        kinds = request.query["ordType"].split(",")
        return ok(*(row for row in okx_rows("http_get_trade_orders_algo_pending") if row["ordType"] in kinds))

    script = answering(orders_pending=ok(*okx_rows("http_get_trade_orders_pending")), orders_algo_pending=algos)
    async with okx(script) as (exchange, server):
        orders = await exchange.get_open_orders(BTC)
        asked = {request.query["ordType"] for request in server.to("/api/v5/trade/orders-algo-pending")}
    assert asked == {"conditional,oco", "trigger", "move_order_stop"}
    assert len(orders) == len({order.order_id for order in orders}) == 3 + 7
    assert sum(order.order_type is OrderType.LIMIT for order in orders) == 3


async def test_list_is_read_to_its_last_page() -> None:
    rows = [{**ORDER, "ordId": str(1000 - number), "clOrdId": ""} for number in range(250)]
    async with okx(answering(orders_pending=paged(rows, "ordId"))) as (exchange, server):
        orders = await exchange.get_open_orders()
        asked = [request.query.get("after") for request in server.to("/api/v5/trade/orders-pending")]
    assert [order.order_id for order in orders] == [row["ordId"] for row in rows]
    assert asked == [None, "901", "801"]


async def test_list_without_an_end_is_refused() -> None:
    rows = [{**ORDER, "ordId": "1"}] * 100
    async with okx(answering(orders_pending=ok(*rows))) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_open_orders()


# Looking an order up


async def test_order_is_found_by_our_id_among_orders() -> None:
    async with okx(answering(order=ok(ORDER), order_algo=MISS)) as (exchange, server):
        found = await exchange.find_order(BTC, client_order_id="eb1order")
        assert found is not None
        assert (found.client_order_id, found.status) == ("eb1order", OrderStatus.OPEN)
        assert server.to("/api/v5/trade/orders-history") == []


async def test_algo_order_that_fired_is_found_as_what_it_became() -> None:
    def order(request: Received) -> Reply:
        return ok(CHILD) if request.query.get("ordId") == CHILD["ordId"] else MISS

    async with okx(answering(order=order, order_algo=ok(FIRED))) as (exchange, _):
        found = await exchange.find_order(BTC, client_order_id="eb1stop")
    assert found is not None
    assert (found.client_order_id, found.status, found.filled_size) == ("eb1stop", OrderStatus.FILLED, D("0.02"))
    assert (found.order_type, found.trigger_price) == (OrderType.STOP_MARKET, D(60000))


async def test_history_tells_what_fired_as_what_it_was_placed_as() -> None:
    pair = {**okx_rows("http_get_trade_orders_algo_pending")[1], "state": "effective", "actualSide": "tp"}
    trigger = {**FIRED, "algoId": "77", "ordType": "trigger", "slTriggerPx": "", "actualSide": "", "triggerPx": "62000"}
    others = [{**FIRED, "algoId": str(9000 + n)} for n in range(100)]
    effective = {"conditional,oco": [*others, FIRED, pair], "trigger": [trigger], "move_order_stop": []}

    def algos(request: Received) -> Reply:
        assert request.query["state"] == "effective"
        return paged(effective[request.query["ordType"]], "algoId")(request)

    made = [(FIRED["algoId"], "7"), (pair["algoId"], ""), ("77", "6"), ("78", "25"), ("", "")]
    orders = [
        {**CHILD, "ordId": str(n), "algoId": algo_id, "source": source} for n, (algo_id, source) in enumerate(made)
    ]
    async with okx(answering(orders_history=ok(*orders), orders_algo_history=algos)) as (exchange, _):
        told = {order.order_id: order for order in await exchange.get_order_history()}
    assert [(told[n].order_type, told[n].trigger_price, told[n].parent_order_id) for n in "01234"] == [
        (OrderType.STOP_MARKET, D(60000), FIRED["algoId"]),
        (OrderType.TAKE_PROFIT_LIMIT, D(70000), f"{pair['algoId']}-tp"),
        (OrderType.STOP_MARKET, D(62000), "77"),
        (OrderType.MARKET, None, "78"),
        (OrderType.MARKET, None, None),
    ]


async def test_history_without_algo_orders_asks_for_none() -> None:
    past = [row for row in okx_rows("http_get_trade_orders_history") if not row["algoId"]]
    async with okx(answering(orders_history=ok(*past))) as (exchange, server):
        await exchange.get_order_history()
    assert server.to("/api/v5/trade/orders-algo-history") == []


async def test_algo_order_whose_child_is_not_told_has_fired() -> None:
    async with okx(answering(order=MISS, order_algo=ok(FIRED))) as (exchange, _):
        found = await exchange.find_order(BTC, client_order_id="eb1stop")
    assert found is not None
    assert found.status is OrderStatus.TRIGGERED


async def test_level_of_an_algo_order_is_found_by_its_own_number() -> None:
    pair = okx_rows("http_get_trade_orders_algo_pending")[1]
    async with okx(answering(order_algo=ok(pair))) as (exchange, server):
        found = await exchange.find_order(BTC, order_id="1753184812254216193-sl")
        (asked,) = server.to("/api/v5/trade/order-algo")
    assert found is not None
    assert (found.order_id, found.trigger_price) == ("1753184812254216193-sl", D(60000))
    assert asked.query == {"algoId": "1753184812254216193"}


async def test_order_that_only_the_history_has_is_found() -> None:
    past = okx_rows("http_get_trade_orders_history")
    async with okx(answering(order=MISS, order_algo=MISS, orders_history=ok(*past))) as (exchange, _):
        found = await exchange.find_order(BTC, client_order_id="eb1filled")
    assert found is not None
    assert found.status is OrderStatus.FILLED


async def test_miss_is_complete_only_after_every_place() -> None:
    async with okx(answering(order=MISS, order_algo=MISS)) as (exchange, server):
        assert await exchange.find_order(BTC, client_order_id="eb1none") is None
        asked = {request.path for request in server.requests}
    assert {f"/api/v5/trade/{name}" for name in ("order", "order-algo", "orders-history")} <= asked


@pytest.mark.parametrize("silent", ["order", "order_algo", "orders_history"])
async def test_place_that_does_not_answer_makes_no_miss(silent: str) -> None:
    answers: dict[str, Reply] = {"order": MISS, "order_algo": MISS, silent: refusal("50004", status=503)}
    async with okx(answering(**answers)) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.find_order(BTC, client_order_id="eb1none")


@pytest.mark.parametrize(
    "rows", [[{**ORDER, "clOrdId": "eb1other"}], [{**ORDER, "instId": "ETH-USDT-SWAP"}], [ORDER, ORDER]]
)
async def test_answer_about_another_order_is_no_answer(rows: list[dict[str, Any]]) -> None:
    async with okx(answering(order=ok(*rows), order_algo=MISS)) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.find_order(BTC, client_order_id="eb1order")


async def test_order_without_any_name_cannot_be_looked_up() -> None:
    async with okx(answering()) as (exchange, _):
        with pytest.raises(ValueError, match="looked up"):
            await exchange.find_order(BTC)


# The past


@pytest.mark.parametrize(
    ("read", "days", "path"),
    [
        ("get_order_history", None, "trade/orders-history"),
        ("get_order_history", 6, "trade/orders-history"),
        ("get_order_history", 30, "trade/orders-history-archive"),
        ("get_fills", None, "trade/fills"),
        ("get_fills", 4, "trade/fills-history"),
        ("get_funding", 6, "account/bills"),
        ("get_funding", 30, "account/bills-archive"),
        ("get_closed_pnl", 30, "account/positions-history"),
    ],
)
async def test_older_history_is_asked_where_it_is_kept(read: str, days: int | None, path: str) -> None:
    since = None if days is None else from_millis(NOW_MS) - timedelta(days=days)
    async with okx(answering()) as (exchange, server):
        assert await getattr(exchange, read)(since=since) == []
        (asked,) = [request for request in server.requests if "public" not in request.path]
    assert asked.path == f"/api/v5/{path}"
    has_begin = days is not None and read != "get_closed_pnl"
    assert asked.query.get("begin") == (str(NOW_MS - (days or 0) * 86_400_000) if has_begin else None)


async def test_history_of_an_unlisted_market_leaves_the_rest() -> None:
    rows = okx_rows("http_get_trade_fills")
    async with okx(answering(fills=ok({**rows[0], "instId": "GONE-USDT-SWAP"}, rows[1]))) as (exchange, _):
        assert [fill.is_maker for fill in await exchange.get_fills()] == [True]


async def test_results_end_at_the_moment_asked_for() -> None:
    newest = okx_rows("http_get_account_positions_history")[0]
    rows = [{**newest, "uTime": str(1732450000000 - number * 1000)} for number in range(150)]
    since = datetime.fromtimestamp(1732450000 - 20, UTC)
    async with okx(answering(positions_history=paged(rows, "uTime"))) as (exchange, server):
        assert len(await exchange.get_closed_pnl(since=since)) == 21
        assert len(server.to("/api/v5/account/positions-history")) == 1


# The account


async def test_smaller_leverage_of_two_legs_is_told() -> None:
    async with okx(answering(leverage_info=ok(*okx_rows("http_get_account_leverage_info")))) as (exchange, _):
        assert await exchange.get_leverage(BTC) == 5


async def test_money_is_told_with_its_mode_or_without() -> None:
    money = ok(*okx_rows("http_get_account_balance_futures"))
    async with okx(answering(balance=money, config=refusal("50026", status=500))) as (exchange, _):
        assert (await exchange.get_balance()).equity == D("10050.75")


async def test_configuration_is_asked_for_once_a_minute() -> None:
    script = answering(
        balance=ok(*okx_rows("http_get_account_balance_futures")), config=ok(*okx_rows("http_get_account_config"))
    )
    async with okx(script) as (exchange, server):
        for _ in range(3):
            await exchange.get_balance()
        assert len(server.to("/api/v5/account/config")) == 1


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("50111", "key_invalid"),
        ("50105", "key_invalid"),
        ("50113", "key_invalid"),
        ("50110", "ip_not_allowed"),
        ("50119", "key_invalid"),
    ],
)
async def test_key_that_is_refused_is_refused_by_name(code: str, word: str) -> None:
    async with okx(answering(config=refusal(code, "no", status=401))) as (exchange, _):
        with pytest.raises(Rejected) as caught:
            await exchange.get_key_info()
    assert (caught.value.code, caught.value.venue_code) == (word, code)


@pytest.mark.parametrize(
    "answer",
    [refusal("50026", status=500), refusal("50011", status=429), Reply(body=b"<html>", status=502), Reply(body=b"{}")],
)
async def test_trouble_of_the_venue_says_nothing_about_the_key(answer: Reply) -> None:
    async with okx(answering(config=answer)) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_key_info()


async def test_market_is_read_in_as_few_requests_as_there_are() -> None:
    script = answering(
        ticker=ok(*okx_rows("http_get_market_ticker")),
        tickers=ok(*okx_rows("http_get_market_tickers")),
        mark_price=ok(*okx_rows("http_get_public_mark_price")),
        funding_rate=ok(*okx_rows("http_get_public_funding_rate")),
        candles=ok(*okx_rows("http_get_market_candles")),
    )
    async with okx(script) as (exchange, server):
        ticker = await exchange.get_ticker(BTC)
        tickers = {found.symbol: found for found in await exchange.get_tickers()}
        bars = await exchange.get_candles(BTC, "1h", limit=1000, end=from_millis(NOW_MS))
        (asked,) = server.to("/api/v5/market/candles")
        with pytest.raises(ValueError, match="interval"):
            await exchange.get_candles(BTC, "2h")
    assert tickers["BTCUSDT"].reference_price == ticker.reference_price == D("63249.9")
    assert [bar.close for bar in bars] == [D(63200), D("63250.5")]  # oldest first
    assert asked.query == {"instId": "BTC-USDT-SWAP", "bar": "1H", "limit": "300", "after": str(NOW_MS + 1)}


async def test_market_without_a_price_is_no_price() -> None:
    async with okx(answering()) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_ticker(BTC)


async def test_public_endpoint_that_is_asked_too_often_is_held_by_itself() -> None:
    async with okx(answering(tickers=refusal("50011", status=429))) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_tickers()
        gate = exchange._http.transport.gate
        tickers, usual = (
            Cost(purpose=Purpose.READ, bucket=f"/api/v5/{path}", bucket_limit=Limit(weight=20, window_s=2))
            for path in ("market/tickers", "market/ticker")
        )
        assert gate.pacer.bucket_wait_s(tickers, gate.monotonic()) > 0
        assert gate.pacer.bucket_wait_s(usual, gate.monotonic()) == 0
        assert gate.pacer.venue_wait_s(usual, gate.monotonic()) == 0
