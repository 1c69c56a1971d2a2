"""Answers on the wire: one shape for everything, and one table from what went wrong to a status.

    {"success": true,  "data": …,    "error": null}
    {"success": false, "data": null, "error": {"kind": "bad_order", "code": "bad_size", "message": …, "fields": …}}

`success` is null where nobody knows yet whether an order was taken; that is looked up, never sent again.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from http import HTTPStatus
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import msgspec
from starlette.responses import Response

from models.errors import (
    BadOrder,
    BadPayload,
    LimitExceeded,
    NoCredentials,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TradingError,
    Unavailable,
)
from models.values import jsonable, plain

Answer = dict[str, Any]
"""`success`, `data`, `error`; of reads also `source`."""

_KINDS: tuple[tuple[type[TradingError], str, HTTPStatus], ...] = (
    (BadOrder, "bad_order", HTTPStatus.UNPROCESSABLE_ENTITY),
    (NoCredentials, "no_credentials", HTTPStatus.CONFLICT),
    (LimitExceeded, "limit_exceeded", HTTPStatus.FORBIDDEN),
    (NotSent, "not_sent", HTTPStatus.CONFLICT),
    (Rejected, "rejected", HTTPStatus.CONFLICT),
    (OutcomeUnknown, "outcome_unknown", HTTPStatus.ACCEPTED),
    (BadPayload, "bad_payload", HTTPStatus.BAD_GATEWAY),
    (Unavailable, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE),
    (TradingError, "error", HTTPStatus.CONFLICT),
)
"""From a class of errors to its name and status; the first that fits."""

_STATUS_OF_CODE = {
    "unknown_symbol": HTTPStatus.NOT_FOUND,
    "no_position": HTTPStatus.NOT_FOUND,
    "order_not_open": HTTPStatus.NOT_FOUND,
    "order_not_found": HTTPStatus.NOT_FOUND,
    "unknown_reference": HTTPStatus.NOT_FOUND,
    "alert_not_found": HTTPStatus.NOT_FOUND,
    "confirm_unknown": HTTPStatus.NOT_FOUND,
    "confirm_used": HTTPStatus.CONFLICT,
    "confirm_expired": HTTPStatus.GONE,
    "price_moved": HTTPStatus.CONFLICT,
    "key_said_otherwise": HTTPStatus.UNPROCESSABLE_ENTITY,
    "cause_conflict": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_many_requests": HTTPStatus.TOO_MANY_REQUESTS,
    "venue_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "stopping": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
_STATUS_OF_KIND = {kind: status for _, kind, status in _KINDS}
_NUMBERS = (Decimal,)
_NESTED = frozenset({dict, list, tuple})
_REMEMBERED: Final = 8192


class Refused(Exception):
    """What the web app itself refuses, before any trading code is asked."""

    def __init__(self, status: HTTPStatus, code: str, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields


class Json(Response):
    """A finished answer."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return bytes as they are, and anything else as JSON."""
        return content if isinstance(content, bytes) else msgspec.json.encode(content)


def found(value: Any, **more: Any) -> Answer:
    """Return the answer that holds a value: models, or plain data."""
    return {"success": True, "data": builtins(value), "error": None, **more}


def failed(error: TradingError) -> Answer:
    """Return the answer that says why there is none."""
    kind = next(name for cls, name, _ in _KINDS if isinstance(error, cls))
    return {"success": False, "data": None, "error": problem(kind, error.code, error.message, error.fields)}


def problem(kind: str, code: str, message: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an answer that tells what went wrong."""
    return {"kind": kind, "code": code, "message": message, "fields": jsonable(fields)}


def status_of(answer: Answer) -> HTTPStatus:
    """Return the status that an answer is sent with."""
    if answer["success"]:
        return HTTPStatus.OK
    error = answer["error"]
    if error is None:
        return HTTPStatus.ACCEPTED
    return _STATUS_OF_CODE.get(error["code"]) or _STATUS_OF_KIND.get(error["kind"], HTTPStatus.CONFLICT)


def reply(answer: Answer) -> Json:
    """Return an answer as it is sent."""
    return Json(answer, status_code=status_of(answer))


def builtins(value: Any) -> Any:
    """Return models as dicts, lists and texts; the same as their `to_dict()`, several times as fast."""
    plain_data = msgspec.to_builtins(value, builtin_types=_NUMBERS, str_keys=True)
    if type(value) is list and value and (names := _decimals_of(value[0].__class__)) is not None:
        for row in plain_data:
            for name in names:
                row[name] = _TEXTS[row[name]]
        return plain_data
    return _plain(plain_data)


@cache
def _decimals_of(cls: Any) -> tuple[str, ...] | None:
    """Return the fields of a flat model that hold decimals; None where it is no model, or holds others inside."""
    if not (isinstance(cls, type) and is_dataclass(cls)):
        return None
    kinds = {name: set(get_args(hint)) or {hint} for name, hint in get_type_hints(cls).items()}
    if not all(_is_flat(kind) for found in kinds.values() for kind in found):
        return None
    return tuple(name for name, found in kinds.items() if Decimal in found)


def _is_flat(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, (Decimal, str, int, float, datetime, NoneType, Enum))


def _plain(value: Any) -> Any:
    """Write the decimals of nested plain data as texts, in place where it can be."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            of = type(item)
            if of is Decimal:
                value[key] = _TEXTS[item]
            elif of in _NESTED:
                value[key] = _plain(item)
        return value
    if kind in _NESTED:
        return [_plain(item) for item in value]
    return _TEXTS[value] if kind is Decimal else value


class _Texts(dict[Decimal | None, str | None]):
    """`plain(number)` of every number, remembered: the same prices and sizes are served again and again."""

    def __missing__(self, number: Decimal | None) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        text = self[number] = None if number is None else plain(number)
        return text


_TEXTS: Final = _Texts()
