"""Instruments, tickers, candles and fees, as both venues write them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from models.enums import ContractKind, InstrumentStatus
from models.errors import BadPayload
from models.instrument import Instrument, MarginTier, instruments_from_bybit, instruments_from_hyperliquid
from models.market import Candle, FeeRates, Ticker, tickers_from_hyperliquid
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded, recorded_objects

NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


def bybit_instruments() -> dict[str, Instrument]:
    rows = bybit_rows("http_get_instruments_info_linear") + bybit_rows("http_get_instruments_info_inverse")
    return {instrument.native_symbol: instrument for instrument in instruments_from_bybit(rows)}


def test_a_bybit_instrument_is_read_whole() -> None:
    assert bybit_instruments()["BTCUSDT"] == Instrument(
        exchange="bybit",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        settle="USDT",
        kind=ContractKind.LINEAR_PERPETUAL,
        status=InstrumentStatus.TRADING,
        size_step=Decimal("0.001"),
        min_size=Decimal("0.001"),
        max_size=Decimal(1190),
        max_market_size=Decimal(119),
        price_tick=Decimal("0.10"),
        min_price=Decimal("0.10"),
        max_price=Decimal("1999999.80"),
        min_notional=Decimal(5),
        max_leverage=Decimal(100),
        leverage_step=Decimal("0.01"),
        funding_interval_s=28800,
    )


BYBIT_KINDS = {
    "BTCPERP": (ContractKind.LINEAR_PERPETUAL, "BTCPERP", "USDC"),
    "BTCUSDT-26DEC25": (ContractKind.LINEAR_FUTURE, "BTCUSDT-26DEC25", "USDT"),
    "BTC-26DEC25": (ContractKind.LINEAR_FUTURE, "BTC-26DEC25", "USDC"),
    "BTCUSD": (ContractKind.INVERSE_PERPETUAL, "BTCUSD", "BTC"),
    "BTCUSDZ25": (ContractKind.INVERSE_FUTURE, "BTCUSDZ25", "BTC"),
    "SHIB1000USDT": (ContractKind.LINEAR_PERPETUAL, "1000SHIBUSDT", "USDT"),
}


@pytest.mark.parametrize(("native", "expected"), BYBIT_KINDS.items())
def test_a_bybit_contract_says_what_it_is_settled_in(native: str, expected: tuple[ContractKind, str, str]) -> None:
    instrument = bybit_instruments()[native]
    assert (instrument.kind, instrument.symbol, instrument.settle) == expected


def test_a_market_before_its_launch_takes_orders_only_while_it_trades_continuously() -> None:
    instruments = bybit_instruments()
    assert instruments["NEWUSDT"].status is InstrumentStatus.PRE_LAUNCH
    assert instruments["SOONUSDT"].status is InstrumentStatus.TRADING
    assert instruments["GONEUSDT"].status is InstrumentStatus.CLOSED
    assert not instruments["GONEUSDT"].is_tradable


MULTIPLIERS = {"BTCUSDT": 1, "1000PEPEUSDT": 1000, "SHIB1000USDT": 1000, "10000SATSUSDT": 10_000}
MULTIPLIERS |= {"1000000MOGUSDT": 1_000_000, "1INCHUSDT": 1, "4USDT": 1}


@pytest.mark.parametrize(("native", "multiplier"), MULTIPLIERS.items())
def test_the_multiplier_of_a_base_is_read_from_its_name(native: str, multiplier: int) -> None:
    assert bybit_instruments()[native].base_multiplier == multiplier


def test_dated_contracts_have_no_funding() -> None:
    assert bybit_instruments()["BTCUSDT-26DEC25"].funding_interval_s is None


def test_a_contract_of_an_unknown_kind_is_left_out_and_the_others_stay() -> None:
    rows = bybit_rows("http_get_instruments_info_linear")
    rows[0] = {**rows[0], "contractType": "LinearPrediction"}
    assert len(instruments_from_bybit(rows)) == len(rows) - 1
    with pytest.raises(BadPayload, match="contractType"):
        Instrument.from_bybit(rows[0])


def hyperliquid_instruments() -> dict[str, Instrument]:
    instruments = instruments_from_hyperliquid(payload("hyperliquid/info_meta"))
    instruments += instruments_from_hyperliquid(payload("hyperliquid/info_meta_dex"), dex="xyz", dex_index=1)
    return {instrument.native_symbol: instrument for instrument in instruments}


def test_a_hyperliquid_instrument_is_read_whole() -> None:
    assert hyperliquid_instruments()["ETH"] == Instrument(
        exchange="hyperliquid",
        symbol="ETHUSDT",
        native_symbol="ETH",
        base="ETH",
        quote="USDC",
        settle="USDC",
        kind=ContractKind.LINEAR_PERPETUAL,
        status=InstrumentStatus.TRADING,
        size_step=Decimal("0.0001"),
        min_size=Decimal("0.0001"),
        price_significant_figures=5,
        price_max_decimals=2,
        min_notional=Decimal(10),
        min_notional_reducing=Decimal(10),
        max_leverage=Decimal(25),
        funding_interval_s=3600,
        asset_id=1,
        margin_tiers=(
            MarginTier(lower_bound=Decimal(0), max_leverage=Decimal(25), maintenance_fraction=Decimal("0.02")),
            MarginTier(
                lower_bound=Decimal(100_000_000), max_leverage=Decimal(15), maintenance_fraction=1 / Decimal(30)
            ),
        ),
    )


def test_a_delisted_market_keeps_its_number_and_takes_no_orders() -> None:
    instruments = hyperliquid_instruments()
    assert instruments["BADGER"].status is InstrumentStatus.CLOSED
    assert (instruments["BADGER"].asset_id, instruments["TRUMP"].asset_id) == (10, 11)


@pytest.mark.parametrize(("native", "isolated"), [("BTC", False), ("KAS", True), ("BADGER", True), ("xyz:TSLA", True)])
def test_both_words_for_isolated_only_count(native: str, isolated: bool) -> None:
    assert hyperliquid_instruments()[native].isolated_only is isolated


def test_markets_of_a_further_dex_are_numbered_by_its_place() -> None:
    instruments = hyperliquid_instruments()
    assert (instruments["xyz:TSLA"].asset_id, instruments["xyz:XYZ100"].asset_id) == (120_000, 120_001)
    assert (instruments["xyz:TSLA"].symbol, instruments["xyz:TSLA"].base) == ("xyz:TSLA", "TSLA")
    assert (instruments["xyz:kWIF"].base, instruments["xyz:kWIF"].base_multiplier) == ("1000WIF", 1000)
    assert {i.dex for i in instruments.values()} == {None, "xyz"}


def test_a_market_of_a_dex_whose_place_is_not_known_has_no_number() -> None:
    row = payload("hyperliquid/info_meta_dex")["universe"][0]
    instrument = Instrument.from_hyperliquid(row, index=0)
    assert (instrument.dex, instrument.asset_id) == ("xyz", None)


def test_a_margin_table_without_tiers_is_the_leverage_itself() -> None:
    (tier,) = hyperliquid_instruments()["ATOM"].margin_tiers
    assert (tier.lower_bound, tier.max_leverage, tier.maintenance_fraction) == (Decimal(0), Decimal(5), Decimal("0.1"))


def test_a_bybit_ticker_is_read_whole() -> None:
    assert Ticker.from_bybit(bybit_rows("http_get_tickers_linear")[0], as_of=NOW) == Ticker(
        exchange="bybit",
        symbol="BTCUSDT",
        last_price=Decimal("66000.10"),
        mark_price=Decimal(66000),
        index_price=Decimal("65990.5"),
        bid_price=Decimal(66000),
        ask_price=Decimal("66000.10"),
        change_24h_fraction=Decimal("0.015386"),
        high_24h=Decimal(67000),
        low_24h=Decimal(64500),
        volume_24h=Decimal("142424.2440"),
        turnover_24h=Decimal("9400000000.5"),
        open_interest=Decimal("55000.123"),
        funding_rate=Decimal("0.0001"),
        next_funding_at=datetime(2025, 10, 9, 16, tzinfo=UTC),
        as_of=NOW,
    )


def test_a_dated_contract_has_no_funding_and_an_empty_book_no_price() -> None:
    ticker = Ticker.from_bybit(bybit_rows("http_get_tickers_linear")[1], as_of=NOW)
    assert (ticker.funding_rate, ticker.next_funding_at) == (None, None)
    assert (ticker.bid_price, ticker.ask_price) == (None, None)


def test_volumes_of_inverse_contracts_are_counted_in_coins() -> None:
    ticker = Ticker.from_bybit(bybit_rows("http_get_tickers_inverse")[0], as_of=NOW)
    assert (ticker.volume_24h, ticker.turnover_24h) == (Decimal("2352.94950046"), Decimal(49337318))
    assert ticker.open_interest == Decimal("22505.67")


def test_hyperliquid_tickers_are_read_with_their_names() -> None:
    tickers = {
        t.symbol: t for t in tickers_from_hyperliquid(payload("hyperliquid/info_meta_and_asset_ctxs"), as_of=NOW)
    }
    assert len(tickers) == 12
    bitcoin = tickers["BTCUSDT"]
    assert (bitcoin.mark_price, bitcoin.index_price, bitcoin.last_price) == (Decimal(36733), Decimal(36717), None)
    assert bitcoin.change_24h_fraction == Decimal(36733) / Decimal(35242) - 1
    assert bitcoin.next_funding_at == datetime(2025, 10, 9, 9, tzinfo=UTC)
    assert bitcoin.reference_price == 36733
    assert tickers["1000PEPEUSDT"].mark_price == Decimal("0.0071")


def test_a_list_of_contexts_that_does_not_fit_the_universe_is_refused() -> None:
    meta, contexts = payload("hyperliquid/info_meta_and_asset_ctxs")
    with pytest.raises(BadPayload, match="assetCtxs"):
        tickers_from_hyperliquid([meta, contexts[1:]], as_of=NOW)


def test_candles_of_both_venues_are_alike() -> None:
    answer = payload("bybit/http_get_kline")["result"]["list"]
    first = Candle.from_bybit(answer[0])
    assert (first.opened_at, first.close) == (datetime(2022, 12, 9, 18, tzinfo=UTC), Decimal("17055.5"))
    assert first.volume == Decimal("268.611")
    candle = Candle.from_hyperliquid(payload("hyperliquid/info_candle_snapshot")[0])
    assert candle == Candle(
        opened_at=datetime(2023, 4, 19, 17, tzinfo=UTC),
        open=Decimal(29295),
        high=Decimal(29309),
        low=Decimal(29250),
        close=Decimal(29258),
        volume=Decimal("0.98639"),
    )


@pytest.mark.parametrize("row", [[], ["1670608800000", "1", "2"], "1670608800000", ["x"] * 7], ids=str)
def test_a_bar_that_is_not_one_is_refused(row: Any) -> None:
    with pytest.raises(BadPayload):
        Candle.from_bybit(row)


def test_fees_are_fractions_and_may_be_rebates() -> None:
    first, second = (FeeRates.from_bybit(row) for row in bybit_rows("http_get_fee_rate"))
    assert first == FeeRates(maker=Decimal("0.0002"), taker=Decimal("0.00055"), symbol="ETHUSDT")
    assert second.maker == Decimal("-0.00005")
    fees = FeeRates.from_hyperliquid(payload("hyperliquid/info_user_fees"))
    assert fees == FeeRates(maker=Decimal("0.000144"), taker=Decimal("0.000432"))


@needs_recordings
def test_recorded_markets_and_candles_can_be_read() -> None:
    cassettes = recorded("hl_sdk/info_cassettes")
    candles, mids = cassettes["tests/cassettes/info_test/test_get_candles_snapshot.yaml"], 0
    for exchange in candles:
        if exchange["request"]["type"] == "meta":
            instruments = instruments_from_hyperliquid(exchange["response"])
            mids += len(instruments)
            assert {i.symbol for i in instruments} > {"BTCUSDT", "1000PEPEUSDT"}
        else:
            assert len([Candle.from_hyperliquid(row) for row in exchange["response"]]) == 24
    assert mids == 28


@needs_recordings
def test_recorded_tickers_can_be_read() -> None:
    rows = [row for row in recorded_objects("ccxt/bybit_response", "ccxt/bybit_doc_examples") if "fundingRate" in row]
    tickers = [Ticker.from_bybit(row, as_of=NOW) for row in rows if "lastPrice" in row]
    assert [ticker.symbol for ticker in tickers] == ["BTCUSDT", "BTCUSD", "BTCUSD", "BTCUSDT"]
