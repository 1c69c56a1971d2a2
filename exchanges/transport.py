"""One HTTP session for every venue: deadlines, pacing, and what a failed request proves.

A request either returns the venue's answer or raises one of two things. `NotSent`: the venue cannot have seen it.
`OutcomeUnknown`: it may have, whatever the error was called. Nothing is ever sent twice by this module, and nothing of
a body or a header is logged or put into an error.
"""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from exchanges.clock import VenueClock
from exchanges.pacing import Cost, Gate, Limit, Pacer
from models.errors import NotSent, OutcomeUnknown, Unavailable

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3, sock_read=8)
"""Without `sock_connect` a dead route would look like a lost answer; with it, it is known that nothing was sent."""
MAX_ANSWER = 1 << 20
MAX_TABLE = 8 << 20
"""For public tables of all markets, which no user can make grow."""
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""How a body fails to be read: also as text in no known letters, or nested without an end."""
_KEEPALIVE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A venue's complete answer. `headers` are looked up without regard to case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    sent_at: float
    """In seconds of the gate's clock, as `received_at`."""
    received_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a venue allows one internet address; `scope` names what shares it, e.g. all live hosts of a venue."""

    scope: str
    limit: Limit


class Transport:
    """Requests to one venue in one environment. Shared by every account there.

    Args:
        session: From `Network`.
        gate: Where requests wait for their turn.
        clock: The venue's.
        follows_date: Whether the answers' `Date` headers tell the clock; not needed where a venue writes its time
            into the body.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        gate: Gate,
        clock: VenueClock,
        follows_date: bool = True,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self.session = session
        self.gate = gate
        self.clock = clock
        self.measuring = asyncio.Lock()  # so that many first requests ask for the time once
        self._follows_date = follows_date
        self._timeout = timeout
        self._kept: set[asyncio.Task[None]] = set()

    def keep(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Do something beside the requests, at the longest until the transport is closed."""
        task = asyncio.create_task(work, name=name)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    async def close(self) -> None:
        """End what is done beside the requests."""
        kept = list(self._kept)
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER,
    ) -> Response:
        """Send once and return the answer, whatever its status. The caller has passed the gate.

        Args:
            url: Already escaped: it goes out exactly as it is, because it may be signed.

        Raises:
            NotSent: No connection was made (`unreachable`).
            OutcomeUnknown: The venue may have seen the request (`no_answer`), or answered more than `max_bytes`.
        """
        sent_at = self.gate.monotonic()
        try:
            async with self.session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as answer:
                content = await _read_capped(answer, max_bytes)
        except aiohttp.ClientSSLError as e:
            raise NotSent(
                f"Whoever answers there cannot prove to be the venue ({type(e).__name__}).", code="tls_failed"
            ) from e
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as e:
            raise NotSent(f"The venue cannot be reached ({type(e).__name__}).", code="unreachable") from e
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            raise OutcomeUnknown(f"No complete answer from the venue ({type(e).__name__}).", code="no_answer") from e
        received_at = self.gate.monotonic()
        if self._follows_date:
            observe_date(self.clock, answer.headers, sent_at=sent_at, received_at=received_at)
        return Response(
            status=answer.status, headers=answer.headers, body=content, sent_at=sent_at, received_at=received_at
        )

    async def read(
        self,
        method: str,
        url: str,
        *,
        cost: Cost,
        body: bytes | None = None,
        headers: Callable[[], Mapping[str, str]] | None = None,
        max_bytes: int = MAX_ANSWER,
    ) -> Response:
        """Pass the gate, then make the headers (so that no timestamp ages), then send something that changes nothing.

        Raises:
            Unavailable: For every way of not getting an answer; `code` says which.
        """
        try:
            await self.gate.enter(cost)
            made = headers() if headers is not None else None
            return await self.request(method, url, body=body, headers=made, max_bytes=max_bytes)
        except (NotSent, OutcomeUnknown) as e:
            raise Unavailable(e.message, code=e.code, **e.fields) from e


def json_object(raw: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body or a frame holds; None if it is anything else."""
    try:
        found = msgspec.json.decode(raw)
    except NOT_JSON:
        return None
    return found if isinstance(found, dict) else None


def observe_date(clock: VenueClock, headers: Mapping[str, str], *, sent_at: float, received_at: float) -> None:
    """Tell the clock what an answer's `Date` header says, which is whole seconds."""
    try:
        venue_s = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return
    clock.observe(venue_s, sent_at=sent_at, received_at=received_at, resolution_s=1.0)


async def _read_capped(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Read a body to its end, but never more than `max_bytes`: a broken peer must not fill our memory."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await answer.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            answer.close()
            raise OutcomeUnknown("The venue's answer is longer than any it documents.", code="answer_too_long")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _trusting(ca_file: str) -> ssl.SSLContext:
    """Return what trusts these certificates besides the system's; aiohttp has one of the system's alone already."""
    context = ssl.create_default_context()
    context.load_verify_locations(ca_file)
    return context


class Network:
    """The process's one session and TLS context; hands out a `Transport` per venue and environment.

    Use it as `async with Network() as network: …` inside the running loop.

    Args:
        share: The part of each venue's rate budget that this process may use.
        ca_file: Certificates to trust besides the system's.
        monotonic: The clock that pacing and deadlines go by.
        wall: The time of day, until a venue has told its own.
    """

    def __init__(
        self,
        *,
        share: float = 1.0,
        ca_file: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        self._share = share
        self._ca_file = ca_file
        self._monotonic = monotonic
        self._wall = wall
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._gates: dict[str, Gate] = {}
        self._transports: dict[str, Transport] = {}

    async def __aenter__(self) -> "Network":
        trusts = True if self._ca_file is None else _trusting(self._ca_file)
        connector = aiohttp.TCPConnector(limit=0, ssl=trusts, keepalive_timeout=_KEEPALIVE_S)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),  # accounts share the session
            auto_decompress=True,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session; open only inside `async with`."""
        if self._session is None:
            raise RuntimeError("use Network inside `async with`")
        return self._session

    def transport(self, host: str, budget: Budget, *, follows_date: bool = True) -> Transport:
        """Return the transport for one host, made at the first call; hosts of one budget scope share its gate."""
        known = self._transports.get(host)
        if known is not None:
            return known
        gate = self._gates.get(budget.scope)
        if gate is None:
            pacer = Pacer(budget.limit, share=self._share)
            gate = self._gates[budget.scope] = Gate(pacer, monotonic=self._monotonic)
        clock = VenueClock(monotonic=self._monotonic, wall=self._wall)
        made = Transport(session=self.session, gate=gate, clock=clock, follows_date=follows_date, timeout=self._timeout)
        self._transports[host] = made
        return made

    @property
    def gates(self) -> Mapping[str, Gate]:
        """The gates by what shares them, for whoever wants to know how busy a venue is."""
        return self._gates

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        for transport in self._transports.values():
            await transport.close()
        self._transports.clear()
        if session is not None:
            await session.close()
            await asyncio.sleep(0)  # let the closed sockets' callbacks run
