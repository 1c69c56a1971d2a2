"""Both paths believe the same answers to writes; what is not documented proves nothing on either."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from direct import bybit_answers, hyperliquid_answers
from direct.hyperliquid_actions import action_for, legs_of
from exchanges import bybit_acks
from exchanges.hyperliquid_answers import acks_of
from exchanges.transport import Response, json_object
from models.enums import MarginMode
from models.requests import (
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    SetLeverage,
    SetMarginMode,
    SignedRequest,
)
from tests.exchanges import bybit_kit, hyperliquid_kit
from tests.models.test_readers_are_total import variants

D = Decimal
OURS, THEIRS = hyperliquid_kit.CLOID, hyperliquid_kit.STOP_CLOID
DEEP = b"[" * 100_000
NOT_ANSWERS = [
    b"",
    b"null",
    b"[]",
    b"7",
    b"{}",
    b"\xff",
    b'"ok"',
    b"<html>",
    DEEP,
    b'{"status":"ok"}',
    b'{"retCode":null}',
]
LEVERAGE = SetLeverage(instrument=hyperliquid_kit.BTC, leverage=D(5), margin_mode=MarginMode.CROSS)


def answered(body: bytes) -> Response:
    return Response(status=200, headers={}, body=body, sent_at=0.0, received_at=0.0)


def statuses(*rows: Any, form: str = "order", **more: Any) -> dict[str, Any]:
    return {"status": "ok", "response": {"type": form, "data": {"statuses": list(rows)}, **more}}


FILLED = {"totalSz": "0.01", "avgPx": "60000.5", "oid": 7}
ORDER = hyperliquid_kit.order()
CANCEL = CancelOrder(instrument=hyperliquid_kit.BTC, order_id="7", client_order_id=OURS)
TWO = BatchOrders(orders=(ORDER, hyperliquid_kit.order(client_order_id=THEIRS)))
A, R, F, U = AckKind.ACCEPTED, AckKind.REJECTED, AckKind.FILLED, AckKind.UNKNOWN
HYPERLIQUID: dict[str, tuple[Action, Any, list[AckKind]]] = {
    "resting": (ORDER, statuses({"resting": {"oid": 7}}), [A]),
    "resting under our id": (ORDER, statuses({"resting": {"oid": 7, "cloid": OURS.upper().replace("X", "x")}}), [A]),
    "resting under another id": (ORDER, statuses({"resting": {"oid": 7, "cloid": THEIRS}}), [U]),
    "resting without a number": (ORDER, statuses({"resting": {}}), [U]),
    "resting under no number": (ORDER, statuses({"resting": {"oid": "x"}}), [U]),
    "resting under less than nothing": (ORDER, statuses({"resting": {"oid": -1}}), [U]),
    "filled": (ORDER, statuses({"filled": FILLED}), [F]),
    "filled with nothing": (ORDER, statuses({"filled": {**FILLED, "totalSz": "0"}}), [U]),
    "filled at no price": (ORDER, statuses({"filled": {"totalSz": "1", "oid": 7}}), [U]),
    "filled at no number": (ORDER, statuses({"filled": {**FILLED, "avgPx": "NaN"}}), [U]),
    "refused": (ORDER, statuses({"error": "Order must have minimum value of $10. asset=0"}), [R]),
    "refused in new words": (ORDER, statuses({"error": "Something new"}), [R]),
    "both": (ORDER, statuses({"error": "x", "resting": {"oid": 7}}), [U]),
    "waiting": (ORDER, statuses("waitingForTrigger"), [A]),
    "a word of cancels": (ORDER, statuses("success"), [U]),
    "an unknown word": (ORDER, statuses("perhaps"), [U]),
    "the form of cancels": (ORDER, statuses({"resting": {"oid": 7}}, form="cancel"), [U]),
    "the form of settings": (ORDER, {"status": "ok", "response": {"type": "default"}}, [U]),
    "no statuses": (ORDER, statuses(), [U]),
    "a list of nothing": (ORDER, {"status": "ok", "response": {"type": "order", "data": []}}, [U]),
    "two for one": (ORDER, statuses({"resting": {"oid": 7}}, {"resting": {"oid": 8}}), [U]),
    "mixed": (TWO, statuses({"filled": FILLED}, {"error": "Insufficient margin to place order. asset=0"}), [F, R]),
    "mixed and odd": (TWO, statuses(None, {"resting": {"oid": 8}}), [U, A]),
    "one short": (TWO, statuses({"filled": FILLED}), [U, U]),
    "batch refused": (TWO, {"status": "err", "response": "Invalid nonce: duplicate nonce 5"}, None),  # type: ignore[dict-item]
    "unknown agent": (ORDER, {"status": "err", "response": "User or API Wallet 0x00 does not exist."}, [R]),
    "error in new words": (ORDER, {"status": "err", "response": "Something new"}, [U]),
    "error without words": (ORDER, {"status": "err", "response": None}, [U]),
    "cancelled": (CANCEL, statuses("success", form="cancel"), [A]),
    "not cancelled": (
        CANCEL,
        statuses({"error": "Order was never placed, already canceled, or filled."}, form="cancel"),
        [R],
    ),
    "cancelled by resting": (CANCEL, statuses({"resting": {"oid": 7}}, form="cancel"), [U]),
    "set": (LEVERAGE, {"status": "ok", "response": {"type": "default"}}, [A]),
    "set by an order": (LEVERAGE, statuses({"resting": {"oid": 7}}), [U]),
    "not set": (LEVERAGE, {"status": "err", "response": "Cannot switch leverage type with open position."}, [R]),
}


def both_hyperliquid(action: Action, body: bytes) -> tuple[list[AckKind], list[AckKind]]:
    """Return what the unified and the direct path make of an answer."""
    request = SignedRequest(exchange="hyperliquid", action=action, stamp=hyperliquid_kit.stamp(), url="", body=b"")
    unified = acks_of(request, answered(body))
    asked = action_for(action)
    direct = hyperliquid_answers.read_answer(200, body, legs_of(asked), asked["type"])
    return [ack.kind for ack in unified], [ack.kind for ack in direct]


@pytest.mark.parametrize("case", HYPERLIQUID)
def test_both_paths_believe_hyperliquid_the_same(case: str) -> None:
    action, answer, expected = HYPERLIQUID[case]
    unified, direct = both_hyperliquid(action, json.dumps(answer).encode())
    assert unified == direct
    assert expected is None or unified == expected


@pytest.mark.parametrize("body", NOT_ANSWERS, ids=lambda body: repr(body[:16]))
@pytest.mark.parametrize("action", [ORDER, TWO, CANCEL, LEVERAGE], ids=lambda action: type(action).__name__)
def test_no_answer_of_hyperliquid_proves_nothing(action: Action, body: bytes) -> None:
    unified, direct = both_hyperliquid(action, body)
    assert unified == direct
    assert set(unified) == {U}


def test_both_paths_take_a_body_that_hyperliquid_cannot_read_for_refused() -> None:
    body, asked = b"Failed to deserialize the JSON body into the target type", action_for(TWO)
    request = SignedRequest(exchange="hyperliquid", action=TWO, stamp=hyperliquid_kit.stamp(), url="", body=b"")
    unified = acks_of(request, replace(answered(body), status=422))
    direct = hyperliquid_answers.read_answer(422, body, legs_of(asked), asked["type"])
    assert [(ack.kind, ack.code) for ack in unified] == [(ack.kind, ack.code) for ack in direct]
    assert {ack.kind for ack in direct} == {R}


LIMIT = bybit_kit.order()
PAIR = BatchOrders(orders=(LIMIT, bybit_kit.order(client_order_id="eb1-other")))
BY_ID = CancelOrder(instrument=bybit_kit.BTC, order_id="7", client_order_id=bybit_kit.CLIENT_ID)
BY_OURS = CancelOrder(instrument=bybit_kit.BTC, order_id=None, client_order_id=bybit_kit.CLIENT_ID)
AMEND = AmendOrder(instrument=bybit_kit.BTC, order_id="7", client_order_id=None, price=D(60000))
TAKEN = {"orderId": "7", "orderLinkId": bybit_kit.CLIENT_ID}
OTHER = {"orderId": "8", "orderLinkId": "eb1-other"}
SET = SetLeverage(instrument=bybit_kit.BTC, leverage=D(5))
MODE = SetMarginMode(margin_mode=MarginMode.ISOLATED)
ALL = CancelAll(instrument=bybit_kit.BTC)


def said(code: object, result: object = None, **more: Any) -> dict[str, Any]:
    return {"retCode": code, "retMsg": "words", "result": {} if result is None else result, "time": 1, **more}


def listed(*codes: object, rows: Any = (TAKEN, OTHER)) -> dict[str, Any]:
    return said(0, {"list": list(rows)}, retExtInfo={"list": [{"code": code, "msg": ""} for code in codes]})


BYBIT: dict[str, tuple[Action, Any, list[AckKind]]] = {
    "taken": (LIMIT, said(0, TAKEN), [A]),
    "taken without an id": (LIMIT, said(0, {"orderLinkId": bybit_kit.CLIENT_ID}), [U]),
    "taken under no id of ours": (LIMIT, said(0, {"orderId": "7", "orderLinkId": ""}), [U]),
    "taken for another": (LIMIT, said(0, OTHER), [U]),
    "taken with nothing": (LIMIT, said(0), [U]),
    "taken with a list": (LIMIT, said(0, [TAKEN]), [U]),
    "code as text": (LIMIT, said("0", TAKEN), [U]),
    "code as truth": (LIMIT, said(False, TAKEN), [U]),
    "refused": (LIMIT, said(110007), [R]),
    "timed out": (LIMIT, said(10000), [U]),
    "server error": (LIMIT, said(10016), [U]),
    "too often": (LIMIT, said(10006), [U]),
    "busy address": (LIMIT, said(10018), [U]),
    "duplicate": (LIMIT, said(110072), [U]),
    "new code": (LIMIT, said(119999), [U]),
    "not modified, of an order": (LIMIT, said(110043), [U]),
    "not modified, of a cancel": (BY_ID, said(110043), [U]),
    "batch": (PAIR, listed(0, 110007), [A, R]),
    "batch without one code": (PAIR, listed(0, None), [A, U]),
    "batch one short": (PAIR, listed(0), [U, U]),
    "batch of texts": (PAIR, listed(0, 0, rows=("x", "y")), [U, U]),
    "batch without lists": (PAIR, said(0, [], retExtInfo=[]), [U, U]),
    "batch without result": (PAIR, {"retCode": 0, "result": None, "retExtInfo": None}, [U, U]),
    "batch refused": (PAIR, said(10004), [R, R]),
    "cancelled": (BY_ID, said(0, {"orderId": "7", "orderLinkId": ""}), [A]),
    "cancelled another": (BY_ID, said(0, OTHER), [U]),
    "cancelled by ours": (BY_OURS, said(0, TAKEN), [A]),
    "cancelled by another's": (BY_OURS, said(0, OTHER), [U]),
    "nothing to cancel": (BY_ID, said(110001), [R]),
    "amended": (AMEND, said(0, {"orderId": "7"}), [A]),
    "amended to what it is": (AMEND, {**said(10001), "retMsg": "The order remains unchanged as the parameters …"}, [A]),
    "amended with a wrong size": (AMEND, {**said(10001), "retMsg": "Qty invalid"}, [R]),
    "not amended": (AMEND, said(110008), [R]),
    "set": (SET, said(0), [A]),
    "set already": (SET, said(110043), [A]),
    "leverage too high": (SET, said(110013), [R]),
    "mode set": (MODE, said(0, {"reasons": []}), [A]),
    "mode not set": (MODE, said(0, {"reasons": [{"reasonCode": "3400091", "reasonMsg": "x"}]}), [U]),
    "all cancelled": (ALL, said(0, {"list": [], "success": "1"}), [A]),
    "none cancelled": (ALL, said(0, {"list": [], "success": "0"}), [U]),
}


def both_bybit(action: Action, body: bytes) -> tuple[list[AckKind], list[AckKind]]:
    """Return what the unified and the direct path make of an answer."""
    unified = bybit_acks.classify(action, json_object(answered(body).body), 200)
    direct = bybit_answers.read_answer(200, body, action)
    return [ack.kind for ack in unified], [ack.kind for ack in direct]


@pytest.mark.parametrize("case", BYBIT)
def test_both_paths_believe_bybit_the_same(case: str) -> None:
    action, answer, expected = BYBIT[case]
    unified, direct = both_bybit(action, json.dumps(answer).encode())
    assert unified == direct == expected


def test_both_paths_say_of_a_setting_that_it_was_so_before() -> None:
    answer = said(110043)
    acks = (bybit_acks.classify(SET, answer, 200), bybit_answers.read_answer(200, json.dumps(answer).encode(), SET))
    assert [(ack.code, ack.venue_code) for (ack,) in acks] == [("not_modified", "110043")] * 2


@pytest.mark.parametrize("body", NOT_ANSWERS, ids=lambda body: repr(body[:16]))
@pytest.mark.parametrize("action", [LIMIT, PAIR, BY_ID, SET], ids=lambda action: type(action).__name__)
def test_no_answer_of_bybit_proves_nothing(action: Action, body: bytes) -> None:
    unified, direct = both_bybit(action, body)
    assert unified == direct
    assert set(unified) == {U}


WHOLE = {
    "retCode": 0,
    "retMsg": "OK",
    "result": {"list": [TAKEN, OTHER], **TAKEN},
    "retExtInfo": {"list": [{"code": 0, "msg": "OK"}, {"code": 110007, "msg": "x"}]},
}


@pytest.mark.parametrize("action", [LIMIT, PAIR, BY_ID, AMEND, SET, ALL], ids=lambda action: type(action).__name__)
def test_both_paths_make_the_same_of_any_odd_answer_of_bybit(action: Action) -> None:
    for answer in variants(WHOLE):
        unified, direct = both_bybit(action, json.dumps(answer).encode())
        assert unified == direct, answer


@pytest.mark.parametrize("action", [ORDER, TWO, CANCEL, LEVERAGE], ids=lambda action: type(action).__name__)
def test_both_paths_make_of_any_odd_answer_of_hyperliquid_what_is_safe(action: Action) -> None:
    for form in ("order", "cancel"):
        rows = [{"filled": FILLED}, {"resting": {"oid": 8, "cloid": THEIRS}}][: len(legs_of(action_for(action)))]
        for answer in variants(statuses(*rows, form=form)):
            unified, direct = both_hyperliquid(action, json.dumps(answer).encode())
            assert len(unified) == len(direct)
            odd = [pair for pair in zip(unified, direct, strict=True) if pair[0] is not pair[1]]
            assert all(U in pair for pair in odd), answer  # what one believes, the other may look up, and no more
