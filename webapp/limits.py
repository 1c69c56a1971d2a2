"""How often somebody may ask. Buckets in memory: they refill with time, and a restart forgives."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil

from webapp.answers import Refused

_MAX_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within `seconds`; all of them may come at once."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit of the web app, by what it is about. Each has to hold."""

    reads: tuple[Rate, ...] = (Rate(120, 10),)
    """Of one address, whatever it asks for."""
    logins: tuple[Rate, ...] = (Rate(30, 300),)
    failed_logins: tuple[Rate, ...] = (Rate(5, 300),)
    previews: tuple[Rate, ...] = (Rate(120, 60),)
    orders: tuple[Rate, ...] = (Rate(5, 5), Rate(30, 60), Rate(300, 3600))
    """Of one person: whatever adds risk."""
    reductions: tuple[Rate, ...] = (Rate(60, 60),)
    """Closing, protecting and cancelling have their own, so that no flood of orders keeps anybody in a position."""
    keys: tuple[Rate, ...] = (Rate(3, 3600),)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Buckets:
    """What is left to everybody.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, object, Rate], _Bucket] = OrderedDict()

    def take(self, what: str, who: object, rates: tuple[Rate, ...]) -> None:
        """Count one request.

        Raises:
            Refused: 429 when it is one too many; it is not counted then.
        """
        waits = [self._wait(self._bucket(what, who, rate), rate) for rate in rates]
        if (wait := max(waits)) > 0:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_requests",
                "that was a lot at once; wait a moment and try again",
                retry_after_s=ceil(wait),
            )
        for rate in rates:
            self._buckets[what, who, rate].left -= 1

    def check(self, what: str, who: object, rates: tuple[Rate, ...]) -> None:
        """Refuse where nothing is left, without counting.

        Raises:
            Refused: 429.
        """
        self.take(what, who, rates)
        for rate in rates:
            self._buckets[what, who, rate].left += 1

    def _bucket(self, what: str, who: object, rate: Rate) -> _Bucket:
        now, name = self._clock(), (what, who, rate)
        bucket = self._buckets.get(name)
        if bucket is None:
            while len(self._buckets) >= _MAX_BUCKETS:
                self._buckets.popitem(last=False)
            bucket = self._buckets[name] = _Bucket(rate.count, now)
        bucket.left = min(rate.count, bucket.left + (now - bucket.at) * rate.count / rate.seconds)
        bucket.at = now
        self._buckets.move_to_end(name)
        return bucket

    @staticmethod
    def _wait(bucket: _Bucket, rate: Rate) -> float:
        return max(0.0, (1 - bucket.left) * rate.seconds / rate.count)
