"""What every group of tables is built on: reads through the reader, writes through the one writer."""

import time
from collections.abc import Callable

from storage.reader import Reader
from storage.writer import Writer

NowMs = Callable[[], int]


def system_now_ms() -> int:
    """Return this machine's clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Repository:
    """A group of tables that tell one story."""

    def __init__(self, reader: Reader, writer: Writer, now_ms: NowMs) -> None:
        self._reader = reader
        self._writer = writer
        self._now_ms = now_ms
