"""Orders, as both venues write them."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.enums import OrderSide, OrderStatus, OrderType, PositionSide, TimeInForce, TriggerBy
from models.errors import BadPayload
from models.order import Order, orders_from_hyperliquid
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded, recorded_objects

BUY, SELL = OrderSide.BUY, OrderSide.SELL


def bybit_order(number: int, **changes: Any) -> Order:
    rows = bybit_rows("http_get_order_realtime") + bybit_rows("http_get_order_history")
    (row,) = (row for row in rows if row["orderId"].endswith(f"{number:012d}"))
    return Order.from_bybit({**row, **changes})


def test_a_resting_bybit_order_is_read_whole() -> None:
    assert bybit_order(1) == Order(
        exchange="bybit",
        symbol="ETHUSDT",
        native_symbol="ETHUSDT",
        order_id="00000000-0000-4000-8000-000000000001",
        client_order_id="ec-000001",
        side=BUY,
        order_type=OrderType.LIMIT,
        status=OrderStatus.OPEN,
        size=Decimal("0.10"),
        filled_size=Decimal(0),
        price=Decimal(1600),
        time_in_force=TimeInForce.GTC,
        position_side=PositionSide.LONG,
        take_profit=Decimal(2500),
        stop_loss=Decimal(1500),
        venue_status="New",
        fee=Decimal(0),
        created_at=datetime(2023, 5, 22, 6, 55, 40, 559000, UTC),
        updated_at=datetime(2023, 5, 22, 6, 55, 40, 561000, UTC),
    )


def test_a_partly_filled_bybit_order_says_how_much_is_left() -> None:
    order = bybit_order(2)
    assert order.status is OrderStatus.PARTIALLY_FILLED
    assert (order.size, order.filled_size, order.remaining_size) == (Decimal(2), Decimal("0.75"), Decimal("1.25"))
    assert order.average_price == Decimal("1700.5")
    assert (order.fee, order.fee_currency) == (Decimal("0.7014562"), "USDT")
    assert order.time_in_force is TimeInForce.POST_ONLY


BYBIT_KINDS = {
    3: (OrderType.STOP_MARKET, BUY, "1800.5", TriggerBy.MARK, False),
    4: (OrderType.TAKE_PROFIT_MARKET, SELL, "2500", TriggerBy.LAST, True),
    5: (OrderType.STOP_LIMIT, SELL, "1500", TriggerBy.INDEX, False),
    6: (OrderType.TRAILING_STOP, SELL, "1750", TriggerBy.LAST, True),
}


@pytest.mark.parametrize(("number", "expected"), BYBIT_KINDS.items())
def test_a_bybit_trigger_order_says_its_kind(
    number: int, expected: tuple[OrderType, OrderSide, str, TriggerBy, bool]
) -> None:
    order_type, side, trigger, by, closes = expected
    order = bybit_order(number)
    assert (order.order_type, order.side, order.trigger_price) == (order_type, side, Decimal(trigger))
    assert (order.trigger_by, order.closes_position) == (by, closes)
    assert order.status is OrderStatus.UNTRIGGERED
    assert order.is_open


def test_protection_of_a_whole_bybit_position_has_no_size_of_its_own() -> None:
    order = bybit_order(4)
    assert (order.size, order.remaining_size, order.closes_position, order.reduce_only) == (None, None, True, True)
    assert order.client_order_id is None
    assert order.parent_order_id == "ec-000001"


def test_a_bybit_order_that_takes_the_markets_price_has_no_limit() -> None:
    assert bybit_order(21).price is None
    assert bybit_order(3).price is None
    assert bybit_order(5).price == 1499


def test_a_hedged_bybit_order_names_its_leg() -> None:
    assert bybit_order(7).position_side is PositionSide.SHORT
    assert bybit_order(2).position_side is None


def test_a_cancelled_bybit_order_keeps_what_it_filled() -> None:
    order = bybit_order(22)
    assert (order.status, order.filled_size) == (OrderStatus.CANCELLED, Decimal("0.04"))
    assert not order.is_open


@pytest.mark.parametrize(("symbol", "value", "average"), [("BTCUSDT", "2400", 60000), ("BTCUSD", "0.000001", 40000)])
@pytest.mark.parametrize("told", ["", "0"])
def test_an_average_price_that_is_left_out_follows_from_the_value(
    told: str, symbol: str, value: str, average: int
) -> None:
    order = bybit_order(22, symbol=symbol, cumExecQty="0.04", cumExecValue=value, avgPrice=told)
    assert order.average_price == average
    assert bybit_order(22, cumExecQty="0", cumExecValue="0", avgPrice=told).average_price is None


def test_a_size_that_a_bybit_order_leaves_out_is_not_known() -> None:
    order = bybit_order(1, qty="")
    assert (order.size, order.remaining_size, order.closes_position) == (None, None, False)
    assert bybit_order(1, qty="0").closes_position


def test_a_filled_bybit_order_is_filled_whole_where_it_does_not_say_how_much() -> None:
    order = bybit_order(1, orderStatus="Filled", cumExecQty="")
    assert (order.filled_size, order.remaining_size) == (Decimal("0.10"), Decimal(0))


def test_a_fee_in_several_coins_has_no_sum() -> None:
    assert (bybit_order(22).fee, bybit_order(22).fee_currency) == (None, None)
    assert (bybit_order(21).fee, bybit_order(21).fee_currency) == (Decimal("0.00242968"), "MNT")


BYBIT_STATES = {
    "Created": OrderStatus.OPEN,
    "New": OrderStatus.OPEN,
    "Active": OrderStatus.OPEN,
    "PendingCancel": OrderStatus.OPEN,
    "PartiallyFilled": OrderStatus.PARTIALLY_FILLED,
    "Untriggered": OrderStatus.UNTRIGGERED,
    "Triggered": OrderStatus.TRIGGERED,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELLED,
    "PartiallyFilledCanceled": OrderStatus.CANCELLED,
    "Deactivated": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
}


@pytest.mark.parametrize(("word", "status"), BYBIT_STATES.items())
def test_every_bybit_state_is_known(word: str, status: OrderStatus) -> None:
    order = bybit_order(1, orderStatus=word)
    assert (order.status, order.venue_status) == (status, word)


def test_no_error_is_no_reason() -> None:
    assert bybit_order(1).reject_reason is None
    assert bybit_order(23).reject_reason == "EC_PostOnlyWillTakeLiquidity"


def test_a_new_bybit_word_that_only_describes_does_not_hide_the_order() -> None:
    order = bybit_order(26, stopOrderType="Ratchet", timeInForce="GTD", triggerBy="OraclePrice")
    assert (order.order_type, order.time_in_force, order.trigger_by) == (OrderType.UNKNOWN, None, None)


def test_a_close_by_margin_rate_is_a_market_order() -> None:
    assert bybit_order(26).order_type is OrderType.MARKET


@pytest.mark.parametrize("word", ["Stop", "", "UNKNOWN", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"])
@pytest.mark.parametrize(
    ("side", "direction", "kinds"),
    [
        ("Buy", 1, (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)),
        ("Sell", 2, (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)),
        ("Buy", "2", (OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT)),
        ("Sell", 1, (OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT)),
        ("Sell", 0, (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)),
    ],
)
def test_a_conditional_bybit_order_that_waits_against_the_market_takes_a_profit(
    word: str, side: str, direction: int | str, kinds: tuple[OrderType, OrderType]
) -> None:
    changes = {"stopOrderType": word, "side": side, "triggerDirection": direction}
    read = tuple(bybit_order(3, orderType=kind, **changes).order_type for kind in ("Market", "Limit"))
    assert read == kinds


def test_the_name_of_a_bybit_protection_is_believed_before_its_direction() -> None:
    assert bybit_order(4, stopOrderType="StopLoss", triggerDirection=1).order_type is OrderType.STOP_MARKET


def test_an_id_that_comes_as_a_number_is_an_id() -> None:
    assert bybit_order(1, orderId=1523347543495541248).order_id == "1523347543495541248"


def test_a_fee_that_is_not_told_yet_is_unknown() -> None:
    order = bybit_order(2, cumFeeDetail={"USDT": ""})
    assert (order.fee, order.fee_currency) == (None, "USDT")


@pytest.mark.parametrize(
    "changes",
    [
        {"side": "Both"},
        {"side": ""},
        {"orderStatus": "Napping"},
        {"orderStatus": ""},
        {"qty": "NaN"},
        {"price": "1e400"},
        {"orderId": ""},
        {"reduceOnly": "maybe"},
    ],
    ids=str,
)
def test_a_bybit_order_that_cannot_be_trusted_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadPayload):
        bybit_order(1, **changes)


def test_a_conditional_bybit_order_is_known_by_its_trigger_where_the_kind_is_empty() -> None:
    assert bybit_order(3, stopOrderType="").order_type is OrderType.STOP_MARKET


def hyperliquid_order(number: int) -> Order:
    orders = orders_from_hyperliquid(payload("hyperliquid/info_frontend_open_orders"))
    (order,) = (order for order in orders if order.order_id == str(number))
    return order


def test_a_hyperliquid_entry_carries_the_prices_of_its_children() -> None:
    assert hyperliquid_order(10) == Order(
        exchange="hyperliquid",
        symbol="BTCUSDT",
        native_symbol="BTC",
        order_id="10",
        client_order_id="0x0000000000000000000000000000000a",
        side=BUY,
        order_type=OrderType.LIMIT,
        status=OrderStatus.OPEN,
        size=Decimal("0.01"),
        price=Decimal(60000),
        time_in_force=TimeInForce.GTC,
        take_profit=Decimal(70000),
        stop_loss=Decimal(55000),
        venue_status="open",
        created_at=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
    )


def test_hyperliquid_children_are_orders_of_their_own_and_each_is_there_once() -> None:
    orders = orders_from_hyperliquid(payload("hyperliquid/info_frontend_open_orders"))
    assert sorted(order.order_id for order in orders) == ["10", "11", "12", "13", "14", "15"]
    assert (hyperliquid_order(11).parent_order_id, hyperliquid_order(12).parent_order_id) == ("10", "10")


def test_a_child_listed_before_its_parent_keeps_the_parent() -> None:
    rows = payload("hyperliquid/info_frontend_open_orders")
    orders = orders_from_hyperliquid([*rows[1:], rows[0]])
    assert {order.order_id: order.parent_order_id for order in orders}["12"] == "10"


def test_spot_orders_are_left_out() -> None:
    assert {o.native_symbol for o in orders_from_hyperliquid(payload("hyperliquid/info_open_orders"))} == {"BTC", "ETH"}


HYPERLIQUID_KINDS = {
    11: (OrderType.TAKE_PROFIT_MARKET, "70000", None, False),
    12: (OrderType.STOP_MARKET, "55000", None, False),
    13: (OrderType.STOP_LIMIT, "2800", "2700", True),
    15: (OrderType.TAKE_PROFIT_LIMIT, "340", "341", False),
}


@pytest.mark.parametrize(("number", "expected"), HYPERLIQUID_KINDS.items())
def test_a_hyperliquid_trigger_order_says_its_kind(
    number: int, expected: tuple[OrderType, str, str | None, bool]
) -> None:
    order_type, trigger, price, closes = expected
    order = hyperliquid_order(number)
    assert (order.order_type, order.trigger_price) == (order_type, Decimal(trigger))
    assert order.price == (None if price is None else Decimal(price))
    assert (order.closes_position, order.reduce_only, order.side) == (closes, True, SELL)
    assert (order.status, order.trigger_by) == (OrderStatus.UNTRIGGERED, TriggerBy.MARK)


@pytest.mark.parametrize("word", ["Market", "Twap Slice", "Vault Close"])
def test_what_hyperliquid_executes_by_itself_takes_the_markets_price(word: str) -> None:
    row = {**payload("hyperliquid/info_frontend_open_orders")[0], "orderType": word, "tif": "FrontendMarket"}
    order = Order.from_hyperliquid(row)
    assert (order.order_type, order.price, order.time_in_force) == (OrderType.MARKET, None, TimeInForce.IOC)


def test_protection_of_a_whole_hyperliquid_position_has_no_size_of_its_own() -> None:
    assert (hyperliquid_order(13).size, hyperliquid_order(13).remaining_size) == (None, None)


def test_a_partly_filled_hyperliquid_order_is_told_by_its_two_sizes() -> None:
    order = hyperliquid_order(14)
    assert (order.size, order.filled_size, order.remaining_size) == (Decimal(1), Decimal("0.6"), Decimal("0.4"))
    assert (order.status, order.time_in_force) == (OrderStatus.PARTIALLY_FILLED, TimeInForce.POST_ONLY)


def test_the_short_form_does_not_say_the_kind_of_an_order() -> None:
    first, second = orders_from_hyperliquid(payload("hyperliquid/info_open_orders"))
    assert (first.order_type, first.size, first.filled_size, first.side) == (
        OrderType.UNKNOWN,
        Decimal(5),
        Decimal(0),
        SELL,
    )
    assert (first.price, first.client_order_id, first.time_in_force) == (Decimal(29792), None, None)
    assert (second.size, second.filled_size, second.reduce_only) == (Decimal(1), Decimal("0.6"), True)


def test_a_hyperliquid_order_with_nothing_left_is_filled_whatever_its_state_is_called() -> None:
    order = Order.from_hyperliquid({**payload("hyperliquid/info_frontend_open_orders")[0], "sz": "0.0"})
    assert (order.status, order.remaining_size, order.is_open) == (OrderStatus.FILLED, Decimal(0), False)


@pytest.mark.parametrize(("left", "filled"), [("0.0", "0.01"), ("0.01", "0.01"), ("0.004", "0.006")])
def test_a_filled_hyperliquid_order_has_filled_something(left: str, filled: str) -> None:
    row = {**payload("hyperliquid/info_frontend_open_orders")[0], "sz": left}
    order = Order.from_hyperliquid({"order": row, "status": "filled", "statusTimestamp": 1760000000000})
    assert (order.status, order.filled_size) == (OrderStatus.FILLED, Decimal(filled))


@pytest.mark.parametrize("is_newest_first", [True, False])
@pytest.mark.parametrize(("last", "later_by_ms"), [("canceled", 694486), ("filled", 0)])
def test_an_order_that_a_history_lists_in_several_states_is_in_the_last(
    is_newest_first: bool, last: str, later_by_ms: int
) -> None:
    row = payload("hyperliquid/info_historical_orders")[0]
    placed = int(row["order"]["timestamp"])
    rows = [
        {**row, "status": last, "statusTimestamp": str(placed + later_by_ms)},
        {**row, "order": {**row["order"], "sz": row["order"]["origSz"]}, "status": "open", "statusTimestamp": placed},
    ]
    (order,) = orders_from_hyperliquid(rows if is_newest_first else rows[::-1])
    assert order.venue_status == last


def history() -> dict[str, Order]:
    orders = orders_from_hyperliquid(payload("hyperliquid/info_historical_orders"))
    return {order.venue_status: order for order in orders}


def test_every_hyperliquid_state_is_known() -> None:
    for word, order in history().items():
        ending = {"Canceled": OrderStatus.CANCELLED, "Rejected": OrderStatus.REJECTED}.get(word[-8:])
        assert order.status is (ending or order.status), word
    assert Counter(order.status for order in history().values()) == {
        OrderStatus.FILLED: 1,
        OrderStatus.TRIGGERED: 1,
        OrderStatus.OPEN: 1,
        OrderStatus.CANCELLED: 10,
        OrderStatus.REJECTED: 16,
    }


def test_hyperliquid_history_keeps_what_was_filled_and_when_it_ended() -> None:
    assert history()["canceled"].filled_size == Decimal("0.006")
    assert history()["filled"].filled_size == Decimal("0.01")
    assert history()["filled"].updated_at == datetime(2025, 10, 9, 8, 53, 25, tzinfo=UTC)
    assert history()["tickRejected"].reject_reason == "tickRejected"
    assert history()["marginCanceled"].reject_reason is None


def test_a_market_order_of_the_venues_own_screen_has_no_limit() -> None:
    order = history()["filled"]
    assert (order.order_type, order.price, order.time_in_force) == (OrderType.MARKET, None, TimeInForce.IOC)


def test_an_order_status_answer_is_an_order_or_none() -> None:
    answer = payload("hyperliquid/info_order_status")
    order = Order.from_hyperliquid_status(answer)
    assert order is not None
    assert (order.status, order.filled_size, order.reduce_only) == (OrderStatus.FILLED, Decimal("0.0076"), True)
    assert Order.from_hyperliquid(answer) == order
    unknown = payload("hyperliquid/info_order_status_unknown")
    assert Order.from_hyperliquid_status(unknown) is None
    with pytest.raises(BadPayload):
        Order.from_hyperliquid(unknown)


def test_more_left_than_was_ordered_proves_no_fill() -> None:
    row = payload("hyperliquid/info_frontend_open_orders")[3]
    assert Order.from_hyperliquid({**row, "sz": 2.0}).filled_size == 0


@pytest.mark.parametrize(
    "changes",
    [{"side": "S"}, {"side": None}, {"sz": "-1.0"}, {"sz": "NaN"}, {"coin": None}, {"oid": None}, {"oid": True}],
    ids=str,
)
def test_a_hyperliquid_order_that_cannot_be_trusted_is_refused(changes: dict[str, Any]) -> None:
    row = payload("hyperliquid/info_frontend_open_orders")[3]
    with pytest.raises(BadPayload):
        Order.from_hyperliquid({**row, **changes})


def test_an_unknown_hyperliquid_state_is_refused() -> None:
    row = {**payload("hyperliquid/info_historical_orders")[0], "status": "napping"}
    with pytest.raises(BadPayload, match="status: expected"):
        Order.from_hyperliquid(row)


@needs_recordings
def test_recorded_open_orders_keep_their_sides() -> None:
    cassettes = recorded("hl_sdk/info_cassettes")
    (answer,) = cassettes["tests/cassettes/info_test/test_get_open_orders.yaml"]
    orders = orders_from_hyperliquid(answer["response"])
    expected = Counter({"B": BUY, "A": SELL}[row["side"]] for row in answer["response"])
    assert Counter(order.side for order in orders) == expected == {BUY: 31, SELL: 29}


@needs_recordings
def test_recorded_orders_obey_what_holds_of_every_order() -> None:
    files = (
        "ccxt/bybit_response",
        "ccxt/bybit_doc_examples",
        "ccxt/hyperliquid_response",
        "ccxt/hyperliquid_doc_examples",
    )
    rows = [r for r in recorded_objects(*files) if "orderStatus" in r or ("limitPx" in r and "oid" in r)]
    orders = [Order.from_bybit(r) if "orderStatus" in r else Order.from_hyperliquid(r) for r in rows]
    assert len(orders) == 9
    for order in orders:
        assert order.size is None or 0 <= order.filled_size <= order.size
        assert order.status is not OrderStatus.OPEN or order.remaining_size != 0
