"""What HyperLiquid's answer to a write proves, leg by leg; anything but the documented form proves nothing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from exchanges.hyperliquid_errors import UNKNOWN_TEXT, refusal_of, shown
from models.errors import BadOrder
from models.requests import Ack, AckKind
from models.values import positive_decimal

_UNPROCESSABLE = 422
_FORMS = {"order": "order", "batchModify": "order", "cancel": "cancel", "cancelByCloid": "cancel"}
_PLACED = frozenset({"resting", "filled"})
_TAKEN = {"order": frozenset({"waitingForTrigger", "waitingForFill"}), "cancel": frozenset({"success"})}
"""Words that stand alone where a leg was taken, by the form of the answer."""


def read_answer(status: int, content: bytes, ids: list[str | None], action: str) -> tuple[Ack, ...]:
    """Return one ack per leg.

    Args:
        status: Of the answer.
        content: Its body.
        ids: Our id of each leg.
        action: The venue's word for what was asked; each is answered in a form of its own.
    """
    unknown = tuple(Ack(kind=AckKind.UNKNOWN, client_order_id=i, code="bad_answer", http_status=status) for i in ids)
    if status == _UNPROCESSABLE:  # the body could not be read as an action, so none was performed
        return tuple(replace(ack, kind=AckKind.REJECTED, code="bad_request") for ack in unknown)
    answer = _object(content)
    if status != 200 or answer is None:
        return unknown
    response = answer.get("response")
    if answer.get("status") == "err" and isinstance(response, str):
        return tuple(_refused(response, i, per_leg=False) for i in ids)
    if answer.get("status") != "ok" or not isinstance(response, dict):
        return unknown
    expected = _FORMS.get(action, "default")
    if response.get("type") != expected:
        return unknown
    if expected == "default":
        return tuple(Ack(kind=AckKind.ACCEPTED, client_order_id=i) for i in ids)
    data = response.get("data")
    statuses = data.get("statuses") if isinstance(data, Mapping) else None
    if not isinstance(statuses, list) or len(statuses) != len(ids):
        return unknown
    return tuple(_leg(row, i, expected) for row, i in zip(statuses, ids, strict=True))


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _leg(row: Any, client_id: str | None, form: str) -> Ack:
    unknown = Ack(kind=AckKind.UNKNOWN, client_order_id=client_id, code="bad_answer")
    if isinstance(row, str):
        return Ack(kind=AckKind.ACCEPTED, client_order_id=client_id) if row in _TAKEN[form] else unknown
    if not isinstance(row, dict) or len(row) != 1:
        return unknown
    ((word, body),) = row.items()
    if word == "error" and isinstance(body, str):
        return _refused(body, client_id, per_leg=True)
    if (
        form != "order"
        or word not in _PLACED
        or not isinstance(body, Mapping)
        or not _is_ours(body.get("cloid"), client_id)
    ):
        return unknown
    order_id = str(body.get("oid"))
    if not (order_id.isascii() and order_id.isdecimal()):
        return unknown
    if word == "resting":
        return Ack(kind=AckKind.ACCEPTED, order_id=order_id, client_order_id=client_id)
    try:
        size, price = (positive_decimal(str(body[name]), name) for name in ("totalSz", "avgPx"))
    except (KeyError, BadOrder):
        return unknown
    return Ack(
        kind=AckKind.FILLED,
        order_id=order_id,
        client_order_id=client_id,
        filled_size=size,
        average_price=price,
    )


def _is_ours(echoed: object, client_id: str | None) -> bool:
    return echoed is None or (isinstance(echoed, str) and echoed.lower() == client_id)


def _refused(text: str, client_id: str | None, *, per_leg: bool) -> Ack:
    """Classify a refusal: of one leg it is definite, of a whole request only where its text is known to be."""
    row = refusal_of(text)
    kind = AckKind.REJECTED if per_leg or row.is_definite else AckKind.UNKNOWN
    code = "bad_answer" if row is UNKNOWN_TEXT and not per_leg else row.code
    return Ack(kind=kind, client_order_id=client_id, code=code, venue_code=row.venue_code, message=shown(text))
