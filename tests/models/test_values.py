"""Numbers at the door, and the JSON of every value."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import OrderSide
from models.errors import BadOrder
from models.position import Position
from models.values import Value, from_millis, plain, positive_decimal, to_millis
from tests.payloads.loading import payload


@pytest.mark.parametrize(
    ("given_", "expected"), [("0.5", "0.5"), (1, "1"), (0.1, "0.1"), (" 2 ", "2"), ("1e-3", "0.001")]
)
def test_numbers_of_callers_are_converted_once(given_: Any, expected: str) -> None:
    assert positive_decimal(given_, "size") == Decimal(expected)


BAD: list[Any] = [
    0,
    -1,
    "0",
    "-0.1",
    "NaN",
    float("nan"),
    float("inf"),
    "",
    "abc",
    "1_000",
    "1,5",
    "٣",
    "１",
    True,
    None,
]


@pytest.mark.parametrize("given_", [*BAD, "1e999", "9" * 41], ids=repr)
def test_what_is_no_number_above_zero_is_refused_by_name(given_: Any) -> None:
    with pytest.raises(BadOrder, match="size: expected") as caught:
        positive_decimal(given_, "size")
    assert (caught.value.code, caught.value.fields["name"]) == ("bad_number", "size")


PLAIN = {"1.2300": "1.23", "0E-8": "0", "-0.0": "0", "1E+3": "1000", "1e-7": "0.0000001", "100": "100", "-5.0": "-5"}


@pytest.mark.parametrize(("number", "written"), PLAIN.items())
def test_decimals_are_written_plainly(number: str, written: str) -> None:
    assert plain(Decimal(number)) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_a_plain_number_is_the_same_number(number: Decimal) -> None:
    assert Decimal(plain(number)) == number
    assert "E" not in plain(number).upper()


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_milliseconds_survive_the_way_there_and_back(milliseconds: int) -> None:
    assert to_millis(from_millis(milliseconds)) == milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Value):
    number: Decimal
    side: OrderSide
    at: datetime
    parts: tuple[Decimal, ...]
    nothing: None = None


def test_json_has_decimals_as_text_enums_as_values_and_times_in_utc() -> None:
    at = datetime(2025, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=3)))
    value = Everything(number=Decimal("1.50"), side=OrderSide.BUY, at=at, parts=(Decimal(1), Decimal("0.10")))
    assert value.to_dict() == {
        "number": "1.5",
        "side": "buy",
        "at": "2025-01-02T00:04:05Z",
        "parts": ["1", "0.1"],
        "nothing": None,
    }


def test_a_model_is_json_as_it_stands() -> None:
    row = payload("hyperliquid/info_clearinghouse_state")["assetPositions"][0]
    position = Position.from_hyperliquid(row, as_of=datetime(2025, 1, 1, tzinfo=UTC))
    assert position is not None
    written = json.loads(json.dumps(position.to_dict()))
    assert (written["size"], written["side"], written["as_of"]) == ("0.0335", "long", "2025-01-01T00:00:00Z")
    assert written["take_profit"] is None
