"""The job behind several targets: places them when their entry fills and moves the stop as they are reached."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import db
from core import target_rules
from core.clock import Clock, SystemClock
from core.confirming import recorded, send_once_for
from core.forever import every, for_ever, holding, ring
from core.ports import TradingBackend
from core.targets import arm, closing_fills, identify, instrument_of, parents_of, with_hits
from db import Job, Leg, Message, PlanState, Store, TargetPlan
from models.enums import Outcome
from models.errors import BadOrder, TradingError, Unavailable
from models.position import Position
from models.requests import OrderResult
from models.values import to_millis

logger = logging.getLogger(__name__)

MOVING_STOP = "moving_stop"
"""The setting that lets the stop follow the targets."""

_TICK_S = 1.0
_AFTER_FAILURE_S = 10.0
_NEVER_SENT_MS = 120_000
_SETTLED_MS = 30_000
"""A part of an entry that has not grown for so long gets its targets; the rest gets its own when it fills."""
_SEEN_LATER_MS = 2_000
"""A snapshot of positions taken so much later than a plan's last change shows what became of it."""


class TargetKeeper:
    """Follows every plan of targets. One process at a time holds the job.

    Args:
        store: The open database.
        backend: The trading functions, on each user's path.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, backend: TradingBackend, *, clock: Clock | None = None) -> None:
        self._store = store
        self._backend = backend
        self._clock = clock or SystemClock()
        self._bell = asyncio.Event()
        self._not_before: dict[int, float] = {}
        self._strangers: dict[int, set[str]] = {}

    def wake(self) -> None:
        """Look now: something filled."""
        self._bell.set()

    async def run(self) -> None:
        """Follow the plans for ever."""
        await for_ever(
            "targets",
            holding(self._store, Job.RECONCILER, self.look_once),
            wait=ring(self._clock, self._bell, lambda: _TICK_S),
            after_failure=every(self._clock, _AFTER_FAILURE_S),
        )

    async def look_once(self) -> None:
        """Bring every plan as far as it can get now."""
        now = self._clock.monotonic()
        plans = await self._store.targets.active()
        self._not_before = {plan.id: self._not_before.get(plan.id, now) for plan in plans}
        self._strangers = {plan.id: self._strangers.get(plan.id, set()) for plan in plans}
        for plan in plans:
            if self._not_before[plan.id] > now:
                continue
            try:
                await self._advance(plan)
            except TradingError as e:
                logger.info("plan waits", extra={"plan": plan.cause, "code": e.code})
                self._not_before[plan.id] = self._clock.monotonic() + _AFTER_FAILURE_S

    async def _advance(self, plan: TargetPlan) -> None:
        entry = await self._entry(plan)
        if entry is None or (entry.state.is_final and not entry.filled_size):
            if entry is not None or self._clock.now_ms() - plan.created_ms > _NEVER_SENT_MS:
                await self._store.targets.save(replace(plan, state=PlanState.DONE))
            return
        armed = await self._armed(plan, entry)
        if armed is None or armed.state is PlanState.WAITING:
            return
        followed = await self._followed(armed)
        if followed is not None and entry.state.is_final and await self._is_over(followed):
            await self._store.targets.save(replace(followed, state=PlanState.DONE))

    async def _entry(self, plan: TargetPlan) -> Leg | None:
        legs = await self._store.journal.of_cause(plan.cause)
        return legs[0] if legs else None

    async def _armed(self, plan: TargetPlan, entry: Leg) -> TargetPlan | None:
        """Place what is missing; None where somebody else is at it."""
        is_settled = entry.state.is_final or self._clock.now_ms() - entry.updated_ms >= _SETTLED_MS
        if entry.filled_size <= plan.armed_size or not is_settled:
            return plan
        armed = await arm(self._backend, plan, entry.filled_size)
        if armed == plan:
            raise Unavailable("the position is not listed yet", code="no_position")
        missing = [order for order in armed.placed[len(plan.placed) :] if not order.stands]
        news = (self._message(armed, "targets_missing", entry.filled_size, count=len(missing)),) if missing else ()
        return await self._store.targets.save(armed, *news)

    async def _followed(self, plan: TargetPlan) -> TargetPlan | None:
        """Take in what was reached since, and let the stop follow; None where somebody else is at it."""
        seen = await self._with_hits(await identify(self._backend, plan))
        if seen != plan:
            saved = await self._store.targets.save(seen)
            if saved is None:
                return None
            seen = saved
        return await self._move_stop(seen) if seen.hits > seen.moves else seen

    async def _with_hits(self, plan: TargetPlan) -> TargetPlan:
        """Note which targets were reached; fills of orders that nobody knows are asked about once."""
        fills = await closing_fills(plan)
        seen = with_hits(plan, fills, {})
        known = {order.order_id for order in plan.placed} | self._strangers.get(plan.id, set())
        strange = {fill.order_id for fill in fills} - known
        if not strange or all(order.hit_by or not order.stands for order in seen.placed):
            return seen
        parents = await parents_of(self._backend, plan)
        self._strangers.setdefault(plan.id, set()).update(strange)
        return with_hits(plan, fills, parents)

    async def _move_stop(self, plan: TargetPlan) -> TargetPlan | None:
        if not await db.get_setting(plan.account.user_id, MOVING_STOP, True):
            return await self._store.targets.save(replace(plan, moves=plan.hits))
        position = await self._position(plan)
        if position is None:  # closed meanwhile: nothing is left to guard
            return plan
        price = await self._price_after(plan, position)
        if await recorded(_cause_of_move(plan)) is not None:  # moved before this process began, and not told
            return await self._moved(plan, price)
        was_removed = plan.has_stop and position.stop_loss is None
        if was_removed or not target_rules.is_tighter(price, position.stop_loss, plan.side):
            return await self._store.targets.save(replace(plan, moves=plan.hits))
        if target_rules.fires_at_once(price, position.mark_price, plan.side):
            await self._store.conditions.begin(
                f"stop_waits:{plan.cause}:{plan.hits}", 1, self._message(plan, "stop_waits", price, price=price)
            )
            raise BadOrder("the market has passed the stop already", code="stop_at_market")
        return await self._moved(plan, price)

    async def _moved(self, plan: TargetPlan, price: Decimal) -> TargetPlan | None:
        result = await self._set_stop(plan, price)
        if result.outcome is Outcome.UNKNOWN:  # the resolver finds out; then this asks the journal again
            return plan
        await self._store.conditions.end(f"stop_waits:{plan.cause}:{plan.hits}")
        facts = {"price": price, "hits": plan.hits, "targets": len(plan.targets), "is_breakeven": plan.hits < 2}
        kind = "stop_moved" if result.success else "stop_not_moved"
        news = self._message(plan, kind, plan.hits, **facts, code=result.error_code)
        return await self._store.targets.save(replace(plan, moves=plan.hits), news)

    async def _set_stop(self, plan: TargetPlan, price: Decimal) -> OrderResult:
        """Move the stop, once for the fill that reached the target."""
        cause = _cause_of_move(plan)

        async def move() -> OrderResult:
            return await self._backend.set_protection(
                plan.account.user_id,
                plan.symbol,
                stop_loss=price,
                position_side=plan.side,
                exchange=plan.account.exchange,
                account_type=plan.account.account_type,
                cause=cause,
            )

        return await send_once_for(cause, move)

    async def _price_after(self, plan: TargetPlan, position: Position) -> Decimal:
        account = plan.account
        instrument = await instrument_of(self._backend, plan)
        fees = await self._backend.get_fee_rates(account.user_id, plan.symbol, account.exchange, account.account_type)
        return target_rules.stop_after(plan.hits, plan.targets, position, instrument, fees.taker)

    async def _position(self, plan: TargetPlan) -> Position | None:
        account = plan.account
        found = await self._backend.get_positions(account.user_id, plan.symbol, account.exchange, account.account_type)
        return next((position for position in found if position.side is plan.side), None)

    async def _is_over(self, plan: TargetPlan) -> bool:
        """Whether the position is gone, by a snapshot taken after the plan's last change and by the venue now."""
        seen_at = await self._store.fills.mark(plan.account, "positions")
        if seen_at is None or to_millis(seen_at) < plan.updated_ms + _SEEN_LATER_MS:
            return False
        stored = await self._store.positions.of_account(plan.account)
        if any(row.position.symbol == plan.symbol and row.position.side is plan.side for row in stored):
            return False
        return await self._position(plan) is None

    def _message(self, plan: TargetPlan, kind: str, of: object, **data: Any) -> Message:
        place: Mapping[str, Any] = {"symbol": plan.symbol, "side": plan.side}
        body = {"kind": kind, "account": plan.account, **place, **data}
        return Message(chat_id=plan.account.user_id, key=f"{kind}:{plan.cause}:{of}", body=body)


def _cause_of_move(plan: TargetPlan) -> str:
    """Return the cause of moving the stop, made from the fill that reached the target."""
    reached = next(order for order in plan.placed if order.hit_by and order.number == plan.hits - 1)
    return f"{plan.cause}:stop:{reached.hit_by}"
