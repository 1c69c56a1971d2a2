"""Lines to watch, as people type them."""

from decimal import Decimal

import pytest

from core.alert_phrases import AlertWish, line_of, parse_alert
from db import Direction
from models.errors import BadOrder
from tests.core.venue_fake import instrument

D = Decimal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BTC > 70000", AlertWish(symbol="BTC", direction=Direction.ABOVE, price=D(70000))),
        ("BTC>70000", AlertWish(symbol="BTC", direction=Direction.ABOVE, price=D(70000))),
        ("btc below 60000$", AlertWish(symbol="btc", direction=Direction.BELOW, price=D(60000))),
        ("BTC ниже 60000", AlertWish(symbol="BTC", direction=Direction.BELOW, price=D(60000))),
        ("ETH 3000 take some off", AlertWish(symbol="ETH", price=D(3000), note="take some off")),
        ("ETH +5%", AlertWish(symbol="ETH", direction=Direction.ABOVE, move_percent=D(5))),
        ("ETH -2.5%", AlertWish(symbol="ETH", direction=Direction.BELOW, move_percent=D("-2.5"))),
    ],
)
def test_line_is_read(text: str, expected: AlertWish) -> None:
    assert parse_alert(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_symbol"),
        ("BTC", "missing_number"),
        ("BTC >", "missing_number"),
        ("BTC > soon", "bad_number"),
        ("BTC > 0", "zero_number"),
        ("BTC -100%", "level_below_zero"),
        ("BTC " + "9" * 400, "too_long"),
    ],
)
def test_what_is_no_line_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadOrder) as refused:
        parse_alert(text)
    assert refused.value.code == code


def test_line_without_a_word_fires_on_the_other_side_of_the_price() -> None:
    market = instrument()
    assert line_of(parse_alert("BTC 70000"), market, D(60000)) == (Direction.ABOVE, D(70000))
    assert line_of(parse_alert("BTC 50000"), market, D(60000)) == (Direction.BELOW, D(50000))
    assert line_of(parse_alert("BTC -10%"), market, D("60000.1")) == (Direction.BELOW, D("54000.1"))


def test_line_that_is_reached_already_is_refused() -> None:
    with pytest.raises(BadOrder, match="there already"):
        line_of(parse_alert("BTC > 50000"), instrument(), D(60000))
