"""What HyperLiquid's answer to a write proves, leg by leg; anything but the documented form proves nothing."""

import json
from collections.abc import Mapping
from typing import Any

from exchanges.hyperliquid_errors import refusal_of, shown
from models.errors import BadOrder
from models.requests import Ack, AckKind
from models.values import positive_decimal

_WAITING = {"waitingForTrigger", "waitingForFill"}


def read_answer(status: int, content: bytes, ids: list[str | None]) -> tuple[Ack, ...]:
    """Return one ack per leg."""
    unknown = tuple(Ack(kind=AckKind.UNKNOWN, client_order_id=i, code="bad_answer", http_status=status) for i in ids)
    try:
        answer = json.loads(content)
    except ValueError:
        return unknown
    if status != 200 or not isinstance(answer, dict):
        return unknown
    response = answer.get("response")
    if answer.get("status") == "err" and isinstance(response, str):
        return tuple(_refused(response, i, per_leg=False) for i in ids)
    if answer.get("status") != "ok" or not isinstance(response, dict):
        return unknown
    if response.get("type") == "default":
        return tuple(Ack(kind=AckKind.ACCEPTED, client_order_id=i) for i in ids)
    statuses = (response.get("data") or {}).get("statuses")
    if not isinstance(statuses, list) or len(statuses) != len(ids):
        return unknown
    return tuple(_leg(row, i) for row, i in zip(statuses, ids, strict=True))


def _leg(row: Any, client_id: str | None) -> Ack:
    unknown = Ack(kind=AckKind.UNKNOWN, client_order_id=client_id, code="bad_answer")
    if row == "success" or (isinstance(row, str) and row in _WAITING):
        return Ack(kind=AckKind.ACCEPTED, client_order_id=client_id)
    if not isinstance(row, dict):
        return unknown
    if isinstance(row.get("error"), str):
        return _refused(row["error"], client_id, per_leg=True)
    body = row.get("filled") or row.get("resting")
    if not isinstance(body, Mapping) or body.get("cloid") not in (None, client_id):
        return unknown
    if "resting" in row:
        return Ack(kind=AckKind.ACCEPTED, order_id=str(body.get("oid")), client_order_id=client_id)
    try:
        size, price = (positive_decimal(str(body[name]), name) for name in ("totalSz", "avgPx"))
    except (KeyError, BadOrder):
        return unknown
    return Ack(
        kind=AckKind.FILLED,
        order_id=str(body.get("oid")),
        client_order_id=client_id,
        filled_size=size,
        average_price=price,
    )


def _refused(text: str, client_id: str | None, *, per_leg: bool) -> Ack:
    """Classify a refusal: of one leg it is definite, of a whole request only where its text is known to be."""
    row = refusal_of(text)
    kind = AckKind.REJECTED if per_leg or row.is_definite else AckKind.UNKNOWN
    return Ack(kind=kind, client_order_id=client_id, code=row.code, message=shown(text))
