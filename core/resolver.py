"""Finds out what became of orders whose outcome is not known. Only evidence ends `UNKNOWN`; time never does.

It looks at once, then again and again for as long as it takes: a venue that does not answer proves nothing. Whoever
sent the order, on whichever path, does not matter here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.actions import fills_at_once, instrument_of_leg, thaw
from core.clock import Clock, SystemClock
from core.failpoints import failpoint
from core.fences import (
    KEY_PAUSE_S,
    KEY_PROBLEMS,
    NOOP_SPACING_S,
    PAGE_AFTER_S,
    SIGHTINGS_WAITED,
    TELL_USER_AFTER_S,
    NextStep,
    Watch,
    next_step,
    settled_in_s,
)
from core.forever import every, for_ever, holding, ring
from core.herald import Herald
from core.news import News
from core.outcomes import Decide, by_absence, by_fills, by_order, by_reading, matches
from core.readback import read_back
from core.sending import send_once
from db import Job, Leg, LegKind, LegState, StaleLease, StorageUnavailable, Store, TradingState
from exchanges.base import AccountVenue
from exchanges.pacing import Purpose, reading_for
from models.account import Account
from models.errors import TradingError
from models.instrument import Instrument
from models.order import Order
from models.requests import AckKind, Noop, Stamp
from models.values import from_millis

logger = logging.getLogger(__name__)

Clients = Callable[[Account], Awaitable[AccountVenue]]
"""Gives the client of an account, on whichever path this process uses."""

_POLL_S = 1.0  # another process may have left something behind
_ORPHANS_EVERY_S = 5.0
_SEND_LIMIT_MS = 15_000
_ACKED_AFTER_S = 2.0
_AT_ONCE = 8
_MANY, _MANY_WITHIN_S = 5, 300.0
"""So many unknown outcomes at one venue in so short a time are no accident."""
_FILLS = 500
_BEFORE_ITS_STAMP = timedelta(minutes=1)


class Resolver:
    """The background job that looks up unknown outcomes. One process at a time holds its lease.

    Args:
        store: The open database.
        clients: Gives an account's client.
        herald: Makes the messages to people.
        clock: Tests bring their own.
        news: Rings when a leg changed.
    """

    def __init__(
        self, store: Store, clients: Clients, herald: Herald, *, clock: Clock | None = None, news: News | None = None
    ) -> None:
        self._store = store
        self._clients = clients
        self._herald = herald
        self._clock = clock or SystemClock()
        self._news = news or News()
        self._watches: dict[int, Watch] = {}
        self._bell = asyncio.Event()
        self._next_orphans = 0.0
        self._fresh: dict[str, deque[float]] = {}
        """When the latest orders of each venue became unknown."""
        self._quiet_until: dict[str, float] = {}
        """Until when the operator knows of a venue's."""
        self.last_beat = 0.0
        """When the loop last went round (monotonic seconds), for the watchdog."""

    def wake(self) -> None:
        """Look now: something just became unknown."""
        self._bell.set()

    async def run(self) -> None:
        """Resolve for ever."""
        pause = every(self._clock, _POLL_S)
        work = holding(self._store, Job.RESOLVER, self.look_once, otherwise=pause)
        await for_ever("resolver", work, wait=self._wait, after_failure=pause)

    async def look_once(self) -> int:
        """Look at every leg that is due; return how many are still unresolved."""
        await self._take_orphans()
        legs = [leg for leg in await self._store.journal.in_state(LegState.UNKNOWN, LegState.ACKED) if _is_watched(leg)]
        now = self._clock.monotonic()
        await self._notice_many([leg for leg in legs if leg.state is LegState.UNKNOWN and leg.id not in self._watches])
        self._watches = {leg.id: self._watches.get(leg.id) or _new_watch(leg, now) for leg in legs}
        due = [leg for leg in legs if self._watches[leg.id].due <= now]
        limit = asyncio.Semaphore(_AT_ONCE)
        looks = await asyncio.gather(*(self._look(leg, limit) for leg in due), return_exceptions=True)
        for leg, error in zip(due, looks, strict=True):
            if error is not None:
                logger.error("look-up broke", exc_info=error, extra={"leg": leg.reference})
        return len(legs)

    async def _notice_many(self, fresh: Sequence[Leg]) -> None:
        """Wake the operator when outcomes of a venue become unknown one after the other, each resolved or not."""
        now = self._clock.monotonic()
        for leg in fresh:
            venue = leg.account.exchange
            seen = self._fresh.setdefault(venue, deque(maxlen=_MANY))
            seen.append(now)
            if len(seen) == _MANY and now - seen[0] <= _MANY_WITHIN_S and now >= self._quiet_until.get(venue, now):
                self._quiet_until[venue] = now + _MANY_WITHIN_S
                await self.page("many_orders_unknown", leg)

    async def _wait(self) -> None:
        self.last_beat = self._clock.monotonic()
        await ring(self._clock, self._bell, self._wait_s)()

    def _wait_s(self) -> float:
        now = self._clock.monotonic()
        return max(0.0, min([_POLL_S, *(watch.due - now for watch in self._watches.values())]))

    async def _take_orphans(self) -> None:
        now = self._clock.monotonic()
        if now < self._next_orphans:
            return
        self._next_orphans = now + _ORPHANS_EVERY_S
        gone = await self._store.bury_the_dead()
        await self._store.journal.orphan(gone, older_than_ms=self._clock.now_ms() - _SEND_LIMIT_MS)

    async def _look(self, leg: Leg, limit: asyncio.Semaphore) -> None:
        watch, age_s, pause_s = self._watches[leg.id], self._age_s(leg), 0.0
        try:
            async with limit:
                with reading_for(Purpose.LOOKUP):
                    await self._examine(leg, watch, age_s)
        except StaleLease:
            return
        except TradingError as e:  # no keys, no answer: a failed look is not a miss
            logger.info("look-up failed", extra={"leg": leg.reference, "code": e.code})
            pause_s = KEY_PAUSE_S if e.code in KEY_PROBLEMS else 0.0
        finally:
            watch.plan(self._clock.monotonic(), age_s, at_least_s=pause_s)
        await self._tell_how_long(leg, age_s)

    async def _examine(self, leg: Leg, watch: Watch, age_s: float) -> None:
        client = await self._clients(leg.account)
        if leg.kind is LegKind.CHANGE:
            await self._examine_change(leg, watch, client)
            return
        instrument = instrument_of_leg(leg)
        order = await client.find_order(instrument, client_order_id=leg.client_order_id)
        if order is not None:
            await self._adopt(leg, order, watch)
            return
        now = self._clock.monotonic()
        left_s = settled_in_s(watch, now=now, venue_now_ms=client.venue_time_ms(), fence_ms=leg.fence_ms or 0)
        watch.proves_at = now + left_s
        watch.missed(now, counts=left_s <= 0 and await self._may_be_missing(leg))
        await self._after_miss(leg, watch, client, instrument)

    async def _after_miss(self, leg: Leg, watch: Watch, client: AccountVenue, instrument: Instrument) -> None:
        can_spend = client.needs_nonce and leg.state is LegState.UNKNOWN and client.signer == leg.signer
        now = self._clock.monotonic()
        # by the venue's clock, whose lists these are: this machine's may have been wrong when it was sent
        age_s = client.venue_time_ms() / 1000 - _stamped_at(leg).timestamp()
        step = next_step(watch, now=now, age_s=age_s, can_spend_nonce=can_spend)
        if step is NextStep.SPEND_NONCE:
            await self._spend_nonce(leg, watch, client)
        elif step is NextStep.CHECK_EXECUTIONS:
            await self._check_executions(leg, client, instrument)
        elif step is NextStep.ABSENT:
            await self._settle(leg, by_absence(f"{watch.misses} complete look-ups after its fence found nothing"))

    async def _adopt(self, leg: Leg, order: Order, watch: Watch) -> None:
        if not matches(leg, order):
            await self._store.trading.restrict(str(leg.account), "id_collision", TradingState.HALTED)
            await self.page("id_collision", leg, order_id=order.order_id)
            return
        if order.is_open and watch.sightings < SIGHTINGS_WAITED and fills_at_once(thaw(leg.action_kind, leg.action)):
            watch.sightings += 1
            return
        await self._settle(leg, by_order(order))

    async def _may_be_missing(self, leg: Leg) -> bool:
        """A protection order that waits for its entry is listed nowhere yet."""
        if leg.kind is not LegKind.PROTECTION or leg.state is not LegState.ACKED:
            return True
        siblings = await self._store.journal.of_cause(leg.cause)
        return siblings[0].state.is_final or siblings[0].id == leg.id

    async def _spend_nonce(self, leg: Leg, watch: Watch, client: AccountVenue) -> None:
        """Send nothing under the leg's nonce. Taken: the order can never execute. Refused as spent: look on."""
        watch.noops += 1
        watch.next_noop = self._clock.monotonic() + NOOP_SPACING_S
        await client.wait_turn(Noop())
        now_ms = client.venue_time_ms()
        stamp = Stamp(timestamp_ms=now_ms, fence_ms=now_ms + round(client.fence_s * 1000), nonce=leg.nonce)
        request = client.sign(Noop(), stamp)
        attempt_no = await self._store.journal.add_noop(leg, request)
        if attempt_no is None:
            return
        ack = (await send_once(client, request, self._clock))[0]
        await self._store.journal.note_answer(leg.id, attempt_no, ack)
        if ack.kind in {AckKind.ACCEPTED, AckKind.FILLED}:
            for sibling in await self._store.journal.of_cause(leg.cause):
                if sibling.nonce == leg.nonce:
                    await self._settle(sibling, by_absence("its nonce was spent on nothing"))
        elif ack.code == "nonce_spent":
            watch.nonce_spent_at = self._clock.monotonic()

    async def _check_executions(self, leg: Leg, client: AccountVenue, instrument: Instrument) -> None:
        fills = await client.get_fills(instrument, since=_stamped_at(leg) - _BEFORE_ITS_STAMP, limit=_FILLS)
        ours = [fill for fill in fills if fill.client_order_id == leg.client_order_id]
        size = sum((fill.size for fill in ours), Decimal(0))
        if size:
            price = sum((fill.size * fill.price for fill in ours), Decimal(0)) / size
            await self._settle(leg, by_fills(size, price))
        elif len(fills) < _FILLS:  # a full page may have cut ours off
            await self._settle(leg, by_absence("listed nowhere and never executed"))

    async def _examine_change(self, leg: Leg, watch: Watch, client: AccountVenue) -> None:
        is_done = await read_back(client, thaw(leg.action_kind, leg.action))
        if is_done:
            await self._settle(leg, by_reading(is_done=True, evidence="the account is as wanted"))
            return
        now = self._clock.monotonic()
        left_s = settled_in_s(watch, now=now, venue_now_ms=client.venue_time_ms(), fence_ms=leg.fence_ms or 0)
        watch.proves_at = now + left_s
        if left_s > 0:
            return
        if is_done is None:
            evidence, code = "it cannot be read back, and can no longer happen", "not_confirmed"
        else:
            evidence, code = "the account is not as wanted, and it can no longer happen", "not_placed"
        await self._settle(leg, by_reading(is_done=False, evidence=evidence, code=code))

    async def _settle(self, leg: Leg, decide: Decide) -> None:
        failpoint("K12")
        step = await self._store.journal.update(leg.id, decide, announce=self._herald.progressed, lease=Job.RESOLVER)
        if step is None:
            return
        self._news.ring()
        logger.info("order resolved", extra={"leg": leg.reference, "state": step.after.state, "why": step.evidence})
        if step.before.state is LegState.ACKED and step.after.state is LegState.ABSENT:
            await self.page("acknowledged_but_never_found", leg)
        if step.before.state is LegState.ABSENT:
            await self.page("late_order", leg)

    async def _tell_how_long(self, leg: Leg, age_s: float) -> None:
        if leg.state is not LegState.UNKNOWN:
            return
        try:
            current = await self._store.journal.leg(leg.id)
            if current is None or current.state is not LegState.UNKNOWN:
                return
            if age_s >= TELL_USER_AFTER_S:
                await self._store.outbox.add(self._herald.still_unknown(current))
            if age_s >= PAGE_AFTER_S:
                await self.page("still_unknown", current)
        except StorageUnavailable:
            logger.exception("unknown order not told of", extra={"leg": leg.reference})

    async def page(self, what: str, leg: Leg, **data: object) -> None:
        """Wake the operator, once per leg and reason."""
        message = self._herald.page(what, leg, **data)
        try:
            if message is not None and await self._store.outbox.add(message) is None:
                return  # told already
        except StorageUnavailable:
            logger.exception("operator not told", extra={"leg": leg.reference})
        logger.error("operator needed", extra={"what": what, "leg": leg.reference})

    def _age_s(self, leg: Leg) -> float:
        return (self._clock.now_ms() - (leg.claimed_ms or leg.created_ms)) / 1000


def _stamped_at(leg: Leg) -> datetime:
    """Return when a leg was sent, by its venue's clock."""
    return from_millis(leg.timestamp_ms or leg.created_ms)


def _new_watch(leg: Leg, now: float) -> Watch:
    """What is unknown is looked up at once; what was acknowledged is left to whoever sent it for a moment."""
    return Watch(due=now + _ACKED_AFTER_S if leg.state is LegState.ACKED else now)


def _is_watched(leg: Leg) -> bool:
    """Everything unknown, and orders that were acknowledged but not seen yet."""
    return leg.state is LegState.UNKNOWN or leg.kind is not LegKind.CHANGE
