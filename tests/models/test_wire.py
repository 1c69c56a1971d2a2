"""Fields of venues, read strictly."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import wire
from models.enums import OrderSide
from models.errors import BadPayload

SIDES = {"Buy": OrderSide.BUY, "Sell": OrderSide.SELL}

NUMBERS = {
    "1": "1",
    "-0.5": "-0.5",
    "1.": "1",
    ".5": "0.5",
    "+2": "2",
    "1e-7": "0.0000001",
    "0E-18": "0",
    "51444.40": "51444.4",
    "0.000000000000000000": "0",
}


@pytest.mark.parametrize(("written", "expected"), NUMBERS.items())
def test_a_number_is_read_exactly(written: str, expected: str) -> None:
    assert wire.decimal({"n": written}, "n") == Decimal(expected)


@pytest.mark.parametrize("written", ["-0", "-0.0", "-0E-18", -0.0, "0.0"])
def test_zero_has_no_sign(written: object) -> None:
    assert str(wire.decimal({"n": written}, "n")).startswith("0")


def test_json_numbers_are_read_by_their_shortest_text() -> None:
    assert wire.decimal({"n": 0.1}, "n") == Decimal("0.1")
    assert wire.decimal({"n": 20}, "n") == Decimal(20)


NO_NUMBERS: list[Any] = [
    "",
    None,
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "sNaN",
    "1,000",
    "1_000",
    " 1",
    "1 ",
    "٣",
    "１",
    "0x10",
    "1e",
    "--1",
    "1e999999999",
    "1e50",
    "1e-50",
    "9" * 61,
    True,
    float("nan"),
    float("inf"),
    [],
    {},
]


@pytest.mark.parametrize("found", NO_NUMBERS, ids=repr)
def test_what_is_no_plain_number_is_refused_with_the_fields_name(found: Any) -> None:
    with pytest.raises(BadPayload) as caught:
        wire.decimal({"markPrice": found}, "markPrice")
    assert caught.value.fields["field"] == "markPrice"
    assert caught.value.message.startswith("markPrice: expected a number")


def test_a_missing_field_is_not_zero() -> None:
    with pytest.raises(BadPayload, match="size: expected a number, was nothing"):
        wire.decimal({}, "size")


@pytest.mark.parametrize("row", [{}, {"n": None}, {"n": ""}], ids=repr)
def test_absent_values_are_none_where_the_venue_may_leave_them_out(row: dict[str, Any]) -> None:
    assert wire.optional_decimal(row, "n") is None
    assert wire.optional_price(row, "n") is None
    assert wire.reachable_price(row, "n") is None
    assert wire.optional_integer(row, "n") is None
    assert wire.optional_text(row, "n") is None
    assert wire.optional_moment(row, "n") is None
    assert wire.optional_boolean(row, "n") is None
    assert wire.described(row, "n", SIDES) is None
    assert wire.optional_record(row, "n") is None
    assert wire.flag(row, "n") is False


def test_a_venues_own_word_for_nothing_is_only_read_where_it_is_documented() -> None:
    row = {"liquidationPx": "NaN"}
    assert wire.reachable_price(row, "liquidationPx", absent=("NaN",)) is None
    with pytest.raises(BadPayload):
        wire.optional_decimal(row, "liquidationPx")


def test_a_price_of_zero_means_that_none_is_set_and_a_number_of_zero_stays_zero() -> None:
    assert wire.optional_price({"stopLoss": "0.00"}, "stopLoss") is None
    assert wire.optional_decimal({"fee": "0.00"}, "fee") == 0


def test_negative_prices_and_sizes_are_refused_and_unreachable_prices_are_none() -> None:
    with pytest.raises(BadPayload):
        wire.optional_price({"p": "-1"}, "p")
    with pytest.raises(BadPayload):
        wire.unsigned({"size": "-1"}, "size")
    with pytest.raises(BadPayload):
        wire.positive({"step": "0"}, "step")
    assert wire.reachable_price({"p": "-1"}, "p") is None


MOMENT = datetime(2022, 12, 28, 8, 8, 7, 231423, UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (1672214887, MOMENT.replace(microsecond=0)),
        ("1672214887231", MOMENT.replace(microsecond=231000)),
        ("1672214887231423", MOMENT),
        ("1672214887231423699", MOMENT),
    ],
)
def test_times_are_read_in_the_unit_their_length_tells(written: object, expected: datetime) -> None:
    assert wire.moment({"t": written}, "t") == expected


@pytest.mark.parametrize("found", ["12", "-1672214887231", "2022-12-28", "16722148872314236990", "1e12", True])
def test_what_is_no_epoch_time_is_refused(found: object) -> None:
    with pytest.raises(BadPayload):
        wire.moment({"t": found}, "t")


def test_a_time_of_zero_means_never() -> None:
    assert wire.optional_moment({"t": "0"}, "t") is None
    assert wire.optional_moment({"t": 0}, "t") is None


def test_an_unknown_side_is_refused_and_an_unknown_description_is_not() -> None:
    with pytest.raises(BadPayload, match="side: expected 'Buy' or 'Sell', was 'Both'"):
        wire.choice({"side": "Both"}, "side", SIDES)
    assert wire.described({"kind": "Both"}, "kind", SIDES) is None
    assert wire.described({"kind": "Both"}, "kind", SIDES, fallback=OrderSide.BUY) is OrderSide.BUY
    assert wire.described({"kind": "UNKNOWN"}, "kind", SIDES, nothing={"UNKNOWN"}) is None


def test_ids_are_text_whether_the_venue_writes_text_or_a_number() -> None:
    assert wire.identifier({"oid": 91490942}, "oid") == "91490942"
    assert wire.identifier({"oid": "91490942"}, "oid") == "91490942"
    with pytest.raises(BadPayload):
        wire.identifier({"oid": None}, "oid")


def test_integers_and_truth_values_may_be_written_as_text() -> None:
    assert wire.integer({"positionIdx": "2"}, "positionIdx") == 2
    assert wire.integer({"n": 3.0}, "n") == 3
    assert wire.boolean({"reduceOnly": "true"}, "reduceOnly") is True
    for found in ("1.5", 1.5, True, "", None):
        with pytest.raises(BadPayload):
            wire.integer({"n": found}, "n")
    for found in ("yes", 1, 0, None):
        with pytest.raises(BadPayload):
            wire.boolean({"n": found}, "n")


def test_long_values_are_shortened_in_the_error() -> None:
    with pytest.raises(BadPayload) as caught:
        wire.decimal({"n": "x" * 10_000}, "n")
    assert len(caught.value.message) < 200


READERS: list[Callable[[wire.Row, str], object]] = [
    wire.decimal,
    wire.unsigned,
    wire.positive,
    wire.optional_decimal,
    wire.optional_price,
    wire.reachable_price,
    wire.integer,
    wire.optional_integer,
    wire.boolean,
    wire.flag,
    wire.moment,
    wire.optional_moment,
    wire.text,
    wire.optional_text,
    wire.identifier,
    wire.record,
    wire.records,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(reader=st.sampled_from(READERS), value=JSON)
def test_a_reader_returns_a_value_or_says_that_the_payload_is_bad(
    reader: Callable[[wire.Row, str], object], value: object
) -> None:
    try:
        result = reader({"field": value}, "field")
    except BadPayload:
        return
    assert not isinstance(result, Decimal) or result.is_finite()
