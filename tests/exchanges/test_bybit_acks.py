"""What an answer to a write proves. The lists of codes are repeated here on purpose: they are the safety of orders."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges import bybit_errors
from exchanges.bybit_acks import classify
from models.enums import MarginMode, OrderSide, PositionSide
from models.requests import (
    Ack,
    AckKind,
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetProtection,
)
from tests.exchanges.bybit_kit import BTC, CLIENT_ID, order

DEFINITE = [
    *[10001, 10002, 10003, 10004, 10005, 10007, 10008, 10009, 10010, 10017, 10024, 10027, 10028, 10029],
    *[110003, 110004, 110006, 110007, 110012, 110013, 110017, 110020, 110021, 110023, 110066, 110074, 110090],
    *[110094, 110120, 110121, 170121, 170124, 170131, 170132, 170133, 170134, 170135, 170136, 170137, 170140],
    *[30228, 33004],
]
DUPLICATES = [110072, 170141, 10014]
AMBIGUOUS = [
    *[429, 10000, 10006, 10016, 10019, 10403, 10429, 170001, 170005, 170007, 170032, 20003, 20006, 500000],
    *[170146, 170147, 170149, 170234, 3400214],
]
UNHEARD_OF = [999999, -1, -2015, 1, 110001, 110008, 110043, 34040, 10032]
NO_CODES: list[Any] = ["0", "110007", "10001", None, True, False, 0.0, [], {}]


def answered(action: Action, code: object, result: object = None, *, status: int = 200, **envelope: Any) -> Ack:
    (ack,) = classify(action, {"retCode": code, "retMsg": "m", "result": result or {}, **envelope}, status)
    return ack


def test_refusals_are_exactly_those_that_prove_no_order() -> None:
    assert sorted(DEFINITE) == sorted(bybit_errors.REFUSED)


@pytest.mark.parametrize("code", DEFINITE)
def test_definite_code_is_a_refusal(code: int) -> None:
    ack = answered(order(), code)
    assert (ack.kind, ack.venue_code, ack.client_order_id) == (AckKind.REJECTED, str(code), CLIENT_ID)
    assert ack.code in bybit_errors.WORDS


@pytest.mark.parametrize("code", [*DUPLICATES, *AMBIGUOUS, *UNHEARD_OF, *NO_CODES])
def test_any_other_code_of_an_order_proves_nothing(code: object) -> None:
    assert answered(order(), code).kind is AckKind.UNKNOWN


@pytest.mark.parametrize("status", [201, 301, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("code", [0, 110007])
def test_any_other_http_status_proves_nothing(status: int, code: int) -> None:
    result = {"orderId": "o", "orderLinkId": CLIENT_ID}
    assert answered(order(), code, result, status=status).kind is AckKind.UNKNOWN


def test_answer_that_is_no_object_proves_nothing() -> None:
    (ack,) = classify(order(), None, 200)
    assert (ack.kind, ack.client_order_id) == (AckKind.UNKNOWN, CLIENT_ID)


def test_acknowledgement_of_our_order_is_accepted_and_not_called_filled() -> None:
    ack = answered(order(), 0, {"orderId": "o", "orderLinkId": CLIENT_ID})
    assert (ack.kind, ack.order_id, ack.filled_size) == (AckKind.ACCEPTED, "o", None)


@pytest.mark.parametrize(
    "result",
    [
        {},
        [],
        {"orderId": "o"},
        {"orderId": "o", "orderLinkId": "other"},
        {"orderId": "o", "orderLinkId": None},
        {"orderId": "", "orderLinkId": CLIENT_ID},
        {"orderId": 7, "orderLinkId": CLIENT_ID},
    ],
)
def test_acknowledgement_of_anything_else_proves_nothing(result: object) -> None:
    assert answered(order(), 0, result).kind is AckKind.UNKNOWN


BATCH = BatchOrders(orders=(order(client_order_id="a"), order(client_order_id="b"), order(client_order_id="c")))
NAMED = [{"orderId": "1", "orderLinkId": "a"}, {"orderId": "", "orderLinkId": "b"}, {"orderId": "", "orderLinkId": "c"}]


def batch_answer(results: object, codes: object, code: object = 0) -> tuple[Ack, ...]:
    envelope = {"retCode": code, "retMsg": "", "result": {"list": results}, "retExtInfo": {"list": codes}}
    return classify(BATCH, envelope, 200)


def test_every_order_of_a_batch_has_its_own_outcome() -> None:
    acks = batch_answer(NAMED, [{"code": 0, "msg": "OK"}, {"code": 110007, "msg": "no"}, {"code": 10016, "msg": ""}])
    assert [ack.kind for ack in acks] == [AckKind.ACCEPTED, AckKind.REJECTED, AckKind.UNKNOWN]
    assert [ack.client_order_id for ack in acks] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("results", "codes"),
    [(NAMED[:2], [{"code": 0}] * 2), (NAMED, []), (NAMED, [{"code": 0}] * 4), (None, None), ("abc", "abc")],
)
def test_batch_answer_that_does_not_list_every_order_proves_nothing(results: object, codes: object) -> None:
    assert [ack.kind for ack in batch_answer(results, codes)] == [AckKind.UNKNOWN] * 3


def test_batch_answer_in_another_order_is_not_believed() -> None:
    swapped = [NAMED[1], {"orderId": "1", "orderLinkId": "a"}, NAMED[2]]
    acks = batch_answer(swapped, [{"code": 0}] * 3)
    assert [ack.kind for ack in acks] == [AckKind.UNKNOWN] * 3


@pytest.mark.parametrize(("code", "kind"), [(10001, AckKind.REJECTED), (10006, AckKind.UNKNOWN)])
def test_code_of_a_whole_batch_holds_for_every_order(code: int, kind: AckKind) -> None:
    assert [ack.kind for ack in batch_answer(None, None, code)] == [kind] * 3


CANCEL = CancelOrder(instrument=BTC, order_id="o", client_order_id="c")
AMEND = AmendOrder(instrument=BTC, order_id=None, client_order_id="c", price=Decimal(1))
LEVERAGE = SetLeverage(instrument=BTC, leverage=Decimal(5))
PROTECT = SetProtection(
    instrument=BTC,
    position_side=PositionSide.LONG,
    position_size=Decimal(1),
    protection=Protection(stop_loss=Decimal(1)),
)


@pytest.mark.parametrize("action", [CANCEL, AMEND])
@pytest.mark.parametrize(
    ("code", "word"),
    [(110001, "order_not_found"), (170213, "order_not_found"), (110008, "order_done"), (110010, "order_done")],
)
def test_cancel_of_what_is_gone_did_nothing(action: Action, code: int, word: str) -> None:
    ack = answered(action, code)
    assert (ack.kind, ack.code) == (AckKind.REJECTED, word)


@pytest.mark.parametrize(
    ("action", "result", "kind"),
    [
        (CANCEL, {"orderId": "o", "orderLinkId": "c"}, AckKind.ACCEPTED),
        (CANCEL, {"orderId": "x", "orderLinkId": "c"}, AckKind.UNKNOWN),
        (AMEND, {"orderId": "x", "orderLinkId": "c"}, AckKind.ACCEPTED),
        (AMEND, {"orderId": "x", "orderLinkId": ""}, AckKind.UNKNOWN),
        (CancelAll(instrument=BTC), {"list": [], "success": "1"}, AckKind.ACCEPTED),
        (CancelAll(instrument=BTC), {"list": [], "success": "0"}, AckKind.UNKNOWN),
        (SetMarginMode(margin_mode=MarginMode.CROSS), {"reasons": []}, AckKind.ACCEPTED),
        (SetMarginMode(margin_mode=MarginMode.CROSS), {"reasons": [{"reasonCode": "1"}]}, AckKind.UNKNOWN),
    ],
)
def test_change_is_accepted_only_for_what_was_named(action: Action, result: object, kind: AckKind) -> None:
    assert answered(action, 0, result).kind is kind


@pytest.mark.parametrize(
    ("action", "code"), [(LEVERAGE, 110043), (PROTECT, 34040), (LEVERAGE, 110025), (LEVERAGE, 110026)]
)
def test_setting_that_already_is_so_is_a_success(action: Action, code: int) -> None:
    assert answered(action, code).kind is AckKind.ACCEPTED


@pytest.mark.parametrize("code", [110013, 110024, 110028, 110090, 110092, 3400045, 10001])
def test_refused_setting_is_a_refusal(code: int) -> None:
    assert answered(LEVERAGE, code).kind is AckKind.REJECTED


@pytest.mark.parametrize("code", [10000, 10006, 10016, 999999, "110043", None])
def test_setting_with_any_other_code_is_unknown(code: object) -> None:
    assert answered(LEVERAGE, code).kind is AckKind.UNKNOWN


def test_reduce_only_with_nothing_to_reduce_is_called_by_its_name() -> None:
    ack = answered(order(side=OrderSide.SELL, reduce_only=True), 110017)
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "position_closed")
    assert answered(order(), 110017).code == "size_too_small"


def test_message_of_the_venue_is_shortened() -> None:
    (ack,) = classify(order(), {"retCode": 10001, "retMsg": "x" * 5000}, 200)
    assert len(ack.message) == 160
