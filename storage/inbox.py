"""Updates from Telegram, stored before the offset moves: delivered at least once, kept once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from models.values import Value
from storage.repository import Repository
from storage.schema import INBOX
from storage.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Value):
    """One update. `payload` is its JSON with secrets already scrubbed."""

    bot_id: int
    update_id: int
    kind: str
    from_id: int | None
    payload: str
    received_ms: int
    tries: int = 0


class Inbox(Repository):
    """What arrived and what became of it."""

    async def add(self, updates: Sequence[Update]) -> list[Update]:
        """Store a poll's updates in one transaction; durable when this returns.

        Returns:
            Those not stored before, in order.
        """
        rows = [(u.bot_id, u.update_id, u.received_ms, u.kind, u.from_id, u.payload) for u in updates]

        def job(tx: Transaction) -> list[bool]:
            sql = (
                "INSERT OR IGNORE INTO inbox(bot_id,update_id,received_ms,kind,from_id,payload,state) "
                "VALUES(?,?,?,?,?,?,'NEW')"
            )
            return [tx.sql.execute(sql, row).rowcount == 1 for row in rows]

        is_new = await self._writer.run(job)
        return [u for u, new in zip(updates, is_new, strict=True) if new]

    async def pending(self, bot_id: int, limit: int = 1000) -> list[Update]:
        """Return what was stored and not finished, oldest first: what a crash left behind."""
        query = (
            select(INBOX)
            .where(INBOX.c.bot_id == bot_id, INBOX.c.state == "NEW")
            .order_by(INBOX.c.received_ms, INBOX.c.update_id)
            .limit(limit)
        )
        return [
            Update(
                bot_id=row.bot_id,
                update_id=row.update_id,
                kind=row.kind,
                from_id=row.from_id,
                payload=row.payload,
                received_ms=row.received_ms,
                tries=row.tries,
            )
            for row in await self._reader.all(query)
        ]

    async def done(self, bot_id: int, update_id: int) -> None:
        """Mark an update as handled and forget its text."""
        await self._finish(bot_id, update_id, "DONE")

    async def ignore(self, bot_id: int, update_id: int) -> None:
        """Mark an update as one that nobody answers and forget its text."""
        await self._finish(bot_id, update_id, "IGNORED")

    async def failed(self, bot_id: int, update_id: int) -> int:
        """Count a handling that ended the process, and return how many there were."""

        def job(tx: Transaction) -> int:
            sql = "UPDATE inbox SET tries=tries+1 WHERE bot_id=? AND update_id=? AND state='NEW' RETURNING tries"
            row = tx.sql.execute(sql, (bot_id, update_id)).fetchone()
            return 0 if row is None else int(row[0])

        return await self._writer.run(job)

    async def bury(self, bot_id: int, update_id: int) -> None:
        """Mark an update as one that is not tried again; its text stays, for whoever looks for the reason."""
        sql = "UPDATE inbox SET state='DEAD' WHERE bot_id=? AND update_id=? AND state='NEW'"
        await self._writer.run(lambda tx: tx.sql.execute(sql, (bot_id, update_id)).rowcount)

    async def forget_before(self, received_ms: int) -> int:
        """Delete finished updates older than this; return how many."""
        old = delete(INBOX).where(INBOX.c.received_ms < received_ms, INBOX.c.state != "NEW")
        return await self._writer.run(lambda tx: tx.count(old))

    async def _finish(self, bot_id: int, update_id: int, state: str) -> None:
        sql = "UPDATE inbox SET state=?, payload='' WHERE bot_id=? AND update_id=?"
        await self._writer.run(lambda tx: tx.sql.execute(sql, (state, bot_id, update_id)).rowcount)


def finish_update(tx: Transaction, bot_id: int, update_id: int) -> None:
    """Mark an update as handled inside the transaction of what it caused."""
    sql = "UPDATE inbox SET state='DONE', payload='' WHERE bot_id=? AND update_id=? AND state='NEW'"
    tx.sql.execute(sql, (bot_id, update_id))
