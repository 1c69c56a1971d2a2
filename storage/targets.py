"""Several targets of one entry: what was asked for, which orders stand for it, and how far the stop has moved."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Row, delete, select, update

from models.account import Account
from models.enums import PositionSide
from models.ticket import Target
from models.values import Value
from storage.accounts import account_of, ensure_account
from storage.outbox import Message, enqueue
from storage.repository import Repository
from storage.schema import ACCOUNTS, TARGET_PLANS
from storage.writer import Transaction


class PlanState(StrEnum):
    """How far a plan is."""

    WAITING = "waiting"
    """Its entry has not filled yet."""
    ARMED = "armed"
    """Its targets stand at the venue."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTarget(Value):
    """One order that stands for a target.

    Attributes:
        number: Which target it is for, counted from zero in the order they are reached.
        cause: What it was sent under.
        order_id: The venue's; None until it has been seen there.
        hit_by: The fill that reached it; None as long as none did.
    """

    number: int
    size: Decimal
    cause: str
    order_id: str | None = None
    hit_by: str | None = None
    stands: bool = True
    """False: the venue did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan(Value):
    """What is to become of one entry.

    Attributes:
        cause: The entry's.
        targets: The nearest first; their sizes are the shares they have of whatever is filled.
        has_stop: Whether the entry was sent with a stop.
        armed_size: The part of the entry that targets were placed for.
        moves: After how many targets the stop was moved.
        version: Counts the changes, so that two processes never overwrite each other.
    """

    id: int = 0
    account: Account
    cause: str
    symbol: str
    side: PositionSide
    state: PlanState = PlanState.WAITING
    targets: tuple[Target, ...]
    has_stop: bool
    armed_size: Decimal = Decimal(0)
    placed: tuple[PlacedTarget, ...] = ()
    moves: int = 0
    version: int = 0
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def hits(self) -> int:
        """How many targets were reached, counting those between as reached too."""
        return max((order.number + 1 for order in self.placed if order.hit_by), default=0)


class _Data(msgspec.Struct):
    """The part of a plan that is one JSON text."""

    targets: tuple[Target, ...]
    has_stop: bool
    armed_size: Decimal
    placed: tuple[PlacedTarget, ...]
    moves: int


class TargetPlans(Repository):
    """Plans of every account."""

    async def add(self, plan: TargetPlan) -> TargetPlan:
        """Store a new plan, or return the one that its cause has already."""
        now = self._now_ms()
        sql = (
            "INSERT INTO target_plans(account_id,cause,symbol,side,state,data,created_ms,updated_ms) "
            "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(cause) DO NOTHING"
        )

        def job(tx: Transaction) -> None:
            head = (ensure_account(tx, plan.account, now), plan.cause, plan.symbol, plan.side.value, plan.state.value)
            tx.sql.execute(sql, (*head, _text(plan), now, now))

        await self._writer.run(job)
        (stored,) = await self._find(TARGET_PLANS.c.cause == plan.cause)
        return stored

    async def of_cause(self, cause: str) -> TargetPlan | None:
        """Return the plan of an entry."""
        return next(iter(await self._find(TARGET_PLANS.c.cause == cause)), None)

    async def active(self) -> list[TargetPlan]:
        """Return every plan that is not done, oldest first."""
        return await self._find(TARGET_PLANS.c.state != PlanState.DONE.value)

    async def save(self, plan: TargetPlan, *messages: Message) -> TargetPlan | None:
        """Store a plan's progress together with the messages that tell of it.

        Returns:
            The plan as it is stored now; None when it has changed since it was read: nothing was written then.
        """
        now = self._now_ms()
        statement = (
            update(TARGET_PLANS)
            .where(TARGET_PLANS.c.id == plan.id, TARGET_PLANS.c.version == plan.version)
            .values(state=plan.state.value, data=_text(plan), version=plan.version + 1, updated_ms=now)
        )

        def job(tx: Transaction) -> bool:
            if not tx.count(statement):
                return False
            for message in messages:
                enqueue(tx, message, now)
            return True

        if not await self._writer.run(job):
            return None
        return replace(plan, version=plan.version + 1, updated_ms=now)

    async def forget_before(self, updated_ms: int) -> int:
        """Delete plans that were done before this; return how many."""
        old = delete(TARGET_PLANS).where(
            TARGET_PLANS.c.state == PlanState.DONE.value, TARGET_PLANS.c.updated_ms < updated_ms
        )
        return await self._writer.run(lambda tx: tx.count(old))

    async def _find(self, condition: Any) -> list[TargetPlan]:
        query = (
            select(TARGET_PLANS, ACCOUNTS.c.user_id, ACCOUNTS.c.exchange, ACCOUNTS.c.account_type)
            .join(ACCOUNTS, ACCOUNTS.c.id == TARGET_PLANS.c.account_id)
            .where(condition)
            .order_by(TARGET_PLANS.c.id)
        )
        return [_plan(row) for row in await self._reader.all(query)]


def _text(plan: TargetPlan) -> str:
    data = _Data(
        targets=plan.targets,
        has_stop=plan.has_stop,
        armed_size=plan.armed_size,
        placed=plan.placed,
        moves=plan.moves,
    )
    return msgspec.json.encode(data).decode()


def _plan(row: Row[Any]) -> TargetPlan:
    data = msgspec.json.decode(row.data, type=_Data)
    return TargetPlan(
        id=row.id,
        account=account_of(row),
        cause=row.cause,
        symbol=row.symbol,
        side=PositionSide(row.side),
        state=PlanState(row.state),
        targets=data.targets,
        has_stop=data.has_stop,
        armed_size=data.armed_size,
        placed=data.placed,
        moves=data.moves,
        version=row.version,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )
