"""Request limits: per account and endpoint each second, and per address.

https://bybit-exchange.github.io/docs/v5/rate-limit
"""

from collections import defaultdict, deque
from typing import Final

from sandbox.bybit.errors import ApiError

WINDOW_MS: Final = 1_000
IP_REQUESTS: Final = 600
IP_WINDOW_MS: Final = 5_000
IP_BAN_MS: Final = 600_000


class Limits:
    """Counts requests; the times are the venue's."""

    def __init__(self) -> None:
        self._used: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._by_ip: defaultdict[str, deque[int]] = defaultdict(deque)
        self._banned_until: dict[str, int] = {}

    def admit_ip(self, ip: str, now_ms: int) -> bool:
        """Whether this address may go on; beyond the limit it is shut out for ten minutes."""
        if self._banned_until.get(ip, 0) > now_ms:
            return False
        used = self._by_ip[ip]
        _forget(used, now_ms - IP_WINDOW_MS)
        used.append(now_ms)
        if len(used) > IP_REQUESTS:
            self._banned_until[ip] = now_ms + IP_BAN_MS
            return False
        return True

    def count(self, account_id: str, path: str, limit: int, now_ms: int, *, enforced: bool) -> dict[str, str]:
        """Count a request; returns the limit headers.

        Raises:
            ApiError: 10006, when enforced and used up.
        """
        used = self._used[account_id, path]
        _forget(used, now_ms - WINDOW_MS)
        reset = used[0] + WINDOW_MS if used else now_ms
        headers = {"X-Bapi-Limit": str(limit), "X-Bapi-Limit-Reset-Timestamp": str(reset if used else now_ms)}
        if len(used) >= limit and enforced:
            raise TooManyVisitsError({**headers, "X-Bapi-Limit-Status": "0"})
        used.append(now_ms)
        return {**headers, "X-Bapi-Limit-Status": str(max(0, limit - len(used)))}


class TooManyVisitsError(ApiError):
    """10006 with the headers that say when to come back."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(10006, "Too many visits. Exceeded the API Rate Limit.")
        self.headers = headers


def _forget(times: deque[int], before: int) -> None:
    while times and times[0] <= before:
        times.popleft()
