"""Numbers as people write them, read without guessing.

A decimal point or comma is understood (`0.5`, `0,5`). Where a text can mean two numbers (`1,000`) or groups its digits
(`1'000`, `1.000,5`), the person is asked. Only the digits 0-9 count, without exponent: Python's parsers take far more.
"""

import re
from decimal import Decimal

from models.errors import BadOrder

_PLAIN = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"(\d{1,12}),(\d{1,12})", re.ASCII)
_GROUPED = re.compile(r"\d[\d.,'’_ ]*\d", re.ASCII)
_MAX_LENGTH = 26
_ECHOED = 32


def echo(text: str) -> str:
    """Return what somebody typed, short enough to show back to them."""
    return text if len(text) <= _ECHOED else text[: _ECHOED - 1] + "…"


def parse_number(text: str, name: str = "number") -> Decimal:
    """Read a number above zero.

    Raises:
        BadOrder: `ambiguous_number` with the readings it could have, `bad_number` for anything else.
    """
    text = text.strip(" ")
    if len(text) <= _MAX_LENGTH:
        if _PLAIN.fullmatch(text):
            return _above_zero(Decimal(text), text, name)
        if comma := _DECIMAL_COMMA.fullmatch(text):
            return _above_zero(_with_comma(comma[1], comma[2], name), text, name)
        if _GROUPED.fullmatch(text):
            raise _ambiguous(text, _suggestion(text), name)
    raise BadOrder(f"{name}: expected a number such as 0.5", code="bad_number", name=name, text=echo(text))


def _above_zero(number: Decimal, text: str, name: str) -> Decimal:
    if number == 0:
        raise BadOrder(f"{name}: expected a number above zero", code="zero_number", name=name, text=echo(text))
    return number


def _with_comma(whole: str, rest: str, name: str) -> Decimal:
    """Read a comma as the decimal sign, unless it could as well group thousands."""
    if len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0"):
        raise _ambiguous(f"{whole},{rest}", f"{whole}.{rest} / {whole}{rest}", name)
    return Decimal(f"{whole}.{rest}")


def _suggestion(text: str) -> str:
    """Write a grouped number plainly, its last sign taken for the decimal sign where two kinds occur."""
    signs = [c for c in text if not c.isdigit()]
    last = signs[-1]
    if last in ".," and signs.count(last) == 1 and len(set(signs)) > 1:
        whole, _, rest = text.rpartition(last)
        return re.sub(r"\D", "", whole) + "." + rest
    return re.sub(r"\D", "", text)


def _ambiguous(text: str, readings: str, name: str) -> BadOrder:
    return BadOrder(
        f"{name}: {text} can be read in more than one way; write it plainly, e.g. {readings}",
        code="ambiguous_number",
        name=name,
        text=echo(text),
        readings=readings,
    )
