"""What markets are called, and what people call them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import ContractKind
from models.errors import BadOrder
from models.instrument import Instrument, instruments_from_bybit, instruments_from_hyperliquid
from models.symbols import (
    base_multiplier,
    bybit_settle_coin,
    canonical_symbol,
    is_perp_coin,
    matches,
    normalize_symbol,
    suggestions,
)
from tests.payloads.loading import bybit_rows, needs_recordings, payload, recorded_objects

BYBIT = instruments_from_bybit(bybit_rows("http_get_instruments_info_linear"))
BYBIT_AND_INVERSE = BYBIT + instruments_from_bybit(bybit_rows("http_get_instruments_info_inverse"))
HYPERLIQUID = instruments_from_hyperliquid(payload("hyperliquid/info_meta")) + instruments_from_hyperliquid(
    payload("hyperliquid/info_meta_dex"), dex="xyz", dex_index=1
)

SPELLINGS = {
    "btc": "BTCUSDT",
    "BTC": "BTCUSDT",
    "$BTC": "BTCUSDT",
    "#btc": "BTCUSDT",
    " btc ": "BTCUSDT",
    "BTCUSDT": "BTCUSDT",
    "BTC/USDT": "BTCUSDT",
    "BTC/USDT:USDT": "BTCUSDT",
    "BTC-USDT": "BTCUSDT",
    "BTC_USDT": "BTCUSDT",
    "btc usdt": "BTCUSDT",
    "BTC-PERP": "BTCUSDT",
    "btc perp": "BTCUSDT",
    "BTC-USDT-SWAP": "BTCUSDT",
    "BTCUSDT.P": "BTCUSDT",
    "BTCPERP": "BTCPERP",
    "BTCUSDC": "BTCUSDC",
    "btc/usdc": "BTCUSDC",
    "ETHUSD": "ETHUSD",
    "eth-usd": "ETHUSD",
    "kPEPE": "1000PEPEUSDT",
    "kpepe": "1000PEPEUSDT",
    "KPEPE": "1000PEPEUSDT",
    "1000PEPE": "1000PEPEUSDT",
    "1000pepeusdt": "1000PEPEUSDT",
    "pepe": "PEPEUSDT",
    "SHIB1000USDT": "1000SHIBUSDT",
    "kas": "KASUSDT",
    "kava": "KAVAUSDT",
    "1inch": "1INCHUSDT",
    "perp": "PERPUSDT",
    "xyz:TSLA": "xyz:TSLA",
    "XYZ:tsla": "xyz:TSLA",
    "BTC-26DEC25": "BTC-26DEC25",
    "btcusdt-26dec25": "BTCUSDT-26DEC25",
    "BTCUSDZ25": "BTCUSDZ25",
}


@pytest.mark.parametrize(("text", "symbol"), SPELLINGS.items())
def test_a_typed_name_has_one_canonical_spelling(text: str, symbol: str) -> None:
    assert normalize_symbol(text) == symbol
    assert normalize_symbol(symbol) == symbol


JUNK = ["", " ", "$", "/", "/btc", "btc/", "BTC;", "BTC'; DROP TABLE--", "ВТС", "ＢＴＣ", "🚀", "bt\nc", "100", "3.14"]
JUNK += ["b" * 33, "::", "x:", ":btc", "btc/eth", "btc/usdt/usdc", "btc to the moon", "<b>btc</b>", "b.t.c"]


@pytest.mark.parametrize("text", JUNK, ids=repr)
def test_junk_is_no_market(text: str) -> None:
    with pytest.raises(BadOrder) as caught:
        normalize_symbol(text)
    assert caught.value.code == "unknown_symbol"


@given(st.text(max_size=40))
def test_any_text_is_a_plain_name_or_refused(text: str) -> None:
    try:
        symbol = normalize_symbol(text)
    except BadOrder:
        return
    assert symbol.isascii()
    assert normalize_symbol(symbol) == symbol


CANONICAL = {
    ("bybit", "BTCUSDT"): "BTCUSDT",
    ("bybit", "BTCPERP"): "BTCPERP",
    ("bybit", "BTCUSD"): "BTCUSD",
    ("bybit", "BTCUSDT-26DEC25"): "BTCUSDT-26DEC25",
    ("bybit", "1000PEPEUSDT"): "1000PEPEUSDT",
    ("bybit", "SHIB1000USDT"): "1000SHIBUSDT",
    ("hyperliquid", "BTC"): "BTCUSDT",
    ("hyperliquid", "kPEPE"): "1000PEPEUSDT",
    ("hyperliquid", "kSHIB"): "1000SHIBUSDT",
    ("hyperliquid", "KAS"): "KASUSDT",
    ("hyperliquid", "xyz:TSLA"): "xyz:TSLA",
    ("hyperliquid", "@107"): "@107",
    ("hyperliquid", "PURR/USDC"): "PURR/USDC",
}


@pytest.mark.parametrize(("native", "symbol"), CANONICAL.items(), ids=str)
def test_one_name_works_at_both_venues(native: tuple[str, str], symbol: str) -> None:
    assert canonical_symbol(*native) == symbol


@pytest.mark.parametrize("instruments", [BYBIT_AND_INVERSE, HYPERLIQUID], ids=["bybit", "hyperliquid"])
def test_names_are_one_to_one_at_each_venue(instruments: Sequence[Instrument]) -> None:
    assert len({i.symbol for i in instruments}) == len({i.native_symbol for i in instruments}) == len(instruments)


@pytest.mark.parametrize("instruments", [BYBIT_AND_INVERSE, HYPERLIQUID], ids=["bybit", "hyperliquid"])
def test_every_market_is_found_by_either_of_its_names(instruments: Sequence[Instrument]) -> None:
    for instrument in instruments:
        assert matches(instruments, instrument.native_symbol) == [instrument]
        assert matches(instruments, instrument.native_symbol.lower()) == [instrument]
        assert matches(instruments, instrument.symbol) == [instrument]


@needs_recordings
def test_recorded_names_are_one_to_one() -> None:
    names = {row["name"] for row in recorded_objects("hl_sdk/info_cassettes") if "szDecimals" in row}
    assert len({canonical_symbol("hyperliquid", name) for name in names}) == len(names) == 28


@given(st.sets(st.from_regex(r"(k?[A-Z][A-Z0-9]{0,8}|xyz:[A-Z]{2,5})", fullmatch=True), max_size=30))
def test_canonical_names_of_hyperliquid_never_collide(names: set[str]) -> None:
    assert len({canonical_symbol("hyperliquid", name) for name in names}) == len(names)


FOUND = [
    (BYBIT_AND_INVERSE, "btc", "BTCUSDT"),
    (BYBIT_AND_INVERSE, "BTC-PERP", "BTCUSDT"),
    (BYBIT_AND_INVERSE, "BTCPERP", "BTCPERP"),
    (BYBIT_AND_INVERSE, "btc/usdc", "BTCPERP"),
    (BYBIT_AND_INVERSE, "BTCUSD", "BTCUSD"),
    (BYBIT_AND_INVERSE, "eth-usd", "ETHUSD"),
    (BYBIT_AND_INVERSE, "pepe", "1000PEPEUSDT"),
    (BYBIT_AND_INVERSE, "pepeusdt", "1000PEPEUSDT"),
    (BYBIT_AND_INVERSE, "kPEPE", "1000PEPEUSDT"),
    (BYBIT_AND_INVERSE, "kshib", "SHIB1000USDT"),
    (BYBIT_AND_INVERSE, "mog", "1000000MOGUSDT"),
    (BYBIT_AND_INVERSE, "BTC-26DEC25", "BTC-26DEC25"),
    (BYBIT_AND_INVERSE, "4usdt", "4USDT"),
    (HYPERLIQUID, "btc", "BTC"),
    (HYPERLIQUID, "BTCUSDT", "BTC"),
    (HYPERLIQUID, "BTC/USDC", "BTC"),
    (HYPERLIQUID, "BTC-USD", "BTC"),
    (HYPERLIQUID, "kpepe", "kPEPE"),
    (HYPERLIQUID, "1000pepe", "kPEPE"),
    (HYPERLIQUID, "pepe", "kPEPE"),
    (HYPERLIQUID, "kas", "KAS"),
    (HYPERLIQUID, "tsla", "xyz:TSLA"),
    (HYPERLIQUID, "XYZ:TSLA", "xyz:TSLA"),
]


@pytest.mark.parametrize(("instruments", "text", "native"), FOUND)
def test_a_typed_name_finds_its_market(instruments: Sequence[Instrument], text: str, native: str) -> None:
    assert [i.native_symbol for i in matches(instruments, text)] == [native]


NOT_FOUND = [
    (BYBIT, "ETHUSD"),  # only the USDT and USDC markets are listed, and neither is what was asked
    (BYBIT, "SOL/USDC"),
    (BYBIT, "bt"),
    (BYBIT, "BTCUSDH26"),
    (HYPERLIQUID, "BTCPERP"),
    (HYPERLIQUID, "abc:TSLA"),
    (HYPERLIQUID, "bitcoin"),
]


@pytest.mark.parametrize(("instruments", "text"), NOT_FOUND)
def test_another_market_is_never_taken_instead(instruments: Sequence[Instrument], text: str) -> None:
    assert matches(instruments, text) == []


def test_a_name_that_several_dexes_list_is_left_to_the_person() -> None:
    other = replace(HYPERLIQUID[-3], native_symbol="abc:TSLA", symbol="abc:TSLA", dex="abc")
    found = matches([*HYPERLIQUID, other], "tsla")
    assert [i.native_symbol for i in found] == ["xyz:TSLA", "abc:TSLA"]


def test_a_base_never_means_an_inverse_or_dated_contract() -> None:
    only_others = [i for i in BYBIT_AND_INVERSE if i.kind is not ContractKind.LINEAR_PERPETUAL]
    assert matches(only_others, "btc") == []


def test_suggestions_begin_with_the_likeliest_and_never_raise() -> None:
    assert [i.symbol for i in suggestions(BYBIT, "pep")] == ["1000PEPEUSDT"]
    assert [i.symbol for i in suggestions(BYBIT, "eth")][:2] == ["ETHPERP", "ETHUSDT"]
    assert len(suggestions(BYBIT, "s", limit=3)) == 3
    assert suggestions(BYBIT, "🚀") == []


SETTLES = {"BTCUSDT": "USDT", "BTCPERP": "USDC", "BTC-26DEC25": "USDC", "BTCUSDT-26DEC25": "USDT", "BTCUSD": "BTC"}
SETTLES |= {"ETHUSDZ25": "ETH", "USDEUSDT": "USDT", "PERPUSDT": "USDT", "1000PEPEPERP": "USDC", "USDCUSDT": "USDT"}


@pytest.mark.parametrize(("native", "settle"), SETTLES.items())
def test_the_settlement_coin_follows_from_a_bybit_name(native: str, settle: str) -> None:
    assert bybit_settle_coin(native) == settle


def test_spot_and_outcome_coins_are_no_perpetuals() -> None:
    assert [is_perp_coin(c) for c in ("BTC", "kPEPE", "xyz:TSLA")] == [True, True, True]
    assert [is_perp_coin(c) for c in ("@107", "PURR/USDC", "#12", "+E")] == [False, False, False, False]


def test_multipliers_are_read_only_where_they_are_meant() -> None:
    assert [base_multiplier(b) for b in ("1000PEPE", "10000SATS", "1INCH", "100X", "BTC")] == [1000, 10000, 1, 1, 1]
