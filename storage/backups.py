"""Copies of the database that are whole, taken while it is in use, and put back."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from models.values import Value
from storage.errors import StorageRefused
from storage.migrate import current_revision, known_revisions

BACKUPS = "backups"
"""The folder of copies beside the database."""
_COUNTED = ("users", "accounts", "credentials", "intents", "legs", "fills")
_BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents(Value):
    """What a copy holds: its schema, and how many rows of what."""

    schema: str
    rows: dict[str, int]


def back_up(source: Path, target: Path) -> Contents:
    """Copy a database that may be in use, and open the copy to see that it is whole.

    Raises:
        StorageRefused: The copy cannot be written, or is not whole; no file of that name is left.
    """
    if target.exists():
        raise StorageRefused(f"{target}: exists already; a backup never overwrites one")
    unfinished = target.with_suffix(".unfinished")
    try:
        _copy(source, unfinished)
        contents = examine(unfinished)
        os.link(unfinished, target)
    except (OSError, sqlite3.Error) as e:
        raise StorageRefused(f"{target}: the backup failed ({e}); is there room, and may this user write there?") from e
    finally:
        unfinished.unlink(missing_ok=True)
    return contents


def examine(path: Path) -> Contents:
    """Open a copy, look it over and count.

    Raises:
        StorageRefused: It is not a whole database of ElCaro's, or of a newer release.
    """
    try:
        with closing(_read_only(path)) as connection:
            verdict = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            schema = current_revision(connection) if verdict == "ok" else None
            rows = {name: _count(connection, name) for name in _COUNTED} if schema else {}
    except sqlite3.Error as e:
        raise StorageRefused(f"{path}: not a database of ElCaro's ({e}); choose another backup") from e
    if verdict != "ok":
        raise StorageRefused(f"{path}: damaged ({verdict}); choose another backup")
    if schema is None:
        raise StorageRefused(f"{path}: holds nothing of ElCaro's; choose another backup")
    if schema not in known_revisions():
        raise StorageRefused(f"{path}: its schema {schema} is newer than this release; install the newer release first")
    return Contents(schema=schema, rows=rows)


def restore(copy: Path, place: Path, *, reason: str, now_ms: Callable[[], int] | None = None) -> Path | None:
    """Put a backup in the place of the database, with trading halted; nobody may have the database open.

    What people wrote to the bot before the backup is not answered any more: it may have been already.

    Returns:
        Where the database that was there is kept; None when there was none.

    Raises:
        StorageRefused: The backup is not whole; nothing was changed.
    """
    examine(copy)
    fresh = place.with_suffix(".restoring")
    fresh.unlink(missing_ok=True)
    shutil.copyfile(copy, fresh)
    fresh.chmod(0o600)
    moment = (now_ms or _system_now_ms)()
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN IMMEDIATE")
        sql = (
            "INSERT OR REPLACE INTO trading_states(scope,reason,state,since_ms,note) VALUES('everybody',?,'HALTED',?,?)"
        )
        connection.execute(sql, (reason, moment, f"restored from {copy.name}"))
        connection.execute("UPDATE inbox SET state='IGNORED', payload='' WHERE state='NEW'")
        connection.execute("COMMIT")
    kept = _put_aside(place)
    fresh.replace(place)
    _sync_folder(place.parent)
    return kept


def _copy(source: Path, target: Path) -> None:
    """Take one snapshot: under write-ahead logging it neither waits for writers nor stops them."""
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_read_only(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, and nothing beside it
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def _put_aside(place: Path) -> Path | None:
    """Keep what is there under another name, with what SQLite keeps beside it."""
    if not place.exists():
        return None
    kept = place.with_name(f"{place.name}.before-restore-{_system_now_ms() // 1000}")
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            place.with_name(place.name + ending).replace(kept.with_name(kept.name + ending))
    return place.replace(kept)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _system_now_ms() -> int:
    return time.time_ns() // 1_000_000
