"""What OKX's answer to a write proves. Pure; whatever is not a documented refusal is not a refusal.

An order that is acknowledged was taken in, nothing more: whether it rests, fills or is cancelled is read from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from exchanges import okx_errors as errors
from exchanges.acks import LONGEST_MESSAGE, client_order_id_of, unreadable
from exchanges.okx_order_rows import AlgoId
from models.requests import (
    Ack,
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
    SetProtection,
)

_FIRST_SERVER_ERROR: Final = 500
_DONE: Final = "0"

Leg = Action


def classify(action: Action, envelope: Mapping[str, Any] | None, status: int) -> tuple[Ack, ...]:
    """Return one ack per leg of the action.

    Args:
        envelope: The answer's JSON object; None if it was anything else.
        status: The answer's HTTP status: OKX refuses some requests with 400 or 401 and a code.
    """
    legs = legs_of(action)
    code = envelope.get("code") if envelope else None
    if envelope is None or not isinstance(code, str) or status >= _FIRST_SERVER_ERROR:
        return tuple(unreadable(leg, status) for leg in legs)
    rows = _rows(envelope)
    if not rows and code != _DONE:
        return tuple(_refused(leg, code, envelope.get("msg"), status) for leg in legs)
    if isinstance(action, CancelAll):
        rows = _in_order(action, rows)
    if len(rows) != len(legs) or status != 200:
        return tuple(unreadable(leg, status, "The answer does not list what was asked for.") for leg in legs)
    return tuple(_leg(leg, row, code, envelope.get("msg"), status) for leg, row in zip(legs, rows, strict=True))


def legs_of(action: Action) -> Sequence[Leg]:
    """Return what OKX answers one by one."""
    match action:
        case BatchOrders() | CancelAll():
            return action.orders
        case _:
            return (action,)


def _in_order(action: CancelAll, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the answers in the order of what was asked; two levels of one algo order share its answer."""
    found = []
    for order in action.orders:
        wanted = AlgoId.read(order.order_id).algo_id if order.order_id is not None else order.client_order_id
        found += [next((row for row in rows if wanted in _ids(row)), None)]
    return [row for row in found if row is not None]


def _ids(row: Mapping[str, Any]) -> set[str]:
    return {found for name in ("ordId", "clOrdId", "algoId", "algoClOrdId") if (found := _id(row, name)) is not None}


def _id(row: Mapping[str, Any], name: str) -> str | None:
    found = row.get(name)
    return found if isinstance(found, str) and found else None


def _leg(leg: Leg, row: Mapping[str, Any], code: str, message: object, status: int) -> Ack:
    own = row.get("sCode", code)
    if not isinstance(own, str):
        return unreadable(leg, status, "The answer has no code.")
    if own == _DONE:
        return _accepted(leg, row, status) if code in {_DONE, "2"} else unreadable(leg, status)
    return _refused(leg, own, row.get("sMsg") or message, status)


def _accepted(leg: Leg, row: Mapping[str, Any], status: int) -> Ack:
    """Believe an acknowledgement only if it is about our order."""
    if not isinstance(leg, OrderRequest | AmendOrder | CancelOrder):
        algo_id = _id(row, "algoId") if isinstance(leg, SetProtection) else None
        return Ack(kind=AckKind.ACCEPTED, order_id=algo_id, http_status=status)
    ours = client_order_id_of(leg)
    if isinstance(leg, OrderRequest):
        is_ours = ours in _ids(row)
    else:
        is_ours = (AlgoId.read(leg.order_id).algo_id if leg.order_id is not None else ours) in _ids(row)
    if not is_ours:
        return unreadable(leg, status, "The acknowledgement is about another order.")
    order_id = _id(row, "ordId") or _id(row, "algoId")  # a close names no order
    return Ack(kind=AckKind.ACCEPTED, order_id=order_id, client_order_id=ours, http_status=status)


def _refused(leg: Leg, code: str, message: object, status: int) -> Ack:
    bare = code.partition("_")[0]  # 51008_1000 is a case of 51008
    return Ack(
        kind=AckKind.REJECTED if bare in _refusals(leg) else AckKind.UNKNOWN,
        client_order_id=client_order_id_of(leg),
        code=errors.word(bare),
        venue_code=code,
        message=str(message or "")[:LONGEST_MESSAGE],
        http_status=status,
    )


def _refusals(leg: Leg) -> frozenset[str]:
    if isinstance(leg, OrderRequest):
        return errors.REFUSED
    return errors.CHANGE_REFUSED if isinstance(leg, AmendOrder | CancelOrder) else errors.SETTING_REFUSED


def _rows(envelope: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = envelope.get("data")
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else []
