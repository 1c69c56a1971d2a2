"""Deterministic random paths: the same seed and the same moment always give the same price, also for the past."""

import math
from functools import lru_cache
from hashlib import blake2b

MASK = (1 << 64) - 1
DAY_MS = 86_400_000
# Octaves from 8 seconds to about 50 days: together they look like a random walk that never runs away.
PERIODS_MS = tuple(8_000 * 3**k for k in range(13))
AMPLITUDES = tuple(0.9 * math.sqrt(period / DAY_MS) for period in PERIODS_MS)


def seed_number(*parts: object) -> int:
    """A 64-bit number that depends on every part and on nothing else (not on the process, unlike ``hash``)."""
    return int.from_bytes(blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=1 << 17)
def noise(seed: int, index: int) -> float:
    """An even random number in [0, 1) for this seed and index (the splitmix64 mixer)."""
    z = (seed + index * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


class Path:
    """Logarithm of a price against its start, as a function of time.

    Args:
        seed: Any number; each underlying coin has its own.
        daily_volatility: Typical move in a day, as a fraction (0.02 = 2 %).
    """

    def __init__(self, *, seed: int, daily_volatility: float) -> None:
        self._octaves = [
            (seed_number(seed, k), period, 2 * amplitude * daily_volatility)
            for k, (period, amplitude) in enumerate(zip(PERIODS_MS, AMPLITUDES, strict=True))
        ]

    def at(self, time_ms: int) -> float:
        """The logarithm of price / start price at this moment."""
        total = 0.0
        for seed, period, swing in self._octaves:
            index, rest = divmod(time_ms, period)
            left, right = noise(seed, index), noise(seed, index + 1)
            total += swing * (left + (right - left) * (rest / period) - 0.5)
        return total
