"""Reads, on connections that cannot write. Under write-ahead logging they never wait for a writer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Row, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from storage.errors import translated
from storage.location import apply_pragmas

_CONNECTIONS = 4


class Reader:
    """A small pool of read-only connections."""

    def __init__(self, path: Path) -> None:
        self._engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}",
            isolation_level="AUTOCOMMIT",
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=10,
        )
        event.listen(self._engine.sync_engine, "connect", _on_connect)
        self._pending = 0

    @property
    def pending(self) -> int:
        """How many reads are under way."""
        return self._pending

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row.

        Raises:
            StorageUnavailable: The file could not be read.
        """
        self._pending += 1
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()
        except DBAPIError as e:
            raise translated(e) from e
        finally:
            self._pending -= 1

    async def first(self, statement: Executable) -> Row[Any] | None:
        """Return the first row, or None."""
        rows = await self.all(statement)
        return rows[0] if rows else None

    async def value(self, statement: Executable) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.first(statement)
        return None if row is None else row[0]

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _on_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    apply_pragmas(cursor)
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()
