"""Positions, as both venues write them."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.enums import AccountType, MarginMode, PositionSide
from models.errors import BadPayload
from models.position import Position
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded, recorded_objects

LONG, SHORT = PositionSide.LONG, PositionSide.SHORT


def from_bybit(row: dict[str, Any], **changes: Any) -> Position:
    position = Position.from_bybit({**row, **changes})
    assert position is not None
    return position


def from_hyperliquid(row: dict[str, Any], **arguments: Any) -> Position:
    position = Position.from_hyperliquid(row, **arguments)
    assert position is not None
    return position


def bybit_positions() -> dict[tuple[str, PositionSide], Position]:
    read = (Position.from_bybit(row, as_of=None) for row in bybit_rows("http_get_position_list"))
    return {(p.native_symbol, p.side): p for p in read if p is not None}


def test_a_bybit_position_is_read_whole() -> None:
    assert bybit_positions()["BTCUSDT", LONG] == Position(
        exchange="bybit",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        side=LONG,
        size=Decimal("0.012"),
        entry_price=Decimal("65000.5"),
        mark_price=Decimal(66000),
        notional=Decimal(792),
        unrealized_pnl=Decimal("11.994"),
        realized_pnl=Decimal("-0.429"),
        leverage=Decimal("12.5"),
        margin_used=Decimal("63.1"),
        liquidation_price=Decimal("60123.4"),
        take_profit=Decimal(70000),
        stop_loss=Decimal(64000),
        opened_at=datetime(2025, 10, 9, 3, 20, tzinfo=UTC),
        updated_at=datetime(2025, 10, 9, 6, 6, 40, 12000, UTC),
    )


def test_bybit_rows_without_size_are_no_positions() -> None:
    assert Counter(p.side for p in bybit_positions().values()) == {LONG: 3, SHORT: 3}
    assert "SOLUSDT" not in {symbol for symbol, _ in bybit_positions()}


def test_both_legs_of_a_bybit_hedge_are_positions_of_their_own() -> None:
    positions = bybit_positions()
    assert (positions["LINKUSDT", LONG].size, positions["LINKUSDT", SHORT].size) == (Decimal(10), Decimal(4))
    assert all(positions["LINKUSDT", side].is_hedge for side in PositionSide)
    assert not positions["BTCUSDT", LONG].is_hedge


def test_empty_bybit_fields_are_unknown_and_not_zero() -> None:
    position = bybit_positions()["BTCPERP", LONG]
    assert position.leverage is None
    assert position.margin_used is None
    assert position.liquidation_price is None
    assert (position.take_profit, position.stop_loss, position.trailing_stop) == (None, None, None)


def test_a_bybit_protection_price_of_zero_is_none() -> None:
    position = bybit_positions()["ETHUSDT", SHORT]
    assert (position.take_profit, position.stop_loss) == (None, None)
    assert position.trailing_stop == Decimal("25.5")
    assert position.opened_at is None


def test_the_margin_mode_of_a_bybit_position_comes_from_the_account_unless_the_row_says_isolated() -> None:
    row = bybit_rows("http_get_position_list")[0]
    assert from_bybit(row).margin_mode is None
    portfolio = Position.from_bybit(row, margin_mode=MarginMode.PORTFOLIO)
    assert portfolio is not None
    assert portfolio.margin_mode is MarginMode.PORTFOLIO
    assert bybit_positions()["1000PEPEUSDT", SHORT].margin_mode is MarginMode.ISOLATED


def test_an_inverse_bybit_position_is_worth_its_size_in_dollars() -> None:
    (row,) = bybit_rows("http_get_position_list_inverse")
    position = from_bybit(row)
    assert (position.symbol, position.side, position.size) == ("BTCUSD", SHORT, Decimal(300))
    assert position.notional == 300
    assert position.margin_mode is MarginMode.CROSS
    assert (position.take_profit, position.stop_loss, position.trailing_stop) == (None, None, None)


def test_the_notional_of_a_bybit_position_without_a_mark_price_is_its_value_at_entry() -> None:
    row = bybit_rows("http_get_position_list")[0]
    assert from_bybit(row, markPrice="").notional == Decimal("780.006")


def test_numbers_that_arrive_as_text_and_stream_names_are_understood() -> None:
    row = {**bybit_rows("http_get_position_list")[4], "positionIdx": "1", "tradeMode": "0", "isReduceOnly": "false"}
    row["entryPrice"] = row.pop("avgPrice")
    assert from_bybit(row) == from_bybit(bybit_rows("http_get_position_list")[4])


@pytest.mark.parametrize(
    ("symbol", "size", "value", "entry"), [("BTCUSDT", "0.2", "12000", 60000), ("BTCUSD", "300", "0.005", 60000)]
)
def test_an_entry_price_that_is_left_out_follows_from_the_value(symbol: str, size: str, value: str, entry: int) -> None:
    row = bybit_rows("http_get_position_list")[0]
    assert from_bybit(row, symbol=symbol, size=size, positionValue=value, avgPrice="").entry_price == entry


@pytest.mark.parametrize(
    "changes",
    [
        {"side": "Both"},
        {"side": ""},
        {"size": "-1"},
        {"size": ""},
        {"avgPrice": "", "positionValue": ""},
        {"avgPrice": "NaN"},
        {"symbol": ""},
    ],
    ids=str,
)
def test_a_bybit_position_that_contradicts_itself_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadPayload):
        from_bybit(bybit_rows("http_get_position_list")[0], **changes)


def test_who_asked_and_when_is_kept() -> None:
    as_of = datetime(2025, 10, 9, tzinfo=UTC)
    row = bybit_rows("http_get_position_list")[0]
    position = Position.from_bybit(row, account_type=AccountType.DEMO, as_of=as_of)
    assert position is not None
    assert (position.account_type, position.as_of) == (AccountType.DEMO, as_of)


def hyperliquid_positions(name: str = "info_clearinghouse_state") -> dict[str, Position]:
    read = (Position.from_hyperliquid(row) for row in payload(f"hyperliquid/{name}")["assetPositions"])
    return {p.native_symbol: p for p in read if p is not None}


def test_a_hyperliquid_position_is_read_whole() -> None:
    assert hyperliquid_positions()["BTC"] == Position(
        exchange="hyperliquid",
        symbol="BTCUSDT",
        native_symbol="BTC",
        side=SHORT,
        size=Decimal("0.003"),
        entry_price=Decimal(67000),
        mark_price=Decimal(66000),
        notional=Decimal(198),
        unrealized_pnl=Decimal(3),
        leverage=Decimal(10),
        margin_mode=MarginMode.CROSS,
        margin_used=Decimal("19.8"),
        liquidation_price=Decimal("4418022.18"),
        funding_since_open=Decimal("0.75"),
    )


def test_hyperliquid_counts_paid_funding_as_positive_and_we_as_negative() -> None:
    assert hyperliquid_positions()["ETH"].funding_since_open == Decimal("-1.25")


def test_an_isolated_hyperliquid_position_says_so() -> None:
    position = hyperliquid_positions()["ETH"]
    assert position.margin_mode is MarginMode.ISOLATED
    assert (position.mark_price, position.liquidation_price) == (Decimal("2985.9"), Decimal("2866.26936529"))


def test_a_flat_hyperliquid_row_and_a_liquidation_price_of_null_are_none() -> None:
    positions = hyperliquid_positions()
    assert "SOL" not in positions
    assert positions["kPEPE"].liquidation_price is None
    assert positions["kPEPE"].symbol == "1000PEPEUSDT"


def test_a_position_of_another_dex_keeps_its_name() -> None:
    position = hyperliquid_positions("info_clearinghouse_state_dex")["xyz:TSLA"]
    assert (position.symbol, position.side, position.size) == ("xyz:TSLA", SHORT, Decimal("1.25"))


def test_a_fresher_mark_price_also_makes_the_notional() -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][1]
    position = from_hyperliquid(row, mark_price=Decimal(70000))
    assert (position.mark_price, position.notional) == (Decimal(70000), Decimal(210))


def test_the_inner_part_of_a_hyperliquid_row_is_enough() -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][0]
    assert from_hyperliquid(row["position"]) == from_hyperliquid(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"szi": "NaN"},
        {"szi": None},
        {"entryPx": None, "unrealizedPnl": None},
        {"entryPx": None, "positionValue": None},
        {"entryPx": "x"},
        {"coin": ""},
        {"leverage": "20x"},
        {"positionValue": "x"},
    ],
    ids=str,
)
def test_a_hyperliquid_position_with_a_field_missing_is_refused(changes: dict[str, Any]) -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][0]["position"]
    with pytest.raises(BadPayload):
        Position.from_hyperliquid({**row, **changes})


@pytest.mark.parametrize("number", [0, 1])
def test_an_entry_price_that_is_null_follows_from_value_and_profit(number: int) -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][number]["position"]
    told, implied = from_hyperliquid(row), from_hyperliquid({**row, "entryPx": None})
    assert abs(implied.entry_price - told.entry_price) < Decimal("0.01")


@pytest.mark.parametrize("size", ["0", "0.000", "", None])
@pytest.mark.parametrize("side", ["", "None", None])
def test_a_bybit_row_without_a_side_is_flat_whatever_else_is_empty(size: str | None, side: str | None) -> None:
    row = dict.fromkeys(bybit_rows("http_get_position_list")[0], "") | {"symbol": "BTCUSDT", "positionIdx": 1}
    assert Position.from_bybit({**row, "size": size, "side": side}) is None


@pytest.mark.parametrize("changes", [{"size": ""}, {"size": None}, {"side": ""}, {"side": None}], ids=str)
def test_a_bybit_row_that_is_half_flat_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        Position.from_bybit({**bybit_rows("http_get_position_list")[0], **changes})


def test_an_unknown_margin_mode_does_not_hide_the_position() -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][0]["position"]
    assert from_hyperliquid({**row, "leverage": {"type": "quantum", "value": 20}}).margin_mode is None


@needs_recordings
def test_twelve_recorded_positions_are_seven_long_and_five_short() -> None:
    answer = recorded("hl_sdk/info_cassettes")["tests/cassettes/info_test/test_get_user_state.yaml"][0]["response"]
    positions = [from_hyperliquid(row) for row in answer["assetPositions"]]
    assert Counter(p.side for p in positions) == {LONG: 7, SHORT: 5}
    assert sum(1 for p in positions if p.liquidation_price is None) == 7
    assert sum(p.unrealized_pnl or 0 for p in positions) == Decimal("0.688018")
    assert {p.symbol: p.mark_price for p in positions}["BTCUSDT"] == Decimal("26961.2")


@needs_recordings
def test_every_recorded_position_can_be_read() -> None:
    files = ("ccxt/bybit_response", "ccxt/bybit_doc_examples", "ccxt/hyperliquid_response", "hummingbot/payloads")
    read = [
        Position.from_bybit(row) if "positionIdx" in row else Position.from_hyperliquid(row)
        for row in recorded_objects(*files)
        if ("positionIdx" in row and "positionValue" in row) or ("szi" in row and "entryPx" in row)
    ]
    assert len(read) == 8
    for position in read:
        assert position is not None
        assert position.size > 0
        assert position.entry_price > 0
