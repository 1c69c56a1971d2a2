"""What an answer of /exchange proves, leg by leg.

Accepted or refused is only what the answer says in a shape that is known, with as many statuses as there are legs and
our own ids echoed. Everything else is `UNKNOWN` and is looked up: a status too few, an empty body, a page of HTML.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from exchanges.hyperliquid_actions import client_ids, to_wire
from exchanges.hyperliquid_errors import UNKNOWN_TEXT, refusal_of, shown
from exchanges.hyperliquid_wires import (
    CancelAction,
    CloidCancelAction,
    ModifyAction,
    OrderAction,
    WireAction,
)
from exchanges.transport import NOT_JSON, Response
from models.errors import BadOrder
from models.requests import Ack, AckKind, SignedRequest
from models.values import positive_decimal

_OK: Final = 200
_UNPROCESSABLE: Final = 422
_WAITING: Final = frozenset({"waitingForFill", "waitingForTrigger"})


_Oid = Annotated[int, msgspec.Meta(ge=0)] | Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,20}\Z")]
"""A number; proxies and recorders that do not trust a number of its length write it as text."""


class _Resting(msgspec.Struct, frozen=True):
    oid: _Oid
    cloid: str | None = None


class _Filled(msgspec.Struct, frozen=True, rename="camel"):
    oid: _Oid
    total_sz: str | int | float
    avg_px: str | int | float
    cloid: str | None = None


class _Status(msgspec.Struct, frozen=True):
    resting: _Resting | None = None
    filled: _Filled | None = None
    error: str | None = None


class _Data(msgspec.Struct, frozen=True):
    statuses: list[msgspec.Raw]
    """Read one by one, so that an odd one does not hide what became of the others."""


class _Result(msgspec.Struct, frozen=True):
    type: str
    data: _Data | None = None


class _Answer(msgspec.Struct, frozen=True):
    status: str
    response: _Result | str


_decoder: Final = msgspec.json.Decoder(_Answer)
_leg_decoder: Final[msgspec.json.Decoder[_Status | str]] = msgspec.json.Decoder(_Status | str)

_ORDER_LIKE: Final = (OrderAction, ModifyAction)
_CANCEL_LIKE: Final = (CancelAction, CloidCancelAction)


def acks_of(request: SignedRequest, response: Response) -> tuple[Ack, ...]:
    """Classify an answer: one ack per leg of the request's action."""
    ids = client_ids(request.action)
    if response.status == _UNPROCESSABLE:
        # the body could not be read as an action, so none was performed
        refused = Ack(kind=AckKind.REJECTED, code="bad_request", http_status=response.status)
        return _for_all(ids, refused)
    if response.status != _OK:
        return _for_all(ids, unknown("unexpected_answer", response.status))
    try:
        answer = _decoder.decode(response.body)
    except NOT_JSON:
        return _for_all(ids, unknown("unexpected_answer", response.status))
    return _classify(to_wire(request.action), ids, answer)


def unknown(code: str, http_status: int | None = None, message: str = "") -> Ack:
    """Return the ack of a leg that may or may not have happened."""
    return Ack(kind=AckKind.UNKNOWN, code=code, message=message, http_status=http_status)


def same_for_all(request: SignedRequest, ack: Ack) -> tuple[Ack, ...]:
    """Return the ack for every leg of the request, each with its own id."""
    return _for_all(client_ids(request.action), ack)


def _for_all(ids: Sequence[str | None], ack: Ack) -> tuple[Ack, ...]:
    return tuple(
        Ack(
            kind=ack.kind,
            client_order_id=client_id,
            code=ack.code,
            venue_code=ack.venue_code,
            message=ack.message,
            http_status=ack.http_status,
        )
        for client_id in ids
    )


def _classify(wire: WireAction, ids: Sequence[str | None], answer: _Answer) -> tuple[Ack, ...]:
    if answer.status == "err" and isinstance(answer.response, str):
        return _for_all(ids, _refused_whole(answer.response))
    if answer.status != "ok" or isinstance(answer.response, str):
        return _for_all(ids, unknown("unexpected_answer", _OK))
    result = answer.response
    if not isinstance(wire, _ORDER_LIKE + _CANCEL_LIKE):
        taken = Ack(kind=AckKind.ACCEPTED, http_status=_OK)
        return _for_all(ids, taken if result.type == "default" else unknown("unexpected_answer", _OK))
    expected = "order" if isinstance(wire, _ORDER_LIKE) else "cancel"
    if result.type != expected or result.data is None or len(result.data.statuses) != len(ids):
        return _for_all(ids, unknown("unexpected_answer", _OK))
    read = _order_ack if expected == "order" else _cancel_ack
    return tuple(
        _unclear_leg(client_id) if (status := _status_of(raw)) is None else read(status, client_id)
        for raw, client_id in zip(result.data.statuses, ids, strict=True)
    )


def _status_of(raw: msgspec.Raw) -> _Status | str | None:
    try:
        return _leg_decoder.decode(raw)
    except NOT_JSON:
        return None


def _refused_whole(text: str) -> Ack:
    row = refusal_of(text)
    return Ack(
        kind=AckKind.REJECTED if row.is_definite else AckKind.UNKNOWN,
        code=row.code if row is not UNKNOWN_TEXT else "unexpected_answer",
        venue_code=row.venue_code,
        message=shown(text),
        http_status=_OK,
    )


def _order_ack(status: _Status | str, client_id: str | None) -> Ack:
    if isinstance(status, str):
        return _waiting_ack(status, client_id)
    match status:
        case _Status(error=str(text), resting=None, filled=None):
            return _refused_leg(text, client_id)
        case _Status(error=None, resting=_Resting() as resting, filled=None) if _is_ours(resting.cloid, client_id):
            return Ack(kind=AckKind.ACCEPTED, order_id=str(resting.oid), client_order_id=client_id, http_status=_OK)
        case _Status(error=None, resting=None, filled=_Filled() as filled) if _is_ours(filled.cloid, client_id):
            return _filled_ack(filled, client_id)
    return _unclear_leg(client_id)


def _is_ours(echoed: str | None, client_id: str | None) -> bool:
    return echoed is None or echoed.lower() == client_id


def _waiting_ack(word: str, client_id: str | None) -> Ack:
    if word not in _WAITING:
        return _unclear_leg(client_id)
    return Ack(kind=AckKind.ACCEPTED, client_order_id=client_id, venue_code=word, http_status=_OK)


def _unclear_leg(client_id: str | None) -> Ack:
    return Ack(kind=AckKind.UNKNOWN, client_order_id=client_id, code="unexpected_answer", http_status=_OK)


def _filled_ack(filled: _Filled, client_id: str | None) -> Ack:
    size, price = _positive(filled.total_sz), _positive(filled.avg_px)
    if size is None or price is None:
        return _unclear_leg(client_id)
    return Ack(
        kind=AckKind.FILLED,
        order_id=str(filled.oid),
        client_order_id=client_id,
        filled_size=size,
        average_price=price,
        http_status=_OK,
    )


def _cancel_ack(status: _Status | str, client_id: str | None) -> Ack:
    if status == "success":
        return Ack(kind=AckKind.ACCEPTED, client_order_id=client_id, http_status=_OK)
    if isinstance(status, _Status) and status.error is not None:
        return _refused_leg(status.error, client_id)
    return _unclear_leg(client_id)


def _refused_leg(text: str, client_id: str | None) -> Ack:
    row = refusal_of(text)
    return Ack(
        kind=AckKind.REJECTED,
        client_order_id=client_id,
        code=row.code,
        venue_code=row.venue_code,
        message=shown(text),
        http_status=_OK,
    )


def _positive(number: str | int | float) -> Decimal | None:
    try:
        return positive_decimal(number, "a fill")
    except BadOrder:
        return None
