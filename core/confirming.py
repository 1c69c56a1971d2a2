"""Confirmations for shells that never see the database: shown, then taken once, by whom it was shown to, in time.

Whatever is sent carries a cause made from the request that confirmed it, so a repeat of that request, even after a
crash, finds what the journal knows instead of sending again.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import db
from core.outcomes import result_of
from core.told import tell_here
from db import Confirmation, LegState, Refusal, StorageUnavailable, StoredRefusal, discarded_by
from models.enums import Outcome
from models.errors import TradingError, thawed_error
from models.requests import OrderResult

__all__ = ["Confirmation", "Refusal", "discarded_by"]

LIFETIME = timedelta(seconds=60)
_GRACE_MS = 60_000
"""How long after its end a token is still carried out for the request that took it in time, if that was interrupted."""

_MISSES = 5

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A token, and until when it can be used."""

    token: str
    expires_at: datetime


async def freeze(user_id: int, kind: str, payload: Payload) -> Shown:
    """Store what is about to be confirmed."""
    token = await db.store().confirmations.create(user_id, kind, payload, lifetime_s=LIFETIME.total_seconds())
    return Shown(token=token, expires_at=datetime.now(UTC) + LIFETIME)


async def peek(user_id: int, token: str, kind: str) -> Payload | None:
    """Return what a token of this person and kind stands for, used or not; None where there is none."""
    shown = await db.store().confirmations.peek(token, user_id)
    return shown.payload if shown is not None and shown.kind == kind else None


async def take(user_id: int, token: str, *, cause: str) -> Payload | Refusal:
    """Use a token up and return what it stands for; the same cause gets it again, though not for long."""
    taken = await db.store().confirmations.consume(token, user_id, by=cause)
    if isinstance(taken, Refusal):
        return taken
    if time.time() * 1000 > taken.expires_ms + _GRACE_MS:
        return Refusal.EXPIRED
    return taken.payload


async def put_away(user_id: int, token: str) -> None:
    """Make a token useless, because what it stands for has to be shown again."""
    await db.store().confirmations.discard(token, user_id, by=f"again:{token}")


async def recorded(cause: str) -> OrderResult | None:
    """Return what became of what a cause sent; None where it sent nothing."""
    legs = await db.store().journal.of_cause(cause)
    if not legs or all(leg.state is LegState.PREPARED for leg in legs):
        return None
    await tell_here(db.store(), legs)
    return result_of(legs)


async def send_once_for(cause: str, send: Callable[[], Awaitable[OrderResult]]) -> OrderResult:
    """Return what a cause did before; send only if it did nothing."""
    return await recorded(cause) or await send()


async def answer_once_for(cause: str, send: Callable[[], Awaitable[OrderResult]]) -> OrderResult:
    """The same for what a person confirmed: what they were told is refused stays refused.

    A crash between the telling and its note brings the tap back; what stood in the way may be gone by then, and they
    may have ordered anew.

    Raises:
        TradingError: Nothing was sent, now or when this cause came first.
    """
    if (done := await recorded(cause)) is not None:
        return done
    if (refusal := await db.store().refusals.of_cause(cause)) is not None:
        raise thawed_error(refusal.kind, refusal.message, refusal.code, refusal.fields)
    try:
        return await send()
    except TradingError as e:
        with suppress(StorageUnavailable):  # then no confirmation can be taken either
            stored = StoredRefusal(kind=type(e).__name__, code=e.code, message=e.message, fields=e.fields)
            await db.store().refusals.put(cause, stored)
        raise


async def as_known_now(result: OrderResult) -> OrderResult:
    """Return a result whose outcome was unknown as it is known now."""
    if result.outcome is not Outcome.UNKNOWN or not result.reference:
        return result
    leg = await db.store().journal.leg(int(result.reference.removeprefix("A")))
    if leg is None:
        return result
    return result_of([part for part in await db.store().journal.of_cause(leg.cause) if part.n >= leg.n])


async def results_of_request(user_id: int, cause: str) -> list[OrderResult]:
    """Return what is known of each part of a request of this person, as far as they were sent."""
    results: list[OrderResult] = []
    misses, n = 0, 0
    while misses < _MISSES:  # a part that was refused before it was sent left nothing
        legs = await db.store().journal.of_cause(f"{cause}:{n}")
        if legs and legs[0].account.user_id == user_id:
            results.append(result_of(legs))
        misses, n = (0 if legs else misses + 1), n + 1
    return results
