"""How fast one person may ask: a bucket of tokens each, so that a button held down costs nobody else anything."""

import time
from collections.abc import Callable
from dataclasses import dataclass

BURST = 30
PER_S = 3.0
_TOLD_EVERY_S = 10.0
_MAX_PEOPLE = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    told_at: float = -_TOLD_EVERY_S


class Pace:
    """Counts what each person asks.

    Args:
        burst: So much may come at once.
        per_s: So much may come for ever.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, burst: int = BURST, per_s: float = PER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._buckets: dict[int, _Bucket] = {}
        self.is_on = True

    def allows(self, person: int) -> bool:
        """Take a token; return whether there was one."""
        if not self.is_on:
            return True
        bucket = self._filled(person)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def may_tell(self, person: int) -> bool:
        """Whether somebody who writes too fast is told so now: once in a while, not for each message."""
        bucket, now = self._filled(person), self._clock()
        if now - bucket.told_at < _TOLD_EVERY_S:
            return False
        bucket.told_at = now
        return True

    def _filled(self, person: int) -> _Bucket:
        now = self._clock()
        if len(self._buckets) >= _MAX_PEOPLE and person not in self._buckets:
            self._buckets.clear()
        bucket = self._buckets.setdefault(person, _Bucket(tokens=self._burst, filled_at=now))
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_s)
        bucket.filled_at = now
        return bucket
