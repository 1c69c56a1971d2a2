"""What holds until it ends: a stop that is missing, a liquidation that is near. Each is told once while it holds."""

from sqlalchemy import delete, select

from storage.outbox import Message, enqueue
from storage.repository import Repository
from storage.schema import CONDITIONS
from storage.writer import Transaction


class Conditions(Repository):
    """Conditions that hold now."""

    async def begin(self, key: str, level: int, *messages: Message) -> bool:
        """Note that something holds, together with the messages that tell of it.

        Args:
            key: Names the condition.
            level: How bad it is; one that holds already is told again only at a higher level.

        Returns:
            Whether this is news.
        """
        now = self._now_ms()
        sql = (
            "INSERT INTO conditions(key,level,begun_ms) VALUES(?1,?2,?3) "
            "ON CONFLICT(key) DO UPDATE SET level=?2, begun_ms=?3 WHERE level<?2"
        )

        def job(tx: Transaction) -> bool:
            if tx.sql.execute(sql, (key, level, now)).rowcount != 1:
                return False
            for message in messages:
                enqueue(tx, message, now)
            return True

        return await self._writer.run(job)

    async def end(self, key: str, *messages: Message) -> bool:
        """Note that something holds no more, with the messages that tell of it; return whether it held."""
        now = self._now_ms()

        def job(tx: Transaction) -> bool:
            if not tx.count(delete(CONDITIONS).where(CONDITIONS.c.key == key)):
                return False
            for message in messages:
                enqueue(tx, message, now)
            return True

        return await self._writer.run(job)

    async def forget_before(self, begun_ms: int) -> int:
        """Delete what began before this and was never ended; what still holds is told again. Return how many."""
        old = delete(CONDITIONS).where(CONDITIONS.c.begun_ms < begun_ms)
        return await self._writer.run(lambda tx: tx.count(old))

    async def held(self, prefix: str = "") -> dict[str, int]:
        """Return the level of every condition that holds, whose names begin so, by name."""
        rows = await self._reader.all(select(CONDITIONS).where(CONDITIONS.c.key.startswith(prefix, autoescape=True)))
        return {row.key: row.level for row in rows}
