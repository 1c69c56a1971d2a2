"""Balances, wherever the venues keep the money."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.balance import Balance, CoinBalance
from models.enums import AccountType, MarginMode
from models.errors import BadPayload
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded


def bybit_balance(case: str, **arguments: Any) -> Balance:
    (row,) = bybit_rows(f"http_get_wallet_balance_{case}")
    return Balance.from_bybit(row, **arguments)


def test_a_cross_margined_bybit_account_is_one_pot_in_dollars() -> None:
    balance = bybit_balance("cross", margin_mode=MarginMode.CROSS, account_type=AccountType.REAL)
    assert balance == Balance(
        exchange="bybit",
        currency="USD",
        equity=Decimal("18070.32797922"),
        wallet=Decimal("18070.43799271"),
        available=Decimal("17887.72614237"),
        margin_used=Decimal("182.60183685"),
        maintenance_margin=Decimal("0.38106773"),
        unrealized_pnl=Decimal("-0.11001349"),
        margin_mode=MarginMode.CROSS,
        coins=balance.coins,
        account_type=AccountType.REAL,
    )


def test_bybit_coins_say_what_is_bound_borrowed_and_a_bonus() -> None:
    usdt, btc = bybit_balance("cross").coins
    assert usdt == CoinBalance(
        coin="USDT",
        total=Decimal(1000),
        available=Decimal("754.75"),
        locked=Decimal(5),
        unrealized_pnl=Decimal("10.5"),
        usd_value=Decimal("1010.2"),
        borrowed=Decimal(0),
        bonus=Decimal(10),
    )
    assert btc.borrowed == Decimal("0.1")


def test_an_isolated_bybit_account_counts_one_coin_by_the_documented_formula() -> None:
    balance = bybit_balance("isolated", margin_mode=MarginMode.ISOLATED)
    assert (balance.currency, balance.equity, balance.wallet) == ("USDT", Decimal("1010.5"), Decimal(1000))
    assert balance.available == Decimal("1000") - Decimal("200.25") - 30 - 5 - 10
    assert balance.margin_used == Decimal("230.25")
    assert balance.maintenance_margin == Decimal("12.5")
    assert balance.unrealized_pnl == Decimal("10.5")


def test_empty_totals_mean_isolated_margin_even_where_nobody_said_so() -> None:
    assert bybit_balance("isolated").available == Decimal("754.75")


def test_totals_of_an_isolated_account_are_left_aside() -> None:
    assert bybit_balance("cross", margin_mode=MarginMode.ISOLATED).currency == "USDT"


def test_another_settlement_coin_can_be_counted() -> None:
    balance = bybit_balance("isolated", settle="BTC")
    assert (balance.currency, balance.equity, balance.available) == ("BTC", Decimal("0.5"), Decimal("0.5"))


def test_a_coin_that_bybit_leaves_out_is_a_zero_that_the_venue_said() -> None:
    balance = bybit_balance("isolated_empty", margin_mode=MarginMode.ISOLATED)
    assert (balance.currency, balance.equity, balance.available, balance.coins) == ("USDT", Decimal(0), Decimal(0), ())


def test_portfolio_margin_has_totals_but_no_margin_per_coin() -> None:
    balance = bybit_balance("portfolio", margin_mode=MarginMode.PORTFOLIO)
    assert (balance.equity, balance.available, balance.margin_mode) == (
        Decimal(5000),
        Decimal("4100.5"),
        MarginMode.PORTFOLIO,
    )
    assert balance.coins[0].available is None


def test_an_account_that_is_not_unified_is_counted_per_coin() -> None:
    balance = bybit_balance("contract")
    assert (balance.currency, balance.equity, balance.wallet, balance.available) == (
        "USDT",
        Decimal(101),
        Decimal(100),
        Decimal(90),
    )


@pytest.mark.parametrize(
    "changes", [{"walletBalance": ""}, {"equity": "NaN"}, {"totalPositionIM": "x"}, {"coin": None}], ids=str
)
def test_a_bybit_coin_that_cannot_be_trusted_refuses_the_balance(changes: dict[str, Any]) -> None:
    (row,) = bybit_rows("http_get_wallet_balance_isolated")
    row["coin"][1] |= changes
    with pytest.raises(BadPayload):
        Balance.from_bybit(row)


@pytest.mark.parametrize("nothing", [{"walletBalance": ""}, {"walletBalance": None}, {}], ids=str)
def test_a_bybit_coin_without_a_wallet_does_not_hide_the_accounts_totals(nothing: dict[str, Any]) -> None:
    (row,) = bybit_rows("http_get_wallet_balance_cross")
    row["coin"].append({"coin": "XRP", "equity": "", "usdValue": "", **nothing})
    balance = Balance.from_bybit(row, margin_mode=MarginMode.CROSS)
    assert balance == bybit_balance("cross", margin_mode=MarginMode.CROSS)


STATE = "hyperliquid/info_clearinghouse_state"
SPOT = "hyperliquid/info_spot_clearinghouse_state"


def test_a_hyperliquid_balance_is_read_whole() -> None:
    assert Balance.from_hyperliquid(payload(STATE), abstraction="disabled") == Balance(
        exchange="hyperliquid",
        currency="USDC",
        equity=Decimal("13109.482328"),
        wallet=Decimal("13107.885728"),
        available=Decimal("13070.114502"),
        margin_used=Decimal("31.727826"),
        maintenance_margin=Decimal("3.34"),
        unrealized_pnl=Decimal("1.5966"),
        as_of=datetime(2025, 10, 9, 8, 53, 20, 123000, UTC),
    )


def test_the_money_of_a_unified_hyperliquid_account_is_in_spot() -> None:
    balance = Balance.from_hyperliquid(
        payload("hyperliquid/info_clearinghouse_state_unified"),
        spot=payload(SPOT),
        abstraction=payload("hyperliquid/info_user_abstraction"),
    )
    assert (balance.equity, balance.wallet) == (Decimal("1510.25"), Decimal("1500.25"))
    assert (balance.available, balance.margin_used) == (Decimal("1433.75"), Decimal("66.5"))
    assert balance.unrealized_pnl == 10
    assert [coin.coin for coin in balance.coins] == ["USDC", "HYPE", "+E"]


def test_portfolio_margin_is_named() -> None:
    balance = Balance.from_hyperliquid(
        payload("hyperliquid/info_clearinghouse_state_unified"), spot=payload(SPOT), abstraction="portfolioMargin"
    )
    assert balance.margin_mode is MarginMode.PORTFOLIO


def test_what_a_portfolio_margined_account_in_debt_can_still_use_is_not_told() -> None:
    state = payload("hyperliquid/info_clearinghouse_state_unified")
    spot = {"balances": [{"coin": "USDC", "token": 0, "total": "-25.5", "hold": "50.0", "entryNtl": "0.0"}]}
    balance = Balance.from_hyperliquid(state, spot=spot, abstraction="portfolioMargin")
    assert (balance.wallet, balance.available) == (Decimal("-25.5"), None)


def test_a_unified_account_without_its_spot_balances_is_not_zero() -> None:
    state = payload("hyperliquid/info_clearinghouse_state_unified")
    with pytest.raises(BadPayload, match="where this account keeps its money"):
        Balance.from_hyperliquid(state, abstraction="unifiedAccount")


def test_a_new_kind_of_account_is_not_zero_where_the_money_is_in_spot() -> None:
    state = payload("hyperliquid/info_clearinghouse_state_unified")
    with pytest.raises(BadPayload, match="where the money is"):
        Balance.from_hyperliquid(state, spot=payload(SPOT), abstraction="somethingNew")
    assert Balance.from_hyperliquid(payload(STATE), spot=payload(SPOT), abstraction="somethingNew").equity > 0


def test_a_unified_account_without_usdc_has_none() -> None:
    state = payload("hyperliquid/info_clearinghouse_state_unified")
    state["assetPositions"] = []
    balance = Balance.from_hyperliquid(state, spot={"balances": []}, abstraction="unifiedAccount")
    assert (balance.equity, balance.available) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("abstraction", "available"), [("default", "13070.114502"), ("dexAbstraction", "13490.114502")]
)
def test_other_dexes_count_and_their_free_money_only_where_it_moves_by_itself(abstraction: str, available: str) -> None:
    balance = Balance.from_hyperliquid(
        payload(STATE), dex_states=[payload("hyperliquid/info_clearinghouse_state_dex")], abstraction=abstraction
    )
    assert balance.equity == Decimal("13609.482328")
    assert balance.margin_used == Decimal("111.727826")
    assert balance.available == Decimal(available)


@pytest.mark.parametrize("missing", ["withdrawable", "marginSummary", "assetPositions"])
def test_a_hyperliquid_state_with_a_part_missing_is_refused(missing: str) -> None:
    state = payload(STATE)
    del state[missing]
    with pytest.raises(BadPayload, match=missing):
        Balance.from_hyperliquid(state)


@needs_recordings
def test_the_recorded_account_has_exactly_what_the_venue_said() -> None:
    answer = recorded("hl_sdk/info_cassettes")["tests/cassettes/info_test/test_get_user_state.yaml"][0]["response"]
    balance = Balance.from_hyperliquid(answer)
    assert balance.available == Decimal("1010.57173")
    assert balance.unrealized_pnl == Decimal("0.688018")
    assert balance.equity == Decimal("1182.312496")
    assert balance.margin_used == Decimal("171.740766")


@needs_recordings
def test_the_recorded_bybit_account_has_exactly_what_the_venue_said() -> None:
    answer = recorded("ccxt/bybit_response")["fetchBalance"][0]["httpResponse"]
    balance = Balance.from_bybit(answer["result"]["list"][0])
    assert (balance.equity, balance.available) == (Decimal("92255.96988644"), Decimal("89987.9688149"))
    assert {coin.coin: coin.available for coin in balance.coins}["USDT"] == Decimal("3229.64065465")
