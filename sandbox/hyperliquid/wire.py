"""Strict readers of HyperLiquid's request bodies, as composable values.

The venue decodes a body into typed structures and hashes *those* again to find the signer. So reading and
canonicalising are one step here too: a reader refuses what the structure cannot hold and returns the value as the
venue would write it, with keys in the structure's order, numbers without trailing zeros and addresses in lower case.
A client that signed anything else is a different signer, exactly as at the venue.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/signing
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Reader = Callable[[object, str], Any]

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CLOID = re.compile(r"0x[0-9a-fA-F]{32}")
_UINT64_MAX = 2**64 - 1


class UndecodableBody(ValueError):
    """The body does not fit the structure; the venue answers 422."""


@dataclass(frozen=True, slots=True)
class Optional:
    """A field that may be absent or null; it is then left out of what is hashed."""

    reader: Reader


def struct(**fields: Reader | Optional) -> Reader:
    """Return a reader of an object with these fields, in this order; unknown fields are dropped."""

    def read(raw: object, where: str) -> dict[str, Any]:
        if not isinstance(raw, Mapping):
            raise UndecodableBody(f"{where}: expected an object, was {type(raw).__name__}")
        return {name: value for name, reader in fields.items() for value in _field(raw, name, reader, where)}

    return read


def array(item: Reader, *, at_most: int = 1000) -> Reader:
    """Return a reader of a list whose every element fits `item`."""

    def read(raw: object, where: str) -> list[Any]:
        if not isinstance(raw, list) or len(raw) > at_most:
            raise UndecodableBody(f"{where}: expected a list of at most {at_most} elements")
        return [item(element, f"{where}[{index}]") for index, element in enumerate(raw)]

    return read


def variant(**cases: Reader) -> Reader:
    """Return a reader of an object with exactly one key, the name of the case."""

    def read(raw: object, where: str) -> dict[str, Any]:
        if not isinstance(raw, Mapping) or len(raw) != 1:
            raise UndecodableBody(f"{where}: expected exactly one of {', '.join(cases)}")
        (name, value), *_ = raw.items()
        if name not in cases:
            raise UndecodableBody(f"{where}: unknown variant {name!r}, expected one of {', '.join(cases)}")
        return {name: cases[name](value, f"{where}.{name}")}

    return read


def either(*readers: Reader) -> Reader:
    """Return a reader that accepts what the first fitting reader accepts."""

    def read(raw: object, where: str) -> Any:
        for reader in readers:
            try:
                return reader(raw, where)
            except UndecodableBody:
                continue
        raise UndecodableBody(f"{where}: data did not match any variant")

    return read


def literal(*words: str) -> Reader:
    """Return a reader of one of these words."""

    def read(raw: object, where: str) -> str:
        if isinstance(raw, str) and raw in words:
            return raw
        raise UndecodableBody(f"{where}: unknown variant {raw!r}, expected one of {', '.join(words)}")

    return read


def text(raw: object, where: str) -> str:
    """Read any string."""
    if not isinstance(raw, str):
        raise UndecodableBody(f"{where}: expected a string, was {type(raw).__name__}")
    return raw


def flag(raw: object, where: str) -> bool:
    """Read a JSON boolean; 0, 1 and "true" are not booleans."""
    if not isinstance(raw, bool):
        raise UndecodableBody(f"{where}: expected a boolean, was {type(raw).__name__}")
    return raw


def uint(raw: object, where: str) -> int:
    """Read a whole number that fits 64 bits without a sign."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _UINT64_MAX:
        raise UndecodableBody(f"{where}: expected an unsigned 64-bit number, was {raw!r}")
    return raw


def integer(raw: object, where: str) -> int:
    """Read a whole number that fits 64 bits."""
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > _UINT64_MAX // 2:
        raise UndecodableBody(f"{where}: expected a 64-bit number, was {raw!r}")
    return raw


def number(raw: object, where: str) -> str:
    """Read a decimal string; trailing zeros are not part of what the venue hashes."""
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw) or len(raw) > 40:
        raise UndecodableBody(f"{where}: expected a decimal string, was {raw!r}")
    return plain(Decimal(raw))


def address(raw: object, where: str) -> str:
    """Read a 20-byte address, in lower case."""
    if not isinstance(raw, str) or not _ADDRESS.fullmatch(raw):
        raise UndecodableBody(f"{where}: expected an address of 0x and 40 hexadecimal digits, was {raw!r}")
    return raw.lower()


def cloid(raw: object, where: str) -> str:
    """Read a 16-byte client order id, in lower case."""
    if not isinstance(raw, str) or not _CLOID.fullmatch(raw):
        raise UndecodableBody(f"{where}: expected a cloid of 0x and 32 hexadecimal digits, was {raw!r}")
    return raw.lower()


def plain(value: Decimal) -> str:
    """Write a decimal without exponent and without trailing zeros; zero has no sign."""
    written = format(value, "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def _field(raw: Mapping[str, object], name: str, reader: Reader | Optional, where: str) -> list[Any]:
    """Return the field's value in a list, or an empty list for an absent optional field."""
    value = raw.get(name)
    if isinstance(reader, Optional):
        return [] if value is None else [reader.reader(value, f"{where}.{name}")]
    if name not in raw:
        raise UndecodableBody(f"{where}: missing field `{name}`")
    return [reader(value, f"{where}.{name}")]
