"""One writer per process. Jobs that arrive together share one transaction, and so one fsync.

A job is a plain function of a transaction. It runs in a savepoint of its own, so one that raises undoes only itself.
Its caller wakes after the commit, never before: what was awaited is on the disk.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, NullPool, create_engine
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError

from storage.errors import StorageUnavailable, translated
from storage.location import connect

T = TypeVar("T")
_MAX_BATCH = 256
_TIDY_AFTER = 50  # commits
_PAUSE_S = 0.1
_LOG_PAGES = 16_000  # 64 MB: how long the log may grow when there is never a pause


class Transaction:
    """What a job writes through: SQL for the journal's hot path, SQLAlchemy statements for everything else."""

    __slots__ = ("_connection", "sql")

    def __init__(self, sql: sqlite3.Connection, connection: Connection) -> None:
        self.sql = sql
        self._connection = connection

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a SQLAlchemy statement."""
        return self._connection.execute(statement, parameters)

    def count(self, statement: Executable) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.execute(statement).rowcount


Job = Callable[[Transaction], T]


@dataclass(slots=True, eq=False)
class _Ticket:
    job: Job[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class Writer:
    """The only connection of this process that writes."""

    def __init__(self, path: Path) -> None:
        self._sql = connect(path)
        self._sql.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        engine = create_engine("sqlite://", creator=lambda: self._sql, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection = engine.connect()
        self._transaction = Transaction(self._sql, self._connection)
        self._arrived: list[_Ticket] = []
        self._queue: queue.SimpleQueue[list[_Ticket]] = queue.SimpleQueue()
        self._pending = 0
        self._commits = 0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """How many jobs were accepted and not yet answered."""
        return self._pending

    async def run(self, job: Job[T]) -> T:
        """Run a job and return its result once it is durable.

        A caller that is cancelled while it waits does not stop the job.

        Raises:
            StorageUnavailable: The file did not take it: busy, full, read-only or damaged. Nothing was written.
        """
        if self._closed:
            raise StorageUnavailable("database: closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._pending += 1
        if not self._arrived:
            loop.call_soon(self._hand_over)
        self._arrived.append(_Ticket(job, future, loop))
        return await future

    def close(self) -> None:
        """Finish what was accepted and let the file go."""
        if self._closed:
            return
        self._closed = True
        self._hand_over()
        self._queue.put([])
        self._thread.join()

    def _hand_over(self) -> None:
        """Give the thread everything that arrived in this turn of the loop, so that it starts with a whole batch."""
        if self._arrived:
            self._queue.put(self._arrived)
            self._arrived = []

    def _work(self) -> None:
        while batch := self._next_batch():
            self._commit(batch)
            self._answer(batch)
        self._connection.close()
        self._sql.close()

    def _next_batch(self) -> list[_Ticket]:
        """Return what has arrived by now; nothing means the end, which comes last."""
        batch = self._wait()
        while batch and len(batch) < _MAX_BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if not more:
                self._queue.put(more)
                break
            batch += more
        return batch

    def _wait(self) -> list[_Ticket]:
        """Wait for work. A pause is used to move the log into the file, which would otherwise delay some commit."""
        if self._commits >= _TIDY_AFTER:
            try:
                return self._queue.get(timeout=_PAUSE_S)
            except queue.Empty:
                self._commits = 0
                with suppress(sqlite3.Error):
                    self._sql.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return self._queue.get()

    def _commit(self, batch: list[_Ticket]) -> None:
        """Run the batch in one transaction; whatever stops the transaction is the answer of every job in it."""
        try:
            self._sql.execute("BEGIN IMMEDIATE")
            for ticket in batch:
                with _Savepoint(self._sql, ticket):
                    ticket.result = ticket.job(self._transaction)
            self._sql.execute("COMMIT")
            self._commits += 1
        except sqlite3.Error as e:
            with suppress(sqlite3.Error):
                self._sql.execute("ROLLBACK")
            for ticket in batch:
                ticket.error = ticket.error or translated(e)

    def _answer(self, batch: list[_Ticket]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Ticket]] = {}
        for ticket in batch:
            loops.setdefault(ticket.loop, []).append(ticket)
        for loop, tickets in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._resolve, tickets)

    def _resolve(self, tickets: list[_Ticket]) -> None:
        self._pending -= len(tickets)
        for ticket in tickets:
            if ticket.future.cancelled():
                continue
            if ticket.error is not None:
                ticket.future.set_exception(ticket.error)
            else:
                ticket.future.set_result(ticket.result)


class _Savepoint:
    """Undoes one job that raised and keeps its error for its caller, so that the others go on."""

    def __init__(self, sql: sqlite3.Connection, ticket: _Ticket) -> None:
        self._sql = sql
        self._ticket = ticket

    def __enter__(self) -> None:
        self._sql.execute("SAVEPOINT job")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if error is not None:
            self._ticket.error = translated(error)
            if not self._sql.in_transaction:  # a full disk ends the whole transaction, not only this job
                raise _cause_of(error)
            self._sql.execute("ROLLBACK TO job")
        self._sql.execute("RELEASE job")
        return True


def _cause_of(error: BaseException) -> sqlite3.Error:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause if isinstance(cause, sqlite3.Error) else sqlite3.OperationalError("the transaction was ended")
