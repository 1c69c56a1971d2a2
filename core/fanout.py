"""One ticket for several accounts: each gets an exact order of its own, or its own refusal."""

import asyncio
from collections.abc import Sequence

from core.ports import TradingBackend
from models.account import Account
from models.errors import TradingError
from models.ticket import OrderPreview, Ticket

Looked = tuple[Account, OrderPreview | TradingError]


async def preview_each(
    backend: TradingBackend, user_id: int, ticket: Ticket, accounts: Sequence[Account]
) -> list[Looked]:
    """Return, account by account, the exact order that would be sent, or why none can be."""

    async def look(account: Account) -> Looked:
        try:
            found = await backend.preview_order(user_id, ticket, account.exchange, account.account_type)
        except TradingError as e:
            return account, e
        return account, found

    return list(await asyncio.gather(*(look(account) for account in accounts)))
