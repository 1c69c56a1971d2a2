"""Which processes run, and which of them holds a background job. An epoch is the fencing token of one start."""

import fcntl
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, select

from models.values import Value
from storage.errors import StaleLease, StorageRefused
from storage.reader import Reader
from storage.repository import NowMs, Repository
from storage.schema import LEASES, PROCESSES
from storage.writer import Transaction, Writer

LEASE_MS = 15_000
_LOCK_TRIES, _LOCK_WAIT_S = 5, 0.02
"""A process that asks whether a lock is free holds it for a moment; that is no reason not to start."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Job(StrEnum):
    """Background work that only one process does at a time."""

    RESOLVER = "resolver"
    RECONCILER = "reconciler"
    OUTBOX = "outbox"
    STREAMS = "streams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Value):
    """One start of one process."""

    epoch: int
    role: str
    boot_id: str
    pid: int


class RoleLock:
    """A file lock: at most one live process per role and data directory. Freed by the kernel when the process dies."""

    def __init__(self, directory: Path, role: str) -> None:
        self._path = directory / f"{role}.lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock for as long as this process lives.

        Raises:
            StorageRefused: Another process has it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        for is_last in (False,) * _LOCK_TRIES + (True,):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as e:
                if is_last:
                    os.close(descriptor)
                    raise StorageRefused(
                        f"{self._path.name}: already held; another {self._path.stem} process runs here, stop it first"
                    ) from e
                time.sleep(_LOCK_WAIT_S)
            else:
                break
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_free(self) -> bool:
        """Return whether no live process holds the lock."""
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except (FileNotFoundError, NotADirectoryError):
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True


def boot_id() -> str:
    """Return what changes when the machine restarts, and with it the monotonic clock."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else platform.node()


def monotonic_ms() -> int:
    """Return the machine's monotonic clock, the same in every process."""
    return time.monotonic_ns() // 1_000_000


class Processes(Repository):
    """Starts, and the leases of background jobs."""

    _me: Process | None = None

    def __init__(self, reader: Reader, writer: Writer, now_ms: NowMs) -> None:
        super().__init__(reader, writer, now_ms)
        self._held_until: dict[Job, int] = {}

    @property
    def me(self) -> Process:
        """This start of this process."""
        if self._me is None:
            raise StorageRefused("the process is not registered yet")
        return self._me

    async def register(self, role: str) -> Process:
        """Begin a new epoch."""
        boot, pid, now = boot_id(), os.getpid(), self._now_ms()
        sql = "INSERT INTO processes(role,boot_id,pid,started_ms) VALUES(?,?,?,?) RETURNING epoch"
        epoch = await self._writer.run(lambda tx: tx.sql.execute(sql, (role, boot, pid, now)).fetchone()[0])
        self._me = Process(epoch=epoch, role=role, boot_id=boot, pid=pid)
        return self._me

    async def end(self) -> None:
        """Give every lease back and note that this start ended in order."""
        epoch, now = self.me.epoch, self._now_ms()

        def job(tx: Transaction) -> None:
            tx.sql.execute("DELETE FROM leases WHERE epoch=?", (epoch,))
            tx.sql.execute("UPDATE processes SET ended_ms=? WHERE epoch=?", (now, epoch))

        await self._writer.run(job)

    async def gone(self, locks: Path) -> list[int]:
        """Return the epochs that ended or died: their role's lock is free, or a later start of the role holds it."""
        free = {role: RoleLock(locks, role).is_free() for role in ("bot", "webapp")}
        rows = await self._reader.all(select(PROCESSES).order_by(PROCESSES.c.epoch))
        newest = {row.role: row.epoch for row in rows}

        def is_gone(row: Row[Any]) -> bool:
            if row.ended_ms is not None or row.boot_id != self.me.boot_id:
                return True
            if row.role not in free:  # tools may run beside each other
                return not Path(f"/proc/{row.pid}").exists()
            return free[row.role] or row.epoch != newest[row.role]

        return [row.epoch for row in rows if row.epoch != self.me.epoch and is_gone(row)]

    async def bury(self, epochs: Sequence[int]) -> None:
        """Take the background jobs of dead processes from them, so that nobody waits for their leases to end."""
        holders = {row.epoch for row in await self._reader.all(select(LEASES.c.epoch))}
        dead = holders.intersection(epochs)
        if dead:
            await self._writer.run(lambda tx: tx.count(delete(LEASES).where(LEASES.c.epoch.in_(dead))))

    async def hold(self, job: Job, *, lease_ms: int = LEASE_MS) -> bool:
        """Take or renew a background job's lease; return whether this process holds it now.

        Cheap to call often: a lease is renewed when half of it has passed.
        """
        me, now = self.me, monotonic_ms()
        if self._held_until.get(job, 0) - now > lease_ms // 2:
            return True
        sql = (
            "INSERT INTO leases(job,epoch,boot_id,pid,expires_mono_ms) VALUES(?1,?2,?3,?4,?5) "
            "ON CONFLICT(job) DO UPDATE SET epoch=?2, boot_id=?3, pid=?4, expires_mono_ms=?5 "
            "WHERE leases.epoch=?2 OR leases.boot_id<>?3 OR leases.expires_mono_ms<?6"
        )
        row = (job.value, me.epoch, me.boot_id, me.pid, now + lease_ms, now)
        is_held = await self._writer.run(lambda tx: tx.sql.execute(sql, row).rowcount == 1)
        self._held_until[job] = now + lease_ms if is_held else 0
        return is_held

    async def release(self, job: Job) -> None:
        """Give a lease back."""
        row = (job.value, self.me.epoch)
        self._held_until.pop(job, None)
        await self._writer.run(lambda tx: tx.sql.execute("DELETE FROM leases WHERE job=? AND epoch=?", row).rowcount)


def require_lease(tx: Transaction, job: Job, epoch: int) -> None:
    """Refuse a write of a job whose lease another process took over.

    Raises:
        StaleLease: Undoes the write that this is part of.
    """
    row = tx.sql.execute("SELECT epoch FROM leases WHERE job=?", (job.value,)).fetchone()
    if row is None or row[0] != epoch:
        raise StaleLease(f"{job}: another process holds this job now")
