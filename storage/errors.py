"""What can go wrong with the file that holds everything, and how SQLite's words become ours."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from models.errors import Unavailable

# The file is busy, full, read-only, damaged or gone: nothing about the statement itself is wrong.
_FILE_CODES = {
    sqlite3.SQLITE_BUSY: "storage_busy",
    sqlite3.SQLITE_LOCKED: "storage_busy",
    sqlite3.SQLITE_NOMEM: "storage_unavailable",
    sqlite3.SQLITE_READONLY: "storage_read_only",
    sqlite3.SQLITE_INTERRUPT: "storage_unavailable",
    sqlite3.SQLITE_IOERR: "storage_unavailable",
    sqlite3.SQLITE_CORRUPT: "storage_damaged",
    sqlite3.SQLITE_FULL: "storage_full",
    sqlite3.SQLITE_CANTOPEN: "storage_unavailable",
    sqlite3.SQLITE_PROTOCOL: "storage_busy",
    sqlite3.SQLITE_NOTADB: "storage_damaged",
}


class StorageRefused(Exception):
    """The database cannot be used as it is. The message is one sentence that says what to do."""


class StorageUnavailable(Unavailable):
    """The file did not take a write or give a read; nothing was changed, and trying again is safe."""

    default_code = "storage_unavailable"


class StaleLease(StorageUnavailable):
    """Another process took this job over; whatever was decided here must not be written."""

    default_code = "stale_lease"


def translated(error: BaseException) -> BaseException:
    """Return `StorageUnavailable` for what the file did, and any other error as it is."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if not isinstance(cause, sqlite3.Error):
        return error
    number = getattr(cause, "sqlite_errorcode", None)
    code = _FILE_CODES.get(number & 0xFF) if number is not None else None
    if code is None and (number is not None or not isinstance(cause, sqlite3.OperationalError)):
        return error
    unavailable = StorageUnavailable(f"database: {cause}", code=code)
    unavailable.__cause__ = error
    return unavailable
