"""The venue's time, as far as its answers tell."""

import time
from collections.abc import Callable

STALE_S = 5.0
"""An answer that is older than this, by the venue's own clock, was not made for this request."""
_DRIFT = 100e-6  # how much a computer's clock may run wrong, per second
_MOST_DRIFT = 0.05
_EARLIEST_S, _LATEST_S = 1e9, 1e10  # the years 2001 to 2286, whose times have ten digits before the fraction


class VenueClock:
    """Follows a venue's clock from the moments its answers carry; this machine's own time of day is only a first guess.

    Args:
        monotonic: Seconds that only run forward.
        wall: This machine's time of day in seconds since 1970.
    """

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._offset_s = 0.0
        self._error_s: float | None = None
        self._seen_at = 0.0
        self._drift = _DRIFT

    @property
    def is_known(self) -> bool:
        """Whether any answer has told the venue's time yet."""
        return self._error_s is not None

    def now_ms(self) -> int:
        """Return the venue's time in milliseconds since 1970."""
        if self._error_s is None:
            return int(self._wall() * 1000)
        return int((self._monotonic() + self._offset_s) * 1000)

    def offset_ms(self) -> int | None:
        """Return how far the venue's clock is ahead of this machine's; None: not known."""
        if self._error_s is None:
            return None
        return round((self._monotonic() + self._offset_s - self._wall()) * 1000)

    def error_ms(self) -> int | None:
        """Return by how much `now_ms` may be wrong; None: no answer has told the venue's time yet."""
        error_s = self._error_by(self._monotonic())
        return None if error_s is None else round(error_s * 1000)

    def observe(
        self,
        venue_s: float,
        *,
        sent_at: float,
        received_at: float,
        resolution_s: float = 0.001,
        is_certain: bool = False,
    ) -> None:
        """Learn from an answer that says `venue_s`; the two moments are of the monotonic clock.

        A better measurement replaces a worse one, and any measurement replaces one that it contradicts, unless it lies
        far in the past, as a cached answer does. Pass `is_certain` where the answer cannot come from a cache. What is
        no time of a running venue teaches nothing.
        """
        if not _EARLIEST_S <= venue_s < _LATEST_S:
            return
        error_s = (received_at - sent_at) / 2 + resolution_s
        offset_s = venue_s + resolution_s / 2 - (sent_at + received_at) / 2
        known_error_s = self._error_by(received_at)
        if known_error_s is not None:
            contradiction_s = abs(offset_s - self._offset_s) - error_s - known_error_s
            agrees = contradiction_s <= 0
            is_worse = (agrees and error_s > known_error_s) or offset_s < self._offset_s - STALE_S
            if is_worse and not is_certain:
                return
            calmer = max(_DRIFT, self._drift / 2)
            self._drift = calmer if agrees else self._drift_after(contradiction_s, received_at)
        self._offset_s, self._error_s, self._seen_at = offset_s, error_s, received_at

    def _error_by(self, moment: float) -> float | None:
        if self._error_s is None:
            return None
        return self._error_s + max(moment - self._seen_at, 0) * self._drift

    def _drift_after(self, contradiction_s: float, moment: float) -> float:
        """Return how fast the two clocks part, after they turned out to part faster than was believed."""
        found = self._drift + contradiction_s / max(moment - self._seen_at, 1)
        return min(found, _MOST_DRIFT)
