"""What the adapter asks and what it makes of the answers."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from exchanges.bybit import BybitExchange
from exchanges.bybit_history import windows
from exchanges.bybit_market import BybitMarket
from exchanges.pacing import Purpose, reading_for
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, MarginMode, OrderStatus, PositionMode, PositionSide
from models.errors import BadPayload, NoCredentials, Rejected, Unavailable
from models.values import from_millis
from models.venue import Credentials
from tests.exchanges import bybit_rows as rows
from tests.exchanges.bybit_kit import BTC, BTC_USD, NOW_MS, FrozenTime, adapter, bybit, ok, order, page, refusal, stamp
from tests.exchanges.wire_server import Fault, Received, Reply, Script, WireServer

NOW = from_millis(NOW_MS)
Answers = dict[str, Reply | Fault | Callable[[Received], Reply | Fault]]


def venue(**answers: Reply | Fault | Callable[[Received], Reply | Fault]) -> Script:
    """Return a venue that answers by the last part of the path, and with an empty list to anything else."""
    standard: Answers = {"time": ok(), "info": ok(rows.ACCOUNT)}
    table = {**standard, **answers}

    def script(request: Received) -> Reply | Fault:
        name = "_".join(request.path.split("/")[2:]).replace("-", "_")
        found = table.get(name) or table.get(name.rpartition("_")[2]) or page()
        return found(request) if callable(found) else found

    return script


def only(scope: dict[str, str], *found: dict[str, Any]) -> Callable[[Received], Reply]:
    """Return an answer that lists rows for the questions that match, and nothing for others."""

    def answer(request: Received) -> Reply:
        is_asked = all(request.query.get(name) == value for name, value in scope.items())
        return page(*found) if is_asked else page()

    return answer


async def test_positions_are_read_of_every_settlement_coin() -> None:
    async with bybit(venue(position_list=only({"settleCoin": "USDC"}, rows.POSITION))) as (exchange, server):
        (position,) = await exchange.get_positions()
        asked = [(r.query["category"], r.query.get("settleCoin")) for r in server.to("/v5/position/list")]
        assert sorted(asked, key=str) == [("inverse", None), ("linear", "USDC"), ("linear", "USDT")]
        assert (position.symbol, position.size, position.account_type) == (
            "BTCUSDT",
            Decimal("0.01"),
            AccountType.PAPER,
        )
        assert (position.as_of, position.margin_mode) == (NOW, MarginMode.CROSS)


async def test_positions_are_read_from_every_page_even_short_ones() -> None:
    pages = {
        None: page({**rows.POSITION, "symbol": "BTCUSDT"}, cursor="p%3A1%2C2"),
        "p%3A1%2C2": page({**rows.POSITION, "symbol": "ETHUSDT"}, cursor="p%3A2"),
        "p%3A2": page({**rows.POSITION, "symbol": "ADAUSDT"}, cursor=""),
    }

    def answer(request: Received) -> Reply:
        return pages[request.query.get("cursor")] if request.query.get("settleCoin") == "USDT" else page()

    async with bybit(venue(position_list=answer)) as (exchange, _):
        assert {position.symbol for position in await exchange.get_positions()} == {"BTCUSDT", "ETHUSDT", "ADAUSDT"}


@pytest.mark.parametrize("cursor", ["same", "p%3A1"])
async def test_cursor_that_does_not_move_is_the_end(cursor: str) -> None:
    async with bybit(venue(position_list=page(rows.POSITION, cursor=cursor))) as (exchange, server):
        assert len(await exchange.get_positions(BTC)) == 1
        assert len(server.to("/v5/position/list")) == 2


@pytest.mark.parametrize("cursor", ["a&side=Sell", "a b", 7, {"x": 1}])
async def test_cursor_that_could_change_the_question_is_refused(cursor: object) -> None:
    async with bybit(venue(position_list=page(rows.POSITION, nextPageCursor=cursor))) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_positions(BTC)


async def test_list_without_an_end_is_refused() -> None:
    def answer(request: Received) -> Reply:
        return page(rows.INSTRUMENT, cursor=str(int(request.query.get("cursor", "0")) + 1))

    async with bybit(venue(market_instruments_info=answer)) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_instruments()


async def test_both_legs_of_a_hedge_are_read_and_the_flat_one_left_out() -> None:
    long = {**rows.POSITION, "positionIdx": 1}
    short = {**rows.POSITION, "positionIdx": 2, "side": "Sell", "size": "0.02"}
    flat = {**rows.POSITION, "side": "", "size": "0"}
    async with bybit(venue(position_list=page(flat, long, short))) as (exchange, _):
        found = await exchange.get_positions(BTC)
        assert [(p.side, p.size, p.is_hedge) for p in found] == [
            (PositionSide.LONG, Decimal("0.01"), True),
            (PositionSide.SHORT, Decimal("0.02"), True),
        ]


async def test_answer_about_another_market_is_none_about_this_one() -> None:
    other = page({**rows.POSITION, "symbol": "ETHUSDT"})
    answers = dict.fromkeys(("position_list", "order_realtime", "order_history", "execution_list"), other)
    async with bybit(venue(**answers)) as (exchange, _):
        reads = (exchange.get_positions, exchange.get_open_orders, exchange.get_order_history, exchange.get_fills)
        for read in reads:
            with pytest.raises(BadPayload, match="another market"):
                await read(BTC)


async def test_failed_part_of_the_positions_is_no_empty_list() -> None:
    def answer(request: Received) -> Reply | Fault:
        return Fault.CLOSE if request.query.get("settleCoin") == "USDC" else page(rows.POSITION)

    async with bybit(venue(position_list=answer)) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_positions()


async def test_background_sync_skips_for_a_minute_what_was_empty() -> None:
    time = FrozenTime()
    held = only({"settleCoin": "USDT"}, rows.POSITION)
    async with bybit(venue(position_list=held), monotonic=time.monotonic, wall=time.wall) as (exchange, server):

        async def asked(purpose: Purpose) -> int:
            before = len(server.to("/v5/position/list"))
            with reading_for(purpose):
                assert len(await exchange.get_positions()) == 1
            return len(server.to("/v5/position/list")) - before

        assert [await asked(purpose) for purpose in (Purpose.SYNC, Purpose.SYNC, Purpose.READ)] == [3, 1, 3]
        await exchange.send(exchange.sign(order(), stamp()))
        assert [await asked(Purpose.SYNC), await asked(Purpose.SYNC)] == [3, 1]
        time.seconds += 61
        assert await asked(Purpose.SYNC) == 3


async def test_margin_mode_of_positions_is_asked_for_once_a_minute() -> None:
    time = FrozenTime()
    async with bybit(venue(), monotonic=time.monotonic, wall=time.wall) as (exchange, server):
        for _ in range(3):
            await exchange.get_positions(BTC)
        assert len(server.to("/v5/account/info")) == 1


async def test_positions_are_read_even_without_the_margin_mode() -> None:
    async with bybit(venue(info=Fault.CLOSE, position_list=page(rows.POSITION))) as (exchange, _):
        (position,) = await exchange.get_positions(BTC)
        assert position.margin_mode is None


async def test_balance_of_a_cross_account_is_its_common_pot() -> None:
    async with bybit(venue(account_wallet_balance=page(rows.WALLET))) as (exchange, server):
        balance = await exchange.get_balance()
        assert server.to("/v5/account/wallet-balance")[0].query == {"accountType": "UNIFIED"}
        assert (balance.currency, balance.equity, balance.available) == ("USD", Decimal("3.31216591"), Decimal("2.5"))
        assert (balance.margin_mode, balance.as_of) == (MarginMode.CROSS, NOW)


async def test_balance_is_of_the_unified_account_where_several_are_listed() -> None:
    other = {**rows.WALLET, "accountType": "CONTRACT", "totalEquity": "", "totalAvailableBalance": ""}
    async with bybit(venue(account_wallet_balance=page(other, rows.WALLET))) as (exchange, _):
        assert (await exchange.get_balance()).equity == Decimal("3.31216591")


async def test_balance_of_an_isolated_account_is_counted_by_its_coin() -> None:
    isolated = ok({**rows.ACCOUNT, "marginMode": "ISOLATED_MARGIN"})
    async with bybit(venue(account_wallet_balance=page(rows.WALLET), info=isolated)) as (exchange, _):
        balance = await exchange.get_balance()
        assert (balance.currency, balance.margin_mode) == ("USDT", MarginMode.ISOLATED)
        assert balance.available == Decimal(1450 - 100 - 30 - 20)


@pytest.mark.parametrize("answers", [{"info": Fault.CLOSE}, {"account_wallet_balance": Fault.CLOSE}, {}])
async def test_balance_is_never_zero_for_want_of_an_answer(answers: dict[str, Any]) -> None:
    async with bybit(venue(**answers)) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_balance()


async def test_open_orders_are_each_read_once() -> None:
    stop = {
        **rows.ORDER,
        "orderId": "s",
        "orderStatus": "Untriggered",
        "stopOrderType": "StopLoss",
        "orderType": "Market",
    }
    done = {**rows.ORDER, "orderId": "d", "orderStatus": "Cancelled"}
    async with bybit(venue(order_realtime=page(rows.ORDER, stop, rows.ORDER, done))) as (exchange, server):
        found = await exchange.get_open_orders()
        assert sorted(order.order_id for order in found) == sorted([rows.ORDER["orderId"], "s"])
        assert {request.query["limit"] for request in server.requests if "limit" in request.query} == {"50"}


async def test_open_order_of_an_unknown_state_is_loud() -> None:
    async with bybit(venue(order_realtime=page({**rows.ORDER, "orderStatus": "Dreaming"}))) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.get_open_orders(BTC)


async def test_order_is_found_among_recent_ones_with_one_request() -> None:
    async with bybit(venue(order_realtime=page(rows.ORDER))) as (exchange, server):
        found = await exchange.find_order(BTC, client_order_id="eb1-order")
        assert found is not None
        assert (found.order_id, found.as_of) == (rows.ORDER["orderId"], NOW)
        assert [request.path for request in server.requests] == ["/v5/market/time", "/v5/order/realtime"]
        assert server.requests[-1].query["orderLinkId"] == "eb1-order"


async def test_order_that_open_lists_have_forgotten_is_found_in_the_history() -> None:
    cancelled = {**rows.ORDER, "orderStatus": "Cancelled"}
    async with bybit(venue(order_history=page(cancelled))) as (exchange, _):
        found = await exchange.find_order(BTC, client_order_id="eb1-order")
        assert found is not None
        assert found.status is OrderStatus.CANCELLED


async def test_order_that_every_list_has_forgotten_is_proved_by_its_executions() -> None:
    more = {**rows.EXECUTION, "execId": "e2", "execPrice": "60002.5", "execQty": "0.03", "execFee": "0.1"}
    async with bybit(venue(execution_list=page(rows.EXECUTION, more))) as (exchange, _):
        found = await exchange.find_order(BTC, client_order_id="eb1-order")
        assert found is not None
        assert (found.status, found.filled_size) == (OrderStatus.FILLED, Decimal("0.04"))
        assert (found.average_price, found.fee) == (Decimal("60002"), Decimal("0.171409"))


async def test_complete_miss_is_told_after_all_three_places_answered() -> None:
    async with bybit(venue()) as (exchange, server):
        assert await exchange.find_order(BTC, order_id="o") is None
        assert {request.path for request in server.requests[1:]} == {
            "/v5/order/realtime",
            "/v5/order/history",
            "/v5/execution/list",
        }
        assert all(request.query["orderId"] == "o" for request in server.requests[1:])


@pytest.mark.parametrize("silent", ["order_realtime", "order_history", "execution_list"])
async def test_place_that_does_not_answer_makes_no_miss(silent: str) -> None:
    async with bybit(venue(**{silent: Fault.CLOSE})) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.find_order(BTC, client_order_id="eb1-order")


async def test_answer_about_another_order_is_no_miss_and_no_find() -> None:
    async with bybit(venue(order_realtime=page({**rows.ORDER, "orderLinkId": "theirs"}))) as (exchange, _):
        with pytest.raises(BadPayload):
            await exchange.find_order(BTC, client_order_id="eb1-order")


async def test_lookup_needs_an_id() -> None:
    async with bybit(venue()) as (exchange, _):
        with pytest.raises(ValueError, match="looked up"):
            await exchange.find_order(BTC)


async def test_lookup_passes_while_the_venue_is_left_alone() -> None:
    time = FrozenTime()
    async with bybit(venue(), monotonic=time.monotonic, wall=time.wall) as (exchange, _):
        await exchange.get_server_time()
        exchange._http.transport.gate.pacer.leave_alone(time.seconds)
        with pytest.raises(Unavailable) as caught:
            await exchange.get_positions(BTC)
        assert caught.value.code == "venue_busy"
        time.seconds += 3
        with pytest.raises(Unavailable):
            await exchange.get_open_orders(BTC)


def test_windows_cover_everything_since_a_moment_without_overlap() -> None:
    found = list(windows(NOW - timedelta(days=20), NOW))
    assert found[0]["endTime"] == NOW_MS
    assert found[-1]["startTime"] == NOW_MS - 20 * 86_400_000
    assert all(window["endTime"] - window["startTime"] < 7 * 86_400_000 for window in found)
    assert all(newer["startTime"] - older["endTime"] == 1 for newer, older in pairwise(found))


def test_windows_go_back_two_years_at_most() -> None:
    found = list(windows(datetime(2015, 1, 1, tzinfo=UTC), NOW))
    assert NOW_MS - found[-1]["startTime"] < 730 * 86_400_000
    assert len(found) < 110


async def test_history_asks_week_by_week_until_it_has_enough() -> None:
    async with bybit(venue(position_closed_pnl=page(rows.CLOSED))) as (exchange, server):
        found = await exchange.get_closed_pnl(BTC, since=NOW - timedelta(days=30), limit=2)
        assert len(found) == 2
        assert len(server.to("/v5/position/closed-pnl")) == 2
        assert (found[0].side, found[0].pnl) == (PositionSide.LONG, Decimal("-47.4"))


async def test_fills_are_newest_first_each_once_and_without_funding() -> None:
    older = {**rows.EXECUTION, "execId": "older", "execTime": "1672282722000"}
    funding = {**rows.EXECUTION, "execId": "f", "execType": "Funding"}
    async with bybit(venue(execution_list=page(older, funding, rows.EXECUTION, rows.EXECUTION))) as (exchange, _):
        found = await exchange.get_fills(BTC)
        assert [fill.fill_id for fill in found] == [rows.EXECUTION["execId"], "older"]


async def test_order_history_leaves_out_what_is_open() -> None:
    filled = {**rows.ORDER, "orderId": "f", "orderStatus": "Filled", "cumExecQty": "0.010"}
    async with bybit(venue(order_history=page(rows.ORDER, filled))) as (exchange, _):
        assert [order.order_id for order in await exchange.get_order_history(BTC)] == ["f"]


async def test_funding_is_what_the_log_settles() -> None:
    other = {**rows.FUNDING, "symbol": "BTCUSDT", "id": "b"}
    async with bybit(venue(account_transaction_log=only({"category": "linear"}, rows.FUNDING, other))) as (
        exchange,
        server,
    ):
        assert len(await exchange.get_funding()) == 2
        (payment,) = await exchange.get_funding(BTC)
        assert (payment.payment_id, payment.amount) == ("b", Decimal("-0.003676"))
        assert server.to("/v5/account/transaction-log")[0].query["type"] == "SETTLEMENT"


async def test_leverage_is_told_of_a_market_without_a_position() -> None:
    flat = {**rows.POSITION, "side": "", "size": "0", "leverage": "12.5"}
    async with bybit(venue(position_list=page(flat))) as (exchange, _):
        assert await exchange.get_leverage(BTC) == Decimal("12.5")


async def test_portfolio_margin_has_no_leverage() -> None:
    async with bybit(venue(position_list=page({**rows.POSITION, "leverage": ""}))) as (exchange, _):
        assert await exchange.get_leverage(BTC) is None


@pytest.mark.parametrize(("legs", "mode"), [((0,), PositionMode.ONE_WAY), ((1, 2), PositionMode.HEDGE)])
async def test_account_state_reads_the_mode_from_the_legs(legs: tuple[int, ...], mode: PositionMode) -> None:
    flat = [{**rows.POSITION, "positionIdx": leg, "side": "", "size": "0"} for leg in legs]
    async with bybit(venue(position_list=page(*flat))) as (exchange, _):
        state = await exchange.get_account_state(BTC)
        assert (state.margin_mode, state.position_mode, state.is_unified) == (MarginMode.CROSS, mode, True)


async def test_account_that_is_not_unified_is_told_apart() -> None:
    async with bybit(venue(info=ok({**rows.ACCOUNT, "unifiedMarginStatus": 1}))) as (exchange, _):
        state = await exchange.get_account_state()
        assert (state.is_unified, state.position_mode) == (False, None)


async def test_fee_rates_are_read() -> None:
    fees = page({"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "0.0002"})
    async with bybit(venue(account_fee_rate=fees)) as (exchange, _):
        rates = await exchange.get_fee_rates()
        assert (rates.maker, rates.taker, rates.symbol) == (Decimal("0.0002"), Decimal("0.00055"), "BTCUSDT")


async def test_key_that_may_trade_is_described() -> None:
    async with bybit(venue(user_query_api=ok(rows.KEY))) as (exchange, _):
        key = await exchange.get_key_info()
        assert (key.is_valid, key.can_trade, key.can_withdraw, key.is_read_only) == (True, True, False, False)
        assert (key.bound_ips, key.label) == ((), "elcaro")
        assert key.expires_at == datetime(2027, 1, 15, 3, 21, 5, tzinfo=UTC)
        assert "ContractTrade:Order" in key.permissions


@pytest.mark.parametrize("right", ["Withdraw", "AccountTransfer"])
async def test_key_that_can_move_money_out_is_told(right: str) -> None:
    permissions = {**rows.KEY["permissions"], "Wallet": [right]}
    async with bybit(venue(user_query_api=ok({**rows.KEY, "permissions": permissions}))) as (exchange, _):
        assert (await exchange.get_key_info()).can_withdraw


@pytest.mark.parametrize(
    "changes",
    [{"readOnly": 1}, {"permissions": {"Spot": ["SpotTrade"]}}, {"permissions": {"ContractTrade": ["Order"]}}],
)
async def test_key_that_cannot_trade_is_told(changes: dict[str, Any]) -> None:
    async with bybit(venue(user_query_api=ok({**rows.KEY, **changes}))) as (exchange, _):
        assert not (await exchange.get_key_info()).can_trade


async def test_key_bound_to_addresses_does_not_expire() -> None:
    bound = {**rows.KEY, "ips": ["203.0.113.7"], "deadlineDay": -2, "expiredAt": "1970-01-01T00:00:00Z"}
    async with bybit(venue(user_query_api=ok(bound))) as (exchange, _):
        key = await exchange.get_key_info()
        assert (key.bound_ips, key.expires_at) == (("203.0.113.7",), None)


@pytest.mark.parametrize(
    ("code", "word"),
    [(10003, "key_invalid"), (10004, "key_invalid"), (33004, "key_expired"), (10010, "ip_not_allowed")],
)
async def test_key_that_is_not_valid_is_refused_with_the_reason(code: int, word: str) -> None:
    async with bybit(venue(user_query_api=refusal(code, "no"))) as (exchange, _):
        with pytest.raises(Rejected) as caught:
            await exchange.get_key_info()
        assert (caught.value.code, caught.value.venue_code) == (word, str(code))


async def test_demo_account_is_known_to_work_without_a_word_about_its_key() -> None:
    async with bybit(venue(user_query_api=refusal(10032, "Demo trading are not supported"))) as (exchange, _):
        key = await exchange.get_key_info()
        assert (key.is_valid, key.can_withdraw, key.bound_ips) == (True, False, None)


async def test_key_check_without_an_answer_is_no_verdict() -> None:
    async with bybit(venue(user_query_api=Fault.CLOSE)) as (exchange, _):
        with pytest.raises(Unavailable):
            await exchange.get_key_info()


async def test_instruments_are_read_of_every_kind_and_page() -> None:
    inverse = {
        **rows.INSTRUMENT,
        "symbol": "BTCUSD",
        "contractType": "InversePerpetual",
        "quoteCoin": "USD",
        "settleCoin": "BTC",
    }

    def answer(request: Received) -> Reply:
        if request.query["category"] == "inverse":
            return page(inverse)
        return (
            page({**rows.INSTRUMENT, "symbol": "ETHUSDT", "baseCoin": "ETH"})
            if "cursor" in request.query
            else page(rows.INSTRUMENT, cursor="next")
        )

    async with bybit(venue(market_instruments_info=answer)) as (exchange, _):
        found = await exchange.get_instruments()
        assert [(i.symbol, i.is_linear) for i in found] == [("BTCUSDT", True), ("ETHUSDT", True), ("BTCUSD", False)]


async def test_ticker_is_of_the_market_that_was_asked_for() -> None:
    async with bybit(venue(market_tickers=page(rows.TICKER))) as (exchange, server):
        ticker = await exchange.get_ticker(BTC)
        assert (ticker.symbol, ticker.mark_price, ticker.as_of) == ("BTCUSDT", Decimal("61000.0"), NOW)
        assert server.requests[0].query == {"category": "linear", "symbol": "BTCUSDT"}
        with pytest.raises(BadPayload):
            await exchange.get_ticker(BTC_USD)


async def test_all_tickers_take_two_requests() -> None:
    async with bybit(venue(market_tickers=page(rows.TICKER))) as (exchange, server):
        assert len(await exchange.get_tickers()) == 2
        assert len(server.requests) == 2


async def test_candles_are_oldest_first() -> None:
    bars = [[str(NOW_MS - 3_600_000 * n), "1", "3", "1", "2", "10", "20"] for n in range(3)]
    async with bybit(venue(market_kline=ok({"list": bars}))) as (exchange, server):
        candles = await exchange.get_candles(BTC, "1h", limit=3, end=NOW)
        assert [candle.opened_at for candle in candles] == [NOW - timedelta(hours=n) for n in (2, 1, 0)]
        assert server.requests[0].query["interval"] == "60"
        with pytest.raises(ValueError, match="interval"):
            await exchange.get_candles(BTC, "7m")


async def test_public_market_needs_no_key() -> None:
    async with bybit(venue(market_tickers=page(rows.TICKER))) as (_, server):
        async with Network() as network:
            market = BybitMarket(Endpoints(rest=server.url, stream=""), network)
            await market.get_ticker(BTC)
        assert "X-BAPI-API-KEY" not in server.requests[-1].headers


@pytest.mark.parametrize("values", [{}, {"api_key": "k"}, {"api_secret": "s"}, {"api_key": "", "api_secret": "s"}])
async def test_account_without_a_whole_key_cannot_be_made(values: dict[str, str]) -> None:
    credentials = Credentials(exchange="bybit", account_type=AccountType.DEMO, values=values)
    async with Network() as network:
        with pytest.raises(NoCredentials):
            BybitExchange(credentials, Endpoints(rest="https://venue.invalid", stream=""), network)


async def test_many_accounts_share_connections_and_stay_apart() -> None:
    def answer(request: Received) -> Reply:
        return page({**rows.POSITION, "size": request.headers["X-BAPI-API-KEY"].removeprefix("key")})

    async with WireServer(venue(position_list=answer)) as server, Network() as network:
        accounts = [adapter(server.url, network, key=f"key{number}") for number in range(1, 31)]
        found = await asyncio.gather(*(account.get_positions(BTC) for account in accounts))
        assert [positions[0].size for positions in found] == [Decimal(number) for number in range(1, 31)]
        await asyncio.gather(*(account.get_positions(BTC) for account in accounts))
        assert server.connections <= len(accounts)
