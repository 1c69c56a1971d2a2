"""What Bybit's answer to a write proves. Pure; whatever is not a documented refusal is not a refusal.

A new order that is acknowledged is accepted, nothing more: whether it rests, fills or is rejected later is read from
the order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from exchanges import bybit_errors as errors
from exchanges.acks import LONGEST_MESSAGE, client_order_id_of, unreadable
from models.requests import (
    Ack,
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
)

_SAME, _SAME_TEXT = errors.ORDER_UNCHANGED
_ABOUT_ORDERS = (OrderRequest, AmendOrder, CancelOrder, CancelAll)


def classify(action: Action, envelope: Mapping[str, Any] | None, status: int) -> tuple[Ack, ...]:
    """Return one ack per leg of the action.

    Args:
        envelope: The answer's JSON object; None if it was anything else.
        status: The answer's HTTP status.
    """
    legs = legs_of(action)
    if status != 200 or envelope is None:
        return tuple(unreadable(leg, status) for leg in legs)
    code, message = envelope.get("retCode"), envelope.get("retMsg")
    if isinstance(action, BatchOrders) and _is_code(code) and code == 0:
        return _batch(action.orders, envelope, status)
    return tuple(_leg(leg, code, message, envelope.get("result"), status) for leg in legs)


def legs_of(action: Action) -> Sequence[Action]:
    """Return what Bybit answers one by one."""
    return action.orders if isinstance(action, BatchOrders) else (action,)


def _batch(orders: Sequence[OrderRequest], envelope: Mapping[str, Any], status: int) -> tuple[Ack, ...]:
    """Read a batch: two lists side by side, a code and an order for each. An item that is missing is unknown."""
    results, codes = _list(envelope.get("result")), _list(envelope.get("retExtInfo"))
    if len(results) != len(orders) or len(codes) != len(orders):
        return tuple(unreadable(order, status, "The batch's answer does not list every order.") for order in orders)
    return tuple(
        _leg(order, item.get("code"), item.get("msg"), result, status)
        for order, result, item in zip(orders, results, codes, strict=True)
    )


def _leg(leg: Action, code: object, message: object, result: object, status: int) -> Ack:
    if not _is_code(code):
        return unreadable(leg, status, "The answer has no code.")
    if code == 0:
        return _accepted(leg, result, status)
    if code in errors.UNCHANGED and not isinstance(leg, _ABOUT_ORDERS):
        return _ack(AckKind.ACCEPTED, leg, code, message, status)
    if isinstance(leg, AmendOrder) and code == _SAME and str(message).startswith(_SAME_TEXT):
        return _ack(AckKind.ACCEPTED, leg, code, message, status, word="not_modified")
    kind = AckKind.REJECTED if code in _refusals(leg) else AckKind.UNKNOWN
    return _ack(kind, leg, code, message, status)


def _accepted(leg: Action, result: object, status: int) -> Ack:
    """Believe an acknowledgement only if it is about our order."""
    found = result if isinstance(result, dict) else {}
    if found.get("success") == "0" or found.get("reasons"):  # of cancel-all and of the margin mode
        return unreadable(leg, status, "The venue took the request and says that it failed.")
    if not isinstance(leg, OrderRequest | AmendOrder | CancelOrder):
        return Ack(kind=AckKind.ACCEPTED, http_status=status)
    order_id, echo = found.get("orderId"), found.get("orderLinkId")
    ours = client_order_id_of(leg)
    if not isinstance(order_id, str) or not order_id:
        return unreadable(leg, status, "The acknowledgement names no order.")
    if isinstance(leg, OrderRequest):
        is_ours = echo == ours
    else:
        is_ours = leg.order_id == order_id if leg.order_id is not None else echo == ours
    if not is_ours:
        return unreadable(leg, status, "The acknowledgement is about another order.")
    return Ack(kind=AckKind.ACCEPTED, order_id=order_id, client_order_id=ours, http_status=status)


def _refusals(leg: Action) -> frozenset[int]:
    if isinstance(leg, OrderRequest):
        return errors.REFUSED
    return errors.CHANGE_REFUSED if isinstance(leg, AmendOrder | CancelOrder | CancelAll) else errors.SETTING_REFUSED


def _ack(kind: AckKind, leg: Action, code: Any, message: object, status: int, *, word: str | None = None) -> Ack:
    word = word or errors.word(code)
    if word == "size_too_small" and isinstance(leg, OrderRequest) and leg.reduce_only:
        word = "position_closed"  # nothing is left to reduce, so the venue cuts the size to zero
    return Ack(
        kind=kind,
        client_order_id=client_order_id_of(leg),
        code=word,
        venue_code=str(code),
        message=str(message or "")[:LONGEST_MESSAGE],
        http_status=status,
    )


def _is_code(code: object) -> bool:
    """Whether a code is a number: Bybit sends nothing else, so a text or a truth value is somebody else's answer."""
    return isinstance(code, int) and not isinstance(code, bool)


def _list(holder: object) -> list[dict[str, Any]]:
    items = holder.get("list") if isinstance(holder, dict) else None
    return items if isinstance(items, list) and all(isinstance(item, dict) for item in items) else []
