"""Open positions as the venue last told them, complete. A snapshot replaces; nothing else ever removes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select

from models.account import Account
from models.position import Position
from models.values import Value, from_millis, plain, to_millis
from storage.accounts import ensure_account
from storage.outbox import Message, enqueue
from storage.repository import Repository
from storage.schema import ACCOUNTS, ACTIVE_POSITIONS
from storage.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPosition(Value):
    """A position as last seen."""

    position: Position
    opened_at: datetime
    """When we first saw it."""
    as_of: datetime


class Positions(Repository):
    """The projection of the last complete snapshot of each account."""

    async def of_account(self, account: Account) -> list[StoredPosition]:
        """Return what an account held at its last snapshot."""
        query = (
            select(ACTIVE_POSITIONS)
            .join(ACCOUNTS, ACCOUNTS.c.id == ACTIVE_POSITIONS.c.account_id)
            .where(
                ACCOUNTS.c.user_id == account.user_id,
                ACCOUNTS.c.exchange == account.exchange,
                ACCOUNTS.c.account_type == account.account_type.value,
            )
            .order_by(ACTIVE_POSITIONS.c.symbol, ACTIVE_POSITIONS.c.side)
        )
        return [
            StoredPosition(
                position=msgspec.json.decode(row.data, type=Position),
                opened_at=from_millis(row.opened_ms),
                as_of=from_millis(row.as_of_ms),
            )
            for row in await self._reader.all(query)
        ]

    async def replace(
        self,
        account: Account,
        positions: Sequence[Position],
        as_of: datetime,
        news: Sequence[Message] = (),
        *,
        since: datetime | None = None,
    ) -> bool:
        """Make a complete snapshot the truth, together with the messages that tell what changed.

        Args:
            since: The snapshot that `news` was compared with, so that two who look at once do not tell it twice;
                None: with none.

        Returns:
            False when a later snapshot is stored already, or another one after `since`; nothing was changed then.
        """
        now, as_of_ms = self._now_ms(), to_millis(as_of)
        since_ms = None if since is None else to_millis(since)

        def job(tx: Transaction) -> bool:
            account_id = ensure_account(tx, account, now)
            if not _advance(tx, account_id, as_of_ms, since_ms):
                return False
            for position in positions:
                _upsert(tx, account_id, position, as_of_ms)
            tx.sql.execute("DELETE FROM active_positions WHERE account_id=? AND as_of_ms<?", (account_id, as_of_ms))
            for message in news:
                enqueue(tx, message, now)
            return True

        return await self._writer.run(job)


def _advance(tx: Transaction, account_id: int, as_of_ms: int, since_ms: int | None) -> bool:
    sql = (
        "INSERT INTO sync_marks(account_id,what,at_ms) VALUES(?1,'positions',?2) "
        "ON CONFLICT(account_id,what) DO UPDATE SET at_ms=?2 WHERE at_ms<?2 AND (?3 IS NULL OR at_ms<=?3)"
    )
    return tx.sql.execute(sql, (account_id, as_of_ms, since_ms)).rowcount == 1


def _upsert(tx: Transaction, account_id: int, position: Position, as_of_ms: int) -> None:
    opened_ms = as_of_ms if position.opened_at is None else to_millis(position.opened_at)
    data = msgspec.json.encode(position).decode()
    sql = (
        "INSERT INTO active_positions(account_id,symbol,side,size,data,opened_ms,as_of_ms) VALUES(?,?,?,?,?,?,?) "
        "ON CONFLICT(account_id,symbol,side) DO UPDATE SET size=excluded.size, data=excluded.data, "
        "as_of_ms=excluded.as_of_ms"
    )
    key = (account_id, position.symbol, position.side.value)
    tx.sql.execute(sql, (*key, plain(position.size), data, opened_ms, as_of_ms))
