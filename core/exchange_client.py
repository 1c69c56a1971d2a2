"""The unified path to the venues, and `get_exchange_client`: one account of one user as an object."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, TypedDict

from core.context import current
from core.previewing import Trading
from exchanges.base import Exchange, PublicMarket
from models.account import Account
from models.enums import AccountType
from models.unified import Balance, Instrument, Order, OrderResult, Position
from models.values import Number
from models.venue import Credentials


class _Where(TypedDict):
    exchange: str
    account_type: str


class UnifiedGateway:
    """What `core.gateway.Gateway` asks for, from the open process."""

    name: Literal["unified"] = "unified"

    async def account(self, account: Account) -> Exchange:
        """Return an account's adapter."""
        return await current().clients.account(account)

    def open(self, credentials: Credentials) -> Exchange:
        """Return an adapter for keys that are not stored yet."""
        return current().clients.open(credentials)

    def market(self, exchange: str, account_type: AccountType) -> PublicMarket:
        """Return what is public at a venue."""
        return current().clients.market(exchange, account_type)

    async def instruments(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        """Return every market of a venue."""
        return await current().instruments.of(exchange, account_type)


class AccountClient:
    """One account of one user, for callers that do not want to name it at every call."""

    def __init__(self, trading: Trading, account: Account) -> None:
        self._trading = trading
        self.account = account
        self._where = _Where(exchange=account.exchange, account_type=account.account_type)

    async def get_balance(self) -> Balance:
        """Return the account's money."""
        return await self._trading.get_balance(self.account.user_id, **self._where)

    async def get_positions(self, symbol: str | None = None) -> list[Position]:
        """Return open positions."""
        return await self._trading.get_positions(self.account.user_id, symbol, **self._where)

    async def get_orders(self, symbol: str | None = None) -> list[Order]:
        """Return open orders."""
        return await self._trading.get_orders(self.account.user_id, symbol, **self._where)

    async def place_order(
        self,
        symbol: str,
        side: str,
        size: Number,
        order_type: str,
        price: Number | None = None,
        *,
        leverage: Number | None = None,
        take_profit: Number | None = None,
        stop_loss: Number | None = None,
        reduce_only: bool = False,
        cause: str | None = None,
    ) -> OrderResult:
        """Place one order; see `core.ordering.Ordering.place_order`."""
        return await self._trading.place_order(
            self.account.user_id,
            symbol,
            side,
            order_type,
            size,
            price,
            leverage=leverage,
            take_profit=take_profit,
            stop_loss=stop_loss,
            reduce_only=reduce_only,
            cause=cause,
            **self._where,
        )

    async def close_position(
        self, symbol: str, size: Number | None = None, *, position_side: str | None = None, cause: str | None = None
    ) -> OrderResult:
        """Close a position, wholly or in part."""
        return await self._trading.close_position(
            self.account.user_id, symbol, size, position_side=position_side, cause=cause, **self._where
        )

    async def cancel_order(self, symbol: str, order_id: str, *, cause: str | None = None) -> OrderResult:
        """Cancel one open order."""
        return await self._trading.cancel_order(self.account.user_id, symbol, order_id, cause=cause, **self._where)

    async def set_leverage(self, symbol: str, leverage: Number, *, cause: str | None = None) -> OrderResult:
        """Set a market's leverage."""
        return await self._trading.set_leverage(self.account.user_id, symbol, leverage, cause=cause, **self._where)

    async def set_protection(
        self,
        symbol: str,
        *,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        cause: str | None = None,
    ) -> OrderResult:
        """Set a position's stop and target; zero removes."""
        return await self._trading.set_protection(
            self.account.user_id, symbol, take_profit=take_profit, stop_loss=stop_loss, cause=cause, **self._where
        )


TRADING = Trading(UnifiedGateway(), accounts=lambda: current().accounts, desk=lambda: current().desk)


async def get_exchange_client(
    user_id: int, exchange_type: str | None = None, account_type: str | None = None
) -> AccountClient:
    """Return the client of one account; None means the user's own choice.

    Raises:
        BadOrder: No such venue or account type.
        NoCredentials: The account has no keys.
    """
    account = await current().accounts.resolve(user_id, exchange_type, account_type)
    await current().clients.account(account)
    return AccountClient(TRADING, account)
