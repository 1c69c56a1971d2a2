"""The direct paths behind `USE_UNIFIED=false`: stock pybit and the HyperLiquid SDK, in bounded threads.

The same operations and the same door for orders as `bot_unified`, without its factory, adapters, instrument cache and
streams, so that a defect in those is really bypassed. Small and frozen.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.accounts import spec_of
from core.clients import endpoints_of
from core.context import current
from core.keys import credentials_of
from core.previewing import Trading
from core.record import record_of
from direct.calls import Pools, forget_clocks
from exchanges.base import AccountVenue, PublicMarket
from models.account import Account
from models.enums import AccountType
from models.errors import BadOrder, Unavailable
from models.unified import Instrument
from models.venue import Credentials

logger = logging.getLogger(__name__)

_INSTRUMENTS_S = 600.0


class _Direct(Protocol):
    def __call__(
        self, *, base_url: str, account_type: AccountType, credentials: Credentials | None, pools: Pools
    ) -> AccountVenue: ...


def _bybit() -> _Direct:
    from direct.bybit import DirectBybit  # noqa: PLC0415 - see _DIRECT

    return DirectBybit


def _hyperliquid() -> _Direct:
    from hl_adapter import DirectHyperliquid  # noqa: PLC0415 - see _DIRECT

    return DirectHyperliquid


_DIRECT: Mapping[str, Callable[[], _Direct]] = {"bybit": _bybit, "hyperliquid": _hyperliquid}
"""The vendors' libraries are loaded when the direct path is first taken: an ordinary start does without them, and is a
tenth faster for it."""


@dataclass(slots=True)
class LegacyGateway:
    """Clients of the vendors' own libraries, one per account and address."""

    name: Literal["legacy"] = "legacy"
    _pools: dict[str, Pools] = field(default_factory=dict)
    _accounts: dict[tuple[Account, str], tuple[Credentials, AccountVenue]] = field(default_factory=dict)
    _markets: dict[str, AccountVenue] = field(default_factory=dict)
    _instruments: dict[str, tuple[float, Sequence[Instrument]]] = field(default_factory=dict)

    async def account(self, account: Account) -> AccountVenue:
        """Return an account's client; a new one when its keys changed."""
        credentials = await credentials_of(account, current().settings)
        key = (account, _address(account.exchange, account.account_type))
        known = self._accounts.get(key)
        if known is None or known[0] != credentials:
            known = self._accounts[key] = (credentials, self.open(credentials))
        return known[1]

    def open(self, credentials: Credentials) -> AccountVenue:
        """Return a client for keys that are not stored yet."""
        return self._make(credentials.exchange, credentials.account_type, credentials)

    def market(self, exchange: str, account_type: AccountType) -> PublicMarket:
        """Return what is public at a venue."""
        key = _address(exchange, account_type)
        if key not in self._markets:
            self._markets[key] = self._make(exchange, account_type, None)
        return self._markets[key]

    async def instruments(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        """Return every market of a venue, read at most ten minutes ago; longer only while it cannot be read."""
        key = _address(exchange, account_type)
        read_at, rows = self._instruments.get(key, (float("-inf"), ()))
        if time.monotonic() - read_at < _INSTRUMENTS_S:
            return rows
        try:
            rows = await self.market(exchange, account_type).get_instruments()
        except Unavailable:
            if not rows:
                raise
            logger.warning("markets not read anew", extra={"exchange": exchange})
        self._instruments[key] = (time.monotonic(), rows)
        return rows

    def forget(self) -> None:
        """Let go of every client and all that was read at an address: somebody else may serve it next."""
        self._accounts.clear()
        self._markets.clear()
        self._instruments.clear()
        forget_clocks()

    def _make(self, exchange: str, account_type: AccountType, credentials: Credentials | None) -> AccountVenue:
        direct = _DIRECT.get(exchange)
        if direct is None:
            title = spec_of(exchange).title
            raise BadOrder(f"{title} is available on the unified path only", code="unified_only", exchange=exchange)
        pools = self._pools.setdefault(exchange, Pools(exchange))
        url = _address(exchange, account_type)
        return direct()(base_url=url, account_type=account_type, credentials=credentials, pools=pools)


def _address(exchange: str, account_type: AccountType) -> str:
    return endpoints_of(spec_of(exchange), account_type, current().settings).rest


GATEWAY = LegacyGateway()
TRADING = Trading(GATEWAY, accounts=lambda: current().accounts, desk=lambda: current().direct_desk)
BACKEND = record_of(TRADING)
