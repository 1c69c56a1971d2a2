"""Reads, on connections that cannot write. Under write-ahead logging they never wait for a writer.

A read is handed to a thread whole and comes back as rows: SQLAlchemy's own asyncio engine goes to and fro for every
step of it, and brings the object mapper, which nothing here uses, into every process.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, Row, create_engine, event
from sqlalchemy.exc import DBAPIError

from storage.errors import StorageUnavailable, translated
from storage.location import apply_pragmas

_CONNECTIONS = 4


class Reader:
    """A few read-only connections, and a thread for each."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(
            f"sqlite:///{path}", isolation_level="AUTOCOMMIT", pool_size=_CONNECTIONS, max_overflow=0
        )
        event.listen(self._engine, "connect", _on_connect)
        self._threads = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="reader")
        self._pending = 0
        self._closed = False

    @property
    def pending(self) -> int:
        """How many reads are under way."""
        return self._pending

    async def all(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row.

        Raises:
            StorageUnavailable: The file could not be read, or is closed.
        """
        if self._closed:
            raise StorageUnavailable("database: closed")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, statement)
        except DBAPIError as e:
            raise translated(e) from e
        finally:
            self._pending -= 1

    def _read(self, statement: Executable) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(statement).all()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """Return the first row, or None."""
        rows = await self.all(statement)
        return rows[0] if rows else None

    async def value(self, statement: Executable) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.first(statement)
        return None if row is None else row[0]

    async def close(self) -> None:
        """Finish what is being read and close every connection."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


def _on_connect(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    apply_pragmas(cursor)
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()
