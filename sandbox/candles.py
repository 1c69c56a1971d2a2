"""History derived from the price paths: bars of any length and the statistics of the last day."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from sandbox.catalogue import COINS
from sandbox.instruments import Instrument, Venue
from sandbox.market import HOUR_MS, Market
from sandbox.path import DAY_MS, noise, seed_number

SAMPLES = 5  # prices looked at inside one bar
MINUTE_MS = 60_000
DAILY_TURNOVER = 4_000  # times the value at the best price


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar; ``volume`` in base coins, ``turnover`` in the quote currency."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal
    trades: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStats:
    """The last 24 hours of one market."""

    open: Decimal
    high: Decimal
    low: Decimal
    hour_ago: Decimal
    volume: Decimal
    turnover: Decimal
    open_interest: Decimal


class History:
    """Bars and day statistics of a market; nothing is stored, everything follows from the seed."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._bar = lru_cache(maxsize=50_000)(self._finished_bar)

    def candles(self, venue: Venue, symbol: str, interval_ms: int, *, start_ms: int, end_ms: int) -> list[Candle]:
        """Bars that start within [start_ms, end_ms], oldest first; the last one may still be growing."""
        now = self._market.clock.now_ms()
        instrument = self._market.instruments(venue)[symbol]
        first = max(-(-start_ms // interval_ms) * interval_ms, -(-instrument.launch_ms // interval_ms) * interval_ms)
        starts = range(first, min(end_ms, now) + 1, interval_ms)
        return [
            self._bar(instrument, start, interval_ms)
            if start + interval_ms <= now
            else self._make_bar(instrument, start, interval_ms, now)
            for start in starts
        ]

    def day(self, venue: Venue, symbol: str) -> DayStats:
        """Open, high, low and volume of the last 24 hours."""
        now = self._market.clock.now_ms()
        last = self._market.quote(venue, symbol).last
        bars = self.candles(venue, symbol, HOUR_MS, start_ms=now - DAY_MS, end_ms=now)
        return DayStats(
            open=bars[0].open if bars else last,
            high=max([last, *(bar.high for bar in bars)]),
            low=min([last, *(bar.low for bar in bars)]),
            hour_ago=self._market.quote(venue, symbol, now - HOUR_MS).last,
            volume=sum((bar.volume for bar in bars), Decimal(0)),
            turnover=sum((bar.turnover for bar in bars), Decimal(0)),
            open_interest=self._open_interest(venue, symbol),
        )

    def _open_interest(self, venue: Venue, symbol: str) -> Decimal:
        instrument = self._market.instruments(venue)[symbol]
        coin = COINS[instrument.base]
        return instrument.floor_size(Decimal(coin.depth_usd) * 900 / (coin.price * instrument.multiplier))

    def _finished_bar(self, instrument: Instrument, start: int, interval_ms: int) -> Candle:
        return self._make_bar(instrument, start, interval_ms, start + interval_ms)

    def _make_bar(self, instrument: Instrument, start: int, interval_ms: int, end: int) -> Candle:
        moments = [start + (end - start) * k // SAMPLES for k in range(SAMPLES + 1)]
        prices = [self._market.quote(instrument.venue, instrument.symbol, moment).last for moment in moments]
        activity = 0.4 + 1.2 * noise(seed_number(self._market.seed, "volume", instrument.symbol), start // MINUTE_MS)
        turnover = COINS[instrument.base].depth_usd * DAILY_TURNOVER * Decimal(end - start) / DAY_MS
        volume = instrument.floor_size(turnover * Decimal(format(activity, ".4f")) / prices[-1])
        return Candle(
            start_ms=start,
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=volume,
            turnover=(volume * (prices[0] + prices[-1]) / 2).quantize(Decimal("0.0001")),
            trades=1 + (end - start) // 1500,
        )
