"""A reader returns a model or says that the payload is bad, whatever a venue puts into a field."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.balance import Balance
from models.errors import BadPayload
from models.fill import ClosedPnl, Fill, FundingPayment
from models.instrument import Instrument, instruments_from_hyperliquid
from models.market import Candle, FeeRates, Ticker, tickers_from_hyperliquid
from models.order import Order, orders_from_hyperliquid
from models.position import Position
from tests.payloads.loading import bybit_rows, payload

NOW = datetime(2025, 10, 9, tzinfo=UTC)
SPOT = payload("hyperliquid/info_spot_clearinghouse_state")
CASES: dict[str, tuple[Callable[[Any], object], Any]] = {
    "bybit position": (Position.from_bybit, bybit_rows("http_get_position_list")[0]),
    "bybit order": (Order.from_bybit, bybit_rows("http_get_order_realtime")[3]),
    "bybit fill": (Fill.from_bybit, bybit_rows("http_get_execution_list")[0]),
    "bybit funding": (FundingPayment.from_bybit, bybit_rows("http_get_execution_list")[2]),
    "bybit funding entry": (FundingPayment.from_bybit, bybit_rows("http_get_transaction_log")[0]),
    "bybit result": (ClosedPnl.from_bybit, bybit_rows("http_get_closed_pnl")[0]),
    "bybit balance": (Balance.from_bybit, bybit_rows("http_get_wallet_balance_cross")[0]),
    "bybit isolated balance": (Balance.from_bybit, bybit_rows("http_get_wallet_balance_isolated")[0]),
    "bybit instrument": (Instrument.from_bybit, bybit_rows("http_get_instruments_info_linear")[14]),
    "bybit ticker": (lambda row: Ticker.from_bybit(row, as_of=NOW), bybit_rows("http_get_tickers_linear")[0]),
    "bybit candle": (Candle.from_bybit, bybit_rows("http_get_kline")[0]),
    "bybit fees": (FeeRates.from_bybit, bybit_rows("http_get_fee_rate")[0]),
    "hyperliquid position": (
        Position.from_hyperliquid,
        payload("hyperliquid/info_clearinghouse_state")["assetPositions"][0],
    ),
    "hyperliquid order": (Order.from_hyperliquid, payload("hyperliquid/info_frontend_open_orders")[0]),
    "hyperliquid orders": (orders_from_hyperliquid, payload("hyperliquid/info_frontend_open_orders")),
    "hyperliquid past order": (Order.from_hyperliquid, payload("hyperliquid/info_historical_orders")[0]),
    "hyperliquid status": (Order.from_hyperliquid_status, payload("hyperliquid/info_order_status")),
    "hyperliquid fill": (Fill.from_hyperliquid, payload("hyperliquid/info_user_fills")[3]),
    "hyperliquid funding": (FundingPayment.from_hyperliquid, payload("hyperliquid/info_user_funding")[0]),
    "hyperliquid balance": (Balance.from_hyperliquid, payload("hyperliquid/info_clearinghouse_state")),
    "hyperliquid spot": (
        lambda spot: Balance.from_hyperliquid(
            payload("hyperliquid/info_clearinghouse_state_unified"), spot=spot, abstraction="unifiedAccount"
        ),
        SPOT,
    ),
    "hyperliquid meta": (instruments_from_hyperliquid, payload("hyperliquid/info_meta_dex")),
    "hyperliquid tickers": (
        lambda answer: tickers_from_hyperliquid(answer, as_of=NOW),
        payload("hyperliquid/info_meta_and_asset_ctxs"),
    ),
    "hyperliquid candle": (Candle.from_hyperliquid, payload("hyperliquid/info_candle_snapshot")[0]),
    "hyperliquid fees": (FeeRates.from_hyperliquid, payload("hyperliquid/info_user_fees")),
}
ODD: list[Any] = [
    None,
    "",
    " ",
    "NaN",
    "Infinity",
    "x",
    "-1",
    -1,
    0,
    "0",
    1.5,
    True,
    [],
    {},
    [None],
    {"a": 1},
    "9" * 500,
]


def variants(value: Any) -> Iterator[Any]:
    """Yield the payload with each of its fields, at any depth, replaced by something odd or left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            rest = {name: other for name, other in value.items() if name != key}
            yield rest
            yield from ({**rest, key: odd} for odd in (*ODD, *variants(item)))
    elif isinstance(value, list):
        for index, item in enumerate(value[:3]):
            yield from ([*value[:index], odd, *value[index + 1 :]] for odd in (*ODD, *variants(item)))


@pytest.mark.parametrize("name", CASES)
def test_a_reader_returns_a_model_or_says_that_the_payload_is_bad(name: str) -> None:
    read, good = CASES[name]
    assert read(good) is not None
    refused = 0
    for row in variants(good):
        try:
            model = read(row)
        except BadPayload:
            refused += 1
        else:
            assert_sane(model)
    assert refused > 0


def assert_sane(model: object) -> None:
    for part in model if isinstance(model, list) else [model]:
        numbers = [getattr(part, name, None) for name in ("size", "price", "entry_price", "filled_size")]
        assert all(number is None or (number.is_finite() and number >= 0) for number in numbers), numbers
        assert not isinstance(part, Position) or part.size > Decimal(0)
