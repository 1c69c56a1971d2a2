"""What OKX tells anybody: markets, prices, bars, time."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from exchanges import okx_market_rows as rows
from exchanges import okx_words as okx
from exchanges.okx_http import Answer, Keys, OkxHttp
from exchanges.pacing import Limit, Purpose, read_purpose
from exchanges.spec import Endpoints
from exchanges.together import together
from exchanges.transport import MAX_TABLE, Budget, Network, Transport
from models import wire
from models.errors import BadPayload
from models.unified import Candle, Instrument, Ticker
from models.values import to_millis

BUDGET: Final = Budget(scope="okx", limit=Limit(weight=200, window_s=2))
"""OKX limits each endpoint and names no sum for an internet address; this is less than its endpoints allow together."""

INSTRUMENTS: Final = "/api/v5/public/instruments"
_TICKER: Final = "/api/v5/market/ticker"
_TICKERS: Final = "/api/v5/market/tickers"
_MARK: Final = "/api/v5/public/mark-price"
_FUNDING: Final = "/api/v5/public/funding-rate"
_CANDLES: Final = "/api/v5/market/candles"
SWAPS: Final[Mapping[str, object]] = {"instType": okx.SWAP}
_INTERVALS: Final = {"1m": "1m", "5m": "5m", "15m": "15m", "1h": "1H", "4h": "4H", "1d": "1Dutc"}
_MAX_BARS: Final = 300
_LIST_KEPT_S: Final = 60.0


class Contracts:
    """How much one contract of each market is: OKX counts in contracts nearly everywhere.

    One table per environment, asked for when it is needed, and again when a market is not in it. Whoever asks for a
    purpose waits for nobody's asking for another one, as the background may wait long for its turn.
    """

    _tables: ClassVar[WeakKeyDictionary[Transport, dict[object, "Contracts"]]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._sizes: Mapping[str, Decimal] = {}
        self._fresh_until = float("-inf")
        self._asking: defaultdict[Purpose, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def shared(cls, transport: Transport, endpoints: Endpoints) -> "Contracts":
        """Return the table of an environment; demo and real share an address, not a list of markets."""
        return cls._tables.setdefault(transport, {}).setdefault(endpoints.headers, cls())

    async def sizes(self, http: OkxHttp, wanted: Iterable[str]) -> Mapping[str, Decimal]:
        """Return the sizes by the venue's names of the markets; all that are wanted are in it if OKX lists them."""
        missing = set(wanted) - self._sizes.keys()
        if missing:
            async with self._asking[read_purpose()]:
                if missing - self._sizes.keys() and http.transport.gate.monotonic() >= self._fresh_until:
                    self.learn(await http.read(INSTRUMENTS, SWAPS, max_bytes=MAX_TABLE), http.transport)
        return self._sizes

    def learn(self, answer: Answer, transport: Transport) -> None:
        """Take over the list of markets."""
        sizes = dict(self._sizes)  # what is listed no longer can still be in somebody's history
        for row in answer.records:
            try:
                sizes[wire.text(row, "instId")] = rows.contract_size(row)
            except BadPayload:
                continue  # said by whoever reads the markets themselves
        self._sizes = sizes
        self._fresh_until = transport.gate.monotonic() + _LIST_KEPT_S


class OkxMarket:
    """The public side of OKX in one environment.

    Args:
        endpoints: Of the environment.
        network: The process's connections.
    """

    def __init__(self, endpoints: Endpoints, network: Network, *, keys: Keys | None = None) -> None:
        transport = network.transport(endpoints.rest, budget(endpoints), follows_date=False)
        self._http = OkxHttp(endpoints, transport, keys=keys)
        self._contracts = Contracts.shared(transport, endpoints)

    async def get_instruments(self) -> list[Instrument]:
        """Return every perpetual, in one answer.

        https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
        """
        answer = await self._http.read(INSTRUMENTS, SWAPS, max_bytes=MAX_TABLE)
        self._contracts.learn(answer, self._http.transport)
        return rows.instruments_from_okx(answer.records)

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices now.

        https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-ticker
        """
        name = {"instId": instrument.native_symbol}
        last, mark, funding = await together(
            [
                self._http.read(_TICKER, name),
                self._http.read(_MARK, {**SWAPS, **name}),
                self._http.read(_FUNDING, name),
            ]
        )
        row, mark_row, funding_row = (_of(answer, instrument) for answer in (last, mark, funding))
        if row is None:
            raise BadPayload(f"{instrument.native_symbol}: the venue lists no price for it")
        return rows.ticker_from_okx(row, mark=mark_row, funding=funding_row, as_of=last.as_of)

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of all perpetuals, without funding, which OKX tells market by market."""
        last, mark = await together(self._http.read(path, SWAPS, max_bytes=MAX_TABLE) for path in (_TICKERS, _MARK))
        marks = {row.get("instId"): row for row in mark.records}
        return [rows.ticker_from_okx(row, mark=marks.get(row.get("instId")), as_of=last.as_of) for row in last.records]

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return up to 300 bars, oldest first.

        https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks
        """
        if interval not in _INTERVALS:
            raise ValueError(f"interval: expected one of {', '.join(_INTERVALS)}, was {interval!r}")
        query = {
            "instId": instrument.native_symbol,
            "bar": _INTERVALS[interval],
            "limit": min(limit, _MAX_BARS),
            "after": None if end is None else to_millis(end) + 1,  # OKX means what is older than that
        }
        answer = await self._http.read(_CANDLES, query)
        return [rows.candle_from_okx(bar) for bar in reversed(answer.rows)]

    async def get_server_time(self) -> datetime:
        """Return the venue's clock, and follow it."""
        return await self._http.measure_clock()


def budget(endpoints: Endpoints) -> Budget:
    """Return the rate budget of an address: OKX's own is one, a simulated venue has its own."""
    is_live = endpoints.rest.startswith("https://")
    return BUDGET if is_live else Budget(scope=endpoints.rest, limit=BUDGET.limit)


def _of(answer: Answer, instrument: Instrument) -> wire.Row | None:
    return next((row for row in answer.records if row.get("instId") == instrument.native_symbol), None)
