"""What Bybit's answer to a write proves; anything but the documented form proves nothing."""

import json
from collections.abc import Mapping
from typing import Any

from exchanges.bybit_errors import CHANGE_REFUSED, REFUSED, SETTING_REFUSED, UNCHANGED, word
from models.requests import Ack, AckKind, Action, AmendOrder, BatchOrders, CancelAll, CancelOrder, OrderRequest

Row = Mapping[str, Any]

_CHANGES = (AmendOrder, CancelOrder, CancelAll)
_ORDERS = (OrderRequest, BatchOrders)


def read_answer(status: int, content: bytes, action: Action) -> tuple[Ack, ...]:
    """Return one ack per leg."""
    legs = action.orders if isinstance(action, BatchOrders) else (action,)
    unknown = (Ack(kind=AckKind.UNKNOWN, code="bad_answer", http_status=status),) * len(legs)
    try:
        answer = json.loads(content)
        code = answer["retCode"]
    except (ValueError, TypeError, KeyError):
        return unknown
    if status != 200 or type(code) is not int:
        return unknown
    if isinstance(action, BatchOrders) and code == 0:
        return _batch(answer, action) or unknown
    return tuple(_leg(code, str(answer.get("retMsg", "")), answer.get("result"), leg) for leg in legs)


def _leg(code: object, message: str, result: object, action: Action) -> Ack:
    kind = _kind(code, action)
    if kind is not AckKind.ACCEPTED:
        return Ack(kind=kind, code=_word(code, action), venue_code=str(code), message=message)
    ids = result if isinstance(result, Mapping) else {}
    ours = getattr(action, "client_order_id", None)
    if ours and ids.get("orderLinkId") not in (None, "", ours):
        return Ack(kind=AckKind.UNKNOWN, code="bad_answer")
    return Ack(kind=AckKind.ACCEPTED, order_id=ids.get("orderId"), client_order_id=ours)


def _word(code: object, action: Action) -> str:
    if type(code) is not int:
        return "bad_answer"
    is_closing = isinstance(action, OrderRequest) and action.reduce_only
    # nothing is left to reduce, so the venue cuts the size to zero
    return "position_closed" if is_closing and word(code) == "size_too_small" else word(code)


def _kind(code: object, action: Action) -> AckKind:
    if type(code) is not int:
        return AckKind.UNKNOWN
    is_setting = not isinstance(action, _CHANGES + _ORDERS)
    if code == 0 or (is_setting and code in UNCHANGED):
        return AckKind.ACCEPTED
    refused = (
        REFUSED if isinstance(action, _ORDERS) else CHANGE_REFUSED if isinstance(action, _CHANGES) else SETTING_REFUSED
    )
    return AckKind.REJECTED if code in refused else AckKind.UNKNOWN


def _batch(answer: Row, action: BatchOrders) -> tuple[Ack, ...]:
    rows, notes = (answer.get("result") or {}).get("list") or [], (answer.get("retExtInfo") or {}).get("list") or []
    if len(rows) != len(action.orders) or len(notes) != len(action.orders):
        return ()
    triples = zip(rows, notes, action.orders, strict=True)
    return tuple(_leg(note.get("code"), str(note.get("msg", "")), row, order) for row, note, order in triples)
