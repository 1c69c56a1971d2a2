"""The open database: one object per process, with one attribute per story."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.accounts import Accounts
from storage.alerts import PriceAlerts
from storage.audit import Audit
from storage.backups import BACKUPS, Contents, back_up
from storage.cache import Cache
from storage.conditions import Conditions
from storage.confirmations import Confirmations
from storage.credentials import CredentialStore
from storage.errors import StorageRefused
from storage.fills import Fills
from storage.inbox import Inbox
from storage.invites import Invites
from storage.journal import Journal
from storage.location import check_health, connect, database_path, prepare_file
from storage.migrate import SCHEMA_HEAD, current_revision, known_revisions, migrate
from storage.outbox import Outbox
from storage.positions import Positions
from storage.processes import Processes, RoleLock
from storage.reader import Reader
from storage.refusals import Refusals
from storage.repository import NowMs, system_now_ms
from storage.sessions import WebSessions
from storage.settings import UserSettings
from storage.targets import TargetPlans
from storage.trading import Trading
from storage.users import Users
from storage.writer import Writer


class Store:
    """Everything that outlives the process. Made by `Store.open`."""

    def __init__(self, path: Path, reader: Reader, writer: Writer, now_ms: NowMs, lock: RoleLock | None) -> None:
        self.path = path
        self.reader = reader
        self.writer = writer
        self._lock = lock
        parts = (reader, writer, now_ms)
        self.users = Users(*parts)
        self.settings = UserSettings(*parts)
        self.accounts = Accounts(*parts)
        self.credentials = CredentialStore(*parts)
        self.inbox = Inbox(*parts)
        self.outbox = Outbox(*parts)
        self.confirmations = Confirmations(*parts)
        self.refusals = Refusals(*parts)
        self.journal = Journal(*parts)
        self.positions = Positions(*parts)
        self.fills = Fills(*parts)
        self.processes = Processes(*parts)
        self.trading = Trading(*parts)
        self.audit = Audit(*parts)
        self.invites = Invites(*parts)
        self.alerts = PriceAlerts(*parts)
        self.sessions = WebSessions(*parts)
        self.targets = TargetPlans(*parts)
        self.conditions = Conditions(*parts)
        self.cache = Cache(*parts)

    @classmethod
    async def open(cls, url: str, *, role: str = "tool", now_ms: NowMs = system_now_ms) -> "Store":
        """Open the database, bring its schema up to date, and begin this process's epoch.

        Args:
            url: `sqlite+aiosqlite:///path/to/elcaro.db`.
            role: `bot` or `webapp`, of which one process each may run here; `tool` for anything short.
            now_ms: The clock; tests bring their own.

        Raises:
            StorageRefused: It cannot be used as it is; the sentence says what to do.
        """
        path = database_path(url)
        lock = await asyncio.to_thread(_prepare, path, role)
        store = cls(path, Reader(path), Writer(path), now_ms, lock)
        store.journal.begin_epoch((await store.processes.register(role)).epoch)
        return store

    @property
    def pending(self) -> int:
        """How many reads and writes are under way."""
        return self.reader.pending + self.writer.pending

    async def bury_the_dead(self) -> list[int]:
        """Return the starts whose process is no more, their jobs taken from them.

        What they were sending has an unknown outcome.
        """
        gone = await self.processes.gone(self.path.parent)
        await self.processes.bury(gone)
        return gone

    async def probe(self) -> None:
        """Prove that a write reaches the disk.

        Raises:
            StorageUnavailable: It does not.
        """
        await self.cache.put("write-probe", os.urandom(8))

    async def back_up(self, target: Path) -> Contents:
        """Copy everything while it is in use, and look the copy over.

        Raises:
            StorageRefused: It could not be written.
        """
        return await asyncio.to_thread(back_up, self.path, target)

    async def close(self) -> None:
        """Finish what was accepted, end the epoch and let the file go."""
        try:
            await self.processes.end()
        finally:
            await self.reader.close()
            await asyncio.to_thread(self.writer.close)
            if self._lock is not None:
                self._lock.release()


def _prepare(path: Path, role: str) -> RoleLock | None:
    prepare_file(path)
    lock = None if role == "tool" else RoleLock(path.parent, role)
    if lock is not None:
        lock.acquire()
    try:
        with closing(connect(path)) as connection:
            check_health(connection, path)
            _keep_before_update(connection, path)
            migrate(connection, path)
    except StorageRefused:
        if lock is not None:
            lock.release()
        raise
    return lock


def _keep_before_update(connection: sqlite3.Connection, path: Path) -> None:
    """Keep a copy of a database whose schema is about to change, for the way back to the release before."""
    schema = current_revision(connection)
    if schema is None or schema == SCHEMA_HEAD or schema not in known_revisions():
        return
    folder = path.parent / BACKUPS
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{path.stem}-before-{SCHEMA_HEAD}.db"
    if not target.exists():
        back_up(path, target)
