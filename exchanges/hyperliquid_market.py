"""What HyperLiquid tells anybody: markets, prices, bars. One object per environment, shared by all its accounts.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from weakref import WeakValueDictionary

from exchanges.hyperliquid_info import MAIN_DEX, Info, dex_field
from exchanges.hyperliquid_pushes import Pushes, Topic
from exchanges.pacing import Limit, Purpose, only_looks, read_purpose
from exchanges.spec import Endpoints
from exchanges.transport import Budget, Network, Transport
from models import wire
from models.errors import BadOrder, BadPayload, Unavailable
from models.market import Candle, Instrument, Ticker, instruments_from_hyperliquid, tickers_from_hyperliquid
from models.values import from_millis, to_millis

logger = logging.getLogger(__name__)

T = TypeVar("T")

BUDGET: Final = Budget(scope="hyperliquid", limit=Limit(weight=1200, window_s=60))
"""What one internet address may ask of one environment.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits
"""
MANY_DEXES: Final = 20
"""From here on everything is asked for all dexes at once where the venue can, and dexes nobody uses are left out."""
_FEW_METAS: Final = 2
"""So many dexes are listed one by one; from the next on, all in one question of the same price."""
_LISTING_S: Final = 600.0
_PRICES_S: Final = 1.5
_NOW_S: Final = 0.3  # so that one question serves all positions that are closed together
_PUSHED_S: Final = 4.0
"""How old a pushed price may get: the venue tells about every second, so a longer silence may be a stopped line."""
_MINUTE_MS: Final = 60_000
_INTERVALS_MS: Final = {
    "1m": _MINUTE_MS,
    "5m": 5 * _MINUTE_MS,
    "15m": 15 * _MINUTE_MS,
    "1h": 60 * _MINUTE_MS,
    "4h": 240 * _MINUTE_MS,
    "1d": 1440 * _MINUTE_MS,
}
_USDC: Final = 0
_LISTING_JUST_READ_S: Final = 30.0
_USDC_NAME: Final = "USDC"
_MOST_CANDLES: Final = 5000


class Cached(Generic[T]):
    """A value that many ask for and one fetches, once in `ttl_s`. A failed fetch is the asker's, and is not kept.

    Who asks for a purpose waits for nobody's fetch for another one: the background waits a minute for the venue's
    limits, and a person must not wait with it.

    Args:
        load: Fetches it.
        ttl_s: How old it may get.
        monotonic: The clock.
    """

    def __init__(self, load: Callable[[], Awaitable[T]], *, ttl_s: float, monotonic: Callable[[], float]) -> None:
        self._load = load
        self._ttl_s = ttl_s
        self._monotonic = monotonic
        self._locks: defaultdict[Purpose, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._value: tuple[float, T] | None = None
        self._changes = 0

    async def get(self, *, fresh: bool = False, newer_than_s: float | None = None) -> T:
        """Return the value, fetched now if it is too old or must be `fresh`, or newer than some seconds."""
        async with self._locks[read_purpose()]:
            now = self._monotonic()
            ttl_s = self._ttl_s if newer_than_s is None else newer_than_s
            if self._value is not None and not fresh and now < self._value[0] + ttl_s:
                return self._value[1]
            changes = self._changes
            value = await self._load()
            if changes == self._changes and (self._value is None or self._value[0] <= now):
                # what changed while it was on its way is not in it
                self._value = (now, value)
            return value

    def forget(self) -> None:
        """Fetch it anew the next time, because it changed."""
        self._changes += 1
        self._value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dex:
    """A perpetuals dex: the venue's own (`name` empty) or a builder's, and what it lists."""

    name: str
    collateral: str
    instruments: tuple[Instrument, ...]


class HLMarket:
    """HyperLiquid's public side in one environment.

    Args:
        info: Asks its /info.
        pushes: What its stream tells meanwhile.
    """

    def __init__(self, info: Info, pushes: Pushes) -> None:
        self.info = info
        self.pushes = pushes
        self._monotonic = info.transport.gate.monotonic
        self._listing = Cached(self._load_listing, ttl_s=_LISTING_S, monotonic=self._monotonic)
        self._prices: dict[str, Cached[list[Ticker]]] = {}

    async def dexes(self) -> tuple[Dex, ...]:
        """Return every dex, the main one first; at most ten minutes old."""
        return await self._listing.get()

    async def get_instruments(self) -> list[Instrument]:
        """Return every listed market of every dex.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint/perpetuals#retrieve-perpetuals-metadata-universe-and-margin-tables
        """
        listing = await self._listing.get(newer_than_s=_LISTING_JUST_READ_S)
        return [instrument for dex in listing for instrument in dex.instruments]

    async def get_ticker(self, instrument: Instrument) -> Ticker:
        """Return the market's prices: those pushed in the last seconds, or else fetched for its whole dex.

        Fetched ones may be 1.5 seconds old; `as_of` says when either came. An order that gets somebody out is bounded
        by what is fetched for it: in a market that people flee from, a price of a second ago is met no more.
        """
        is_way_out = read_purpose() is Purpose.EXIT and not only_looks()
        pushed = None if is_way_out else await self._pushed_ticker(instrument)
        if pushed is not None:
            return pushed
        tickers = await self._tickers_of(instrument.dex or MAIN_DEX, newer_than_s=_NOW_S if is_way_out else None)
        found = next((ticker for ticker in tickers if ticker.symbol == instrument.symbol), None)
        if found is None:
            raise Unavailable(f"HyperLiquid gives no prices for {instrument.symbol}.", code="unknown_symbol")
        return found

    async def get_tickers(self) -> list[Ticker]:
        """Return the prices of every dex in one request each; of the main one alone where there are many."""
        listing = await self.dexes()
        names = [dex.name for dex in listing] if len(listing) <= MANY_DEXES else [MAIN_DEX]
        parts = await asyncio.gather(*(self._tickers_of(name) for name in names))
        return [ticker for part in parts for ticker in part]

    async def get_candles(
        self, instrument: Instrument, interval: str, *, limit: int = 200, end: datetime | None = None
    ) -> list[Candle]:
        """Return bars, oldest first; the last one may still be open.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#candle-snapshot
        """
        step = _INTERVALS_MS.get(interval)
        if step is None:
            raise BadOrder(f"interval: expected one of {', '.join(_INTERVALS_MS)}", code="bad_interval")
        end_ms = to_millis(end) if end is not None else self.info.transport.clock.now_ms()
        bars = min(limit, _MOST_CANDLES)
        request = {
            "coin": instrument.native_symbol,
            "interval": interval,
            "startTime": end_ms - bars * step,
            "endTime": end_ms,
        }
        rows = wire.as_records(await self.info.ask("candleSnapshot", req=request), "candles")
        candles = sorted((Candle.from_hyperliquid(row) for row in rows), key=lambda candle: candle.opened_at)
        return candles[-bars:]

    async def get_server_time(self) -> datetime:
        """Return the venue's clock, and set ours by it.

        https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint
        """
        sent_at = self._monotonic()
        answer = wire.as_record(await self.info.ask("exchangeStatus"), "exchangeStatus")
        moment = wire.moment(answer, "time")
        self.info.transport.clock.observe(moment.timestamp(), sent_at=sent_at, received_at=self._monotonic())
        return moment

    async def _pushed_ticker(self, instrument: Instrument) -> Ticker | None:
        push = await self.pushes.latest(Topic("activeAssetCtx", instrument.native_symbol))
        if push is None or self._monotonic() - push.received_at > _PUSHED_S:
            return None
        try:
            context = wire.record(push.data, "ctx")
            return Ticker.from_hyperliquid(context, coin=instrument.native_symbol, as_of=from_millis(push.received_ms))
        except BadPayload as e:
            logger.warning("push not read", extra={"coin": instrument.native_symbol[:40], "reason": e.message})
            return None

    async def _tickers_of(self, dex: str, *, newer_than_s: float | None = None) -> list[Ticker]:
        async def load() -> list[Ticker]:
            answer = await self.info.ask("metaAndAssetCtxs", **dex_field(dex))
            return tickers_from_hyperliquid(answer, as_of=from_millis(self.info.transport.clock.now_ms()))

        if dex not in self._prices:
            self._prices[dex] = Cached(load, ttl_s=_PRICES_S, monotonic=self._monotonic)
        return await self._prices[dex].get(newer_than_s=newer_than_s)

    async def _load_listing(self) -> tuple[Dex, ...]:
        names = _dex_names(await self.info.ask("perpDexs"))
        metas = await self._metas(names)
        tokens = await self._tokens(metas)
        listed = [_dex(name, index, meta, tokens) for index, (name, meta) in enumerate(zip(names, metas, strict=True))]
        return tuple(dex for dex in listed if dex is not None)

    async def _metas(self, names: list[str]) -> list[wire.Row]:
        if len(names) > _FEW_METAS:
            metas = wire.as_records(await self.info.ask("allPerpMetas"), "allPerpMetas")
            if len(metas) != len(names):  # a dex was listed in between
                raise BadPayload(f"allPerpMetas: expected {len(names)} dexes, was {len(metas)}")
            return metas
        answers = await asyncio.gather(*(self.info.ask("meta", **dex_field(name)) for name in names))
        return [wire.as_record(answer, "meta") for answer in answers]

    async def _tokens(self, metas: list[wire.Row]) -> dict[int, str]:
        """Return the names of the coins that dexes settle in; spot is asked only if one is not USDC."""
        if all(_collateral_id(meta) == _USDC for meta in metas):
            return {_USDC: _USDC_NAME}
        spot = wire.as_record(await self.info.ask("spotMeta"), "spotMeta")
        return {wire.integer(row, "index"): wire.text(row, "name") for row in wire.records(spot, "tokens")}


def _dex_names(answer: Any) -> list[str]:
    if not isinstance(answer, list) or not answer or answer[0] is not None:
        raise wire.bad_field("perpDexs", "null, then the builders' dexes", answer)
    return [MAIN_DEX, *(wire.text(row, "name") for row in wire.as_records(answer[1:], "perpDexs"))]


def _collateral_id(meta: wire.Row) -> int:
    token = wire.optional_integer(meta, "collateralToken")
    return _USDC if token is None else token


def _dex(name: str, index: int, meta: wire.Row, tokens: dict[int, str]) -> Dex | None:
    """Read one dex; a builder's that cannot be read is left out, for it must not take the others away."""
    try:
        token = _collateral_id(meta)
        collateral = tokens.get(token, f"token {token}")
        instruments = instruments_from_hyperliquid(
            meta, dex=name or None, dex_index=index - 1 if name else None, collateral=collateral
        )
    except BadPayload as e:
        if name == MAIN_DEX:
            raise
        logger.warning("dex left out", extra={"dex": name[:40], "reason": e.message})
        return None
    return Dex(name=name, collateral=collateral, instruments=tuple(instruments))


# kept as long as some account, or the registry's public object, uses it
_markets: WeakValueDictionary[Transport, HLMarket] = WeakValueDictionary()


def shared_market(endpoints: Endpoints, transport: Transport) -> HLMarket:
    """Return the one market object of an environment: listings and prices are fetched once for all accounts."""
    market = _markets.get(transport)
    if market is None:
        market = HLMarket(Info(transport, endpoints.rest), Pushes(transport, endpoints.stream))
        _markets[transport] = market
    return market


def transport_of(endpoints: Endpoints, network: Network) -> Transport:
    """Return the environment's transport, which all its accounts share."""
    return network.transport(endpoints.rest, replace(BUDGET, scope=f"{BUDGET.scope} {endpoints.rest}"))
