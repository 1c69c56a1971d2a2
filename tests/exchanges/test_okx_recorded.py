"""OKX's answers as others recorded them, and another venue's, which must not pass for OKX's.

The recordings are not part of the project; `RECORDED_PAYLOADS` names their directory.
"""

import contextlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from exchanges.okx_account_rows import (
    balance_from_okx,
    closed_pnl_from_okx,
    funding_from_okx,
    key_from_okx,
    position_from_okx,
    state_from_okx,
)
from exchanges.okx_acks import classify
from exchanges.okx_market_rows import fee_rates_from_okx, instruments_from_okx, ticker_from_okx
from exchanges.okx_order_rows import fill_from_okx, order_from_okx, orders_from_okx_algo
from models.enums import PositionMode, PositionSide
from models.errors import BadPayload
from models.requests import AckKind, BatchOrders, CancelOrder, SetPositionMode
from tests.exchanges.okx_kit import BTC, order
from tests.exchanges.test_okx_rows import NOW
from tests.payloads.loading import needs_recordings, recorded, recorded_objects

pytestmark = needs_recordings

D = Decimal
ONE = D(1)
CCXT, HUMMINGBOT, BINANCE = "ccxt/okx_doc_examples", "hummingbot/payloads", "ccxt/binance_doc_examples"

READERS: tuple[Callable[[Any], object], ...] = (
    lambda row: position_from_okx(row, contract=ONE),
    lambda row: closed_pnl_from_okx(row, contract=ONE),
    lambda row: funding_from_okx(row, contract=ONE),
    lambda row: order_from_okx(row, contract=ONE),
    lambda row: orders_from_okx_algo(row, contract=ONE),
    lambda row: fill_from_okx(row, contract=ONE),
    lambda row: ticker_from_okx(row, as_of=NOW),
    lambda row: fee_rates_from_okx(row, settle="USDT", symbol=None),
    balance_from_okx,
    key_from_okx,
    state_from_okx,
)


def examples(method: str) -> list[Any]:
    """Return the recorded answers that another library reads in a method."""
    return [item["payload"] for item in recorded(CCXT) if item["method"] == method]


def of_hummingbot(function: str) -> Any:
    """Return the answer that another program's tests give in a function."""
    found = [item for item in _items(recorded(HUMMINGBOT)) if item.get("fn") == function and "Okx" in item["class"]]
    return found[0]["payload"]


def _items(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "fn" in value:
            yield value
        for inner in value.values():
            yield from _items(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _items(inner)


def test_recorded_position_is_read() -> None:
    row, past = examples("parse_position")
    position, result = position_from_okx(row, contract=D("0.01")), closed_pnl_from_okx(past, contract=ONE)
    assert position is not None
    assert (position.side, position.size, position.leverage) == (PositionSide.LONG, D("0.01"), D(2))
    assert (position.unrealized_pnl, position.is_hedge) == (D("0.0108608358957281"), True)
    assert result is not None
    assert (result.side, result.size, result.pnl, result.fees) == (
        *(PositionSide.SHORT, D(40), D("-0.4551036")),
        D("0.0351036"),
    )


def test_recorded_money_is_read_or_refused_by_field() -> None:
    single, spot, _ = (answer["data"][0] for answer in examples("fetch_balance"))
    assert balance_from_okx(spot, level="2").equity == 0  # no USDT in it
    with pytest.raises(BadPayload, match="eq"):  # the recording holds a number with a blank in it
        balance_from_okx(single, level="2")


def test_recorded_execution_is_read() -> None:
    (answer,) = examples("fetch_my_trades")
    fill = fill_from_okx({**answer["data"][0], "fillTime": answer["data"][0]["ts"]}, contract=ONE)
    assert fill is not None
    assert (fill.size, fill.price, fill.fee) == (D("0.007533"), D("2654.98"), D("0.000007533"))


def test_recorded_acknowledgements_are_believed_for_their_own_orders_alone() -> None:
    (placed,), (cancelled,) = examples("create_orders"), examples("cancel_order")
    names = [row["clOrdId"] for row in placed["data"]]
    ours = BatchOrders(orders=tuple(order(client_order_id=name) for name in names))
    others = BatchOrders(orders=(order(), order()))
    assert {ack.kind for ack in classify(ours, placed, 200)} == {AckKind.ACCEPTED}
    assert {ack.kind for ack in classify(others, placed, 200)} == {AckKind.UNKNOWN}
    cancel = CancelOrder(instrument=BTC, order_id=cancelled["data"][0]["ordId"])
    assert classify(cancel, cancelled, 200)[0].kind is AckKind.ACCEPTED


def test_other_programs_answers_are_read() -> None:
    (market,) = instruments_from_okx(of_hummingbot("all_symbols_request_mock_response")["data"])
    ticker = ticker_from_okx(of_hummingbot("latest_prices_request_mock_response")["data"][0], as_of=NOW)
    funding = funding_from_okx(of_hummingbot("funding_payment_mock_response")["data"][0], contract=ONE)
    mode = classify(
        SetPositionMode(position_mode=PositionMode.HEDGE), of_hummingbot("configure_successful_set_position_mode"), 200
    )
    assert (market.native_symbol, market.size_step, market.max_market_size) == ("COINALPHA-HBOT-SWAP", ONE, D(10000))
    assert ticker.last_price == D("9999.9")
    assert funding is not None
    assert funding.amount == 200
    assert mode[0].kind is AckKind.ACCEPTED


def test_any_recorded_object_is_read_or_refused_by_name() -> None:
    seen = 0
    for row in recorded_objects(CCXT, HUMMINGBOT):
        for read in READERS:
            seen += 1
            with contextlib.suppress(BadPayload):
                read(row)
    assert seen > 1000


def test_another_venues_rows_never_pass_for_okx() -> None:
    tickers = (READERS[6],)  # one of these needs a name and nothing else; Binance names none `instId`
    for row in recorded_objects(BINANCE):
        for read in (*READERS[:6], *tickers):
            try:
                found = read(row)
            except BadPayload:
                continue
            assert found is None
