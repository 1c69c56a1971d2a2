"""API keys of the simulated Bybit: who they belong to and what they may do."""

from dataclasses import dataclass, field
from typing import Final

TRADING_PERMISSIONS: Final[dict[str, tuple[str, ...]]] = {
    "ContractTrade": ("Order", "Position"),
    "Derivatives": ("DerivativesTrade",),
    "Wallet": ("AccountTransfer",),
    "Spot": ("SpotTrade",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BybitKey:
    """One API key.

    Attributes:
        account_id: The uid whose account it opens.
        permissions: As the venue lists them; a key without ContractTrade or Derivatives cannot trade.
        read_only: It may look but not trade.
        ips: Addresses it is bound to; empty means none, and then it dies 90 days after its creation.
        expires_ms: When it dies; None for a bound key.
    """

    api_key: str
    secret: str = field(repr=False)
    account_id: str
    permissions: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(TRADING_PERMISSIONS))
    read_only: bool = False
    ips: tuple[str, ...] = ()
    expires_ms: int | None = None
    created_ms: int = 0
    note: str = "sandbox"

    @property
    def can_trade(self) -> bool:
        """Whether it may place orders and change positions."""
        trade = {"ContractTrade", "Derivatives"}
        return not self.read_only and any(self.permissions.get(name) for name in trade)


class KeyRing:
    """The keys that the venue knows."""

    def __init__(self) -> None:
        self._keys: dict[str, BybitKey] = {}

    def add(self, key: BybitKey) -> None:
        """Register a key, or replace it."""
        self._keys[key.api_key] = key

    def remove(self, api_key: str) -> None:
        """Forget a key: from then on the venue refuses it."""
        self._keys.pop(api_key, None)

    def find(self, api_key: str) -> BybitKey | None:
        """The key, or None when the venue does not know it."""
        return self._keys.get(api_key)

    def all(self) -> list[BybitKey]:
        """Every key."""
        return list(self._keys.values())
