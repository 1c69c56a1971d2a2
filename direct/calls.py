"""Bounded threads for the vendors' blocking clients, and what their exceptions prove.

Used only by the direct paths (`USE_UNIFIED=false`). The loop's default executor is never used: six slow calls would
freeze name look-ups and everything else in it.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from models.errors import Unavailable
from models.requests import Ack, AckKind

T = TypeVar("T")

TIMEOUT_S = (3.0, 8.0)
"""Connect and read deadlines of every direct call."""


class Pools:
    """Threads of one venue: some for reads, others for writes, so that a slow read never delays an order."""

    def __init__(self, name: str) -> None:
        self._reads = ThreadPoolExecutor(8, thread_name_prefix=f"{name}-read")
        self._writes = ThreadPoolExecutor(4, thread_name_prefix=f"{name}-write")

    async def read(self, call: Callable[[], T]) -> T:
        """Run a read; whatever the network did becomes `Unavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reads, call)
        except (requests.RequestException, OSError) as e:
            raise Unavailable(f"no answer: {type(e).__name__}") from e

    async def write(self, call: Callable[[], T]) -> T:
        """Run a write. Nothing is caught: the caller classifies."""
        return await asyncio.get_running_loop().run_in_executor(self._writes, call)

    def close(self) -> None:
        """Let running calls end and take no new ones."""
        self._reads.shutdown(wait=False, cancel_futures=True)
        self._writes.shutdown(wait=True)


class Turns:
    """Lets writes of one account out one after the other, not faster than the venues take them."""

    def __init__(self, per_second: float = 8) -> None:
        self._step_s = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for the next turn."""
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._step_s
        await asyncio.sleep(turn - now)


def never_left(error: requests.RequestException) -> bool:
    """Whether an exception proves that nothing was sent. The class alone does not: its cause has to be looked at."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | NameResolutionError)


def network_ack(error: requests.RequestException) -> Ack:
    """Classify a send that raised."""
    kind = AckKind.NOT_SENT if never_left(error) else AckKind.UNKNOWN
    return Ack(kind=kind, code="unreachable" if kind is AckKind.NOT_SENT else "no_answer", message=type(error).__name__)
