"""A reader of OKX's rows returns a model or says that the row is bad, whatever stands in it."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from exchanges import okx_account_rows as account
from exchanges import okx_market_rows as market
from exchanges import okx_order_rows as orders
from exchanges.okx_protection import Guard, guard_from_okx
from models.errors import BadPayload
from tests.exchanges.okx_kit import okx_rows
from tests.models.test_readers_are_total import assert_sane, variants

CONTRACT = Decimal("0.01")


def sized(reader: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return a reader of rows that are counted in contracts."""
    return partial(reader, contract=CONTRACT)


CASES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "position": (sized(account.position_from_okx), okx_rows("http_get_account_positions")[0]),
    "balance": (account.balance_from_okx, okx_rows("http_get_account_balance_futures")[0]),
    "balance of several coins": (account.balance_from_okx, okx_rows("http_get_account_balance_multi")[0]),
    "account": (account.state_from_okx, okx_rows("http_get_account_config")[0]),
    "key": (account.key_from_okx, okx_rows("http_get_account_config")[0]),
    "result": (sized(account.closed_pnl_from_okx), okx_rows("http_get_account_positions_history")[0]),
    "funding": (sized(account.funding_from_okx), okx_rows("http_get_account_bills")[0]),
    "order": (sized(orders.order_from_okx), okx_rows("http_get_trade_order")[0]),
    "algo order": (sized(orders.orders_from_okx_algo), okx_rows("http_get_trade_orders_algo_pending")[1]),
    "guard": (sized(guard_from_okx), okx_rows("http_get_trade_orders_algo_pending")[1]),
    "fill": (sized(orders.fill_from_okx), okx_rows("http_get_trade_fills")[0]),
    "candle": (market.candle_from_okx, okx_rows("http_get_market_candles")[0]),
    "fees": (
        partial(market.fee_rates_from_okx, settle="USDT", symbol="BTCUSDT"),
        okx_rows("http_get_account_trade_fee")[0],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_reader_returns_a_model_or_says_that_the_row_is_bad(name: str) -> None:
    read, good = CASES[name]
    assert read(good) is not None
    refused = 0
    for row in variants(good):
        try:
            model = read(row)
        except BadPayload:
            refused += 1
            continue
        if not isinstance(model, Guard):
            assert_sane(model)
    assert refused > 0
