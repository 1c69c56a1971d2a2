"""The one door: everything that moves money leaves through `OrderDesk.submit`, and only through it.

An action is claimed in the journal, on the disk, before its first byte leaves; then it is sent once; then what its
answer proves is written down. No answer is an outcome of its own, `UNKNOWN`: the resolver looks it up, and nothing is
ever sent again to find out.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar, runtime_checkable
from weakref import WeakValueDictionary

from core.actions import effect_of, fills_at_once, fingerprint, freeze, is_emergency, legs_of
from core.alarms import alarm_of
from core.clock import Clock, SystemClock, wait_for_event
from core.emergency import EmergencyLog
from core.failpoints import failpoint
from core.herald import chat_of, settled_key
from core.news import News
from core.outcomes import as_not_sent, by_answer, by_order, paired, result_of
from core.sending import know_the_time, result_of_ack, send_once
from core.told import tell_here
from db import Claim, Claimed, Effect, Leg, LegState, Recorded, Route, StorageUnavailable, Store
from models.account import Account
from models.errors import BadOrder, LimitExceeded, NotSent, TradingError
from models.instrument import Instrument
from models.order import Order
from models.requests import (
    Ack,
    Action,
    BatchOrders,
    OrderRequest,
    OrderResult,
    Sender,
    SignedRequest,
    Stamp,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")
_TRIES = 3
_TRY_FOR_S = 4.0
_RETRY_DELAYS_S = (0.25, 0.75)
_STALE_AFTER_MS = 30_000
_CONFIRM_DELAYS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
_REWRITE_EVERY_S = 1.0
_TAKEN = frozenset({LegState.ACKED, LegState.WORKING, LegState.PARTIAL})


@runtime_checkable
class OrderFinder(Protocol):
    """Looks an order up."""

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        """Return the order, or None if every place answered and none had it."""


class OrderDesk:
    """Sends what is asked, once, and says what is known about it.

    Args:
        store: The open database.
        emergency: Where closes and cancels are noted while the database takes no writes.
        route: Which path builds and sends; written in every attempt.
        clock: Tests bring their own.
        news: Rings when a leg changed.
    """

    def __init__(
        self,
        store: Store,
        emergency: EmergencyLog,
        *,
        route: Route = Route.UNIFIED,
        clock: Clock | None = None,
        news: News | None = None,
    ) -> None:
        self._store = store
        self._emergency = emergency
        self._route = route
        self._clock = clock or SystemClock()
        self._news = news or News()
        self._locks: WeakValueDictionary[tuple[Account, str], asyncio.Lock] = WeakValueDictionary()  # while in use
        self._tasks: set[asyncio.Task[Any]] = set()
        self._last_emergency_nonce = 0
        self._closing = asyncio.Event()
        self.on_unknown: Callable[[], None] = lambda: None
        """Called when an outcome is not known; the resolver puts its bell here."""
        self.on_alarm: Callable[[str, Leg], Coroutine[Any, Any, None]] = _nobody_listens
        """Called when an answer needs the operator, with a word of `core.alarms`."""

    async def submit(
        self,
        account: Account,
        action: Action,
        *,
        cause: str,
        sender: Sender,
        reply: Mapping[str, Any] | None = None,
        retry_of: int | None = None,
        update: tuple[int, int] | None = None,
    ) -> OrderResult:
        """Send an action and return what is known about it.

        A caller that is cancelled while it waits stops nothing: the order goes its way.

        Args:
            account: Whose money it is.
            action: Already on the venue's grid.
            cause: What made somebody ask. The same cause never sends twice; asking again returns what is recorded.
            sender: The account's client on the path that this process uses.
            reply: Where the answer belongs (chat, message); the resolver's messages carry it.
            retry_of: The intent that this repeats on the user's word.
            update: Bot and number of the Telegram update that this answers; done once the action is claimed.

        Returns:
            REJECTED carries the reason. UNKNOWN: it may exist; `settle` waits for the truth.

        Raises:
            BadOrder: The venue has no such action. Nothing was sent.
            LimitExceeded: A restriction, an unresolved order, or the database stands in the way. Nothing was sent.
            NotSent: The cause stands for something else (`cause_conflict`). Nothing was sent.
        """
        wish = self._wish(account, action, cause, sender, reply=reply, retry_of=retry_of, update=update)
        return (await self._owned(self._submit(wish, action, sender)))[0]

    async def submit_batch(
        self,
        account: Account,
        action: BatchOrders,
        *,
        cause: str,
        sender: Sender,
        reply: Mapping[str, Any] | None = None,
        update: tuple[int, int] | None = None,
    ) -> list[OrderResult]:
        """Send several orders in one request and return what is known about each; see `submit`."""
        wish = self._wish(account, action, cause, sender, reply=reply, update=update)
        return await self._owned(self._submit(wish, action, sender))

    async def settle(self, reference: str, timeout_s: float) -> OrderResult:
        """Wait until a leg's outcome is known, but no longer than `timeout_s`, and return what is known then.

        Raises:
            BadOrder: No leg has this reference.
        """
        deadline = self._clock.monotonic() + timeout_s
        while True:
            leg = await self._leg(reference)
            left = deadline - self._clock.monotonic()
            if not (leg.state.is_unresolved or leg.state is LegState.PREPARED) or left <= 0:
                return result_of([leg])
            # another process may be the one that finds out, so look again now and then
            await self._news.wait(self._clock, min(left, 1.0))

    async def drain(self, timeout_s: float = 30.0) -> bool:
        """Accept nothing more and wait for what is under way; return whether all of it ended.

        An outcome that the database does not take is not kept any longer: the next start finds its attempt and looks
        the order up.
        """
        self._closing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._tasks:  # what ends may leave something to do behind
                    await asyncio.wait(self._tasks)
        return not self._tasks

    def _wish(
        self,
        account: Account,
        action: Action,
        cause: str,
        sender: Sender,
        *,
        reply: Mapping[str, Any] | None,
        update: tuple[int, int] | None,
        retry_of: int | None = None,
    ) -> Claim:
        if self._closing.is_set():
            raise LimitExceeded("the program is stopping; nothing was sent", code="stopping")
        return Claim(
            account=account,
            cause=cause,
            request_hash=fingerprint(action),
            action_kind=type(action).__name__,
            action=freeze(action),
            legs=legs_of(action),
            effect=effect_of(action),
            route=self._route,
            signer=sender.signer,
            needs_nonce=sender.needs_nonce,
            reply=reply,
            retry_of=retry_of,
            update=update,
            expires_ms=self._clock.now_ms() + _STALE_AFTER_MS,
        )

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work as this desk's own task, which nobody else can cancel."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _submit(self, wish: Claim, action: Action, sender: Sender) -> list[OrderResult]:
        if wish.effect is not Effect.OPENS:
            legs = await self._claim_and_carry(wish, action, sender)
        else:
            # orders of one process that open on one market queue up here instead of refusing each other
            async with self._locks.setdefault((wish.account, wish.legs[0].symbol), asyncio.Lock()):
                legs = await self._claim_and_carry(wish, action, sender)
        if isinstance(legs, OrderResult):
            return [legs]
        confirmed = await self._confirm(legs, action, sender)
        return [result_of(part) for part in _by_order(confirmed, action)]

    async def _claim_and_carry(self, wish: Claim, action: Action, sender: Sender) -> list[Leg] | OrderResult:
        # the turn comes first: a stamp ages while it waits
        await sender.wait_turn(action)
        if wish.effect is Effect.OPENS:
            await know_the_time(sender)
        try:
            claimed = await self._store.journal.claim(wish, lambda nonce: self._sign(action, sender, nonce))
        except StorageUnavailable as e:
            return await self._without_journal(wish, action, sender, e)
        if isinstance(claimed, Recorded):
            await tell_here(self._store, claimed.legs)
            return list(claimed.legs)
        return await self._carry(wish, claimed, sender, action)

    def _sign(self, action: Action, sender: Sender, nonce: int | None) -> SignedRequest:
        now_ms = sender.venue_time_ms()
        failpoint("K4")
        return sender.sign(
            action, Stamp(timestamp_ms=now_ms, fence_ms=now_ms + round(sender.fence_s * 1000), nonce=nonce)
        )

    async def _carry(self, wish: Claim, claimed: Claimed, sender: Sender, action: Action) -> list[Leg] | OrderResult:
        """Send what is claimed; only what provably never left is tried again, under the same ids."""
        give_up_at = self._clock.monotonic() + _TRY_FOR_S
        for tries in range(_TRIES):
            acks = await self._send(wish, claimed, sender)
            failpoint("K8")
            legs = await self._write(claimed, wish, acks)
            failpoint("K9")
            if legs is None:
                return result_of_ack(wish, acks[0], f"A{claimed.leg_ids[0]}")
            if not all(leg.state is LegState.PREPARED for leg in legs):
                return legs
            is_wanted = acks[0].code != "stale" and self._clock.monotonic() < give_up_at
            if tries + 1 == _TRIES or not is_wanted:
                break
            failpoint("K3")
            await self._clock.sleep(_RETRY_DELAYS_S[tries])
            try:
                again = await self._claim_again(wish, claimed, sender, action)
            except (NotSent, StorageUnavailable):
                break
            if isinstance(again, Recorded):
                break
            claimed = again
        return await self._give_up(wish, claimed, acks[0])

    async def _send(self, wish: Claim, claimed: Claimed, sender: Sender) -> tuple[Ack, ...]:
        return await send_once(
            sender, claimed.request, self._clock, lambda late: self._later(self._write(claimed, wish, late))
        )

    async def _claim_again(self, wish: Claim, claimed: Claimed, sender: Sender, action: Action) -> Claimed | Recorded:
        """Where a nonce was taken the very same bytes go out again; elsewhere a fresh stamp under the same id."""
        if not sender.needs_nonce:
            return await self._store.journal.reclaim(
                wish, claimed.leg_ids, lambda nonce: self._sign(action, sender, nonce)
            )
        same = dataclasses.replace(wish, needs_nonce=False)
        return await self._store.journal.reclaim(same, claimed.leg_ids, lambda _: claimed.request)

    async def _give_up(self, wish: Claim, claimed: Claimed, ack: Ack) -> list[Leg] | OrderResult:
        decide = as_not_sent("it never reached the venue", ack.code or "venue_unreachable")
        try:
            for leg_id in claimed.leg_ids:
                await self._store.journal.update(leg_id, decide)
            legs = [await self._leg(f"A{leg_id}") for leg_id in claimed.leg_ids]
        except StorageUnavailable:  # it stays prepared, and expires
            return result_of_ack(wish, ack, f"A{claimed.leg_ids[0]}")
        self._news.ring()
        return legs

    async def _write(self, claimed: Claimed, wish: Claim, acks: Sequence[Ack]) -> list[Leg] | None:
        """Write down what an answer proves; where that fails, keep it and go on trying. None: kept, not written."""
        each = paired([leg.kind for leg in wish.legs], acks)
        updates = [(leg_id, ack, by_answer(ack)) for leg_id, ack in zip(claimed.leg_ids, each, strict=True)]
        try:
            legs = await self._store.journal.answer(updates, claimed.attempt_no)
        except StorageUnavailable:
            logger.exception("outcome not written, kept in memory", extra={"legs": claimed.leg_ids})
            if not self._closing.is_set():
                self._later(self._write_later(claimed, wish, acks))
            return None
        self._news.ring()
        if any(leg.state in {LegState.UNKNOWN, LegState.ACKED} for leg in legs):
            self.on_unknown()
        if (alarm := alarm_of(each[0])) is not None:
            self._later(self.on_alarm(alarm, legs[0]))
        return legs

    async def _write_later(self, claimed: Claimed, wish: Claim, acks: Sequence[Ack]) -> None:
        if not await wait_for_event(self._clock, self._closing, _REWRITE_EVERY_S):
            await self._write(claimed, wish, acks)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _confirm(self, legs: list[Leg], action: Action, sender: Sender) -> list[Leg]:
        """Turn the acknowledgement of an order that fills at once into what really happened, if it takes no longer
        than people wait. An acknowledgement is not a fill."""
        entry = legs[0]
        if not (fills_at_once(action) and entry.state in _TAKEN and isinstance(sender, OrderFinder)):
            return legs
        assert isinstance(action, OrderRequest)
        for delay in _CONFIRM_DELAYS_S:
            await self._clock.sleep(delay)
            try:
                entry = await self._leg(entry.reference)  # a stream may have told
                if entry.state.is_final:
                    # whoever wrote that left its telling to us, unless that took too long
                    is_ours = await self._store.outbox.take_over(settled_key(entry), chat_of(entry))
                    return [entry, *legs[1:]] if is_ours else legs
                order = await sender.find_order(action.instrument, client_order_id=action.client_order_id)
                step = None if order is None else await self._store.journal.update(entry.id, by_order(order))
            except TradingError:  # it was sent, so no error may say otherwise; the resolver goes on looking
                continue
            if step is not None:
                self._news.ring()
                entry = step.after
            if entry.state.is_final:
                break
        return [entry, *legs[1:]]

    async def _without_journal(self, wish: Claim, action: Action, sender: Sender, error: Exception) -> OrderResult:
        """Nothing can be written down: what can only shrink a position goes out all the same, noted elsewhere."""
        if not is_emergency(action):
            raise LimitExceeded(
                "the database takes no writes, so nothing was sent; closing and cancelling still work",
                code="storage_unavailable",
            ) from error
        self._last_emergency_nonce = max(sender.venue_time_ms(), self._last_emergency_nonce + 1)
        request = self._sign(action, sender, self._last_emergency_nonce if sender.needs_nonce else None)
        self._note_emergency(wish, request, None)
        acks = await send_once(sender, request, self._clock)
        ack = paired([leg.kind for leg in wish.legs], acks)[0]
        self._note_emergency(wish, request, ack)
        return result_of_ack(wish, ack)

    def _note_emergency(self, wish: Claim, request: SignedRequest, ack: Ack | None) -> None:
        self._emergency.append(
            {
                "at_ms": self._clock.now_ms(),
                "account": str(wish.account),
                "cause": wish.cause,
                "action": wish.action_kind,
                "symbol": wish.legs[0].symbol,
                "client_order_id": wish.legs[0].client_order_id,
                "sha256": request.sha256,
                "answer": None if ack is None else ack.kind.value,
            }
        )

    async def _leg(self, reference: str) -> Leg:
        number = reference.removeprefix("A")
        leg = await self._store.journal.leg(int(number)) if number.isascii() and number.isdigit() else None
        if leg is None:
            raise BadOrder(f"{reference[:20]}: no such order", code="unknown_reference")
        return leg


async def _nobody_listens(_alarm: str, _leg: Leg) -> None:
    """Stand in for the operator where there is none."""


def _by_order(legs: list[Leg], action: Action) -> list[list[Leg]]:
    if not isinstance(action, BatchOrders):
        return [legs]
    parts, start = [], 0
    for order in action.orders:
        end = start + len(legs_of(order))
        parts.append(legs[start:end])
        start = end
    return parts
