"""Sending a signed request: once, not after its fence, and never for ever."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from core.clock import Clock
from core.failpoints import failpoint
from db import Claim
from models.enums import Outcome
from models.requests import Ack, AckKind, OrderResult, Sender, SignedRequest

logger = logging.getLogger(__name__)

SEND_LIMIT_S = 12.0
"""A sender answers within its own deadlines, which are shorter. One that does not has no answer."""

_OUTCOMES = {
    AckKind.NOT_SENT: Outcome.REJECTED,
    AckKind.ACCEPTED: Outcome.ACCEPTED,
    AckKind.FILLED: Outcome.FILLED,
    AckKind.REJECTED: Outcome.REJECTED,
    AckKind.UNKNOWN: Outcome.UNKNOWN,
}


async def send_once(
    sender: Sender,
    request: SignedRequest,
    clock: Clock,
    on_late_answer: Callable[[Sequence[Ack]], None] | None = None,
) -> tuple[Ack, ...]:
    """Send a request and return its acks, or a single one that holds for all of it.

    Args:
        sender: Sends once and classifies.
        request: Journalled already.
        clock: Waits for the answer.
        on_late_answer: Gets the acks that come after this returned.
    """
    failpoint("K5")
    if sender.venue_time_ms() >= request.stamp.fence_ms:
        # this process was asleep: the venue would refuse the request, if it ever arrived
        return (Ack(kind=AckKind.NOT_SENT, code="stale"),)
    sending = asyncio.create_task(sender.send(request))
    limit = asyncio.create_task(clock.sleep(SEND_LIMIT_S))
    await asyncio.wait({sending, limit}, return_when=asyncio.FIRST_COMPLETED)
    limit.cancel()
    if sending.done():
        return _acks_of(sending)
    if on_late_answer is not None:
        sending.add_done_callback(lambda task: on_late_answer(_acks_of(task)))
    return (Ack(kind=AckKind.UNKNOWN, code="no_answer"),)


def result_of_ack(wish: Claim, ack: Ack, reference: str | None = None) -> OrderResult:
    """Return what is known about an action that the journal could not take."""
    leg = wish.legs[0]
    outcome = _OUTCOMES[ack.kind]
    is_taken = outcome in {Outcome.ACCEPTED, Outcome.FILLED}
    return OrderResult(
        outcome=outcome,
        exchange=wish.account.exchange,
        account_type=wish.account.account_type,
        symbol=leg.symbol or None,
        side=leg.side,
        size=leg.size,
        order_id=ack.order_id,
        client_order_id=leg.client_order_id,
        filled_size=ack.filled_size,
        average_price=ack.average_price,
        error_code="" if is_taken else ack.code or ack.kind.value,
        error_message=ack.message,
        warnings=("not_journalled",),
        reference=reference,
    )


def _acks_of(sending: asyncio.Task[tuple[Ack, ...]]) -> tuple[Ack, ...]:
    """Read a finished send. A sender that raised broke its promise, and proved nothing about the order."""
    if sending.cancelled():
        return (Ack(kind=AckKind.UNKNOWN, code="no_answer"),)
    error = sending.exception()
    if error is not None:
        logger.error("sender raised", exc_info=error)
        return (Ack(kind=AckKind.UNKNOWN, code="sender_failed"),)
    return sending.result()
