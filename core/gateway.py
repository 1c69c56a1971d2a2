"""What the trading operations need of a path to the venues; two paths exist, the unified one and the direct one."""

from collections.abc import Sequence
from typing import Literal, Protocol

from exchanges.base import AccountVenue, PublicMarket
from models.account import Account
from models.enums import AccountType
from models.market import Instrument
from models.venue import Credentials


class Gateway(Protocol):
    """A path to the venues."""

    @property
    def name(self) -> Literal["unified", "legacy"]:
        """The word that the journal keeps for whoever sent."""

    async def account(self, account: Account) -> AccountVenue:
        """Return the client of one account.

        Raises:
            NoCredentials: The account has no keys.
        """

    def open(self, credentials: Credentials) -> AccountVenue:
        """Return a client for keys that are not stored yet."""

    def market(self, exchange: str, account_type: AccountType) -> PublicMarket:
        """Return what is public at a venue."""

    async def instruments(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        """Return every market of a venue."""
