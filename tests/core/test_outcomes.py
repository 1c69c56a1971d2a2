"""What evidence makes of a leg, as a table."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import effect_of, fingerprint, freeze, is_emergency, legs_of, symbol_of, thaw
from core.outcomes import by_absence, by_answer, by_hand, by_order, merged, paired, result_of
from db import RANKS, Effect, Leg, LegKind, LegState, Route
from models.enums import OrderSide, OrderStatus, OrderType, Outcome, PositionSide
from models.errors import BadOrder
from models.order import Order
from models.requests import (
    Ack,
    AckKind,
    Action,
    AdjustMargin,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    Protection,
    SetLeverage,
    SetProtection,
)
from storage.legs import updated
from tests.core.venue_fake import account, instrument, order_request

S = LegState


def leg(state: LegState = S.UNKNOWN, **changes: object) -> Leg:
    row = Leg(
        id=17,
        intent_id=1,
        n=0,
        account=account(),
        symbol="BTCUSDT",
        kind=LegKind.ORDER,
        part="entry",
        client_order_id="eb1-x",
        order_id=None,
        side=OrderSide.BUY,
        size=Decimal(1),
        state=state,
        filled_size=Decimal(0),
        average_price=None,
        rank=RANKS[state],
        code="",
        message="",
        created_ms=0,
        updated_ms=0,
        cause="c",
        action_kind="OrderRequest",
        action="{}",
        reply=None,
        is_adopted=False,
        attempts=1,
        epoch=1,
        route=Route.UNIFIED,
        signer="s",
        nonce=None,
        timestamp_ms=0,
        fence_ms=5000,
        claimed_ms=0,
    )
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


def order(status: OrderStatus, filled: str = "0") -> Order:
    return Order(
        exchange="bybit",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        order_id="v1",
        client_order_id="eb1-x",
        side=OrderSide.BUY,
        order_type=OrderType.LIMIT,
        status=status,
        size=Decimal(1),
        filled_size=Decimal(filled),
    )


ANSWERS = {
    (S.SENDING, AckKind.NOT_SENT): S.PREPARED,
    (S.SENDING, AckKind.ACCEPTED): S.ACKED,
    (S.SENDING, AckKind.FILLED): S.FILLED,
    (S.SENDING, AckKind.REJECTED): S.REJECTED,
    (S.SENDING, AckKind.UNKNOWN): S.UNKNOWN,
    (S.UNKNOWN, AckKind.ACCEPTED): S.ACKED,  # a late answer still counts
    (S.UNKNOWN, AckKind.FILLED): S.FILLED,
    (S.UNKNOWN, AckKind.REJECTED): S.REJECTED,
}


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("kind", list(AckKind))
def test_answer_moves_only_what_is_not_known(state: LegState, kind: AckKind) -> None:
    update = by_answer(Ack(kind=kind))(leg(state))
    assert (update.state if update else None) == ANSWERS.get((state, kind))


FOUND = {
    OrderStatus.OPEN: S.WORKING,
    OrderStatus.UNTRIGGERED: S.WORKING,
    OrderStatus.TRIGGERED: S.WORKING,
    OrderStatus.PARTIALLY_FILLED: S.PARTIAL,
    OrderStatus.FILLED: S.FILLED,
    OrderStatus.CANCELLED: S.CANCELLED,
    OrderStatus.REJECTED: S.REJECTED,
}


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize("state", [S.SENDING, S.UNKNOWN, S.ACKED])
def test_found_order_is_adopted_as_it_is(state: LegState, status: OrderStatus) -> None:
    update = by_order(order(status))(leg(state))
    assert update is not None
    assert (update.state, update.order_id) == (FOUND[status], "v1")


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize("state", [S.FILLED, S.CANCELLED, S.REJECTED, S.MANUAL])
def test_final_state_is_not_moved_by_an_order(state: LegState, status: OrderStatus) -> None:
    assert by_order(order(status))(leg(state)) is None


@pytest.mark.parametrize("status", list(OrderStatus))
def test_order_that_turns_up_after_all_wins_over_absence(status: OrderStatus) -> None:
    update = by_order(order(status))(leg(S.ABSENT))
    assert (update.state if update else None) == (None if status is OrderStatus.REJECTED else FOUND[status])


def test_older_picture_of_an_order_changes_nothing() -> None:
    partial = leg(S.PARTIAL, filled_size=Decimal("0.5"))
    assert by_order(order(OrderStatus.OPEN))(partial) is None
    assert by_order(order(OrderStatus.PARTIALLY_FILLED, "0.3"))(partial) is None
    update = by_order(order(OrderStatus.PARTIALLY_FILLED, "0.7"))(partial)
    assert update is not None
    assert update.filled_size == Decimal("0.7")


@given(
    states=st.lists(
        st.tuples(st.sampled_from(list(OrderStatus)), st.decimals("0", "1", places=2)), min_size=1, max_size=12
    )
)
def test_rank_and_filled_size_never_fall_whatever_order_the_evidence_comes_in(
    states: list[tuple[OrderStatus, Decimal]],
) -> None:
    current = leg(S.ACKED)
    for status, filled in states:
        update = by_order(order(status, str(filled)))(current)
        if update is None:
            continue
        after = updated(current, update, 1)
        assert after.rank >= current.rank
        assert after.filled_size >= current.filled_size
        current = after


@pytest.mark.parametrize("state", list(S))
def test_absence_ends_only_what_is_open_to_doubt(state: LegState) -> None:
    update = by_absence("proof")(leg(state))
    assert (update.state if update else None) == (S.ABSENT if state in {S.UNKNOWN, S.ACKED} else None)


@pytest.mark.parametrize("state", list(S))
def test_person_can_settle_only_what_is_unknown(state: LegState) -> None:
    assert (by_hand(S.MANUAL, "looked")(leg(state)) is not None) == (state is S.UNKNOWN)


OUTCOMES = {
    S.PREPARED: Outcome.UNKNOWN,
    S.SENDING: Outcome.UNKNOWN,
    S.UNKNOWN: Outcome.UNKNOWN,
    S.ACKED: Outcome.ACCEPTED,
    S.WORKING: Outcome.ACCEPTED,
    S.PARTIAL: Outcome.ACCEPTED,
    S.FILLED: Outcome.FILLED,
    S.CANCELLED: Outcome.REJECTED,
    S.REJECTED: Outcome.REJECTED,
    S.ABSENT: Outcome.REJECTED,
    S.MANUAL: Outcome.REJECTED,
}


@pytest.mark.parametrize("state", list(S))
def test_outcome_of_every_state(state: LegState) -> None:
    result = result_of([leg(state)])
    assert result.outcome is OUTCOMES[state]
    assert result.reference == "A17"
    assert bool(result.error_code) is (not result.success)


def test_cancelled_order_that_filled_in_part_is_filled_with_that_part() -> None:
    result = result_of([leg(S.CANCELLED, filled_size=Decimal("0.3"))])
    assert (result.outcome, result.filled_size) == (Outcome.FILLED, Decimal("0.3"))


@pytest.mark.parametrize(("state", "size"), [(S.UNKNOWN, None), (S.ACKED, None), (S.FILLED, Decimal(1))])
def test_filled_size_that_is_not_known_is_none_and_never_zero(state: LegState, size: Decimal | None) -> None:
    assert result_of([leg(state)]).filled_size == size


def test_protection_that_failed_or_is_unclear_is_a_warning() -> None:
    entry = leg(S.FILLED)
    assert result_of([entry, leg(S.REJECTED)]).warnings == ("protection_failed",)
    assert result_of([entry, leg(S.UNKNOWN)]).warnings == ("protection_unknown",)
    assert result_of([entry, leg(S.ACKED)]).warnings == ()
    assert result_of([leg(S.REJECTED), leg(S.REJECTED)]).warnings == ()


OK, NO, HUH = (Ack(kind=kind) for kind in (AckKind.ACCEPTED, AckKind.REJECTED, AckKind.UNKNOWN))


def test_answers_are_paired_with_legs_or_believed_for_none() -> None:
    assert paired([LegKind.ORDER, LegKind.PROTECTION], [OK, NO]) == [OK, NO]
    for acks in ([OK], [OK, OK, OK], []):
        kinds = {ack.kind for ack in paired([LegKind.ORDER, LegKind.PROTECTION], acks)}
        assert kinds == {AckKind.UNKNOWN}
    lost = Ack(kind=AckKind.NOT_SENT, code="venue_unreachable")
    assert paired([LegKind.ORDER, LegKind.PROTECTION], [lost]) == [lost, lost]


@pytest.mark.parametrize(
    ("acks", "kind"),
    [([], AckKind.UNKNOWN), ([OK, HUH, NO], AckKind.UNKNOWN), ([NO, OK], AckKind.ACCEPTED), ([NO], AckKind.REJECTED)],
)
def test_change_answered_in_parts_is_unknown_if_any_part_is(acks: list[Ack], kind: AckKind) -> None:
    assert merged(acks).kind is kind


BTC = instrument()
CANCEL = CancelOrder(instrument=BTC, order_id="v1")
PROTECT = SetProtection(
    instrument=BTC,
    position_side=PositionSide.LONG,
    position_size=Decimal(1),
    protection=Protection(stop_loss=Decimal(50000)),
)
ACTIONS: list[tuple[Action, Effect, bool, str]] = [
    (order_request("x"), Effect.OPENS, False, "BTCUSDT"),
    (order_request("x", reduce_only=True), Effect.REDUCES, False, "BTCUSDT"),
    (order_request("x", reduce_only=True, closes_position=True), Effect.REDUCES, True, "BTCUSDT"),
    (BatchOrders(orders=(order_request("x"), order_request("y", reduce_only=True))), Effect.OPENS, False, "BTCUSDT"),
    (AmendOrder(instrument=BTC, order_id="v1", client_order_id=None), Effect.OPENS, False, "BTCUSDT"),
    (CANCEL, Effect.CANCELS, True, "BTCUSDT"),
    (CancelAll(orders=(CANCEL,)), Effect.CANCELS, True, ""),
    (SetLeverage(instrument=BTC, leverage=Decimal(5)), Effect.SETS, False, "BTCUSDT"),
    (PROTECT, Effect.REDUCES, False, "BTCUSDT"),
    (AdjustMargin(instrument=BTC, position_side=PositionSide.LONG, amount=Decimal(-5)), Effect.SETS, False, "BTCUSDT"),
    (Noop(), Effect.CANCELS, False, ""),
]


@pytest.mark.parametrize(("action", "effect", "emergency", "symbol"), ACTIONS)
def test_every_action_has_its_effect_and_survives_the_journal(
    action: Action, effect: Effect, emergency: bool, symbol: str
) -> None:
    assert effect_of(action) is effect
    assert is_emergency(action) is emergency
    assert symbol_of(action) == symbol
    assert thaw(type(action).__name__, freeze(action)) == action
    assert len(legs_of(action)) >= 1


def test_empty_batch_is_refused() -> None:
    with pytest.raises(BadOrder):
        legs_of(BatchOrders(orders=()))


@pytest.mark.parametrize(
    ("protection", "ids", "parts"),
    [
        (Protection(take_profit=Decimal(2), stop_loss=Decimal(1)), ("t", "s"), {"take_profit": "t", "stop_loss": "s"}),
        (Protection(stop_loss=Decimal(1)), ("t", "s"), {"stop_loss": "s"}),
        (Protection(take_profit=Decimal(2)), ("t",), {"take_profit": "t"}),
        (Protection(take_profit=Decimal(2), stop_loss=Decimal(0)), ("t", "s"), {"take_profit": "t"}),
        (Protection(stop_loss=Decimal(1)), (), {}),
        (None, ("t", "s"), {}),
    ],
)
def test_protection_orders_are_legs_under_their_own_ids(
    protection: Protection | None, ids: tuple[str, ...], parts: dict[str, str]
) -> None:
    entry, *others = legs_of(order_request("x", protection=protection, protection_client_ids=ids))
    assert entry.part == "entry"
    assert {spec.part: spec.client_order_id for spec in others} == parts
    assert all(spec.side is OrderSide.SELL for spec in others)


SAME = [
    ({"price": Decimal(1)}, {"price": Decimal(2)}),
    ({"closes_position": True, "size": Decimal(1)}, {"closes_position": True, "size": Decimal(2)}),
    ({"size": Decimal("1.0")}, {"size": Decimal(1)}),
]
OTHER = [
    ({}, {"size": Decimal(2)}),
    ({}, {"side": OrderSide.SELL}),
    ({}, {"reduce_only": True}),
    ({"order_type": OrderType.LIMIT, "price": Decimal(1)}, {"order_type": OrderType.LIMIT, "price": Decimal(2)}),
    ({}, {"protection": Protection(stop_loss=Decimal(1))}),
    ({}, {"instrument": instrument(symbol="ETHUSDT")}),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_what_the_market_decided_does_not_make_another_request(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert fingerprint(order_request("x", **one)) == fingerprint(order_request("x", **two))


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_was_asked_makes_another_request(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert fingerprint(order_request("x", **one)) != fingerprint(order_request("x", **two))
