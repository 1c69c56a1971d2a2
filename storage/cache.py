"""Bytes worth keeping over a restart, e.g. a venue's list of markets. Losing them costs a request, nothing else."""

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from storage.repository import Repository
from storage.schema import CACHE


class Cache(Repository):
    """Named bytes with their age."""

    async def get(self, name: str) -> tuple[bytes, int] | None:
        """Return the bytes and when they were true (epoch milliseconds), or None."""
        row = await self._reader.first(select(CACHE).where(CACHE.c.name == name))
        return None if row is None else (row.data, row.as_of_ms)

    async def put(self, name: str, data: bytes) -> None:
        """Keep bytes that are true now."""
        values = {"data": data, "as_of_ms": self._now_ms()}
        statement = insert(CACHE).values(name=name, **values)
        upsert = statement.on_conflict_do_update(index_elements=["name"], set_=values)
        await self._writer.run(lambda tx: tx.count(upsert))
