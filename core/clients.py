"""Adapters of accounts and venues on the unified path, behind keys and pooled."""

from collections.abc import Sequence

from core.accounts import spec_of
from core.config import Settings
from core.keys import credentials_of
from exchanges.base import Exchange, PublicMarket
from exchanges.spec import Endpoints, ExchangeSpec
from exchanges.transport import Network
from models.account import Account
from models.enums import AccountType
from models.errors import Unavailable
from models.instrument import Instrument
from models.venue import Credentials


class ClientPool:
    """Adapters of accounts and venues, made once and shared; a user is key material, not a connection."""

    def __init__(self, settings: Settings, network: Network) -> None:
        self._settings = settings
        self._network = network
        self._accounts: dict[Account, Exchange] = {}
        self._markets: dict[tuple[str, AccountType], PublicMarket] = {}

    async def account(self, account: Account) -> Exchange:
        """Return an account's adapter.

        Raises:
            NoCredentials: The account has no keys.
        """
        known = self._accounts.get(account)
        if known is None:
            credentials = await credentials_of(account, self._settings)
            # whoever asked at the same time may have been faster; two adapters would look up everything twice
            known = self._accounts.get(account) or self._accounts.setdefault(account, self.open(credentials))
        return known

    def open(self, credentials: Credentials) -> Exchange:
        """Return an adapter for keys that may not be stored yet; it is not kept."""
        spec = spec_of(credentials.exchange)
        return spec.adapter(credentials, endpoints_of(spec, credentials.account_type, self._settings), self._network)

    def market(self, exchange: str, account_type: AccountType) -> PublicMarket:
        """Return what is public at a venue."""
        key = (exchange, account_type)
        known = self._markets.get(key)
        if known is None:
            spec = spec_of(exchange)
            known = spec.market(endpoints_of(spec, account_type, self._settings), self._network)
            self._markets[key] = known
        return known

    async def load_instruments(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        """Ask a venue for all its markets."""
        return await self.market(exchange, account_type).get_instruments()

    def forget(self, account: Account) -> None:
        """Drop an account's adapter, because its keys changed."""
        self._accounts.pop(account, None)


def endpoints_of(spec: ExchangeSpec, account_type: AccountType, settings: Settings) -> Endpoints:
    """Return where a venue answers in one environment.

    Raises:
        Unavailable: It is a paper account and no simulated venue was announced.
    """
    if account_type is not AccountType.PAPER:
        return spec.endpoints[account_type]
    venue = settings.paper_venues.get(spec.key)
    if venue is None:
        raise Unavailable(f"{spec.key}: no simulated venue is running; start with ./start.sh", code="no_sandbox")
    return spec.paper_endpoints(venue.url)
