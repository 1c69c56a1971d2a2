"""What stands in the way of trading: pauses, halts and accounts not reconciled yet. Shared by both processes."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from models.account import Account
from models.errors import LimitExceeded
from models.values import Value
from storage.repository import Repository
from storage.schema import TRADING_STATES
from storage.writer import Transaction

EVERYBODY = "everybody"


class TradingState(StrEnum):
    """What may be sent."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    """Nothing that opens or grows a position."""
    HALTED = "HALTED"
    """Only cancels and orders that reduce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction(Value):
    """One reason why trading is restricted. `scope` is `everybody`, `user:<id>` or an account's name."""

    scope: str
    reason: str
    state: TradingState
    since_ms: int
    by_user_id: int | None
    note: str

    def refusal(self) -> LimitExceeded:
        """Return the error of an order that it stands in the way of."""
        return LimitExceeded(
            f"trading is restricted ({self.reason}); closing and cancelling still work",
            code="trading_halted" if self.state is TradingState.HALTED else "reduce_only",
            reason=self.reason,
            scope=self.scope,
        )


def user_scope(user_id: int) -> str:
    """Return the scope of one person's accounts."""
    return f"user:{user_id}"


def restriction_on(tx: Transaction, account: Account) -> Restriction | None:
    """Return the strictest restriction on an account, or None, inside a transaction."""
    sql = (
        "SELECT scope,reason,state,since_ms,by_user_id,note FROM trading_states WHERE scope IN(?,?,?) "
        "ORDER BY state LIMIT 1"  # HALTED sorts before REDUCING
    )
    row = tx.sql.execute(sql, (EVERYBODY, user_scope(account.user_id), str(account))).fetchone()
    if row is None:
        return None
    scope, reason, state, since_ms, by_user_id, note = row
    return Restriction(
        scope=scope, reason=reason, state=TradingState(state), since_ms=since_ms, by_user_id=by_user_id, note=note
    )


class Trading(Repository):
    """Restrictions: each has a reason, and trading is free when none is left."""

    async def restrict(
        self, scope: str, reason: str, state: TradingState, *, by_user_id: int | None = None, note: str = ""
    ) -> None:
        """Add or change a restriction."""
        values = {"state": state.value, "since_ms": self._now_ms(), "by_user_id": by_user_id, "note": note}
        statement = insert(TRADING_STATES).values(scope=scope, reason=reason, **values)
        upsert = statement.on_conflict_do_update(index_elements=["scope", "reason"], set_=values)
        await self._writer.run(lambda tx: tx.count(upsert))

    async def lift(self, scope: str, reason: str) -> bool:
        """Remove a restriction; return whether it was there."""
        statement = delete(TRADING_STATES).where(TRADING_STATES.c.scope == scope, TRADING_STATES.c.reason == reason)
        return await self._writer.run(lambda tx: tx.count(statement) == 1)

    async def restrictions(self, account: Account | None = None) -> list[Restriction]:
        """Return every restriction, or those on one account, strictest first."""
        query = select(TRADING_STATES).order_by(TRADING_STATES.c.state, TRADING_STATES.c.scope)
        if account is not None:
            scopes = (EVERYBODY, user_scope(account.user_id), str(account))
            query = query.where(TRADING_STATES.c.scope.in_(scopes))
        return [
            Restriction(
                scope=row.scope,
                reason=row.reason,
                state=TradingState(row.state),
                since_ms=row.since_ms,
                by_user_id=row.by_user_id,
                note=row.note,
            )
            for row in await self._reader.all(query)
        ]

    async def state_of(self, account: Account) -> TradingState:
        """Return what an account may do now."""
        restrictions = await self.restrictions(account)
        return restrictions[0].state if restrictions else TradingState.ACTIVE
