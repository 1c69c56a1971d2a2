"""Where the file is, and whether it may be used: its address, its permissions, its health."""

import os
import sqlite3
import stat
from pathlib import Path

from storage.errors import StorageRefused

BUSY_TIMEOUT_MS = 5000
_PREFIXES = ("sqlite+aiosqlite:///", "sqlite:///")
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
)


def database_path(url: str) -> Path:
    """Return the file that a database address names.

    Raises:
        StorageRefused: Not SQLite, or not a file.
    """
    prefix = next((p for p in _PREFIXES if url.startswith(p)), None)
    if prefix is None:
        scheme = url.split(":", 1)[0][:40]
        raise StorageRefused(
            f"DATABASE_URL: expected sqlite+aiosqlite:///path/to/elcaro.db, was {scheme}; "
            "the order journal relies on SQLite's locking, so only SQLite is supported"
        )
    name = url.removeprefix(prefix).split("?", 1)[0]
    if not name or name == ":memory:":
        raise StorageRefused("DATABASE_URL: expected a file, because orders must survive a restart")
    return Path(name).absolute()


def prepare_file(path: Path) -> None:
    """Create the file for its owner only, or refuse one that others can read.

    Raises:
        StorageRefused: Wrong permissions, or the place cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as e:
        raise StorageRefused(f"{path}: cannot be written ({e.strerror}); fix its owner or choose another place") from e
    refuse_shared(path)


def refuse_shared(path: Path) -> None:
    """Refuse a file with any permission for group or others.

    Raises:
        StorageRefused: Names the command that fixes it.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StorageRefused(f"{path}: others may read it (mode {mode:o}); run: chmod 600 {path}")


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection that begins no transaction by itself and may move between threads.

    Raises:
        StorageRefused: There is no such place, or it holds something else.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    except sqlite3.Error as e:
        raise _unusable(path, e) from e
    try:
        apply_pragmas(connection)
    except sqlite3.Error as e:
        connection.close()
        raise _unusable(path, e) from e
    return connection


def apply_pragmas(connection: sqlite3.Connection) -> None:
    """Set what SQLite keeps per connection."""
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def check_health(connection: sqlite3.Connection, path: Path) -> None:
    """Switch to write-ahead logging and look the file over.

    Raises:
        StorageRefused: The place has no write-ahead logging, or the file is damaged.
    """
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise StorageRefused(f"{path}: its file system has no write-ahead logging; move it to a local disk")
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as e:
        raise _unusable(path, e) from e
    if verdict != "ok":
        raise StorageRefused(f"{path}: damaged ({verdict}); restore the latest backup")


def _unusable(path: Path, error: sqlite3.Error) -> StorageRefused:
    return StorageRefused(f"{path}: not usable ({error}); restore the latest backup")
