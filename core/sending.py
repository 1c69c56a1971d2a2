"""Sending a signed request: once, not after its fence, and never for ever."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol, runtime_checkable

from core.clock import Clock
from core.failpoints import failpoint
from db import Claim
from models.enums import Outcome
from models.errors import LimitExceeded, Unavailable
from models.requests import Ack, AckKind, OrderResult, Sender, SignedRequest

logger = logging.getLogger(__name__)

SEND_LIMIT_S = 12.0
"""A sender answers within its own deadlines, which are shorter. One that does not has no answer."""
CLOCK_ERROR_LIMIT_MS = 2500
"""How wrong the venue's clock may be here for a fence to be one. Where it is told in whole seconds it is known to
about one; what look-ups wait after a fence covers several."""

_OUTCOMES = {
    AckKind.NOT_SENT: Outcome.REJECTED,
    AckKind.ACCEPTED: Outcome.ACCEPTED,
    AckKind.FILLED: Outcome.FILLED,
    AckKind.REJECTED: Outcome.REJECTED,
    AckKind.UNKNOWN: Outcome.UNKNOWN,
}


@runtime_checkable
class TimeTeller(Protocol):
    """Asks the venue for its time."""

    async def get_server_time(self) -> datetime:
        """Return the venue's clock, and follow it."""


async def know_the_time(sender: Sender) -> None:
    """Make sure that the venue's time is known: a fence that is set by a wrong clock fences nothing.

    Raises:
        LimitExceeded: It is not known well enough, and the venue does not tell it (`unreachable`).
    """
    if _knows(sender):
        return
    if isinstance(sender, TimeTeller):
        with suppress(Unavailable):
            await sender.get_server_time()
    if not _knows(sender):
        raise LimitExceeded("the venue does not tell its time; nothing was sent", code="unreachable")


def _knows(sender: Sender) -> bool:
    error_ms = sender.clock_error_ms()
    return error_ms is not None and error_ms <= CLOCK_ERROR_LIMIT_MS


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
