"""HyperLiquid's replay protection: the nonces each signer has used.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Final

KEPT_PER_SIGNER: Final = 100
_DAY_MS: Final = 86_400_000
OLDEST_MS: Final = 2 * _DAY_MS
NEWEST_MS: Final = _DAY_MS


class RefusedNonce(ValueError):
    """The nonce cannot be used; the message is the venue's answer."""


class NonceBook:
    """The highest nonces that every signer has used."""

    def __init__(self) -> None:
        self._used: dict[str, list[int]] = {}

    def used(self) -> dict[str, list[int]]:
        """Return the kept nonces of every signer, lowest first."""
        return {signer: list(nonces) for signer, nonces in self._used.items()}

    def restore(self, used: Mapping[str, Iterable[int]]) -> None:
        """Start from the nonces of a snapshot."""
        self._used = {signer: sorted(nonces) for signer, nonces in used.items()}

    def take(self, signer: str, nonce: int, *, now_ms: int) -> None:
        """Mark the nonce as used, for good.

        Args:
            signer: The key that signed: an agent has nonces of its own, apart from its master.
            nonce: Any unused number in the window (now - 2 days, now + 1 day) above the smallest of the 100 kept.
            now_ms: The block's time.

        Raises:
            RefusedNonce: Used before, or too low or too high.
        """
        oldest, newest = now_ms - OLDEST_MS, now_ms + NEWEST_MS
        used = self._used.setdefault(signer, [])
        if len(used) == KEPT_PER_SIGNER:
            oldest = max(oldest, used[0])
        place = bisect_left(used, nonce)
        if place < len(used) and used[place] == nonce:
            raise RefusedNonce(f"Invalid nonce: duplicate nonce {nonce}")
        if nonce <= oldest:
            raise RefusedNonce(f"Invalid nonce: nonce too low {nonce} < {oldest}")
        if nonce >= newest:
            raise RefusedNonce(f"Invalid nonce: nonce too high {nonce} > {newest}")
        used.insert(place, nonce)
        del used[:-KEPT_PER_SIGNER]
