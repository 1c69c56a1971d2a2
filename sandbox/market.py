"""Prices of the simulated world: one seeded path per coin, shared by all venues, and whatever tests set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from sandbox.book import BookSource, Level
from sandbox.catalogue import COINS, all_instruments
from sandbox.clock import Clock
from sandbox.instruments import Instrument, Venue
from sandbox.path import noise, seed_number
from sandbox.underlying import Underlying, floor_tick
from sandbox.words import TriggerBy

HOUR_MS = 3_600_000
BASIS = Decimal("0.0002")  # how far last and mark stray from the index, at most
FUNDING_PER_HOUR = Decimal("0.0000125")
FUNDING_GRID = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Prices of one market at one moment."""

    last: Decimal
    mark: Decimal
    index: Decimal

    def by(self, which: TriggerBy) -> Decimal:
        """The price that a trigger watches."""
        return {TriggerBy.LAST: self.last, TriggerBy.MARK: self.mark, TriggerBy.INDEX: self.index}[which]


class Market:
    """All markets of all venues at the clock's time.

    The same seed and the same moments give the same numbers. A price that somebody sets is exactly the last, mark and
    index price of every market of that coin until it is released.
    """

    def __init__(self, *, clock: Clock, seed: int = 1, instruments: Iterable[Instrument] | None = None) -> None:
        self.clock = clock
        self.seed = seed
        rows = list(all_instruments() if instruments is None else instruments)
        self._instruments = {venue: {i.symbol: i for i in rows if i.venue is venue} for venue in Venue}
        self.underlyings = {name: Underlying(coin, seed) for name, coin in COINS.items()}
        self._marks: dict[str, Decimal] = {}
        self._fixed_books: dict[tuple[Venue, str], tuple[tuple[Level, ...], tuple[Level, ...]]] = {}
        self._depth_factors: dict[tuple[Venue, str], Decimal] = {}
        self._funding_rates: dict[str, Decimal] = {}

    def instruments(self, venue: Venue) -> Mapping[str, Instrument]:
        """The venue's markets by symbol."""
        return self._instruments[venue]

    def instrument(self, venue: Venue, symbol: str) -> Instrument:
        """One market; KeyError when the venue does not list it."""
        return self._instruments[venue][symbol]

    def replace_instrument(self, instrument: Instrument) -> None:
        """Change a listed market (delist it, move its grid); from then on the venue answers with the new row."""
        self._instruments[instrument.venue][instrument.symbol] = instrument

    # Prices

    def quote(self, venue: Venue, symbol: str, at_ms: int | None = None) -> Quote:
        """Last, mark and index price now, or at a past moment."""
        instrument = self._instruments[venue][symbol]
        moment = floor_tick(self.clock.now_ms() if at_ms is None else at_ms)
        price, held = self.underlyings[instrument.base].at(moment)
        index = price * instrument.multiplier
        last, mark = index, index
        if not held:
            last *= 1 + self._basis(instrument, "last", moment)
            mark *= 1 + self._basis(instrument, "mark", moment)
        if at_ms is None and instrument.base in self._marks:
            mark = self._marks[instrument.base] * instrument.multiplier
        return Quote(
            last=instrument.round_price(last, ROUND_HALF_EVEN),
            mark=instrument.round_price(mark, ROUND_HALF_EVEN),
            index=instrument.round_price(index, ROUND_HALF_EVEN),
        )

    def set_price(self, coin: str, price: Decimal, *, mark: Decimal | None = None, hold: bool = True) -> None:
        """Move a coin's price, on every venue.

        Args:
            coin: Underlying coin, "BTC" or "PEPE".
            price: Of one underlying coin, in dollars.
            mark: A mark price of its own; None lets it follow.
            hold: Keep it there. False: the path goes on from this price.
        """
        self.underlyings[coin].set(self.clock.now_ms(), price, held=hold)
        self._marks.pop(coin, None)
        if mark is not None:
            self._marks[coin] = mark

    def release_price(self, coin: str) -> None:
        """Let a held price move again from where it is."""
        underlying = self.underlyings[coin]
        price, _ = underlying.at(self.clock.now_ms())
        self.set_price(coin, price, hold=False)

    # Books

    def book(self, venue: Venue, symbol: str) -> BookSource:
        """The order book now."""
        instrument = self._instruments[venue][symbol]
        bids, asks = self._fixed_books.get((venue, symbol), (None, None))
        factor = self._depth_factors.get((venue, symbol), Decimal(1))
        second = self.clock.now_ms() // 1000
        return BookSource(
            instrument=instrument,
            last=self.quote(venue, symbol).last,
            depth_usd=factor * COINS[instrument.base].depth_usd,
            seed=seed_number(self.seed, "book", venue, symbol, second),
            bids=bids,
            asks=asks,
        )

    def fix_book(self, venue: Venue, symbol: str, *, bids: Sequence[Level], asks: Sequence[Level]) -> None:
        """Put exactly these levels into a book until ``free_book``."""
        self._fixed_books[venue, symbol] = (tuple(bids), tuple(asks))

    def scale_depth(self, venue: Venue, symbol: str, factor: Decimal) -> None:
        """Make a book thinner (factor below one) or deeper."""
        self._depth_factors[venue, symbol] = factor

    def free_book(self, venue: Venue, symbol: str) -> None:
        """Back to the synthetic book."""
        self._fixed_books.pop((venue, symbol), None)
        self._depth_factors.pop((venue, symbol), None)

    # Funding

    def funding_rate(self, venue: Venue, symbol: str, at_ms: int) -> Decimal:
        """The rate that the funding payment at (or next after) this moment uses."""
        instrument = self._instruments[venue][symbol]
        if instrument.base in self._funding_rates:
            return self._funding_rates[instrument.base]
        step = instrument.funding_hours * HOUR_MS
        swing = _centred(noise(seed_number(self.seed, "funding", instrument.base), -(-at_ms // step)))
        return (FUNDING_PER_HOUR * instrument.funding_hours * (1 + 2 * swing)).quantize(FUNDING_GRID)

    def next_funding_ms(self, venue: Venue, symbol: str, after_ms: int) -> int:
        """When funding is paid next, strictly after this moment."""
        step = self._instruments[venue][symbol].funding_hours * HOUR_MS
        return (after_ms // step + 1) * step

    def set_funding_rate(self, coin: str, rate: Decimal | None) -> None:
        """Fix a coin's funding rate on every venue; None frees it."""
        if rate is None:
            self._funding_rates.pop(coin, None)
        else:
            self._funding_rates[coin] = rate

    def _basis(self, instrument: Instrument, name: str, moment: int) -> Decimal:
        return BASIS * _centred(
            noise(seed_number(self.seed, name, instrument.venue, instrument.symbol), moment // 4000)
        )


def _centred(random: float) -> Decimal:
    """A random number in [0, 1) as a Decimal in [-1, 1)."""
    return Decimal(format(2 * random - 1, ".6f"))
