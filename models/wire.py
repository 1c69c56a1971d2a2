"""Strict readers of venue fields: each returns a proper value or raises `BadPayload` naming the field.

Venues write numbers as text, absent values as "", null or nothing at all, and times in four units. Whoever reads a
row says which of these a field may be; nothing becomes zero, none or false by accident.
"""

import logging
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from models.errors import BadPayload

logger = logging.getLogger(__name__)

Row = Mapping[str, Any]
Word = TypeVar("Word", bound=Enum)

_MISSING = object()
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_MAX_TEXT = 400  # no field that is read as text is longer; a page of HTML is
_MAX_NUMBER = 60
_MAX_EXPONENT = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_PER_UNIT = {10: 1_000_000, 13: 1_000, 16: 1}
_NANOSECOND_DIGITS = 19
_REMEMBERED = 8192


def bad_field(name: str, expected: str, found: object) -> BadPayload:
    """Return the error for a field that is not what the venue documents."""
    shown = "nothing" if found is _MISSING else repr(found)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return BadPayload(f"{name}: expected {expected}, was {shown}", field=name, expected=expected, found=shown)


def record(row: Row, name: str) -> Row:
    """Return a nested object."""
    value = row.get(name, _MISSING)
    if not isinstance(value, Mapping):
        raise bad_field(name, "an object", value)
    return value


def optional_record(row: Row, name: str) -> Row | None:
    """Return a nested object; None where the venue leaves it out."""
    return None if _is_absent(row.get(name, _MISSING)) else record(row, name)


def records(row: Row, name: str) -> list[Row]:
    """Return a list of objects."""
    return as_records(row.get(name, _MISSING), name)


def as_records(value: object, name: str) -> list[Row]:
    """Return `value` as a list of objects, for answers that are a bare list."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
        raise bad_field(name, "a list of objects", value)
    return list(value)


def as_record(value: object, name: str) -> Row:
    """Return `value` as an object."""
    if not isinstance(value, Mapping):
        raise bad_field(name, "an object", value)
    return value


def text(row: Row, name: str) -> str:
    """Return a text that must be there."""
    value = row.get(name, _MISSING)
    if not isinstance(value, str) or not value or len(value) > _MAX_TEXT:
        raise bad_field(name, "a text", value)
    return value


def optional_text(row: Row, name: str) -> str | None:
    """Return a text; None for "", null or a missing field."""
    return None if _is_absent(row.get(name, _MISSING)) else text(row, name)


def identifier(row: Row, name: str) -> str:
    """Return a venue's id as text; some venues write it as a number."""
    value = row.get(name, _MISSING)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(row, name)


def decimal(row: Row, name: str) -> Decimal:
    """Return a number that must be there and finite."""
    return as_decimal(row.get(name, _MISSING), name)


def unsigned(row: Row, name: str) -> Decimal:
    """Return a number that cannot be below zero, such as a size."""
    number = decimal(row, name)
    if number < 0:
        raise bad_field(name, "a number not below zero", row.get(name))
    return number


def positive(row: Row, name: str) -> Decimal:
    """Return a number above zero, such as a step or a price that must be there."""
    number = decimal(row, name)
    if number <= 0:
        raise bad_field(name, "a number above zero", row.get(name))
    return number


def optional_decimal(row: Row, name: str, *, absent: Collection[str] = ()) -> Decimal | None:
    """Return a number; None for "", null, a missing field, or one of the words in `absent`."""
    value = row.get(name)
    if type(value) is str:
        if not value or value in absent:
            return None
        number = _decimal_of(value)
        if number is not None:
            return number
    return None if value is None else as_decimal(value, name)


def optional_unsigned(row: Row, name: str) -> Decimal | None:
    """Return a number that cannot be below zero; None for "", null or a missing field."""
    return None if _is_absent(row.get(name, _MISSING)) else unsigned(row, name)


def optional_price(row: Row, name: str, *, absent: Collection[str] = ()) -> Decimal | None:
    """Return a price; None also for zero, by which venues say that no price is set."""
    price = optional_decimal(row, name, absent=absent)
    if price is not None and price < 0:
        raise bad_field(name, "a price", row.get(name))
    return price or None


def reachable_price(row: Row, name: str, *, absent: Collection[str] = ()) -> Decimal | None:
    """Return a computed price; None also where it is at or below zero, which no market reaches."""
    price = optional_decimal(row, name, absent=absent)
    return price if price is not None and price > 0 else None


def as_decimal(value: object, name: str) -> Decimal:
    """Return `value` as a finite decimal; `float` (a JSON number) by its shortest text."""
    if type(value) is str:
        number = _decimal_of(value)
    elif isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        number = None
    else:
        number = _decimal_of(str(value))
    if number is None:
        raise bad_field(name, "a number", value)
    return number


@lru_cache(_REMEMBERED)
def _decimal_of(digits: str) -> Decimal | None:
    """Return the number that a text is; remembered, because most numbers stay from one look to the next."""
    if len(digits) > _MAX_NUMBER or _NUMBER.fullmatch(digits) is None:
        return None
    number = Decimal(digits)
    if not number:
        number = number.copy_abs()  # nothing is shown as -0
    return number if abs(number.adjusted()) <= _MAX_EXPONENT else None


def integer(row: Row, name: str) -> int:
    """Return a whole number, which may be written as text."""
    value = row.get(name, _MISSING)
    if type(value) is int:
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise bad_field(name, "a whole number", value)


def optional_integer(row: Row, name: str) -> int | None:
    """Return a whole number; None for "", null or a missing field."""
    value = row.get(name)
    if type(value) is int:
        return value
    return None if _is_absent(value) else integer(row, name)


def boolean(row: Row, name: str) -> bool:
    """Return a truth value that must be there."""
    value = row.get(name, _MISSING)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise bad_field(name, "true or false", value)


def optional_boolean(row: Row, name: str) -> bool | None:
    """Return a truth value; None for "", null or a missing field."""
    return None if _is_absent(row.get(name, _MISSING)) else boolean(row, name)


def flag(row: Row, name: str) -> bool:
    """Return a truth value that the venue leaves out when it is false."""
    return optional_boolean(row, name) or False


def moment(row: Row, name: str) -> datetime:
    """Return an aware UTC time from an epoch number in seconds, milli-, micro- or nanoseconds.

    The unit follows from the number of digits, which is unambiguous for the years 2001 to 2286. Venues differ in the
    unit even between fields of one answer.
    """
    value = row.get(name)
    found = _moment_of(value if type(value) is str and value.isdecimal() and value.isascii() else integer(row, name))
    if found is None:
        raise bad_field(name, "an epoch time", row.get(name))
    return found


@lru_cache(_REMEMBERED)
def _moment_of(number: int | str) -> datetime | None:
    value = int(number)
    digits = len(str(value))
    if digits == _NANOSECOND_DIGITS:
        return _EPOCH + timedelta(microseconds=value // 1000)
    scale = _MICROSECONDS_PER_UNIT.get(digits)
    return None if scale is None or value < 0 else _EPOCH + timedelta(microseconds=value * scale)


def optional_moment(row: Row, name: str) -> datetime | None:
    """Return a time; None for "", null, a missing field, or zero, by which venues say never."""
    value = row.get(name, _MISSING)
    return None if _is_absent(value) or value in (0, "0") else moment(row, name)


def choice(row: Row, name: str, table: Mapping[str, Word]) -> Word:
    """Return the value of a word that must be known: sides and states are never guessed."""
    word = row.get(name, _MISSING)
    if not isinstance(word, str) or word not in table:
        raise bad_field(name, " or ".join(map(repr, table)), word)
    return table[word]


def described(
    row: Row, name: str, table: Mapping[str, Word], *, fallback: Word | None = None, nothing: Collection[str] = ()
) -> Word | None:
    """Return the value of a word that only describes.

    Absent, or one of the words in `nothing`, gives None. A word the table does not hold gives `fallback` and a
    warning, so that a venue's new word does not hide the row that carries it.
    """
    word = row.get(name, _MISSING)
    if _is_absent(word) or (isinstance(word, str) and word in nothing):
        return None
    if isinstance(word, str) and word in table:
        return table[word]
    warn_unknown(name, word)
    return fallback


def warn_unknown(name: str, word: object) -> None:
    """Log a descriptive word that no table holds, so that the table can learn it."""
    logger.warning("unknown word from a venue", extra={"field": name, "word": str(word)[:40]})


def total(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of what is known; None if nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal(0)) if known else None


def _is_absent(value: object) -> bool:
    return value is _MISSING or value is None or value == ""
