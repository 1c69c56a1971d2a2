"""Short phrases behind a command."""

from decimal import Decimal

import pytest

from core.phrases import CloseWish, parse_close, parse_level, parse_leverage, parse_symbol
from models.errors import BadOrder
from models.ticket import Level, LevelUnit

CLOSES = {
    "BTC": CloseWish(symbol="BTC"),
    "BTC all": CloseWish(symbol="BTC"),
    "btc всё": CloseWish(symbol="btc"),
    "BTC 50%": CloseWish(symbol="BTC", percent=Decimal(50)),
    "BTC 100%": CloseWish(symbol="BTC"),
    "BTC 0,5": CloseWish(symbol="BTC", size=Decimal("0.5")),
}


@pytest.mark.parametrize("text", CLOSES)
def test_close_is_a_share_or_a_size(text: str) -> None:
    assert parse_close(text) == CLOSES[text]


REFUSED_CLOSES = {
    "": "missing_symbol",
    "BTC 0%": "zero_number",
    "BTC 101%": "over_hundred_percent",
    "BTC 1 2": "not_understood",
}


@pytest.mark.parametrize("text", REFUSED_CLOSES)
def test_close_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadOrder) as caught:
        parse_close(text)
    assert caught.value.code == REFUSED_CLOSES[text]


LEVELS = {
    "58000": Level(amount=Decimal(58000), unit=LevelUnit.PRICE),
    "58000$": Level(amount=Decimal(58000), unit=LevelUnit.PRICE),
    "2 %": Level(amount=Decimal(2), unit=LevelUnit.PERCENT),
    "0": None,
    "off": None,
    "убрать": None,
}


@pytest.mark.parametrize("text", LEVELS)
def test_level_is_a_price_a_distance_or_nothing(text: str) -> None:
    assert parse_level(text) == LEVELS[text]


@pytest.mark.parametrize("text", ["-5", "abc", "1e5", "1,000", ""])
def test_level_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadOrder):
        parse_level(text)


@pytest.mark.parametrize("text", ["BTC 5", "BTC 5x", "BTC x5", "BTC 5х", "BTC 5×"])
def test_leverage_is_read_with_or_without_its_sign(text: str) -> None:
    assert parse_leverage(text) == ("BTC", Decimal(5))


@pytest.mark.parametrize("text", ["", "BTC", "BTC 5 6", "BTC x"])
def test_leverage_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(BadOrder):
        parse_leverage(text)


@pytest.mark.parametrize("text", ["", "BTC ETH", "ВТС", "A" * 10_000])
def test_symbol_is_one_plain_word(text: str) -> None:
    with pytest.raises(BadOrder):
        parse_symbol(text)
