"""Backups by themselves: one an hour, the latest day's kept all, then one a day for a month."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.clock import Clock, SystemClock
from core.forever import every, for_ever
from db import BACKUPS, Contents, StorageRefused, Store

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
KEEP_ALL = timedelta(days=1)
KEEP_DAILY = timedelta(days=30)
_STAMP = "%Y%m%dT%H%M%SZ"
_PREFIX, _ENDING = "elcaro-", ".db"
_LOOK_EVERY_S = 60.0


def backups_folder(data: Path) -> Path:
    """Return where the copies of a database lie."""
    return data / BACKUPS


def backup_name(moment: datetime) -> str:
    """Return the name of the backup of a moment."""
    return f"{_PREFIX}{moment.astimezone(UTC):{_STAMP}}{_ENDING}"


def moment_of(name: str) -> datetime | None:
    """Return when a backup was taken, by its name; None for a file that is none of ours."""
    if not (name.startswith(_PREFIX) and name.endswith(_ENDING)):
        return None
    try:
        return datetime.strptime(name[len(_PREFIX) : -len(_ENDING)], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def taken(folder: Path) -> dict[datetime, Path]:
    """Return the backups in a folder by their moments, oldest first."""
    files = sorted(folder.glob(f"{_PREFIX}*{_ENDING}")) if folder.is_dir() else []
    return {moment: file for file in files if (moment := moment_of(file.name)) is not None}


def surplus(moments: Iterable[datetime], now: datetime) -> set[datetime]:
    """Return the backups that need not be kept: of each day but the latest, only its last one stays. Pure."""
    kept: set[datetime] = set()
    days: set[object] = set()
    moments = sorted(moments, reverse=True)
    for moment in moments:
        age = now - moment
        is_last_of_day = moment.date() not in days
        days.add(moment.date())
        if age < KEEP_ALL or (is_last_of_day and age < KEEP_DAILY):
            kept.add(moment)
    return set(moments) - kept - set(moments[:1])


class BackupKeeper:
    """A slow background loop that copies the database and throws old copies away.

    Args:
        store: The open database.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self.folder = backups_folder(store.path.parent)

    async def run(self) -> None:
        """Work for ever. A backup that fails is told and tried again later."""
        await for_ever("backup", self.keep, wait=every(self._clock, _LOOK_EVERY_S, first=(0.0,)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the block ends."""
        task = asyncio.create_task(self.run(), name="backups")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def keep(self) -> Path | None:
        """Take a backup if the latest is an hour old, and delete what need not be kept; return the new one."""
        now = self._now()
        latest = max(taken(self.folder), default=None)
        path = None
        if latest is None or now - latest >= EVERY:
            path, contents = await self.take()
            logger.info("backup taken", extra={"path": str(path), "schema": contents.schema, **contents.rows})
        await asyncio.to_thread(self._tidy, now)
        return path

    async def take(self) -> tuple[Path, Contents]:
        """Take a backup now.

        Raises:
            StorageRefused: It could not be written.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as e:
            raise StorageRefused(f"{self.folder}: cannot be made ({e.strerror}); fix its owner") from e
        path = self.folder / backup_name(self._now())
        return path, await self._store.back_up(path)

    def _tidy(self, now: datetime) -> None:
        there = taken(self.folder)
        for moment in surplus(there, now):
            there[moment].unlink(missing_ok=True)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
