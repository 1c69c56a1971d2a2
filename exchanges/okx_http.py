"""Requests to OKX: signed, paced, and read out of their envelope.

One address serves real and demo accounts; a header of the environment tells them apart.

https://www.okx.com/docs-v5/en/#overview-rest-authentication
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from exchanges import okx_errors as errors
from exchanges.pacing import Cost, Limit, Purpose, read_purpose
from exchanges.spec import Endpoints
from exchanges.transport import MAX_ANSWER, Response, Transport, json_object
from models import wire
from models.errors import BadPayload, Unavailable
from models.values import from_millis

WINDOW_MS: Final = 30_000
"""How far a request's time may be from OKX's: older ones are refused."""
TIME_PATH: Final = "/api/v5/public/time"

_MICROSECONDS: Final = re.compile(r"\d{16}", re.ASCII)
_OK: Final = 200
_FORBIDDEN: Final = 403
_TOO_MANY: Final = 429
_LEAVE_ALONE_S: Final = 60.0
_PAUSE_S: Final = 2.0  # every documented window is two seconds or less
_JSON: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_USUAL: Final = Limit(weight=10, window_s=2)
_LIMITS: Final[Mapping[str, Limit]] = {
    "/api/v5/account/config": Limit(weight=5, window_s=2),
    "/api/v5/account/trade-fee": Limit(weight=5, window_s=2),
    "/api/v5/account/bills": Limit(weight=5, window_s=1),
    "/api/v5/account/bills-archive": Limit(weight=5, window_s=2),
    "/api/v5/trade/order": Limit(weight=60, window_s=2),
    "/api/v5/trade/amend-order": Limit(weight=60, window_s=2),
    "/api/v5/trade/cancel-order": Limit(weight=60, window_s=2),
    "/api/v5/trade/orders-pending": Limit(weight=60, window_s=2),
    "/api/v5/trade/orders-history": Limit(weight=40, window_s=2),
    "/api/v5/trade/fills": Limit(weight=60, window_s=2),
    "/api/v5/trade/batch-orders": Limit(weight=300, window_s=2),
    "/api/v5/trade/cancel-batch-orders": Limit(weight=300, window_s=2),
    "/api/v5/trade/order-algo": Limit(weight=20, window_s=2),
    "/api/v5/trade/orders-algo-pending": Limit(weight=20, window_s=2),
    "/api/v5/trade/orders-algo-history": Limit(weight=20, window_s=2),
    "/api/v5/trade/amend-algos": Limit(weight=20, window_s=2),
    "/api/v5/trade/cancel-algos": Limit(weight=20, window_s=2),
    "/api/v5/trade/close-position": Limit(weight=20, window_s=2),
    "/api/v5/account/set-leverage": Limit(weight=20, window_s=2),
    "/api/v5/account/leverage-info": Limit(weight=20, window_s=2),
}
"""Of one account. OKX counts some of them per market besides, which allows more; these are kept to be simple."""
_PUBLIC_LIMITS: Final[Mapping[str, Limit]] = {
    "/api/v5/public/instruments": Limit(weight=20, window_s=2),
    "/api/v5/market/ticker": Limit(weight=20, window_s=2),
    "/api/v5/market/tickers": Limit(weight=20, window_s=2),
    "/api/v5/market/candles": Limit(weight=40, window_s=2),
}
"""Of one internet address."""
_COUNTED_BY_MARKET: Final = frozenset({"/api/v5/public/mark-price", "/api/v5/public/funding-rate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """An API key. Its repr shows nothing of it."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    passphrase: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """A name for the key that does not tell it."""
        return hashlib.sha256(self.api_key.encode()).hexdigest()[:16]

    def signature(self, text: str) -> str:
        """Return the signature of a text."""
        return base64.b64encode(hmac.digest(self.api_secret.encode(), text.encode(), "sha256")).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands in an answer's envelope; `as_of` is OKX's time when it came."""

    rows: list[Any]
    as_of: datetime

    @property
    def records(self) -> list[wire.Row]:
        """The rows as objects, which all but bars are."""
        return wire.as_records(self.rows, "data")


class OkxHttp:
    """OKX for one account, or for nobody in particular; without a connection of its own.

    Args:
        endpoints: Of the environment.
        transport: Shared by all accounts there.
        keys: None for what is public.
    """

    def __init__(self, endpoints: Endpoints, transport: Transport, *, keys: Keys | None = None) -> None:
        self.rest = endpoints.rest
        self.transport = transport
        self.keys = keys
        self.account = "" if keys is None else keys.fingerprint
        self._headers = {**_JSON, **dict(endpoints.headers)}

    async def read(
        self,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        is_signed: bool = False,
        purpose: Purpose | None = None,
        max_bytes: int = MAX_ANSWER,
    ) -> Answer:
        """Ask and return the answer.

        Raises:
            Unavailable: No answer, or a refusal (`code` is our word, `venue_code` the venue's).
            BadPayload: Not OKX's envelope.
        """
        target = with_query(path, query or {})
        if is_signed and not self.transport.clock.is_known:
            async with self.transport.measuring:
                if not self.transport.clock.is_known:
                    await self.measure_clock()
        try:
            return await self._ask(path, target, is_signed, purpose, max_bytes)
        except Unavailable as e:
            if not is_signed or e.fields.get("venue_code") != errors.CLOCK:
                raise
        await self.measure_clock()
        return await self._ask(path, target, is_signed, purpose, max_bytes)

    async def measure_clock(self) -> datetime:
        """Ask for OKX's time and follow it.

        https://www.okx.com/docs-v5/en/#public-data-rest-api-get-system-time
        """
        cost = self._read_cost(TIME_PATH, TIME_PATH, is_signed=False, purpose=None)
        response = await self._get(TIME_PATH, cost, is_signed=False)
        rows = wire.as_records(self._open(response, str(cost.bucket)), "data")
        if not rows:
            raise BadPayload("data: expected the time, was empty")
        moment = wire.moment(rows[0], "ts")
        self._observe(moment.timestamp(), response)
        return moment

    def signed_headers(self, method: str, target: str, body: str, *, time_ms: int) -> dict[str, str]:
        """Return every header of a signed request. No clock is read.

        https://www.okx.com/docs-v5/en/#overview-rest-authentication-signature
        """
        if self.keys is None:
            raise TypeError("a request without keys cannot be signed")
        time = iso(time_ms)
        return {
            **self._headers,
            "OK-ACCESS-KEY": self.keys.api_key,
            "OK-ACCESS-SIGN": self.keys.signature(f"{time}{method}{target}{body}"),
            "OK-ACCESS-TIMESTAMP": time,
            "OK-ACCESS-PASSPHRASE": self.keys.passphrase,
        }

    def cost(self, path: str, purpose: Purpose, *, orders: int = 1) -> Cost:
        """Return what a signed request takes from the account's budget."""
        limit = _LIMITS.get(path, _USUAL)
        return Cost(purpose=purpose, bucket=self.bucket(path), bucket_limit=limit, bucket_weight=orders)

    def bucket(self, path: str) -> str:
        """Return the name of what signed requests to an endpoint take from."""
        return f"{self.account}{path}"

    def take_in(self, response: Response, *, bucket: str) -> dict[str, Any] | None:
        """Return an answer's envelope, None if it has none, after learning the time and the limits it tells."""
        envelope = json_object(response.body)
        sent_us = envelope.get("outTime") if envelope else None
        if isinstance(sent_us, str) and _MICROSECONDS.fullmatch(sent_us):
            self._observe(int(sent_us) / 1_000_000, response)
        self._heed_limits(bucket, response, envelope)
        return envelope

    async def _ask(self, path: str, target: str, is_signed: bool, purpose: Purpose | None, max_bytes: int) -> Answer:
        cost = self._read_cost(path, target, is_signed=is_signed, purpose=purpose)
        response = await self._get(target, cost, is_signed=is_signed, max_bytes=max_bytes)
        rows = self._open(response, str(cost.bucket))
        return Answer(rows, from_millis(self.transport.clock.now_ms()))

    def _read_cost(self, path: str, target: str, *, is_signed: bool, purpose: Purpose | None) -> Cost:
        meant = purpose or read_purpose()
        if is_signed:
            return self.cost(path, meant)
        bucket = target if path in _COUNTED_BY_MARKET else path
        return Cost(purpose=meant, bucket=bucket, bucket_limit=_PUBLIC_LIMITS.get(path, _USUAL))

    async def _get(self, target: str, cost: Cost, *, is_signed: bool, max_bytes: int = MAX_ANSWER) -> Response:
        def headers() -> Mapping[str, str]:
            if not is_signed:
                return self._headers
            return self.signed_headers("GET", target, "", time_ms=self.transport.clock.now_ms())

        return await self.transport.read("GET", self.rest + target, cost=cost, headers=headers, max_bytes=max_bytes)

    def _open(self, response: Response, bucket: str) -> list[Any]:
        envelope = self.take_in(response, bucket=bucket)
        code = envelope.get("code") if envelope else None
        if envelope is None or not isinstance(code, str):
            if response.status != _OK:
                raise _http_error(response.status)
            raise BadPayload("The venue's answer is not its documented JSON.")
        if code != "0":
            message = str(envelope.get("msg") or "refused")[:200]
            raise Unavailable(message, code=errors.word(code), venue_code=code, http_status=response.status)
        rows = envelope.get("data")
        if response.status != _OK or not isinstance(rows, list):
            raise wire.bad_field("data", "a list", rows)
        return rows

    def _observe(self, venue_s: float, response: Response) -> None:
        clock = self.transport.clock
        clock.observe(venue_s, sent_at=response.sent_at, received_at=response.received_at, is_certain=True)

    def _heed_limits(self, bucket: str, response: Response, envelope: Mapping[str, Any] | None) -> None:
        pacer, now = self.transport.gate.pacer, response.received_at
        code = envelope.get("code") if envelope else None
        if response.status == _FORBIDDEN and code is None:
            pacer.leave_alone(now, for_s=_LEAVE_ALONE_S)
        elif isinstance(code, str) and code in errors.RATE_LIMITS:
            pacer.pause(now + _PAUSE_S, bucket=bucket)
        elif response.status == _TOO_MANY:
            pacer.pause(now + _PAUSE_S)


def with_query(path: str, query: Mapping[str, object]) -> str:
    """Return a path with its query, escaped, as it is signed and sent; None leaves a parameter out."""
    pairs = [f"{name}={quote(str(value), safe=',')}" for name, value in query.items() if value is not None]
    return f"{path}?{'&'.join(pairs)}" if pairs else path


def iso(time_ms: int) -> str:
    """Return a moment as OKX's headers carry it: 2020-12-08T09:08:57.715Z."""
    return from_millis(time_ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"


def _http_error(status: int) -> Unavailable:
    code = {401: "key_invalid", _FORBIDDEN: "venue_busy", _TOO_MANY: "venue_busy"}.get(status, "unavailable")
    return Unavailable(f"The venue answered HTTP {status}.", code=code, http_status=status)
