"""The price of one coin over time: a seeded path, bent wherever somebody set a price."""

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from math import exp

from sandbox.catalogue import Coin
from sandbox.path import Path, seed_number

TICK_MS = 250  # prices move four times a second


@dataclass(frozen=True, slots=True, kw_only=True)
class _Anchor:
    """A price somebody set: held there, or the point from which the path goes on."""

    at_ms: int
    price: Decimal
    held: bool
    path_value: float


class Underlying:
    """One coin's price in dollars, for any moment, past or present."""

    def __init__(self, coin: Coin, seed: int) -> None:
        self.coin = coin
        self._path = Path(seed=seed_number(seed, coin.name), daily_volatility=coin.daily_volatility)
        self._anchors: list[_Anchor] = []

    def at(self, time_ms: int) -> tuple[Decimal, bool]:
        """The price at this moment, and whether somebody holds it there."""
        moment = floor_tick(time_ms)
        position = bisect_right(self._anchors, moment, key=lambda anchor: anchor.at_ms)
        if position == 0:
            return self.coin.price * _decimal(exp(self._path.at(moment))), False
        anchor = self._anchors[position - 1]
        if anchor.held:
            return anchor.price, True
        return anchor.price * _decimal(exp(self._path.at(moment) - anchor.path_value)), False

    def set(self, time_ms: int, price: Decimal, *, held: bool) -> None:
        """Move the price at this moment; ``held`` keeps it there, otherwise the path goes on from it."""
        moment = floor_tick(time_ms)
        self._anchors.append(_Anchor(at_ms=moment, price=price, held=held, path_value=self._path.at(moment)))

    def dump(self) -> list[tuple[int, str, bool]]:
        """The prices that were set, for a snapshot."""
        return [(anchor.at_ms, str(anchor.price), anchor.held) for anchor in self._anchors]


def floor_tick(time_ms: int) -> int:
    """The moment of the last price move."""
    return time_ms // TICK_MS * TICK_MS


def _decimal(number: float) -> Decimal:
    return Decimal(format(number, ".10f"))
