"""HyperLiquid's two request budgets: weight per IP address and requests per account.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sandbox.hyperliquid.wire import plain

IP_WEIGHT_PER_MINUTE: Final = 1200
ADDRESS_INITIAL_REQUESTS: Final = 10_000
ADDRESS_THROTTLE_MS: Final = 10_000
CANCEL_EXTRA_REQUESTS: Final = 100_000
STALE_EXPIRY_REQUESTS: Final = 5

_DEFAULT_INFO_WEIGHT: Final = 20
_INFO_WEIGHTS: Final[Mapping[str, int]] = {
    "l2Book": 2,
    "allMids": 2,
    "clearinghouseState": 2,
    "orderStatus": 2,
    "spotClearinghouseState": 2,
    "exchangeStatus": 2,
    "userRole": 60,
}
# lists whose answer costs one more weight per so many items
_ITEMS_PER_WEIGHT: Final[Mapping[str, int]] = {
    "recentTrades": 20,
    "historicalOrders": 20,
    "userFills": 20,
    "userFillsByTime": 20,
    "fundingHistory": 20,
    "userFunding": 20,
    "userNonFundingLedgerUpdates": 20,
    "candleSnapshot": 60,
}
_CANCELS: Final = frozenset({"cancel", "cancelByCloid"})


def info_weight(kind: str) -> int:
    """Return what asking /info for this costs, before its answer is counted."""
    return _INFO_WEIGHTS.get(kind, _DEFAULT_INFO_WEIGHT)


def answer_weight(kind: str, answer: object) -> int:
    """Return what a long list costs on top, once its length is known."""
    per = _ITEMS_PER_WEIGHT.get(kind)
    return len(answer) // per if per is not None and isinstance(answer, list) else 0


def exchange_weight(batch_size: int) -> int:
    """Return what one /exchange request of so many orders or cancels costs."""
    return 1 + batch_size // 40


class IpBudget:
    """Weight left for each IP address, refilled evenly over the minute.

    Args:
        now_ms: Time in milliseconds.
        per_minute: Weight per minute; None switches the limit off.
    """

    def __init__(self, now_ms: Callable[[], int], *, per_minute: int | None = IP_WEIGHT_PER_MINUTE) -> None:
        self._now_ms = now_ms
        self.per_minute = per_minute
        self._left: dict[str, tuple[float, int]] = {}

    def admit(self, ip: str, weight: int) -> bool:
        """Spend the weight and return True, or spend nothing and return False: the answer is then HTTP 429."""
        left = self._refilled(ip)
        if left is None:
            return True
        if left < weight:
            return False
        self._left[ip] = (left - weight, self._now_ms())
        return True

    def charge(self, ip: str, weight: int) -> None:
        """Spend weight that is known only after answering; it may put the address in debt."""
        left = self._refilled(ip)
        if left is not None and weight:
            self._left[ip] = (left - weight, self._now_ms())

    def _refilled(self, ip: str) -> float | None:
        if self.per_minute is None:
            return None
        now = self._now_ms()
        left, since = self._left.get(ip, (float(self.per_minute), now))
        return min(float(self.per_minute), left + (now - since) * self.per_minute / 60_000)


@dataclass(slots=True)
class _Usage:
    used: int = 0
    last_ms: int | None = field(default=None)


class AddressBudget:
    """Requests of each account: 10,000 to begin with, one more per dollar traded, then one in ten seconds."""

    def __init__(self, *, initial: int = ADDRESS_INITIAL_REQUESTS) -> None:
        self.initial = initial
        self._usage: dict[str, _Usage] = {}

    def used(self, account: str) -> int:
        """Return how many requests the account has made."""
        return self._usage.get(account, _Usage()).used

    def cap(self, volume: Decimal) -> int:
        """Return how many requests an account of this traded volume may make in its life."""
        return self.initial + int(volume)

    def admit(self, account: str, kind: str, *, count: int, volume: Decimal, now_ms: int) -> str | None:
        """Count the requests of one action.

        Returns:
            The venue's refusal when the account is out of budget and made a request less than ten seconds ago.
        """
        usage = self._usage.setdefault(account, _Usage())
        cap = self.cap(volume)
        allowed = min(cap + CANCEL_EXTRA_REQUESTS, 2 * cap) if kind in _CANCELS else cap
        waited = usage.last_ms is None or now_ms - usage.last_ms >= ADDRESS_THROTTLE_MS
        if usage.used + count > allowed and not waited:
            return (
                f"Too many cumulative requests sent ({usage.used + count} > {allowed}) for cumulative volume traded "
                f"${plain(volume)}. Place taker orders to free up 1 request per USDC traded."
            )
        usage.used += count
        usage.last_ms = now_ms
        return None

    def penalise(self, account: str, count: int = STALE_EXPIRY_REQUESTS) -> None:
        """Count requests without asking, as a stale `expiresAfter` does."""
        self._usage.setdefault(account, _Usage()).used += count
