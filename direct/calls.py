"""Bounded threads for the vendors' blocking clients, and what their exceptions prove.

Used only by the direct paths (`USE_UNIFIED=false`). The loop's default executor is never used: six slow calls would
freeze name look-ups and everything else in it.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, SSLError

from exchanges.clock import VenueClock
from models.errors import NotSent, Unavailable
from models.requests import Ack, AckKind, Action, BatchOrders, OrderRequest, SignedRequest

T = TypeVar("T")

TIMEOUT_S = (3.0, 8.0)
"""Connect and read deadlines of every direct call."""
MAX_ANSWER = 1 << 20
BAN_S = 600.0
_CHUNK = 1 << 16
_clocks: dict[str, VenueClock] = {}


class Reply(NamedTuple):
    """An answer to a write."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def post_once(session: requests.Session, request: SignedRequest) -> Reply:
    """Post a signed request and read its answer, but no more of it than any venue sends.

    Raises:
        requests.RequestException: Whatever the network did; `network_ack` tells what it proves.
    """
    with session.post(
        request.url,
        data=request.body,
        headers=dict(request.headers),
        timeout=TIMEOUT_S,
        allow_redirects=False,
        stream=True,
    ) as answer:
        content = b""
        for chunk in answer.iter_content(_CHUNK):
            content += chunk
            if len(content) > MAX_ANSWER:
                raise requests.RequestException("the answer has no end")
        return Reply(answer.status_code, answer.headers, content)


def clock_at(url: str) -> VenueClock:
    """Return the clock of the venue at an address: one for all clients there, so that each answer teaches all."""
    return _clocks.setdefault(url, VenueClock())


def forget_clocks() -> None:
    """Forget what the venues' answers told of their time."""
    _clocks.clear()


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
        self._banned_until = 0.0

    def leave_alone(self) -> None:
        """Open nothing for ten minutes: the venue said that this machine asks too often."""
        self._banned_until = time.monotonic() + BAN_S

    async def wait(self, action: Action) -> None:
        """Wait for the next turn.

        Raises:
            NotSent: The venue is being left alone, and the action could open something (`venue_busy`).
        """
        now = time.monotonic()
        if now < self._banned_until and isinstance(action, OrderRequest | BatchOrders) and not _only_reduces(action):
            raise NotSent("the venue refuses this machine's address for now", code="venue_busy")
        turn = max(now, self._next)
        self._next = turn + self._step_s
        await asyncio.sleep(turn - now)


def _only_reduces(action: OrderRequest | BatchOrders) -> bool:
    orders = action.orders if isinstance(action, BatchOrders) else (action,)
    return all(order.reduce_only for order in orders)


def never_left(error: requests.RequestException) -> bool:
    """Whether an exception proves that nothing was sent. The class alone does not: its cause has to be looked at."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    return isinstance(_reason(error), NewConnectionError | NameResolutionError)


def is_not_the_venue(error: requests.RequestException) -> bool:
    """Whether a certificate was refused, before anything was sent."""
    reason = _reason(error)
    return isinstance(reason, SSLError) and any(isinstance(a, ssl.SSLCertVerificationError) for a in reason.args)


def network_ack(error: requests.RequestException) -> Ack:
    """Classify a send that raised."""
    if is_not_the_venue(error):
        return Ack(kind=AckKind.NOT_SENT, code="tls_failed", message=type(error).__name__)
    kind = AckKind.NOT_SENT if never_left(error) else AckKind.UNKNOWN
    return Ack(kind=kind, code="unreachable" if kind is AckKind.NOT_SENT else "no_answer", message=type(error).__name__)


def _reason(error: requests.RequestException) -> Exception | None:
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else None
