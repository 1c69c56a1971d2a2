"""What evidence makes of a leg. Pure: no I/O, no clock.

Every way out of `SENDING` and `UNKNOWN` is a function here, and each takes evidence: the venue's answer, an order that
was found, or proof that nothing can be found any more. None takes the time that passed, an exception, or a wish.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from db import RANKS, Leg, LegKind, LegState, LegUpdate
from models.enums import OrderStatus, Outcome, TimeInForce
from models.order import Order
from models.requests import Ack, AckKind, OrderResult
from models.values import from_millis

Decide = Callable[[Leg], LegUpdate | None]

_STATE_OF_ACK = {
    AckKind.NOT_SENT: LegState.PREPARED,
    AckKind.ACCEPTED: LegState.ACKED,
    AckKind.FILLED: LegState.FILLED,
    AckKind.REJECTED: LegState.REJECTED,
    AckKind.UNKNOWN: LegState.UNKNOWN,
}
_STATE_OF_ORDER = {
    OrderStatus.OPEN: LegState.WORKING,
    OrderStatus.UNTRIGGERED: LegState.WORKING,
    OrderStatus.TRIGGERED: LegState.WORKING,
    OrderStatus.PARTIALLY_FILLED: LegState.PARTIAL,
    OrderStatus.FILLED: LegState.FILLED,
    OrderStatus.CANCELLED: LegState.CANCELLED,
    OrderStatus.REJECTED: LegState.REJECTED,
}
_OUTCOMES = {
    LegState.PREPARED: Outcome.UNKNOWN,  # its process is about to try again
    LegState.SENDING: Outcome.UNKNOWN,
    LegState.UNKNOWN: Outcome.UNKNOWN,
    LegState.ACKED: Outcome.ACCEPTED,
    LegState.WORKING: Outcome.ACCEPTED,
    LegState.PARTIAL: Outcome.ACCEPTED,
    LegState.FILLED: Outcome.FILLED,
    LegState.REJECTED: Outcome.REJECTED,
    LegState.ABSENT: Outcome.REJECTED,
}
_DEFAULT_CODES = {
    LegState.ABSENT: "not_placed",
    LegState.REJECTED: "rejected",
    LegState.CANCELLED: "not_filled",
    LegState.MANUAL: "settled_by_hand",
    LegState.UNKNOWN: "outcome_unknown",
    LegState.SENDING: "outcome_unknown",
    LegState.PREPARED: "outcome_unknown",
}


def by_answer(ack: Ack) -> Decide:
    """Return what the venue's answer makes of a leg that is being sent."""

    def decide(leg: Leg) -> LegUpdate | None:
        state = _STATE_OF_ACK[ack.kind]
        if state is LegState.PREPARED and leg.state is not LegState.SENDING:
            return None  # somebody already called it unknown; only a look-up may say more now
        if not leg.state.is_unresolved or (state is LegState.UNKNOWN and leg.state is LegState.UNKNOWN):
            return None
        return LegUpdate(
            state=state,
            evidence=f"answer: {ack.kind}",
            order_id=ack.order_id,
            filled_size=ack.filled_size,
            average_price=ack.average_price,
            code=ack.code or None,
            message=ack.message or None,
        )

    return decide


def by_order(order: Order) -> Decide:
    """Return what an order found at the venue makes of its leg; what is older or proves less changes nothing."""

    def decide(leg: Leg) -> LegUpdate | None:
        state = _STATE_OF_ORDER[order.status]
        if state is LegState.WORKING and order.filled_size > 0:
            state = LegState.PARTIAL
        if not _is_news(leg, order, state):
            return None
        return LegUpdate(
            state=state,
            evidence=f"order: {order.status}",
            order_id=order.order_id,
            filled_size=max(order.filled_size, leg.filled_size),
            average_price=order.average_price,
            code=_code_of(order, state),
            message=order.reject_reason,
        )

    return decide


def by_absence(evidence: str) -> Decide:
    """Return what proof that a request never executed, and never will, makes of its leg."""

    def decide(leg: Leg) -> LegUpdate | None:
        if leg.state in {LegState.UNKNOWN, LegState.ACKED}:
            return LegUpdate(state=LegState.ABSENT, evidence=evidence, code="not_placed")
        return None

    return decide


def by_fills(filled_size: Decimal, average_price: Decimal | None) -> Decide:
    """Return what executions make of an order that is listed nowhere any more."""

    def decide(leg: Leg) -> LegUpdate | None:
        if not leg.state.is_unresolved:
            return None
        is_whole = leg.size is not None and filled_size >= leg.size
        return LegUpdate(
            state=LegState.FILLED if is_whole else LegState.CANCELLED,
            evidence="executions",
            filled_size=filled_size,
            average_price=average_price,
            code="",
        )

    return decide


def by_reading(*, is_done: bool, evidence: str, code: str = "not_placed") -> Decide:
    """Return what reading the account back makes of a change whose answer was lost."""

    def decide(leg: Leg) -> LegUpdate | None:
        if leg.state is not LegState.UNKNOWN:
            return None
        if is_done:
            return LegUpdate(state=LegState.ACKED, evidence=evidence, code="", message="")
        return LegUpdate(state=LegState.ABSENT, evidence=evidence, code=code)

    return decide


def by_hand(state: LegState, words: str, filled_size: Decimal = Decimal(0)) -> Decide:
    """Return what a person who looked makes of a leg whose outcome nothing else could tell."""

    def decide(leg: Leg) -> LegUpdate | None:
        if leg.state is not LegState.UNKNOWN:
            return None
        return LegUpdate(
            state=state,
            evidence=f"by hand: {words}",
            filled_size=max(filled_size, leg.filled_size),
            code="settled_by_hand",
        )

    return decide


def as_not_sent(evidence: str, code: str) -> Decide:
    """Return what giving up makes of a leg that provably never left."""

    def decide(leg: Leg) -> LegUpdate | None:
        if leg.state is not LegState.PREPARED:
            return None
        return LegUpdate(state=LegState.REJECTED, evidence=evidence, code=code)

    return decide


def merged(acks: Sequence[Ack]) -> Ack:
    """Return the one ack of a change that the venue answered in several parts: what is unknown outweighs the rest."""
    if not acks:
        return Ack(kind=AckKind.UNKNOWN, code="unexpected_answer")
    for kind in (AckKind.UNKNOWN, AckKind.NOT_SENT, AckKind.ACCEPTED, AckKind.FILLED):
        found = next((ack for ack in acks if ack.kind is kind), None)
        if found is not None:
            return found
    return acks[0]


def paired(legs: Sequence[LegKind], acks: Sequence[Ack]) -> list[Ack]:
    """Return one ack per leg; where their numbers differ, nothing is known of any."""
    if len(legs) == 1 and legs[0] is LegKind.CHANGE:
        return [merged(acks)]
    if len(acks) == 1 and acks[0].kind in {AckKind.NOT_SENT, AckKind.UNKNOWN}:
        return list(acks) * len(legs)
    if len(acks) != len(legs):
        return [Ack(kind=AckKind.UNKNOWN, code="unexpected_answer")] * len(legs)
    return list(acks)


def matches(leg: Leg, order: Order) -> bool:
    """Return whether an order under our id is the one that we sent: same market and side."""
    return order.symbol == leg.symbol and (leg.side is None or order.side is leg.side)


def result_of(legs: Sequence[Leg]) -> OrderResult:
    """Return what is known about a write, in the words of its caller: its first leg, and warnings about the rest."""
    leg = legs[0]
    outcome = _outcome(leg)
    return OrderResult(
        outcome=outcome,
        exchange=leg.account.exchange,
        account_type=leg.account.account_type,
        symbol=leg.symbol or None,
        side=leg.side,
        size=leg.size,
        order_id=leg.order_id,
        client_order_id=leg.client_order_id,
        filled_size=_filled_size(leg),
        average_price=leg.average_price,
        error_code="" if outcome in {Outcome.ACCEPTED, Outcome.FILLED} else leg.code or _DEFAULT_CODES[leg.state],
        error_message=leg.message,
        warnings=_warnings(legs[1:]) if outcome is not Outcome.REJECTED else (),
        reference=leg.reference,
        as_of=_as_of(leg),
    )


def _outcome(leg: Leg) -> Outcome:
    if leg.state in _OUTCOMES:
        return _OUTCOMES[leg.state]
    return Outcome.FILLED if leg.filled_size > 0 else Outcome.REJECTED


def _is_news(leg: Leg, order: Order, state: LegState) -> bool:
    """Terminal states stay, but for an order that turned up after all: late evidence always wins."""
    if leg.state is LegState.ABSENT:
        return state is not LegState.REJECTED
    if leg.state.is_final:
        return False
    if leg.state.is_unresolved or RANKS[state] > leg.rank:
        return True
    is_replaced = leg.order_id not in (None, order.order_id) and order.filled_size >= leg.filled_size
    return RANKS[state] == leg.rank and (order.filled_size > leg.filled_size or is_replaced)


def _code_of(order: Order, state: LegState) -> str | None:
    if state is LegState.CANCELLED and not _was_refused(order):
        return "cancelled"
    return _DEFAULT_CODES[state] if state in {LegState.REJECTED, LegState.CANCELLED} else ""


def _was_refused(order: Order) -> bool:
    """Whether an order ended because it could not execute, and not because somebody took it back."""
    could_not_rest = order.order_type.is_market or order.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}
    return could_not_rest or order.reject_reason is not None


def _filled_size(leg: Leg) -> Decimal | None:
    if leg.kind is LegKind.CHANGE or (leg.state.is_unresolved and not leg.filled_size):
        return None
    if leg.state is LegState.ACKED and not leg.filled_size:
        return None  # an acknowledgement says nothing about fills
    if leg.state is LegState.FILLED and not leg.filled_size:
        return leg.size
    return leg.filled_size


def _warnings(others: Sequence[Leg]) -> tuple[str, ...]:
    states = {leg.state for leg in others}
    failed = {LegState.REJECTED, LegState.ABSENT} & states
    unclear = {LegState.UNKNOWN, LegState.SENDING, LegState.PREPARED} & states
    return (*(("protection_failed",) if failed else ()), *(("protection_unknown",) if unclear else ()))


def _as_of(leg: Leg) -> datetime:
    return from_millis(leg.updated_ms)
