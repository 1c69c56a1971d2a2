"""Sizes in dollars, per cent and risk, and what a position would cost."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sizing import (
    clamp_leverage,
    estimate_fee,
    estimate_liquidation_price,
    estimate_maintenance_fraction,
    loss_per_unit,
    margin_needed,
    risk_reward,
    size_from_equity_percent,
    size_from_notional,
    size_from_risk,
)
from models.enums import PositionSide
from models.errors import BadOrder
from models.instrument import Instrument
from tests.core.markets import ALL, market

D = Decimal
LONG, SHORT = PositionSide.LONG, PositionSide.SHORT
LINEAR = [instrument for instrument in ALL if instrument.is_linear]
AMOUNTS = st.decimals(min_value=D(1), max_value=D(1_000_000), places=4, allow_nan=False)
PRICES = st.decimals(min_value=D("0.001"), max_value=D(200_000), places=6, allow_nan=False)


def test_a_size_in_dollars_is_worth_no_more_than_asked() -> None:
    assert size_from_notional(market("BTCUSDT"), D(100), D(65000)) == D("0.001")
    assert size_from_notional(market("BTC"), D(100), D(65000)) == D("0.00153")
    assert size_from_notional(market("BTCUSDT"), D(1), D(65000)) == 0
    assert size_from_notional(market("BTCUSD"), D("100.9"), D(65000)) == 100


def test_a_size_in_per_cent_is_of_equity() -> None:
    assert size_from_equity_percent(market("ETHUSDT"), D(1000), D(30), D(3000)) == D("0.1")


def test_a_size_by_risk_loses_what_was_said_at_the_stop() -> None:
    size = size_from_risk(market("ETHUSDT"), equity=D(1000), risk_fraction=D("0.01"), entry=D(3000), stop=D(2950))
    assert size == D("0.2")
    assert size * loss_per_unit(market("ETHUSDT"), D(3000), D(2950)) == 10


def test_a_stop_at_the_entry_gives_no_size() -> None:
    with pytest.raises(BadOrder) as caught:
        size_from_risk(market("ETHUSDT"), equity=D(1000), risk_fraction=D("0.01"), entry=D(3000), stop=D(3000))
    assert caught.value.code == "stop_at_entry"


@pytest.mark.parametrize("bad", [D(0), D(-1), D("NaN"), D("inf")], ids=str)
def test_sizes_are_made_of_numbers_above_zero(bad: Decimal) -> None:
    with pytest.raises(BadOrder):
        size_from_notional(market("BTC"), bad, D(65000))
    with pytest.raises(BadOrder):
        size_from_equity_percent(market("BTC"), D(100), bad, D(65000))
    with pytest.raises(BadOrder):
        size_from_risk(market("BTC"), equity=bad, risk_fraction=D("0.01"), entry=D(3), stop=D(2))


@given(instrument=st.sampled_from(LINEAR), notional=AMOUNTS, price=PRICES)
def test_no_size_is_worth_more_than_was_asked(instrument: Instrument, notional: Decimal, price: Decimal) -> None:
    size = size_from_notional(instrument, notional, price)
    assert 0 <= size * price <= notional
    assert (size / instrument.size_step) % 1 == 0


@given(
    instrument=st.sampled_from(LINEAR), equity=AMOUNTS, entry=PRICES, distance=st.sampled_from(["0.01", "0.2", "1.5"])
)
def test_no_size_by_risk_loses_more_than_was_said(
    instrument: Instrument, equity: Decimal, entry: Decimal, distance: str
) -> None:
    stop = entry * (1 + D(distance))
    size = size_from_risk(instrument, equity=equity, risk_fraction=D("0.02"), entry=entry, stop=stop)
    assert size * (stop - entry) <= equity * D("0.02")


def test_margin_is_notional_by_leverage() -> None:
    assert margin_needed(market("BTCUSDT"), D("0.1"), D(65000), D(10)) == 650
    assert margin_needed(market("BTCUSD"), D(65000), D(65000), D(10)) == D("0.1")


@pytest.mark.parametrize(("asked", "given_"), [("1", "1"), ("12.5", "12.5"), ("12.509", "12.50"), ("100", "100")])
def test_leverage_is_only_ever_lowered_to_its_step(asked: str, given_: str) -> None:
    assert clamp_leverage(market("BTCUSDT"), D(asked)) == D(given_)
    assert clamp_leverage(market("BTC"), D("12.5")) == 12


@pytest.mark.parametrize("asked", ["0.5", "0", "100.01"])
def test_leverage_beyond_the_market_is_refused(asked: str) -> None:
    with pytest.raises(BadOrder) as caught:
        clamp_leverage(market("BTCUSDT"), D(asked))
    assert (caught.value.code, caught.value.fields["maximum"]) == ("bad_leverage", D(100))


def test_maintenance_comes_from_the_tier_of_the_position() -> None:
    bitcoin = market("BTC")
    assert estimate_maintenance_fraction(bitcoin, D(1000)) == D("0.0125")
    assert estimate_maintenance_fraction(bitcoin, D(200_000_000)) == D("0.025")
    assert estimate_maintenance_fraction(market("BTCUSDT"), D(1000)) == D("0.005")
    assert estimate_maintenance_fraction(replace(market("BTCUSDT"), max_leverage=None), D(1000)) is None


def liquidation(side: PositionSide, margin: str, native: str = "BTC") -> Decimal | None:
    return estimate_liquidation_price(market(native), side=side, size=D(1), entry_price=D(60000), margin=D(margin))


def test_the_estimate_is_where_equity_meets_the_maintenance_margin() -> None:
    for side, sign in ((LONG, 1), (SHORT, -1)):
        price = liquidation(side, "6000")
        assert price is not None
        equity = 6000 + sign * (price - 60000)
        assert abs(equity - price * D("0.0125")) < D("1e-15")


def test_more_margin_moves_liquidation_away_and_enough_of_it_removes_it() -> None:
    near, far = liquidation(LONG, "3000"), liquidation(LONG, "6000")
    assert near is not None
    assert far is not None
    assert far < near < 60000
    assert liquidation(LONG, "60000") is None


def test_inverse_contracts_have_no_honest_estimate() -> None:
    assert liquidation(LONG, "0.1", "BTCUSD") is None


def test_fees_and_rebates_are_fractions_of_notional() -> None:
    assert estimate_fee(D(1000), D("0.00055")) == D("0.55")
    assert estimate_fee(D(1000), D("-0.0001")) == D("-0.1")


def test_risk_and_reward_are_weighted_by_the_size_of_each_target() -> None:
    assert risk_reward(entry=D(100), stop=D(98), targets=[(D(104), D(1))]) == 2
    assert risk_reward(entry=D(100), stop=D(98), targets=[(D(104), D(1)), (D(108), D(3))]) == D("3.5")
    assert risk_reward(entry=D(100), stop=D(102), targets=[(D(95), D(1))]) == D("2.5")
    assert risk_reward(entry=D(100), stop=D(100), targets=[(D(104), D(1))]) is None
    assert risk_reward(entry=D(100), stop=D(98), targets=[]) is None
