"""Fills, closed profit and funding, as both venues write them."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.enums import FillKind, OrderSide, PositionSide
from models.errors import BadPayload
from models.fill import ClosedPnl, Fill, FundingPayment
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded, recorded_objects

BUY, SELL = OrderSide.BUY, OrderSide.SELL
USER = "0x5E9ee1089755c3435139848e47e6635505d5a13a"


def bybit_fill(number: int, **changes: Any) -> Fill:
    (row,) = (row for row in bybit_rows("http_get_execution_list") if row["execId"].endswith(f"{number:012d}"))
    fill = Fill.from_bybit({**row, **changes})
    assert fill is not None
    return fill


def test_a_bybit_fill_is_read_whole() -> None:
    assert bybit_fill(1) == Fill(
        exchange="bybit",
        symbol="ETHUSDT",
        native_symbol="ETHUSDT",
        fill_id="e0cbe81d-0f18-5866-9415-000000000001",
        order_id="00000000-0000-4000-8000-000000000021",
        client_order_id="ec-000021",
        side=BUY,
        size=Decimal("0.1"),
        price=Decimal(1700),
        fee=Decimal("0.0935"),
        fee_currency="USDT",
        is_maker=False,
        kind=FillKind.TRADE,
        closed_size=Decimal(0),
        filled_at=datetime(2022, 12, 29, 2, 58, 42, 429000, UTC),
    )


def test_a_rebate_is_a_negative_fee() -> None:
    assert (bybit_fill(2).fee, bybit_fill(2).is_maker) == (Decimal("-0.017"), True)


def test_funding_in_the_bybit_execution_list_is_no_fill() -> None:
    fills = [Fill.from_bybit(row) for row in bybit_rows("http_get_execution_list")]
    assert sum(1 for fill in fills if fill is None) == 1
    assert len(fills) == 10


BYBIT_KINDS = {
    4: FillKind.LIQUIDATION,
    5: FillKind.AUTO_DELEVERAGE,
    6: FillKind.SETTLEMENT,
    7: FillKind.LIQUIDATION,
    10: FillKind.OTHER,
}


@pytest.mark.parametrize(("number", "kind"), BYBIT_KINDS.items())
def test_a_bybit_fill_says_why_it_happened(number: int, kind: FillKind) -> None:
    assert bybit_fill(number).kind is kind


def test_a_settlement_belongs_to_no_order_and_may_have_no_fee() -> None:
    assert (bybit_fill(6).order_id, bybit_fill(6).client_order_id, bybit_fill(6).fee) == ("", None, None)


def test_the_coin_of_a_bybit_fee_follows_from_the_market_unless_the_row_names_it() -> None:
    assert bybit_fill(8).fee_currency == "USDC"
    assert bybit_fill(9).fee_currency == "MNT"
    assert bybit_fill(1, symbol="BTCUSDZ25").fee_currency == "BTC"
    assert bybit_fill(8).closed_size is None


@pytest.mark.parametrize(
    "changes", [{"side": ""}, {"execQty": "-1"}, {"execPrice": ""}, {"execId": ""}, {"execTime": "x"}], ids=str
)
def test_a_bybit_fill_that_cannot_be_trusted_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadPayload):
        bybit_fill(1, **changes)


@pytest.mark.parametrize("kind", ["Settle", "SessionSettlePnL", "Delivery"])
@pytest.mark.parametrize("side", ["", None, "None"])
def test_a_settlement_without_a_side_is_no_fill(kind: str, side: str | None) -> None:
    row = bybit_rows("http_get_execution_list")[0]
    assert Fill.from_bybit({**row, "execType": kind, "side": side}) is None
    assert Fill.from_bybit({**row, "execType": kind}) is not None


def test_an_execution_id_that_comes_as_a_number_is_an_id() -> None:
    assert bybit_fill(1, execId=2100000000047087120).fill_id == "2100000000047087120"


def hyperliquid_fills() -> dict[str, Fill]:
    read = [Fill.from_hyperliquid(row, user=USER) for row in payload("hyperliquid/info_user_fills")]
    return {fill.fill_id: fill for fill in read if fill is not None}


def test_a_hyperliquid_fill_is_read_whole() -> None:
    assert hyperliquid_fills()["128423918764978"] == Fill(
        exchange="hyperliquid",
        symbol="ETHUSDT",
        native_symbol="ETH",
        fill_id="128423918764978",
        order_id="3929354691",
        client_order_id=None,
        side=SELL,
        size=Decimal("0.0841"),
        price=Decimal("2381.1"),
        fee=Decimal("0.050062"),
        fee_currency="USDC",
        is_maker=False,
        kind=FillKind.TRADE,
        realized_pnl=Decimal("0.19343"),
        closed_size=Decimal("0.0841"),
        filled_at=datetime(2024, 1, 3, 6, 21, 28, 911000, UTC),
    )


def test_spot_fills_of_hyperliquid_are_left_out() -> None:
    fills = hyperliquid_fills()
    assert len(fills) == 8
    assert {"8", "9"}.isdisjoint(fills)


def test_a_fill_that_turns_a_position_closes_only_what_was_there() -> None:
    assert hyperliquid_fills()["3"].closed_size == Decimal("0.4")
    assert hyperliquid_fills()["2"].closed_size == 0


HYPERLIQUID_KINDS = {
    "2": FillKind.TRADE,
    "4": FillKind.LIQUIDATION,
    "5": FillKind.TRADE,
    "6": FillKind.AUTO_DELEVERAGE,
    "7": FillKind.TRADE,
}


@pytest.mark.parametrize(("fill_id", "kind"), HYPERLIQUID_KINDS.items())
def test_a_hyperliquid_fill_says_why_it_happened(fill_id: str, kind: FillKind) -> None:
    assert hyperliquid_fills()[fill_id].kind is kind


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"dir": "Close Long"}, FillKind.LIQUIDATION),
        ({"dir": "Close Long", "liquidation": None, "liquidationMarkPx": "2380.0"}, FillKind.LIQUIDATION),
        ({"dir": "Open Long"}, FillKind.TRADE),
        ({"dir": "Close Short", "crossed": False}, FillKind.TRADE),
        ({"dir": "Close Long", "liquidation": None, "liquidationMarkPx": None}, FillKind.TRADE),
    ],
    ids=str,
)
def test_without_the_users_address_a_liquidation_is_told_by_what_it_did(
    changes: dict[str, Any], kind: FillKind
) -> None:
    fill = Fill.from_hyperliquid({**payload("hyperliquid/info_user_fills")[3], **changes})
    assert fill is not None
    assert fill.kind is kind


def test_the_builders_fee_is_in_the_fee_already() -> None:
    assert hyperliquid_fills()["7"].fee == Decimal("0.3")


def test_a_slice_of_a_twap_order_is_a_fill() -> None:
    row = payload("hyperliquid/info_user_fills")[0]
    assert Fill.from_hyperliquid({"fill": row, "twapId": 3156}) == Fill.from_hyperliquid(row)


def test_a_trade_id_of_zero_names_nothing() -> None:
    row = payload("hyperliquid/info_user_fills")[-1]
    first, second = Fill.from_hyperliquid(row), Fill.from_hyperliquid({**row, "startPosition": "5000.0"})
    assert first is not None
    assert second is not None
    assert first.kind is FillKind.SETTLEMENT
    assert first.fill_id != second.fill_id


@pytest.mark.parametrize("changes", [{"side": "S"}, {"sz": "x"}, {"px": None}, {"time": None}], ids=str)
def test_a_hyperliquid_fill_that_cannot_be_trusted_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadPayload):
        Fill.from_hyperliquid({**payload("hyperliquid/info_user_fills")[0], **changes})


def test_a_bybit_result_names_the_side_of_the_position_and_not_of_the_order() -> None:
    long, short, _ = (ClosedPnl.from_bybit(row) for row in bybit_rows("http_get_closed_pnl"))
    assert (long.side, short.side) == (PositionSide.LONG, PositionSide.SHORT)


def test_a_bybit_result_is_read_whole() -> None:
    assert ClosedPnl.from_bybit(bybit_rows("http_get_closed_pnl")[0]) == ClosedPnl(
        exchange="bybit",
        symbol="ETHUSDT",
        native_symbol="ETHUSDT",
        order_id="5a373bfe-188d-4913-9c81-d57ab5be8068",
        side=PositionSide.LONG,
        size=Decimal(3),
        entry_price=Decimal("1194.97516667"),
        exit_price=Decimal("1180.59833333"),
        pnl=Decimal("-47.4065323"),
        fees=Decimal("4.27603230"),
        leverage=Decimal(3),
        closed_at=datetime(2022, 12, 28, 8, 8, 7, 236000, UTC),
    )


def test_a_bybit_profit_is_after_its_fees() -> None:
    row = bybit_rows("http_get_closed_pnl")[0]
    result = ClosedPnl.from_bybit(row)
    assert result.fees is not None
    gross = Decimal(row["cumExitValue"]) - Decimal(row["cumEntryValue"])
    assert result.pnl == gross - result.fees


def test_a_bybit_result_without_fees_or_update_time_is_still_one() -> None:
    row = bybit_rows("http_get_closed_pnl")[1]
    result = ClosedPnl.from_bybit(row)
    assert (result.fees, result.kind, result.symbol) == (None, FillKind.LIQUIDATION, "BTCPERP")
    assert result.closed_at == datetime(2022, 12, 28, 8, 8, 7, 231423, UTC)


def test_results_are_made_from_fills_where_a_venue_lists_none() -> None:
    results = {result.order_id: result for result in ClosedPnl.from_fills(hyperliquid_fills().values())}
    long = results["3929354691"]
    assert (long.side, long.size, long.exit_price) == (PositionSide.LONG, Decimal("0.0841"), Decimal("2381.1"))
    assert long.entry_price == Decimal("2378.8")
    assert long.pnl == Decimal("0.19343") - Decimal("0.050062")
    turned = results["3929354692"]
    assert (turned.side, turned.size, turned.fees) == (PositionSide.SHORT, Decimal("0.4"), Decimal("0.4"))
    assert turned.entry_price == Decimal("2391.1")
    assert results["3929354693"].kind is FillKind.LIQUIDATION


def test_a_fee_in_another_coin_is_not_taken_from_a_profit() -> None:
    row = {**payload("hyperliquid/info_user_fills")[0], "feeToken": "HYPE"}
    fill = Fill.from_hyperliquid(row)
    assert fill is not None
    (result,) = ClosedPnl.from_fills([fill])
    assert (result.fees, result.pnl) == (None, Decimal("0.19343"))


def test_both_bybit_sources_of_funding_agree_on_what_was_paid() -> None:
    executions = [FundingPayment.from_bybit(row) for row in bybit_rows("http_get_execution_list")]
    assert [payment.amount for payment in executions if payment is not None] == [Decimal("-0.17")]
    entries = [FundingPayment.from_bybit(row) for row in bybit_rows("http_get_transaction_log")]
    assert [payment.amount for payment in entries if payment is not None] == [Decimal("-0.003676"), Decimal("0.5")]


def test_hyperliquid_funding_is_negative_when_paid() -> None:
    paid, received, other = (FundingPayment.from_hyperliquid(row) for row in payload("hyperliquid/info_user_funding"))
    assert other is None
    assert paid == FundingPayment(
        exchange="hyperliquid",
        symbol="ETHUSDT",
        native_symbol="ETH",
        payment_id="1681222254710:ETH",
        amount=Decimal("-3.625312"),
        currency="USDC",
        rate=Decimal("0.0000417"),
        size=Decimal("49.1477"),
        paid_at=datetime(2023, 4, 11, 14, 10, 54, 710000, UTC),
    )
    assert received is not None
    assert (received.amount, received.size) == (Decimal("0.5"), Decimal("0.2"))


def test_the_streams_shape_of_funding_is_understood() -> None:
    row = payload("hyperliquid/info_user_funding")[0]
    assert FundingPayment.from_hyperliquid({"time": row["time"], **row["delta"]}) == FundingPayment.from_hyperliquid(
        row
    )


@needs_recordings
def test_recorded_fills_have_names_of_their_own_and_close_what_they_say() -> None:
    (answer,) = recorded("hl_sdk/info_cassettes")["tests/cassettes/info_test/test_get_user_fills.yaml"]
    fills = [fill for row in answer["response"] if (fill := Fill.from_hyperliquid(row)) is not None]
    assert len({fill.fill_id for fill in fills}) == len(fills) == 60
    for row, fill in zip(answer["response"], fills, strict=True):
        closes = Decimal(0) if row["dir"].startswith("Open") else fill.closed_size
        assert fill.closed_size == closes
        assert 0 <= (fill.closed_size or 0) <= fill.size
    assert Counter(bool(fill.closed_size) for fill in fills) == {True: 51, False: 9}


@needs_recordings
def test_every_recorded_fill_can_be_read() -> None:
    rows = [row for row in recorded_objects("ccxt/bybit_response", "ccxt/bybit_doc_examples") if "execId" in row]
    fills = [Fill.from_bybit(row) for row in rows]
    assert [fill.fee_currency for fill in fills if fill is not None] == ["USDT", "USDC"]
