"""How stock pybit is asked: in bounded threads, page by page, window by window, with the venue's time and refusals."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pybit.exceptions import FailedRequestError, InvalidRequestError

from direct.bybit_client import Client, Recorder
from direct.calls import Pools, Turns, clock_at
from exchanges.bybit_errors import SETTING_REFUSED, word
from exchanges.clock import STALE_S
from models import wire
from models.enums import AccountType, ContractKind
from models.errors import BadPayload, Rejected, Unavailable
from models.unified import Instrument
from models.values import from_millis, to_millis
from models.venue import Credentials

Row = Mapping[str, Any]

FORBIDDEN = 403
SCOPES = (
    {"category": "linear", "settleCoin": "USDT"},
    {"category": "linear", "settleCoin": "USDC"},
    {"category": "inverse"},
)
CONTRACTS = ({"category": "linear"}, {"category": "inverse"})
_NO_TIME_MS = 10**13  # later than any venue's time
_WINDOW = timedelta(days=7)  # the longest span that history endpoints take
_OLDEST = timedelta(days=729)  # how far back they reach


class BybitAsking:
    """The client of one account, or of nobody (public data only), on one host."""

    def __init__(
        self, *, base_url: str, account_type: AccountType, credentials: Credentials | None, pools: Pools
    ) -> None:
        values = credentials.values if credentials else {}
        self._key, secret = values.get("api_key"), values.get("api_secret")
        self._base_url, self._clock = base_url, clock_at(base_url)
        self._http: Any = Client(base_url, self._clock, api_key=self._key, api_secret=secret)
        self._recorder: Any = Recorder()  # type: ignore[no-untyped-call]
        self._recorder.endpoint = base_url
        self._account_type = account_type
        self._pools = pools
        self._turns = Turns()

    def venue_time_ms(self) -> int:
        """Return Bybit's clock by its last answer."""
        return self._clock.now_ms()

    def clock_error_ms(self) -> int | None:
        """Return by how much `venue_time_ms` may be wrong; None: the venue has not told its time yet."""
        return self._clock.error_ms()

    async def _read(self, call: Callable[[], Any]) -> Any:
        if not self._clock.is_known:
            await self.get_server_time()
        try:
            answer = await self._ask(call)
        except (Rejected, Unavailable) as e:
            if e.code != "clock_skew":
                raise
            await self.get_server_time()
            answer = await self._ask(call)
        if self._is_stale(answer):
            await self.get_server_time()
            if self._is_stale(answer):
                raise Unavailable("the answer is older than the question: something caches it", code="stale_answer")
        return answer["result"]

    async def _ask(self, call: Callable[[], Any], *, is_certain: bool = False) -> dict[str, Any]:
        def fetch() -> Any:
            try:
                return call()
            except InvalidRequestError as e:
                code = e.status_code
                if code in SETTING_REFUSED:
                    raise Rejected(e.message, code=word(code), venue_code=str(code)) from e
                raise Unavailable(f"retCode {code}: {e.message}", code=word(code), venue_code=str(code)) from e
            except FailedRequestError as e:
                if e.status_code == FORBIDDEN:
                    self._turns.leave_alone()
                raise Unavailable(f"HTTP {e.status_code}: {e.message}") from e
            except PermissionError as e:
                raise Rejected("this account has no API key", code="no_credentials") from e

        sent_at = time.monotonic()
        answer = await self._pools.read(fetch)
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
            raise BadPayload("expected an object with a result")
        self._observe(answer, sent_at, is_certain=is_certain)
        return answer

    def _observe(self, answer: object, sent_at: float, *, is_certain: bool) -> None:
        """Learn the venue's time from an answer that tells it."""
        moment = answer.get("time") if isinstance(answer, dict) else None
        if type(moment) is int and moment < _NO_TIME_MS:
            received_at = time.monotonic()
            self._clock.observe(moment / 1000, sent_at=sent_at, received_at=received_at, is_certain=is_certain)

    def _is_stale(self, answer: Mapping[str, Any]) -> bool:
        moment = answer.get("time")
        return type(moment) is int and 0 < moment < _NO_TIME_MS and self._clock.now_ms() - moment > (STALE_S + 1) * 1000

    async def _pages(self, method: str, most: int, **query: Any) -> list[Row]:
        rows: list[Row] = []
        cursor: str | None = None
        while len(rows) < most:
            call = getattr(self._http, method)
            page = await self._read(lambda c=cursor, f=call: f(**query, cursor=c))  # type: ignore[misc]
            found = wire.records(page, "list")
            if any(row.get("symbol") != query["symbol"] for row in found if "symbol" in query):
                raise BadPayload("the venue answered about another market than the one asked for")
            rows += found
            cursor = wire.optional_text(page, "nextPageCursor")
            if cursor is None or not found:
                break
        return rows[:most]

    async def _by_settle(self, method: str, instrument: Instrument | None, most: int, **query: Any) -> list[Row]:
        if instrument is not None:
            return await self._pages(
                method, most, category=category_of(instrument), symbol=instrument.native_symbol, **query
            )
        return [row for scope in SCOPES for row in await self._pages(method, most, **scope, **query)]

    async def get_server_time(self) -> datetime:
        """Return Bybit's clock."""
        answer = await self._ask(self._http.get_server_time, is_certain=True)
        return wire.moment(answer["result"], "timeNano")

    async def _history(
        self,
        method: str,
        instrument: Instrument | None,
        scopes: Iterable[Mapping[str, str]],
        since: datetime | None,
        limit: int,
        **query: Any,
    ) -> list[Row]:
        """Return the rows of every scope, window by window from the newest, until there are `limit` of each."""
        if instrument is not None:
            scopes = ({"category": category_of(instrument), "symbol": instrument.native_symbol},)
        if not self._clock.is_known:  # a window up to this machine's own time may end before the newest row
            await self.get_server_time()
        rows: list[Row] = []
        for scope in scopes:
            missing = limit
            for start, end in _windows(since or self._now() - _WINDOW, self._now()):
                span = {"startTime": to_millis(start), "endTime": to_millis(end)}
                found = await self._pages(method, missing, **scope, **span, **query)
                rows += found
                missing -= len(found)
                if missing <= 0:
                    break
        return rows

    def _now(self) -> datetime:
        return from_millis(self.venue_time_ms())


def category_of(instrument: Instrument) -> str:
    """Return the venue's word for a market's kind of contract."""
    inverse = {ContractKind.INVERSE_PERPETUAL, ContractKind.INVERSE_FUTURE}
    return "inverse" if instrument.kind in inverse else "linear"


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span into pieces that the venue takes, newest first."""
    end = until
    since = max(since.astimezone(UTC), until - _OLDEST)
    while end > since:
        start = max(since, end - _WINDOW)
        yield start, end
        end = start
