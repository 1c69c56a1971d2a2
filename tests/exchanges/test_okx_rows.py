"""What OKX's rows become: contracts are counted in base, and nothing that is absent becomes zero."""

from datetime import UTC, datetime
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
from exchanges.okx_market_rows import (
    candle_from_okx,
    fee_rates_from_okx,
    instruments_from_okx,
    ticker_from_okx,
)
from exchanges.okx_order_rows import fill_from_okx, order_from_okx, orders_from_okx_algo
from models.enums import (
    ContractKind,
    FillKind,
    InstrumentStatus,
    MarginMode,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    TimeInForce,
    TriggerBy,
)
from models.errors import BadPayload
from models.unified import Order
from tests.exchanges.okx_kit import okx_rows
from tests.payloads.loading import payload

D = Decimal
CONTRACT = D("0.01")
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


# Markets


def test_linear_perpetual_is_counted_in_base() -> None:
    btc = instruments_from_okx(okx_rows("http_get_public_instruments"))[0]
    assert (btc.symbol, btc.native_symbol, btc.base, btc.quote, btc.settle) == (
        *("BTCUSDT", "BTC-USDT-SWAP", "BTC"),
        *("USDT", "USDT"),
    )
    assert (btc.kind, btc.status) == (ContractKind.LINEAR_PERPETUAL, InstrumentStatus.TRADING)
    assert (btc.contract_size, btc.size_step, btc.min_size) == (CONTRACT, D("0.0001"), D("0.0001"))
    assert (btc.max_size, btc.max_market_size) == (D(1_000_000), D(350))
    assert (btc.price_tick, btc.max_leverage, btc.min_notional) == (D("0.1"), D(100), None)


def test_other_perpetuals_keep_the_venues_name() -> None:
    _, pepe, inverse, usdc, old = instruments_from_okx(okx_rows("http_get_public_instruments"))
    assert (pepe.symbol, pepe.size_step, pepe.max_market_size) == ("PEPEUSDT", D(1_000_000), None)
    assert (inverse.symbol, inverse.kind, inverse.settle) == ("BTC-USD-SWAP", ContractKind.INVERSE_PERPETUAL, "BTC")
    assert (inverse.size_step, inverse.quote) == (D(100), "USD")  # an inverse contract is so many dollars
    assert (usdc.symbol, usdc.status) == ("BTC-USDC-SWAP", InstrumentStatus.PRE_LAUNCH)
    assert old.status is InstrumentStatus.CLOSED


def test_market_that_cannot_be_read_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    names = [market.native_symbol for market in instruments_from_okx(okx_rows("http_get_public_instruments"))]
    assert "BAD-USDT-SWAP" not in names
    assert len(names) == 5


def test_ticker_takes_its_mark_and_funding_from_their_own_answers() -> None:
    (row,), (mark,), (funding,) = (
        okx_rows(f"http_get_{name}") for name in ("market_ticker", "public_mark_price", "public_funding_rate")
    )
    ticker = ticker_from_okx(row, mark=mark, funding=funding, as_of=NOW)
    assert (ticker.last_price, ticker.mark_price, ticker.reference_price) == (
        *(D("63250.5"), D("63249.9")),
        D("63249.9"),
    )
    assert (ticker.bid_price, ticker.ask_price) == (D("63250.4"), D("63250.6"))
    assert ticker.volume_24h == D("22220.5")
    assert ticker.turnover_24h == D("22220.5") * D("63250.5")
    assert ticker.change_24h_fraction == D("63250.5") / 62000 - 1
    assert (ticker.funding_rate, ticker.next_funding_at) == (D("0.0000182221218054"), moment(1732521600000))


def test_ticker_of_a_market_without_trades_has_no_prices() -> None:
    ticker = ticker_from_okx(okx_rows("http_get_market_tickers")[1], as_of=NOW)
    assert {ticker.last_price, ticker.mark_price, ticker.bid_price, ticker.change_24h_fraction} == {None}
    assert ticker.reference_price is None


def test_bar_counts_its_volume_in_base() -> None:
    bar = candle_from_okx(okx_rows("http_get_market_candles")[0])
    assert (bar.opened_at, bar.open, bar.high, bar.low, bar.close, bar.volume) == (
        moment(1732500000000),
        *(D(63200), D("63300.5"), D(63100), D("63250.5")),
        D("123.45"),
    )


@pytest.mark.parametrize("bar", [None, [], ["1732500000000", "1", "1", "1", "1", "1"], {"ts": "1"}])
def test_broken_bar_is_refused(bar: object) -> None:
    with pytest.raises(BadPayload):
        candle_from_okx(bar)


def test_fees_that_are_paid_are_above_zero() -> None:
    (row,) = okx_rows("http_get_account_trade_fee")
    rates = fee_rates_from_okx(row, settle="USDT", symbol="BTCUSDT")
    assert (rates.maker, rates.taker, rates.symbol) == (D("0.00015"), D("0.0004"), "BTCUSDT")
    assert fee_rates_from_okx(row, settle="USDC", symbol=None).taker == D("0.0003")
    assert fee_rates_from_okx(row, settle="BTC", symbol=None).taker == D("0.0005")


def test_fees_are_read_from_their_groups_where_the_old_fields_are_gone() -> None:
    (row,) = okx_rows("http_get_account_trade_fee_groups")
    assert fee_rates_from_okx(row, settle="USDT", symbol=None).taker == D("0.0004")


# Account


def test_net_position_takes_its_side_from_the_sign() -> None:
    rows = okx_rows("http_get_account_positions")
    long = position_from_okx(rows[0], contract=CONTRACT, as_of=NOW)
    short = position_from_okx(rows[1], contract=D(10_000_000))
    assert long is not None
    assert short is not None
    assert (long.symbol, long.side, long.size) == ("BTCUSDT", PositionSide.LONG, D("0.05"))
    assert (long.is_hedge, long.margin_mode, long.leverage) == (False, MarginMode.CROSS, D(10))
    assert (long.entry_price, long.mark_price, long.notional) == (D(63000), D("63249.9"), D("0.05") * D("63249.9"))
    assert (long.unrealized_pnl, long.realized_pnl, long.funding_since_open) == (D("12.495"), D("-1.785"), D("-0.21"))
    assert (long.liquidation_price, long.margin_used) == (None, D("316.25"))
    assert (long.stop_loss, long.take_profit) == (None, None)
    assert (short.side, short.size, short.liquidation_price) == (PositionSide.SHORT, D(35_000_000), D("0.00002"))


def test_hedge_leg_keeps_its_name_and_inverse_its_dollars() -> None:
    short = position_from_okx(okx_rows("http_get_account_positions")[2], contract=D(100))
    assert short is not None
    assert (short.symbol, short.side, short.is_hedge) == ("BTC-USD-SWAP", PositionSide.SHORT, True)
    assert (short.size, short.notional) == (D(1000), D(1000))
    assert (short.realized_pnl, short.funding_since_open) == (None, None)


def test_protection_of_a_whole_position_is_told_with_it() -> None:
    long = position_from_okx(okx_rows("http_get_account_positions")[3], contract=D("0.0001"))
    assert long is not None
    assert (long.stop_loss, long.take_profit) == (D(60000), D(70000))


def test_flat_position_is_none() -> None:
    assert position_from_okx(okx_rows("http_get_account_positions")[4], contract=CONTRACT) is None


def test_account_of_single_coins_is_its_usdt() -> None:
    (row,) = okx_rows("http_get_account_balance_futures")
    balance = balance_from_okx(row, level="2")
    assert (balance.currency, balance.equity, balance.wallet) == ("USDT", D("10050.75"), D("10000.25"))
    assert (balance.available, balance.unrealized_pnl, balance.margin_used) == (D("9000.5"), D("50.5"), D("1000.25"))
    assert (balance.maintenance_margin, balance.margin_mode) == (D("50.5"), MarginMode.CROSS)
    assert [coin.coin for coin in balance.coins] == ["USDT", "BTC"]


def test_account_of_several_coins_is_counted_in_dollars() -> None:
    (row,) = okx_rows("http_get_account_balance_multi")
    balance = balance_from_okx(row, level="4")
    assert (balance.currency, balance.equity, balance.available) == ("USD", D("16375.3"), D("15200.5"))
    assert (balance.wallet, balance.unrealized_pnl) == (D("16325.05"), D("50.25"))
    assert balance.margin_mode is MarginMode.PORTFOLIO
    assert balance.coins[0].borrowed == D("12.5")


def test_coin_whose_amount_is_left_out_does_not_hide_the_others() -> None:
    (row,) = okx_rows("http_get_account_balance_futures")
    first, *others = row["details"]
    balance = balance_from_okx({**row, "details": [first, *({**other, "cashBal": ""} for other in others)]}, level="2")
    assert [coin.coin for coin in balance.coins] == ["USDT"]
    assert balance.equity == D("10050.75")


def test_account_without_coins_has_no_money() -> None:
    (row,) = okx_rows("http_get_account_balance_empty")
    balance = balance_from_okx(row, level="2")
    assert (balance.equity, balance.available) == (D(0), D(0))
    assert balance.coins == ()


def test_result_of_a_position_is_after_all_costs() -> None:
    whole, liquidated, partial, deleveraged = (
        closed_pnl_from_okx(row, contract=CONTRACT) for row in okx_rows("http_get_account_positions_history")
    )
    assert whole is not None
    assert (whole.side, whole.size, whole.pnl, whole.fees) == (
        PositionSide.LONG,
        *(D("0.05"), D("21.4375"), D("3.1625")),
    )
    assert (whole.entry_price, whole.exit_price, whole.closed_at) == (D(63000), D(63500), moment(1732450000000))
    assert partial is None  # the sum so far, which comes again with the next close
    assert liquidated is not None
    assert deleveraged is not None
    assert (whole.kind, liquidated.kind, deleveraged.kind) == (
        *(FillKind.TRADE, FillKind.LIQUIDATION),
        FillKind.AUTO_DELEVERAGE,
    )


def test_funding_has_its_sign_and_other_bills_are_none() -> None:
    paid, received, trade = (funding_from_okx(row, contract=CONTRACT) for row in okx_rows("http_get_account_bills"))
    assert paid is not None
    assert received is not None
    assert (paid.amount, paid.size, paid.payment_id) == (D("-0.21"), D("0.05"), "623950854533513219")
    assert received.amount == D("0.34")
    assert trade is None


def test_configuration_tells_what_a_key_may_do() -> None:
    (row,) = okx_rows("http_get_account_config")
    key = key_from_okx(row)
    assert (key.is_valid, key.can_trade, key.can_withdraw, key.is_read_only) == (True, True, False, False)
    assert (key.bound_ips, key.label, key.expires_at) == (("203.0.113.7", "203.0.113.8"), "elcaro", None)


@pytest.mark.parametrize(
    ("changes", "can_trade", "can_withdraw", "is_read_only", "ips"),
    [
        ({"perm": "read_only"}, False, False, True, ("203.0.113.7", "203.0.113.8")),
        ({"perm": "read_only,withdraw,trade", "ip": ""}, True, True, False, ()),
        ({"perm": "read_only,withdraw"}, False, True, False, ("203.0.113.7", "203.0.113.8")),
    ],
)
def test_key_that_may_withdraw_or_only_read_says_so(
    changes: dict[str, str], can_trade: bool, can_withdraw: bool, is_read_only: bool, ips: tuple[str, ...]
) -> None:
    key = key_from_okx({**okx_rows("http_get_account_config")[0], **changes})
    assert (key.can_trade, key.can_withdraw, key.is_read_only) == (can_trade, can_withdraw, is_read_only)
    assert key.bound_ips == ips


@pytest.mark.parametrize(
    ("level", "mode", "is_unified"),
    [("1", MarginMode.CROSS, False), ("2", MarginMode.CROSS, True), ("4", MarginMode.PORTFOLIO, True)],
)
def test_account_mode_is_described(level: str, mode: MarginMode, is_unified: bool) -> None:
    state = state_from_okx({**okx_rows("http_get_account_config")[0], "acctLv": level})
    assert (state.margin_mode, state.position_mode, state.is_unified) == (mode, PositionMode.HEDGE, is_unified)


# Orders


def orders(name: str) -> list[Order]:
    return [order_from_okx(row, contract=CONTRACT) for row in okx_rows(name)]


def test_resting_orders_are_read_with_what_they_carry() -> None:
    limit, reducing, closing = orders("http_get_trade_orders_pending")
    assert (limit.order_type, limit.time_in_force, limit.status) == (
        *(OrderType.LIMIT, TimeInForce.GTC),
        OrderStatus.OPEN,
    )
    assert (limit.size, limit.price, limit.client_order_id) == (D("0.02"), D(60000), "eb1order")
    assert (limit.take_profit, limit.stop_loss) == (D(66000), D(58000))
    assert (reducing.status, reducing.filled_size, reducing.reduce_only) == (
        *(OrderStatus.PARTIALLY_FILLED, D("0.005")),
        True,
    )
    assert (reducing.time_in_force, reducing.client_order_id) == (TimeInForce.POST_ONLY, None)
    assert (closing.position_side, closing.reduce_only) == (PositionSide.LONG, True)  # the leg and the side tell it
    assert closing.time_in_force is TimeInForce.FOK


def test_closed_orders_say_how_they_ended() -> None:
    filled, by_user, refused, fired, liquidation, strange = orders("http_get_trade_orders_history")
    assert (filled.order_type, filled.status, filled.price) == (OrderType.MARKET, OrderStatus.FILLED, None)
    assert (filled.filled_size, filled.average_price, filled.fee) == (D("0.02"), D("63250.5"), D("0.6325"))
    assert (by_user.status, by_user.reject_reason) == (OrderStatus.CANCELLED, None)
    assert refused.reject_reason == "The post-only order will take liquidity in maker orders"
    assert (fired.client_order_id, fired.parent_order_id) == ("eb1stop", "123")
    assert liquidation.status is OrderStatus.FILLED
    assert (strange.order_type, strange.status) == (OrderType.UNKNOWN, OrderStatus.CANCELLED)


def test_algo_orders_are_orders_that_wait() -> None:
    stop, oco, rising, falling, trailing, target = (
        orders_from_okx_algo(row, contract=CONTRACT) for row in okx_rows("http_get_trade_orders_algo_pending")
    )
    assert [(o.order_id, o.order_type, o.trigger_price, o.trigger_by) for o in stop] == [
        ("1753184812254216192", OrderType.STOP_MARKET, D(60000), TriggerBy.MARK)
    ]
    assert (stop[0].client_order_id, stop[0].size, stop[0].reduce_only) == ("eb1stop", D("0.05"), True)
    assert [(o.order_id, o.order_type, o.trigger_price, o.price) for o in oco] == [
        ("1753184812254216193-tp", OrderType.TAKE_PROFIT_LIMIT, D(70000), D(69990)),
        ("1753184812254216193-sl", OrderType.STOP_MARKET, D(60000), None),
    ]
    assert {(o.closes_position, o.size, o.status) for o in oco} == {(True, None, OrderStatus.UNTRIGGERED)}
    assert (rising[0].order_type, rising[0].side, rising[0].reduce_only) == (
        *(OrderType.STOP_MARKET, OrderSide.BUY),
        False,
    )
    assert (falling[0].order_type, falling[0].price, falling[0].trigger_by) == (
        *(OrderType.TAKE_PROFIT_LIMIT, D(62010)),
        TriggerBy.INDEX,
    )
    assert (trailing[0].order_type, trailing[0].trigger_price) == (OrderType.TRAILING_STOP, D("62617.9"))
    assert (target[0].order_type, target[0].position_side, target[0].reduce_only) == (
        *(OrderType.TAKE_PROFIT_MARKET, PositionSide.LONG),
        True,
    )


def test_algo_order_that_fired_tells_which_level_did() -> None:
    (row,) = okx_rows("http_get_trade_order_algo")
    (stop,) = orders_from_okx_algo(row, contract=CONTRACT)
    assert stop.status is OrderStatus.TRIGGERED
    pair = {**row, "ordType": "oco", "tpTriggerPx": "70000", "tpOrdPx": "-1"}
    target, stop = orders_from_okx_algo(pair, contract=CONTRACT)
    assert (target.status, stop.status) == (OrderStatus.CANCELLED, OrderStatus.TRIGGERED)


def test_algo_order_that_failed_says_why() -> None:
    row = {**okx_rows("http_get_trade_order_algo")[0], "state": "order_failed", "failCode": "51008"}
    (failed,) = orders_from_okx_algo(row, contract=CONTRACT)
    assert (failed.status, failed.reject_reason) == (OrderStatus.REJECTED, "51008")


def test_executions_count_in_base_and_pay_fees() -> None:
    taker, maker, liquidation, deleverage, settlement = (
        fill_from_okx(row, contract=CONTRACT) for row in okx_rows("http_get_trade_fills")
    )
    assert taker is not None
    assert maker is not None
    assert (taker.size, taker.price, taker.fee, taker.is_maker) == (D("0.02"), D("63250.5"), D("0.6325"), False)
    assert (taker.fill_id, taker.client_order_id) == ("680800019749904385:744876980", "eb1filled")
    assert (maker.fee, maker.is_maker, maker.realized_pnl) == (D("-0.01"), True, D("12.5"))  # a rebate
    assert [fill.kind for fill in (liquidation, deleverage, settlement) if fill] == [
        *(FillKind.LIQUIDATION, FillKind.AUTO_DELEVERAGE),
        FillKind.SETTLEMENT,
    ]


def test_push_of_an_order_is_also_its_execution() -> None:
    (row,) = payload("okx/ws_orders")["data"]
    pushed, (listed, *_) = fill_from_okx(row, contract=CONTRACT), okx_rows("http_get_trade_fills")
    assert pushed == fill_from_okx(listed, contract=CONTRACT)


def test_push_without_an_execution_is_none() -> None:
    assert fill_from_okx(okx_rows("http_get_trade_order")[0], contract=CONTRACT) is None


@pytest.mark.parametrize("field", ["instId", "ordId", "side", "sz", "state"])
@pytest.mark.parametrize("broken", [None, "", [], {}])
def test_order_without_what_makes_it_one_is_refused(field: str, broken: Any) -> None:
    with pytest.raises(BadPayload):
        order_from_okx({**okx_rows("http_get_trade_order")[0], field: broken}, contract=CONTRACT)
