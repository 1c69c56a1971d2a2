"""The venue's time, as far as its answers tell."""

import time
from collections.abc import Callable

STALE_S = 5.0
"""An answer that is older than this, by the venue's own clock, was not made for this request."""
_DRIFT = 100e-6  # how much a computer's clock may run wrong, per second


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
        far in the past, as a cached answer does. Pass `is_certain` where the answer cannot come from a cache.
        """
        error_s = (received_at - sent_at) / 2 + resolution_s
        offset_s = venue_s + resolution_s / 2 - (sent_at + received_at) / 2
        if self._error_s is not None and not is_certain:
            known_error_s = self._error_s + (received_at - self._seen_at) * _DRIFT
            agrees = abs(offset_s - self._offset_s) <= error_s + known_error_s
            if (agrees and error_s > known_error_s) or offset_s < self._offset_s - STALE_S:
                return
        self._offset_s, self._error_s, self._seen_at = offset_s, error_s, received_at
