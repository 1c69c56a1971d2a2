"""What Bybit's answer to a write proves; anything but the documented form proves nothing."""

import json
from collections.abc import Mapping
from typing import Any

from exchanges.bybit_errors import CHANGE_REFUSED, ORDER_UNCHANGED, REFUSED, SETTING_REFUSED, UNCHANGED, word
from models.requests import Ack, AckKind, Action, AmendOrder, BatchOrders, CancelAll, CancelOrder, OrderRequest

Row = Mapping[str, Any]

_LONGEST = 160
_SAME, _SAME_TEXT = ORDER_UNCHANGED
_CHANGES = (AmendOrder, CancelOrder, CancelAll)
_ORDERS = (OrderRequest, BatchOrders)


def read_answer(status: int, content: bytes, action: Action) -> tuple[Ack, ...]:
    """Return one ack per leg."""
    legs = action.orders if isinstance(action, BatchOrders) else (action,)
    unknown = (Ack(kind=AckKind.UNKNOWN, code="bad_answer", http_status=status),) * len(legs)
    try:
        answer = json.loads(content)
        code = answer["retCode"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return unknown
    if status != 200 or type(code) is not int:
        return unknown
    if isinstance(action, BatchOrders) and code == 0:
        return _batch(answer, action) or unknown
    return tuple(_leg(code, str(answer.get("retMsg", "")), answer.get("result"), leg) for leg in legs)


def _leg(code: object, message: str, result: object, action: Action) -> Ack:
    if isinstance(action, AmendOrder) and code == _SAME and message.startswith(_SAME_TEXT):
        return Ack(kind=AckKind.ACCEPTED, client_order_id=action.client_order_id, code="not_modified")
    kind = _kind(code, action)
    if kind is not AckKind.ACCEPTED or code != 0:  # accepted with a code: the setting was so before
        ours = action.client_order_id if isinstance(action, OrderRequest | AmendOrder | CancelOrder) else None
        return Ack(
            kind=kind, client_order_id=ours, code=_word(code, action), venue_code=str(code), message=message[:_LONGEST]
        )
    found = result if isinstance(result, Mapping) else {}
    if found.get("success") == "0" or found.get("reasons"):  # of cancel-all and of the margin mode
        return Ack(kind=AckKind.UNKNOWN, code="venue_error")
    if not isinstance(action, OrderRequest | AmendOrder | CancelOrder):
        return Ack(kind=AckKind.ACCEPTED)
    order_id = found.get("orderId")
    is_named_by_theirs = not isinstance(action, OrderRequest) and action.order_id is not None
    is_ours = (
        order_id == getattr(action, "order_id", None)
        if is_named_by_theirs
        else found.get("orderLinkId") == action.client_order_id
    )
    if not isinstance(order_id, str) or not order_id or not is_ours:
        return Ack(kind=AckKind.UNKNOWN, client_order_id=action.client_order_id, code="bad_answer")
    return Ack(kind=AckKind.ACCEPTED, order_id=order_id, client_order_id=action.client_order_id)


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
    rows, notes = _list(answer.get("result")), _list(answer.get("retExtInfo"))
    if len(rows) != len(action.orders) or len(notes) != len(action.orders):
        return ()
    triples = zip(rows, notes, action.orders, strict=True)
    return tuple(_leg(note.get("code"), str(note.get("msg", "")), row, order) for row, note, order in triples)


def _list(holder: object) -> list[Row]:
    items = holder.get("list") if isinstance(holder, Mapping) else None
    return items if isinstance(items, list) and all(isinstance(item, Mapping) for item in items) else []
