"""What was sent while nothing could be written down: a file of its own, its space taken in advance.

A full disk must not keep anybody from closing a position. Room is reserved at start, so appending needs no new blocks.
"""

import fcntl
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db import StorageRefused

logger = logging.getLogger(__name__)

_RESERVED_BYTES = 256 * 1024


class EmergencyLog:
    """An append-only file of JSON lines, followed by reserved zeros."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def reserve(self) -> None:
        """Create the file and take its space.

        Raises:
            StorageRefused: The disk has no room for it, or the file cannot be written.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, _RESERVED_BYTES)
            finally:
                os.close(descriptor)
        except OSError as e:
            raise StorageRefused(
                f"{self._path}: cannot be written ({e.strerror}); make room there, or fix its owner: without it nothing"
                " could be closed while the database takes no writes"
            ) from e

    def append(self, entry: Mapping[str, Any]) -> bool:
        """Write an entry through to the disk; return whether that worked. Closing goes on without it."""
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)  # the other process may be closing something too
                os.pwrite(descriptor, line, self._end(descriptor))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            logger.exception("emergency log not written", extra={"path": str(self._path)})
            return False
        return True

    def entries(self) -> list[dict[str, Any]]:
        """Return what was written, oldest first; what was written by half is returned as the text that it is."""
        if not self._path.exists():
            return []
        lines = self._path.read_bytes().replace(b"\0", b"").split(b"\n")
        return [_read(line) for line in lines if line]

    def clear(self) -> None:
        """Start over, after the entries are safe in the database; the space stays taken, as the disk may be full."""
        with self._path.open("r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.truncate(_RESERVED_BYTES)
            os.fsync(file.fileno())

    def _end(self, descriptor: int) -> int:
        size = os.fstat(descriptor).st_size
        return len(os.pread(descriptor, size, 0).rstrip(b"\0"))


def _read(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:  # whoever wrote it died over it
        found = None
    return found if isinstance(found, dict) else {"unreadable": line.decode(errors="replace")}
