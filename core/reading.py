"""Every read a user can ask for, written once over a path to the venues.

An error is raised as `Unavailable`, never returned as zero or as an empty list.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from core.accounts import Accounts, spec_of
from core.gateway import Gateway
from core.protected import with_protection
from exchanges.base import AccountVenue
from exchanges.spec import Capability
from models.account import Account
from models.errors import BadOrder
from models.symbols import matches
from models.unified import (
    Balance,
    Candle,
    ClosedPnl,
    FeeRates,
    Fill,
    FundingPayment,
    Instrument,
    Order,
    Position,
    Ticker,
)
from models.venue import AccountState, Credentials, KeyInfo

_SHOWN = 8  # markets named in the answer to an ambiguous symbol


class Reading:
    """Reads of every account, through one path.

    Args:
        gateway: The path.
        accounts: Called at each use, because settings are loaded after this module.
    """

    def __init__(self, gateway: Gateway, accounts: Callable[[], Accounts]) -> None:
        self.gateway = gateway
        self.accounts = accounts

    async def get_balance(self, user_id: int, exchange: str | None = None, account_type: str | None = None) -> Balance:
        """Return an account's money.

        Raises:
            Unavailable: The venue did not answer.
            NoCredentials: The account has no keys.
        """
        _, client = await self.client(user_id, exchange, account_type)
        return await client.get_balance()

    async def get_positions(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> list[Position]:
        """Return open positions with what protects them; empty only when the venue said so.

        Raises:
            Unavailable: The venue did not answer.
            BadOrder: There is no such market.
        """
        account, client = await self.client(user_id, exchange, account_type)
        return await guarded_positions(account, client, await self._instrument_or_none(account, symbol))

    async def get_orders(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> list[Order]:
        """Return open orders: resting, conditional and protection."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_open_orders(await self._instrument_or_none(account, symbol))

    async def get_ticker(
        self, user_id: int, symbol: str, exchange: str | None = None, account_type: str | None = None
    ) -> Ticker:
        """Return a market's prices; no keys needed."""
        account = await self.accounts().resolve(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        return await self.gateway.market(account.exchange, account.account_type).get_ticker(instrument)

    async def get_candles(
        self,
        user_id: int,
        symbol: str,
        interval: str,
        *,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[Candle]:
        """Return bars of a market, oldest first; no keys needed."""
        account = await self.accounts().resolve(user_id, exchange, account_type)
        instrument = await self.instrument(account, symbol)
        market = self.gateway.market(account.exchange, account.account_type)
        return await market.get_candles(instrument, interval, limit=limit)

    async def find_instruments(
        self, user_id: int, text: str, exchange: str | None = None, account_type: str | None = None
    ) -> list[Instrument]:
        """Return the markets that a typed name may mean, the likeliest first; one when it is certain."""
        account = await self.accounts().resolve(user_id, exchange, account_type)
        return matches(await self.gateway.instruments(account.exchange, account.account_type), text)

    async def get_fills(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        since: datetime | None = None,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[Fill]:
        """Return executions, newest first."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_fills(await self._instrument_or_none(account, symbol), since=since, limit=limit)

    async def get_closed_pnl(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        since: datetime | None = None,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[ClosedPnl]:
        """Return the results of closed positions, newest first."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_closed_pnl(await self._instrument_or_none(account, symbol), since=since, limit=limit)

    async def get_funding(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        since: datetime | None = None,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[FundingPayment]:
        """Return funding received and paid, newest first."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_funding(await self._instrument_or_none(account, symbol), since=since, limit=limit)

    async def get_order_history(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        since: datetime | None = None,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[Order]:
        """Return closed orders, newest first."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_order_history(await self._instrument_or_none(account, symbol), since=since, limit=limit)

    async def get_fee_rates(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> FeeRates:
        """Return the account's fees."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_fee_rates(await self._instrument_or_none(account, symbol))

    async def get_account_state(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> AccountState:
        """Return margin and position mode."""
        account, client = await self.client(user_id, exchange, account_type)
        return await client.get_account_state(await self._instrument_or_none(account, symbol))

    async def check_key(self, credentials: Credentials) -> KeyInfo:
        """Ask the venue about keys that are not stored yet.

        Raises:
            Rejected: The venue does not take them; `code` says why.
            NoCredentials: They are not keys at all.
        """
        return await self.gateway.open(credentials).get_key_info()

    async def client(
        self, user_id: int, exchange: str | None, account_type: str | None
    ) -> tuple[Account, AccountVenue]:
        """Return the account meant and its client."""
        account = await self.accounts().resolve(user_id, exchange, account_type)
        return account, await self.gateway.account(account)

    async def instrument(self, account: Account, text: str) -> Instrument:
        """Return the one market that a name means.

        Raises:
            BadOrder: None, or several; `fields["suggestions"]` lists what may be meant.
        """
        return one_market(matches(await self.gateway.instruments(account.exchange, account.account_type), text), text)

    async def _instrument_or_none(self, account: Account, symbol: str | None) -> Instrument | None:
        return None if symbol is None else await self.instrument(account, symbol)


async def guarded_positions(
    account: Account, client: AccountVenue, instrument: Instrument | None = None
) -> list[Position]:
    """Return an account's positions with what protects them, also where that is orders of its own."""
    positions = await client.get_positions(instrument)
    if not positions or spec_of(account.exchange).can(Capability.POSITION_PROTECTION):
        return positions
    return with_protection(positions, await client.get_open_orders(instrument))


def one_market(found: Sequence[Instrument], text: str) -> Instrument:
    """Return the one market that a name was found to mean.

    Raises:
        BadOrder: None, or several; `fields["suggestions"]` lists what may be meant.
    """
    if len(found) == 1:
        return found[0]
    names = [instrument.symbol for instrument in found[:_SHOWN]]
    code = "ambiguous_symbol" if found else "unknown_symbol"
    raise BadOrder(f"symbol: no single market is called {text[:32]!r}", code=code, symbol=text[:32], suggestions=names)
