"""pybit's endpoints on our own transport.

pybit knows Bybit's paths, casts and signatures; each of its endpoint methods does nothing but hand a path and a query
to `_submit_request`. Here that returns a `Call`: the exact request, not yet sent. Awaiting it reads; a write is signed
with the stamp of its journal row and sent by the adapter. pybit's release is pinned, and a test fails when it changes.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from pybit.unified_trading import HTTP

from exchanges import bybit_errors as errors
from exchanges.bybit_calls import Answer, Call, Endpoints
from exchanges.clock import STALE_S
from exchanges.pacing import Cost, Limit, Purpose, read_purpose
from exchanges.transport import MAX_ANSWER, Response, Transport, json_object
from models.errors import BadPayload, Unavailable
from models.values import from_millis

RECV_WINDOW_MS = 5000
"""How long after its timestamp Bybit takes a request. It is the fence, so it is never made wider."""

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_MILLISECOND_DIGITS = 13  # from 2001 to 2286
_SAFE_IN_URL = re.compile(r"[A-Za-z0-9_.,:=%+/~-]*")  # what goes out unescaped must not be able to end its parameter
_TRADES = Limit(weight=10, window_s=1)
_READS = Limit(weight=50, window_s=1)
_FEE_READS = Limit(weight=5, window_s=1)
_ACCOUNT_LIMITS = {
    "/v5/order/create": _TRADES,
    "/v5/order/create-batch": _TRADES,
    "/v5/order/amend": _TRADES,
    "/v5/order/cancel": _TRADES,
    "/v5/order/cancel-all": _TRADES,
    "/v5/position/set-leverage": _TRADES,
    "/v5/position/trading-stop": _TRADES,
    "/v5/position/switch-mode": _TRADES,
    "/v5/position/add-margin": _TRADES,
    "/v5/account/fee-rate": _FEE_READS,
}


class BybitHTTP(HTTP):
    """pybit's client with our transport under it; one per account, without a connection of its own.

    Args:
        rest: The venue's address.
        transport: Shared by all accounts there.
        api_key: None for what is public.
    """

    __repr__, __eq__, __hash__ = object.__repr__, object.__eq__, object.__hash__  # a dataclass's would show the secret

    def __init__(
        self, rest: str, transport: Transport, *, api_key: str | None = None, api_secret: str | None = None
    ) -> None:
        super().__init__(api_key=api_key, api_secret=api_secret)  # type: ignore[no-untyped-call]
        self.endpoint = self.rest = rest
        self.transport = transport
        self.account = "" if api_key is None else fingerprint(api_key)

    def __post_init__(self) -> None:
        """Leave out pybit's session, retries and log handler."""

    @property
    def endpoints(self) -> Endpoints:
        """The venue's endpoints as calls."""
        return cast(Endpoints, self)

    def _submit_request(
        self, method: str = "", path: str = "", query: dict[str, Any] | None = None, auth: bool = False
    ) -> Call:
        cleaned = self._clean_query(query)  # type: ignore[no-untyped-call]
        if method == "GET" and not all(is_safe_in_url(value) for value in cleaned.values()):
            raise ValueError("a query value holds a character that would change the query")
        payload = self.prepare_payload(method, cleaned)  # type: ignore[no-untyped-call]
        return Call(self, method, path, payload, auth)

    def sign(self, call: Call, *, timestamp_ms: int, recv_window_ms: int = RECV_WINDOW_MS) -> dict[str, str]:
        """Return every header of a signed request. No clock is read."""
        signature = self._auth(call.payload, recv_window_ms, timestamp_ms)  # type: ignore[no-untyped-call]
        return {
            **_HEADERS,
            "X-BAPI-API-KEY": self.api_key,
            "X-BAPI-SIGN": signature,
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": str(timestamp_ms),
            "X-BAPI-RECV-WINDOW": str(recv_window_ms),
        }

    def sign_stream(self, expires_ms: int) -> str:
        """Return the signature that logs a private stream in until a moment."""
        secret = self.api_secret or ""
        return hmac.new(secret.encode(), f"GET/realtime{expires_ms}".encode(), hashlib.sha256).hexdigest()

    async def read(self, call: Call, *, purpose: Purpose | None = None, max_bytes: int = MAX_ANSWER) -> Answer:
        """Ask and return the answer.

        Raises:
            Unavailable: No answer, a refusal (`code` is our word, `venue_code` the venue's), or a stale answer.
            BadPayload: Not Bybit's envelope.
        """
        if call.method != "GET":
            raise TypeError("a write is signed and sent by the adapter, never awaited")
        if call.is_signed and not self.transport.clock.is_known:
            await self._learn_time(purpose)
        answer = await self._ask(call, purpose, max_bytes)
        if answer.code == errors.CLOCK and call.is_signed:  # the refusal told the venue's time
            answer = await self._ask(call, purpose, max_bytes)
        if answer.code != 0:
            raise Unavailable(answer.message or "refused", code=errors.word(answer.code), venue_code=str(answer.code))
        if self._is_stale(answer):
            await self.measure_clock()
            if self._is_stale(answer):
                raise Unavailable("The answer is older than the question: something caches it.", code="stale_answer")
        return answer

    async def measure_clock(self) -> datetime:
        """Ask for the venue's time and follow it."""
        call = self.endpoints.get_server_time()
        answer = await self._ask(call, None, MAX_ANSWER, is_certain=True)
        if answer.code != 0:
            raise Unavailable(answer.message or "refused", code=errors.word(answer.code), venue_code=str(answer.code))
        return answer.as_of

    async def _learn_time(self, purpose: Purpose | None) -> None:
        async with self.transport.measuring:
            if not self.transport.clock.is_known:
                await self._ask(self.endpoints.get_server_time(), purpose, MAX_ANSWER)

    def cost(self, call: Call, purpose: Purpose, *, orders: int = 1) -> Cost:
        """Return what a call takes from the venue's budget and from the account's own."""
        if not call.is_signed:
            return Cost(purpose=purpose)
        path = call.path.removeprefix(self.endpoint)
        limit = _ACCOUNT_LIMITS.get(path, _READS)
        return Cost(purpose=purpose, bucket=f"{self.account}{path}", bucket_limit=limit, bucket_weight=orders)

    def take_in(self, call: Call, response: Response, *, is_certain: bool = False) -> dict[str, Any] | None:
        """Return an answer's envelope, None if it has none, after learning the time and the limits it tells."""
        envelope = json_object(response.body)
        moment = _moment_ms(envelope) if envelope else None
        code = _whole(envelope.get("retCode")) if envelope else None
        if moment is not None:
            self.transport.clock.observe(
                moment / 1000,
                sent_at=response.sent_at,
                received_at=response.received_at,
                is_certain=is_certain or call.method == "POST" or code == errors.CLOCK,
            )
        self._heed_limits(call, response, code)
        return envelope

    def _heed_limits(self, call: Call, response: Response, code: int | None) -> None:
        pacer, now = self.transport.gate.pacer, response.received_at
        if response.status == 403:
            pacer.leave_alone(now)
        elif response.status == 429 or code in errors.VENUE_BUSY:
            pacer.pause(now + _retry_after_s(response.headers))
        if not call.is_signed:
            return
        bucket = f"{self.account}{call.path.removeprefix(self.endpoint)}"
        allowed = _whole(response.headers.get("X-Bapi-Limit"))
        if allowed is not None and allowed > 0:
            pacer.learn(bucket, Limit(weight=allowed, window_s=1), now)
        if code in errors.ACCOUNT_BUSY or response.headers.get("X-Bapi-Limit-Status") == "0":
            pacer.pause(now + self._reset_in_s(response.headers), bucket=bucket)

    async def _ask(self, call: Call, purpose: Purpose | None, max_bytes: int, *, is_certain: bool = False) -> Answer:
        def headers() -> Mapping[str, str]:
            if not call.is_signed:
                return _HEADERS
            return self.sign(call, timestamp_ms=self.transport.clock.now_ms())

        cost = self.cost(call, purpose or read_purpose())
        response = await self.transport.read("GET", call.url, cost=cost, headers=headers, max_bytes=max_bytes)
        envelope = self.take_in(call, response, is_certain=is_certain)
        if response.status != 200:
            raise _http_error(response.status)
        if envelope is None:
            raise BadPayload("The venue's answer is not its documented JSON.")
        return self._open(envelope)

    def _open(self, envelope: Mapping[str, Any]) -> Answer:
        code, moment = _whole(envelope.get("retCode")), _moment_ms(envelope)
        if code is None:
            raise BadPayload(f"retCode: expected a number, was {str(envelope.get('retCode'))[:40]!r}")
        result, extra = envelope.get("result"), envelope.get("retExtInfo")
        return Answer(
            code=code,
            message=str(envelope.get("retMsg") or "")[:200],
            result=result if isinstance(result, dict) else {},
            extra=extra if isinstance(extra, dict) else {},
            as_of=from_millis(self.transport.clock.now_ms() if moment is None else moment),
        )

    def _is_stale(self, answer: Answer) -> bool:
        return self.transport.clock.now_ms() - answer.as_of.timestamp() * 1000 > (STALE_S + 1) * 1000

    def _reset_in_s(self, headers: Mapping[str, str]) -> float:
        reset = _whole(headers.get("X-Bapi-Limit-Reset-Timestamp"))
        if reset is None:
            return 1.0
        return min(max((reset - self.transport.clock.now_ms()) / 1000, 0.1), 10.0)


def is_safe_in_url(value: object) -> bool:
    """Whether a value may go into a query as it is: nothing in it ends the parameter or needs escaping."""
    return _SAFE_IN_URL.fullmatch(str(value)) is not None


def fingerprint(api_key: str) -> str:
    """Return a name for a key that does not tell the key."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:16]


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _moment_ms(envelope: Mapping[str, Any]) -> int | None:
    """Return the venue's time where the answer tells one; a number of another length is none."""
    moment = _whole(envelope.get("time"))
    return moment if moment is not None and len(str(moment)) == _MILLISECOND_DIGITS else None


def _retry_after_s(headers: Mapping[str, str]) -> float:
    seconds = _whole(headers.get("Retry-After"))
    return 1.0 if seconds is None else float(min(max(seconds, 1), 60))


def _http_error(status: int) -> Unavailable:
    code = {401: "key_invalid", 403: "venue_busy", 429: "venue_busy"}.get(status, "unavailable")
    return Unavailable(f"The venue answered HTTP {status}.", code=code, http_status=status)
