"""What people type, and what it means."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numbers import parse_number
from core.ticket import parse_ticket
from models.enums import OrderSide, TimeInForce
from models.errors import BadOrder
from models.ticket import Level, LevelUnit, SizeUnit, Ticket, TicketSize

BUY, SELL = OrderSide.BUY, OrderSide.SELL


def size(amount: str, unit: SizeUnit = SizeUnit.COINS) -> TicketSize:
    return TicketSize(amount=Decimal(amount), unit=unit)


def level(amount: str, unit: LevelUnit = LevelUnit.PRICE) -> Level:
    return Level(amount=Decimal(amount), unit=unit)


TWO_PERCENT = level("2", LevelUnit.PERCENT)

UNDERSTOOD = {
    "BTC 0.5": Ticket(symbol="BTC", side=BUY, size=size("0.5")),
    "BTC 0,5": Ticket(symbol="BTC", side=BUY, size=size("0.5")),
    "btc 100$": Ticket(symbol="btc", side=BUY, size=size("100", SizeUnit.NOTIONAL)),
    "btc $100": Ticket(symbol="btc", side=BUY, size=size("100", SizeUnit.NOTIONAL)),
    "btc 100 usdt": Ticket(symbol="btc", side=BUY, size=size("100", SizeUnit.NOTIONAL)),
    "100usdt btc": Ticket(symbol="btc", side=BUY, size=size("100", SizeUnit.NOTIONAL)),
    "btc 1 000$": Ticket(symbol="btc", side=BUY, size=size("1000", SizeUnit.NOTIONAL)),
    "btc 12\u00a0500,5$": Ticket(symbol="btc", side=BUY, size=size("12500.5", SizeUnit.NOTIONAL)),
    "btc 10%": Ticket(symbol="btc", side=BUY, size=size("10", SizeUnit.EQUITY_PERCENT)),
    "btc 0.5btc": Ticket(symbol="btc", side=BUY, size=size("0.5")),
    "2Z 10": Ticket(symbol="2Z", side=BUY, size=size("10")),
    "xyz:TSLA 5": Ticket(symbol="xyz:TSLA", side=BUY, size=size("5")),
    "kPEPE 5 5x": Ticket(symbol="kPEPE", side=BUY, size=size("5"), leverage=Decimal(5)),
    "BTC 1 x5": Ticket(symbol="BTC", side=BUY, size=size("1"), leverage=Decimal(5)),
    "BTC 1 5х": Ticket(symbol="BTC", side=BUY, size=size("1"), leverage=Decimal(5)),
    "BTC 1 плечо 5": Ticket(symbol="BTC", side=BUY, size=size("1"), leverage=Decimal(5)),
    "BTC 1 @ 60000": Ticket(symbol="BTC", side=BUY, size=size("1"), price=Decimal(60000)),
    "BTC 1@60000": Ticket(symbol="BTC", side=BUY, size=size("1"), price=Decimal(60000)),
    "BTC 1 limit 60000 post-only": Ticket(
        symbol="BTC", side=BUY, size=size("1"), price=Decimal(60000), time_in_force=TimeInForce.POST_ONLY
    ),
    "BTC 1 reduce-only": Ticket(symbol="BTC", side=BUY, size=size("1"), reduce_only=True),
    "BTC 1 sl 2%": Ticket(symbol="BTC", side=BUY, size=size("1"), stop_loss=TWO_PERCENT),
    "BTC 1 стоп 2%": Ticket(symbol="BTC", side=BUY, size=size("1"), stop_loss=TWO_PERCENT),
    "BTC 1 sl=58000": Ticket(symbol="BTC", side=BUY, size=size("1"), stop_loss=level("58000")),
    "BTC 1 sl 20% roi": Ticket(symbol="BTC", side=BUY, size=size("1"), stop_loss=level("20", LevelUnit.ROI_PERCENT)),
    "BTC 1 tp 2900,2800": Ticket(symbol="BTC", side=BUY, size=size("1"), take_profits=(level("2900"), level("2800"))),
    "BTC 1 tp1 2900 tp2 2800": Ticket(
        symbol="BTC", side=BUY, size=size("1"), take_profits=(level("2900"), level("2800"))
    ),
    "BTC 1 тп 2900,5": Ticket(symbol="BTC", side=BUY, size=size("1"), take_profits=(level("2900.5"),)),
    "BTC risk 1% sl 2%": Ticket(symbol="BTC", side=BUY, size=size("1", SizeUnit.RISK_PERCENT), stop_loss=TWO_PERCENT),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_line_becomes_its_ticket(text: str) -> None:
    assert parse_ticket(text, BUY) == UNDERSTOOD[text]


REFUSED = {
    "": "missing_symbol",
    "100$": "missing_symbol",
    "BTC": "missing_size",
    "BTC abc": "not_understood",
    "BTC -1": "bad_number",
    "BTC +5": "bad_number",
    "BTC NaN": "bad_number",
    "BTC inf": "bad_number",
    "BTC 1e999": "bad_number",
    "BTC 1e3": "bad_number",
    "BTC " + "9" * 200: "bad_number",
    "BTC " + "9" * 10_000: "too_long",
    "A" * 10_000: "too_long",
    "BTC 0": "zero_number",
    "BTC 0.000": "zero_number",
    "BTC ١٢٣": "bad_number",
    "BTC １２３": "bad_number",
    "BTC ²": "not_understood",
    "BTC 0x10": "not_understood",
    "BTC 1,000$": "ambiguous_number",
    "BTC 1,000.50$": "ambiguous_number",
    "BTC 1.000,5$": "ambiguous_number",
    "BTC 1'000": "ambiguous_number",
    "BTC 1_000": "ambiguous_number",
    "SOL 95 100$": "ambiguous_number",
    "SOL 1 tp 2,4%": "ambiguous_number",
    "SOL tp 100 200 50$": "ambiguous_number",
    "BTC 1 2": "said_twice",
    "BTC 1 5x 6x": "said_twice",
    "BTC 1 market @ 60000": "said_twice",
    "BTC 1 sl": "missing_number",
    "BTC 1 sl abc": "bad_number",
    "BTC risk 1%": "risk_needs_stop",
    "BTC risk 1 sl 2%": "not_understood",
    "BTC 1 post": "post_only_needs_price",
    "BTC 1 tp 1 2 3 4 5 6": "over_target_limit",
    "ВTC 1": "unknown_symbol",
    "🚀 1": "unknown_symbol",
    "BTC'; DROP TABLE-- 1": "unknown_symbol",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_line_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(BadOrder) as caught:
        parse_ticket(text, BUY)
    assert caught.value.code == REFUSED[text]


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("long", BUY),
        ("Buy", BUY),
        ("лонг", BUY),
        ("купити", BUY),
        ("short", OrderSide.SELL),
        ("Продать", OrderSide.SELL),
    ],
)
def test_first_word_is_the_side_where_no_command_said_it(word: str, side: OrderSide) -> None:
    assert parse_ticket(f"{word} eth 0.5").side is side


def test_line_without_a_side_is_refused() -> None:
    with pytest.raises(BadOrder) as caught:
        parse_ticket("eth 0.5")
    assert caught.value.code == "missing_side"


@given(st.text(max_size=400))
def test_any_text_is_understood_or_refused_with_a_code(text: str) -> None:
    try:
        outcome = parse_ticket(text, BUY).size.unit.value
    except BadOrder as e:
        outcome = e.code
    assert outcome not in {"", "bad_order"}


NUMBERS = st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(99_999_999), places=4)


@given(NUMBERS)
def test_plain_number_is_read_as_itself(number: Decimal) -> None:
    assert parse_number(f"{number:f}") == number


@given(NUMBERS)
def test_decimal_comma_is_never_read_as_thousands(number: Decimal) -> None:
    assert parse_number(f"{number:f}".replace(".", ",")) == number


@given(whole=st.integers(1, 999), rest=st.integers(0, 999))
def test_comma_that_could_group_thousands_is_asked_about(whole: int, rest: int) -> None:
    with pytest.raises(BadOrder) as caught:
        parse_number(f"{whole},{rest:03}")
    assert caught.value.code == "ambiguous_number"


@given(st.text(max_size=30))
def test_number_is_positive_and_finite_or_refused(text: str) -> None:
    try:
        number = parse_number(text)
    except BadOrder:
        return
    assert number.is_finite()
    assert number > 0


LEVELS = st.one_of(NUMBERS.map(lambda n: f"{n:f}"), st.integers(1, 99).map(lambda n: f"{n}%"))


@given(amount=NUMBERS, leverage=st.integers(1, 100), stop=LEVELS, target=LEVELS, parts=st.permutations(range(4)))
def test_order_of_the_parts_does_not_matter(
    amount: Decimal, leverage: int, stop: str, target: str, parts: list[int]
) -> None:
    said = [f"{amount:f}$", f"{leverage}x", f"sl {stop}", f"tp {target}"]
    straight = parse_ticket(" ".join(["BTC", *said]), BUY)
    assert parse_ticket(" ".join(["BTC", *(said[n] for n in parts)]), BUY) == straight
