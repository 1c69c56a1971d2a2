"""Decimals at the door, and how every value becomes JSON."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from models.errors import BadOrder

Number = Decimal | str | int | float

_MAX_DIGITS = 40  # longer than any venue's number, shorter than a denial of service


def positive_decimal(value: Number, name: str) -> Decimal:
    """Return a size or price given by a caller, refusing whatever is not a positive finite number.

    Strings may hold ASCII digits, one point and an exponent. `float` is converted by its shortest text.

    Raises:
        BadOrder: NaN, infinity, zero, a negative, other digits than 0-9, or a text that is no number.
    """
    if isinstance(value, bool):
        raise BadOrder(f"{name}: expected a number, was {value!r}", code="bad_number", name=name)
    text = str(value).strip()
    if not text.isascii() or not 0 < len(text) <= _MAX_DIGITS or "_" in text:
        raise BadOrder(f"{name}: expected a plain number such as 0.5", code="bad_number", name=name)
    try:
        number = Decimal(text)
    except InvalidOperation as e:
        raise BadOrder(f"{name}: expected a plain number such as 0.5", code="bad_number", name=name) from e
    if not number.is_finite() or number <= 0 or abs(number.adjusted()) > _MAX_DIGITS:
        raise BadOrder(f"{name}: expected a number above zero", code="bad_number", name=name)
    return number


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros."""
    text = format(number or Decimal(0), "f")  # no minus before zero
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def from_millis(milliseconds: int) -> datetime:
    """Turn a venue's epoch milliseconds into an aware UTC time."""
    seconds, millis = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=millis * 1000)


def to_millis(moment: datetime) -> int:
    """Turn an aware time into epoch milliseconds."""
    return round(moment.timestamp() * 1000)


def jsonable(value: Any) -> Any:
    """Return the JSON form of a value: decimals as text, enums as their value, times as ISO-8601 UTC."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    return value


class Value:
    """A mixin for the frozen dataclasses of this package."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON that the web API serves."""
        result = jsonable(self)
        assert isinstance(result, dict)
        return result
