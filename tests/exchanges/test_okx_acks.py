"""What an answer of OKX's proves. Only documented refusals are refusals; all else is unknown."""

from decimal import Decimal
from typing import Any

import pytest

from exchanges import okx_errors as errors
from exchanges.acks import undelivered
from exchanges.okx_acks import classify, legs_of
from models.enums import OrderType, PositionMode
from models.requests import (
    Ack,
    AckKind,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    SetLeverage,
    SetPositionMode,
)
from telegram_ui.sentences import SENTENCES
from tests.exchanges.okx_kit import BTC, CLIENT_ID, order
from tests.models.test_readers_are_total import variants

ORDER = order()
CANCEL = CancelOrder(instrument=BTC, order_id="680", client_order_id=CLIENT_ID)
AMEND = AmendOrder(instrument=BTC, order_id=None, client_order_id=CLIENT_ID, price=Decimal(1))
LEVERAGE = SetLeverage(instrument=BTC, leverage=Decimal(5))
DONE = {"ordId": "680", "clOrdId": CLIENT_ID, "tag": "", "ts": "1", "sCode": "0", "sMsg": ""}


def envelope(*rows: Any, code: str = "0", **more: Any) -> dict[str, Any]:
    return {"code": code, "msg": "", "data": list(rows), **more}


def only(action: Any, answer: dict[str, Any] | None, status: int = 200) -> Ack:
    (ack,) = classify(action, answer, status)
    return ack


@pytest.mark.parametrize("action", [ORDER, CANCEL, AMEND, LEVERAGE])
def test_acknowledgement_of_ours_is_believed(action: Any) -> None:
    ack = only(action, envelope(DONE))
    assert (ack.kind, ack.order_id) == (AckKind.ACCEPTED, None if action is LEVERAGE else "680")


def test_close_is_acknowledged_without_a_number() -> None:
    row = {"instId": "BTC-USDT-SWAP", "posSide": "net", "clOrdId": CLIENT_ID, "tag": ""}
    ack = only(order(reduce_only=True, closes_position=True), envelope(row))
    assert (ack.kind, ack.order_id, ack.client_order_id) == (AckKind.ACCEPTED, None, CLIENT_ID)


def test_algo_order_is_acknowledged_by_its_own_names() -> None:
    stop = order(order_type=OrderType.STOP_MARKET, trigger_price=Decimal(1))
    row = {"algoId": "753", "algoClOrdId": CLIENT_ID, "sCode": "0", "sMsg": "", "clOrdId": ""}
    assert only(stop, envelope(row)).order_id == "753"


@pytest.mark.parametrize("row", [{**DONE, "clOrdId": "eb1other"}, {**DONE, "clOrdId": ""}, {"sCode": "0"}, {}])
def test_acknowledgement_of_another_order_proves_nothing(row: dict[str, str]) -> None:
    assert only(ORDER, envelope(row)).kind is AckKind.UNKNOWN


REFUSALS = {
    "51008": "insufficient_margin",
    "51000": "bad_request",
    "51001": "unknown_symbol",
    "51020": "size_too_small",
    "51121": "size_off_grid",
    "51169": "position_closed",
    "51137": "price_out_of_band",
    "50102": "clock_skew",
    "50111": "key_invalid",
    "50110": "ip_not_allowed",
    "50120": "key_no_permission",
    "51088": "too_many_protections",
}


@pytest.mark.parametrize(("code", "word"), REFUSALS.items())
def test_documented_refusal_of_an_order_is_final(code: str, word: str) -> None:
    row = {"ordId": "", "clOrdId": CLIENT_ID, "sCode": code, "sMsg": "because"}
    for answer in (envelope(row, code="1"), envelope(code=code, msg="because")):
        ack = only(ORDER, answer)
        assert (ack.kind, ack.code, ack.venue_code, ack.message) == (AckKind.REJECTED, word, code, "because")


def test_case_of_a_refusal_is_the_refusal() -> None:
    row = {**DONE, "sCode": "51008_1000", "sMsg": "low"}
    assert only(ORDER, envelope(row, code="1")).code == "insufficient_margin"


@pytest.mark.parametrize(
    "code",
    [
        *sorted(errors.MAY_BE_OURS),
        *("50001", "50004", "50005", "50026", "50011", "50013", "50061", "51054", "51149", "51412", "99999", "1", "x"),
    ],
)
def test_anything_else_about_an_order_is_unknown(code: str) -> None:
    for answer in (envelope({**DONE, "sCode": code}, code="1"), envelope(code=code)):
        assert only(ORDER, answer).kind is AckKind.UNKNOWN


@pytest.mark.parametrize(
    ("action", "code", "kind", "word"),
    [
        (CANCEL, "51400", AckKind.REJECTED, "order_not_found"),
        (CANCEL, "51401", AckKind.REJECTED, "order_done"),
        (AMEND, "51503", AckKind.REJECTED, "order_done"),
        (AMEND, "51603", AckKind.REJECTED, "order_not_found"),
        (CANCEL, "51412", AckKind.UNKNOWN, "order_done"),  # also how a cancel that timed out is worded
        (LEVERAGE, "59102", AckKind.REJECTED, "leverage_too_high"),
        (LEVERAGE, "59000", AckKind.REJECTED, "orders_open"),
        (ORDER, "51400", AckKind.UNKNOWN, "order_not_found"),  # about cancels; nothing about a new order
        (ORDER, "59000", AckKind.UNKNOWN, "orders_open"),
    ],
)
def test_what_a_code_proves_depends_on_what_was_asked(action: Any, code: str, kind: AckKind, word: str) -> None:
    ack = only(action, envelope(code=code))
    assert (ack.kind, ack.code) == (kind, word)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, 200),
        (None, 502),
        ({}, 200),
        ({"code": 0, "data": [DONE]}, 200),
        ({"code": None}, 200),
        (envelope(DONE), 500),
        (envelope(DONE), 400),
        (envelope(code="51008"), 503),
        (envelope(), 200),
        (envelope(DONE, DONE), 200),
        (envelope("row"), 200),
        ({"code": "0", "data": None}, 200),
    ],
)
def test_answer_that_is_not_the_documented_one_is_unknown(answer: dict[str, Any] | None, status: int) -> None:
    assert only(ORDER, answer, status).kind is AckKind.UNKNOWN


@pytest.mark.parametrize(("status", "word"), [(403, "venue_busy"), (429, "venue_busy"), (307, "redirected")])
def test_answer_without_an_envelope_has_a_word(status: int, word: str) -> None:
    ack = only(ORDER, None, status)
    assert (ack.kind, ack.code) == (AckKind.UNKNOWN, word)


def test_orders_of_a_batch_have_outcomes_of_their_own() -> None:
    other = order(client_order_id="eb1other")
    answer = envelope(DONE, {**DONE, "clOrdId": "eb1other", "ordId": "", "sCode": "51008", "sMsg": "low"}, code="2")
    acks = classify(BatchOrders(orders=(ORDER, other)), answer, 200)
    assert [(ack.kind, ack.client_order_id) for ack in acks] == [
        (AckKind.ACCEPTED, CLIENT_ID),
        (AckKind.REJECTED, "eb1other"),
    ]


def test_batch_whose_answer_is_short_is_unknown_as_a_whole() -> None:
    acks = classify(BatchOrders(orders=(ORDER, order(client_order_id="eb1other"))), envelope(DONE), 200)
    assert {ack.kind for ack in acks} == {AckKind.UNKNOWN}


def test_cancels_are_told_apart_by_their_numbers() -> None:
    orders = tuple(CancelOrder(instrument=BTC, order_id=number) for number in ("1", "2"))
    rows = [{"ordId": "2", "clOrdId": "", "sCode": "0"}, {"ordId": "1", "clOrdId": "", "sCode": "51400"}]
    acks = classify(CancelAll(instrument=BTC, orders=orders), envelope(*rows, code="2"), 200)
    assert [ack.kind for ack in acks] == [AckKind.REJECTED, AckKind.ACCEPTED]


def test_levels_of_one_algo_order_share_its_answer() -> None:
    orders = tuple(CancelOrder(instrument=BTC, order_id=number, is_trigger=True) for number in ("7-tp", "7-sl"))
    row = {"algoId": "7", "algoClOrdId": "", "sCode": "0", "sMsg": ""}
    acks = classify(CancelAll(instrument=BTC, orders=orders), envelope(row), 200)
    assert [ack.kind for ack in acks] == [AckKind.ACCEPTED, AckKind.ACCEPTED]


def test_setting_needs_no_name_in_its_answer() -> None:
    answer = envelope({"posMode": "long_short_mode"})
    assert only(SetPositionMode(position_mode=PositionMode.HEDGE), answer).kind is AckKind.ACCEPTED


def test_request_without_an_answer_has_an_ack_per_leg() -> None:
    acks = undelivered(legs_of(BatchOrders(orders=(ORDER, ORDER))), AckKind.UNKNOWN, "no_answer", "x" * 500)
    assert [(ack.kind, ack.code, len(ack.message)) for ack in acks] == [(AckKind.UNKNOWN, "no_answer", 160)] * 2


def test_tables_are_disjoint_where_they_must_be() -> None:
    assert not errors.REFUSED & errors.MAY_BE_OURS
    assert not errors.CHANGE_REFUSED & errors.MAY_BE_OURS
    assert not errors.REFUSED & errors.RATE_LIMITS
    assert errors.UNKNOWN_ORDER in errors.CHANGE_REFUSED - errors.REFUSED


def test_every_word_has_a_sentence() -> None:
    assert sorted(errors.WORDS - set(SENTENCES)) == []
    assert {errors.word(code) for code in errors.CHANGE_REFUSED | errors.SETTING_REFUSED} <= errors.WORDS


PAIR = BatchOrders(orders=(ORDER, order(client_order_id="eb1other")))
BOTH_GONE = CancelAll(orders=(CANCEL, CancelOrder(instrument=BTC, order_id="681")))
REFUSED_ROW = {"ordId": "681", "clOrdId": "eb1other", "sCode": "51008", "sMsg": "x"}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "action", [ORDER, CANCEL, AMEND, LEVERAGE, PAIR, BOTH_GONE], ids=lambda action: type(action).__name__
)
def test_whatever_stands_in_an_answer_each_leg_has_an_outcome(action: Any, status: int) -> None:
    legs = len(action.orders) if isinstance(action, BatchOrders | CancelAll) else 1
    for answer in variants(envelope(*(DONE, REFUSED_ROW)[:legs], code="0" if legs == 1 else "2")):
        acks = classify(action, answer, status)
        assert len(acks) == legs, answer
        assert all(ack.order_id is None or isinstance(ack.order_id, str) for ack in acks), answer
