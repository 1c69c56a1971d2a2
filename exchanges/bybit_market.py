"""What Bybit tells anybody: markets, prices, history, time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from exchanges.bybit_calls import Call
from exchanges.bybit_http import BybitHTTP, is_safe_in_url
from exchanges.bybit_orders import market
from exchanges.pacing import Limit, Purpose
from exchanges.spec import Endpoints
from exchanges.together import together
from exchanges.transport import MAX_ANSWER, MAX_TABLE, Budget, Network
from models import wire
from models.errors import BadPayload
from models.unified import Candle, Instrument, Ticker, instruments_from_bybit
from models.values import to_millis

BUDGET = Budget(scope="bybit", limit=Limit(weight=600, window_s=5))
"""What Bybit allows one internet address, across all its hosts."""

CONTRACTS: tuple[Mapping[str, str], ...] = ({"category": "linear"}, {"category": "inverse"})
_INTERVALS = {"1m": "1", "5m": "5", "15m": "15", "1h": "60", "4h": "240", "1d": "D"}
_MAX_PAGES = 200
_MAX_BARS = 1000
_INSTRUMENTS_A_PAGE = 1000


class BybitMarket:
    """The public side of Bybit in one environment.

    Args:
        endpoints: The environment's addresses.
        network: The process's connections.
    """

    def __init__(
        self, endpoints: Endpoints, network: Network, *, api_key: str | None = None, api_secret: str | None = None
    ) -> None:
        transport = network.transport(endpoints.rest, budget(endpoints), follows_date=False)
        self._http = BybitHTTP(endpoints.rest, transport, api_key=api_key, api_secret=api_secret)
        self._api = self._http.endpoints

    async def get_instruments(self) -> list[Instrument]:
        """Return every linear and inverse contract, all pages.

        https://bybit-exchange.github.io/docs/v5/market/instrument
        """
        found = await together(
            self._all(self._api.get_instruments_info, kind, a_page=_INSTRUMENTS_A_PAGE, max_bytes=MAX_TABLE)
            for kind in CONTRACTS
        )
        return instruments_from_bybit([row for rows, _ in found for row in rows])

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices now.

        https://bybit-exchange.github.io/docs/v5/market/tickers
        """
        answer = await self._api.get_tickers(**market(instrument))
        for row in wire.records(answer.result, "list"):
            if row.get("symbol") == instrument.native_symbol:
                return Ticker.from_bybit(row, as_of=answer.as_of)
        raise BadPayload(f"{instrument.native_symbol}: the venue lists no price for it")

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all contracts, in one request for linear and one for inverse ones."""
        calls = [self._api.get_tickers(**kind) for kind in CONTRACTS]
        answers = await together(self._http.read(call, max_bytes=MAX_TABLE) for call in calls)
        return [
            Ticker.from_bybit(row, as_of=answer.as_of)
            for answer in answers
            for row in wire.records(answer.result, "list")
        ]

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return up to 1000 bars, oldest first.

        https://bybit-exchange.github.io/docs/v5/market/kline
        """
        if interval not in _INTERVALS:
            raise ValueError(f"interval: expected one of {', '.join(_INTERVALS)}, was {interval!r}")
        answer = await self._api.get_kline(
            **market(instrument),
            interval=_INTERVALS[interval],
            limit=min(limit, _MAX_BARS),
            end=None if end is None else to_millis(end),
        )
        bars = answer.result.get("list")
        if not isinstance(bars, list):
            raise wire.bad_field("list", "a list of bars", bars)
        return [Candle.from_bybit(bar) for bar in reversed(bars)]

    async def get_server_time(self) -> datetime:
        """Return the venue's clock, and follow it.

        https://bybit-exchange.github.io/docs/v5/market/time
        """
        return await self._http.measure_clock()

    async def _all(
        self,
        endpoint: Callable[..., Call],
        query: Mapping[str, object],
        *,
        a_page: int,
        most: int | None = None,
        purpose: Purpose | None = None,
        max_bytes: int = MAX_ANSWER,
        first: Call | None = None,
    ) -> tuple[list[wire.Row], datetime]:
        """Return the rows of all pages, or of as many as hold `most` rows, and the time of the first page.

        Bybit hands out a cursor even on a page that is not full, so only an empty page or no cursor is the end.

        Args:
            first: The call for the first page, where it has been made before.
        """
        rows: list[wire.Row] = []
        cursor: str | None = None
        as_of: datetime | None = None
        call = endpoint(**query, limit=a_page) if first is None else first
        for _ in range(_MAX_PAGES):
            answer = await self._http.read(call, purpose=purpose, max_bytes=max_bytes)
            page = wire.records(answer.result, "list")
            check_market(page, query)
            as_of = as_of or answer.as_of
            rows += page
            following = _cursor(answer.result)
            if not page or following in {None, cursor} or (most is not None and len(rows) >= most):
                return rows, as_of
            cursor = following
            call = endpoint(**query, limit=a_page, cursor=cursor)
        raise BadPayload("nextPageCursor: the venue's list does not end")


def check_market(rows: Iterable[wire.Row], query: Mapping[str, object]) -> None:
    """Refuse an answer about another market than the one asked for: it proves nothing about either.

    Raises:
        BadPayload: Some row is of another market.
    """
    asked = query.get("symbol")
    if asked is not None and any(row.get("symbol") != asked for row in rows):
        raise BadPayload("The venue answered about another market than the one asked for.")


def budget(endpoints: Endpoints) -> Budget:
    """Return the rate budget of an address: Bybit's own hosts share one, a simulated venue has its own."""
    is_live = endpoints.rest.startswith("https://")
    return BUDGET if is_live else Budget(scope=endpoints.rest, limit=BUDGET.limit)


def _cursor(result: wire.Row) -> str | None:
    cursor: Any = result.get("nextPageCursor")
    if cursor is None or cursor == "":
        return None
    if not isinstance(cursor, str) or not is_safe_in_url(cursor):
        raise wire.bad_field("nextPageCursor", "a cursor", cursor)
    return cursor
