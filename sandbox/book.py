"""A synthetic order book around a price: realistic spread, growing depth, the same for the same moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sandbox.instruments import Instrument
from sandbox.path import noise
from sandbox.words import Side

MAX_LEVELS = 200
HALF_SPREAD = Decimal("0.00002")
STEP = Decimal("0.00008")


@dataclass(frozen=True, slots=True)
class Level:
    """One price of the book and the size that rests there."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSource:
    """What the levels are made from.

    Attributes:
        depth_usd: Value that rests at the best price.
        seed: Makes the sizes; it changes every second, so the book breathes.
        bids, asks: Fixed levels set by a test; they replace the synthetic side. An empty tuple is an empty side.
    """

    instrument: Instrument
    last: Decimal
    depth_usd: Decimal
    seed: int
    bids: tuple[Level, ...] | None = None
    asks: tuple[Level, ...] | None = None

    def side(self, side: Side, limit: int = MAX_LEVELS) -> Iterator[Level]:
        """Levels from the best price outwards: bids for BUY, asks for SELL (the side on which such an order rests)."""
        fixed = self.bids if side is Side.BUY else self.asks
        levels = iter(fixed) if fixed is not None else self._synthetic(side)
        for _, level in zip(range(limit), levels, strict=False):
            yield level

    def best(self, side: Side) -> Level | None:
        """The best bid (BUY) or ask (SELL); None when that side is empty."""
        return next(self.side(side, 1), None)

    def _synthetic(self, side: Side) -> Iterator[Level]:
        instrument, away = self.instrument, -side.sign
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        tick = instrument.tick_at(self.last)
        start = max(tick, self.last * HALF_SPREAD)
        previous: Decimal | None = None
        for i in range(MAX_LEVELS):
            offset = start + max(tick * i, self.last * STEP * (i + Decimal(i * i) / 8))
            raw = self.last + away * offset
            if raw <= tick:
                return
            price = instrument.round_price(raw, rounding)
            if price == previous:
                continue
            previous = price
            growth = (1 + Decimal(i) / 4) * Decimal(str(round(0.6 + 0.8 * noise(self.seed, i * away), 4)))
            size = instrument.floor_size(self.depth_usd * growth / price)
            yield Level(price, max(size, instrument.qty_step))
