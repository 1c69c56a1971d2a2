"""Prices, books, bars and funding rates of the simulated market."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.candles import History
from sandbox.catalogue import COINS
from sandbox.clock import Clock
from sandbox.engine import Side, Venue
from sandbox.market import Market

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
MARKETS = [(venue, symbol) for venue in Venue for symbol in Market(clock=Clock()).instruments(venue)]


def market(seed: int = 1, at: datetime = START) -> Market:
    """A market whose clock stands still."""
    return Market(clock=Clock(frozen_at=at), seed=seed)


def test_there_are_enough_markets_of_every_kind() -> None:
    rows = market()
    bybit, hyperliquid = rows.instruments(Venue.BYBIT), rows.instruments(Venue.HYPERLIQUID)
    assert len(bybit) >= 24
    assert len(hyperliquid) >= 24
    assert {"BTCUSDT", "BTCPERP", "BTCUSD", "1000PEPEUSDT", "1000BONKUSDT"} <= set(bybit)
    assert {"BTC", "kPEPE", "kBONK", "DOGE"} <= set(hyperliquid)
    assert any(row.delivery_ms for row in bybit.values())
    assert any(row.sz_decimals == 0 for row in hyperliquid.values())


def test_the_same_seed_and_moment_give_the_same_world() -> None:
    first, second, other = market(), market(), market(seed=2)
    for venue, symbol in MARKETS:
        assert first.quote(venue, symbol) == second.quote(venue, symbol)
        assert list(first.book(venue, symbol).side(Side.BUY, 5)) == list(second.book(venue, symbol).side(Side.BUY, 5))
    assert first.quote(Venue.BYBIT, "BTCUSDT") != other.quote(Venue.BYBIT, "BTCUSDT")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(MARKETS), st.integers(0, 200_000_000))
def test_prices_and_books_are_on_the_grid_and_do_not_cross(place: tuple[Venue, str], seconds: int) -> None:
    venue, symbol = place
    rows = market(at=START + timedelta(seconds=seconds))
    instrument, quote, book = rows.instrument(venue, symbol), rows.quote(venue, symbol), rows.book(venue, symbol)
    bids, asks = list(book.side(Side.BUY, 20)), list(book.side(Side.SELL, 20))
    assert bids[0].price < quote.last < asks[0].price
    assert [level.price for level in bids] == sorted({level.price for level in bids}, reverse=True)
    assert [level.price for level in asks] == sorted({level.price for level in asks})
    for level in (*bids, *asks):
        assert instrument.on_price_grid(level.price)
        assert instrument.on_size_grid(level.size)
        assert level.size > 0
    assert abs(quote.mark / quote.index - 1) < Decimal("0.001")


def test_both_venues_price_the_same_coin_alike() -> None:
    rows = market()
    bybit = rows.quote(Venue.BYBIT, "1000PEPEUSDT").last
    hyperliquid = rows.quote(Venue.HYPERLIQUID, "kPEPE").last
    assert abs(bybit / hyperliquid - 1) < Decimal("0.002")


def test_prices_move_and_stay_within_reason() -> None:
    rows = market()
    for name, coin in COINS.items():
        prices = []
        for day in range(60):
            moment = rows.clock.now_ms() - day * 86_400_000
            prices.append(rows.underlyings[name].at(moment)[0])
        assert len(set(prices)) == len(prices)
        assert all(coin.price / 4 < price < coin.price * 4 for price in prices)


def test_a_held_price_is_exact_everywhere_until_it_is_released() -> None:
    rows = market()
    rows.set_price("PEPE", Decimal("0.00001234"))
    assert rows.quote(Venue.BYBIT, "1000PEPEUSDT").last == Decimal("0.01234")
    assert rows.quote(Venue.HYPERLIQUID, "kPEPE").mark == Decimal("0.01234")
    rows.clock.advance_ms(3_600_000)
    assert rows.quote(Venue.BYBIT, "1000PEPEUSDT").mark == Decimal("0.01234")
    rows.release_price("PEPE")
    rows.clock.advance_ms(3_600_000)
    assert rows.quote(Venue.BYBIT, "1000PEPEUSDT").last != Decimal("0.01234")


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 240, 1440])
def test_bars_reach_back_far_and_hang_together(minutes: int) -> None:
    rows = market()
    interval, now = minutes * 60_000, rows.clock.now_ms()
    bars = History(rows).candles(Venue.BYBIT, "BTCUSDT", interval, start_ms=now - 400 * interval, end_ms=now)
    assert len(bars) >= 400
    assert [bar.start_ms for bar in bars] == sorted({bar.start_ms for bar in bars})
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    assert all(bar.volume > 0 for bar in bars[:-1])  # the last one may have started this very moment
    for before, after in pairwise(bars):
        assert before.close == after.open


def test_a_price_that_was_set_does_not_rewrite_history() -> None:
    rows = market()
    history, now = History(rows), rows.clock.now_ms()
    day_before = {"start_ms": now - 86_400_000, "end_ms": now - 3_600_000}
    before = history.candles(Venue.BYBIT, "BTCUSDT", 60_000, **day_before)
    rows.set_price("BTC", Decimal(99_000))
    assert History(rows).candles(Venue.BYBIT, "BTCUSDT", 60_000, **day_before) == before


def test_hyperliquids_price_step_follows_five_significant_figures() -> None:
    bitcoin = market().instrument(Venue.HYPERLIQUID, "BTC")
    assert bitcoin.tick_at(Decimal(64_000)) == 1
    assert bitcoin.on_price_grid(Decimal("123456"))
    assert bitcoin.tick_at(Decimal("9999")) == Decimal("0.1")
    doge = market().instrument(Venue.HYPERLIQUID, "DOGE")
    assert doge.tick_at(Decimal("0.16")) == Decimal("0.00001")
