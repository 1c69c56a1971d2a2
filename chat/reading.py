"""Reads over every account that a person chose: each answers for itself, at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from chat.call import Call, whole_number
from core.accounts import MOST_TOGETHER
from core.places import accounts_at
from exchanges.registry import EXCHANGES
from models.account import Account
from models.balance import Balance
from models.enums import AccountType
from models.errors import NoCredentials, TradingError
from models.order import Order
from models.position import Position
from telegram_ui.buttons import Scope
from telegram_ui.parts import Part

T = TypeVar("T")


async def chosen_accounts(call: Call) -> list[Account]:
    """Return the accounts that reads and orders are about.

    Raises:
        NoCredentials: There is none yet.
    """
    accounts = await call.services.accounts.chosen(call.user_id)
    if not accounts:
        raise NoCredentials("no account is chosen")
    return accounts


async def accounts_named(call: Call, words: Sequence[str]) -> list[Account]:
    """Return the accounts that `on …` names; the chosen ones where it was not said.

    Raises:
        BadOrder: There is no such account.
        LimitExceeded: They are too many for one ticket.
    """
    if not words:
        return await chosen_accounts(call)
    every = await every_account(call)
    return await accounts_at(call.services.accounts, call.user_id, words, every, most=MOST_TOGETHER)


async def ask(account: Account, question: Callable[[Account], Awaitable[T]]) -> Part[T]:
    """Ask one account and keep either its answer or its error."""
    asked_at = datetime.now(UTC)
    try:
        return Part(account=account, value=await question(account), asked_at=asked_at)
    except TradingError as e:
        return Part(account=account, error=e, asked_at=asked_at)


async def ask_all(accounts: Sequence[Account], question: Callable[[Account], Awaitable[T]]) -> list[Part[T]]:
    """Ask several accounts at the same time."""
    return list(await asyncio.gather(*(ask(account, question) for account in accounts)))


async def every_account(call: Call) -> list[Account]:
    """Return every account that this person has, chosen or not."""
    connected = [row.account for row in await call.store.accounts.of_user(call.user_id) if row.has_credentials]
    if not call.services.is_sandbox:
        return connected
    paper = [Account(user_id=call.user_id, exchange=name, account_type=AccountType.PAPER) for name in EXCHANGES]
    return list(dict.fromkeys([*paper, *connected]))


async def scoped(call: Call, place: int) -> tuple[list[Account], Scope]:
    """Return the accounts that a word stands for: `all`, a venue; any other word, or none: those that are chosen.

    Args:
        place: Which of a button's arguments is the word; a command's is its text.
    """
    return await scope_of(call, call.arguments[place] if len(call.arguments) > place else call.text.strip().lower())


async def scope_of(call: Call, word: str) -> tuple[list[Account], Scope]:
    """Return the accounts that a word stands for: `all`, a venue; any other word, or none: those that are chosen."""
    every = await every_account(call)
    venues = tuple(dict.fromkeys(account.exchange for account in every))
    accounts = [account for account in every if word in (Scope.ALL, account.exchange)]
    if not accounts:
        return await chosen_accounts(call), Scope(venues=venues)
    return accounts, Scope(word=word, venues=venues)


async def balances(call: Call, accounts: Sequence[Account]) -> list[Part[Balance]]:
    """Return the money of some accounts."""

    async def question(account: Account) -> Balance:
        return await call.backend.get_balance(call.user_id, account.exchange, account.account_type)

    return await ask_all(accounts, question)


async def positions(
    call: Call, symbol: str | None = None, *, accounts: Sequence[Account] | None = None
) -> list[Part[list[Position]]]:
    """Return the open positions of every chosen account, or of these."""

    async def question(account: Account) -> list[Position]:
        return await call.backend.get_positions(call.user_id, symbol, account.exchange, account.account_type)

    return await ask_all(await chosen_accounts(call) if accounts is None else accounts, question)


async def orders(call: Call, *, accounts: Sequence[Account] | None = None) -> list[Part[list[Order]]]:
    """Return the open orders of every chosen account, or of these."""

    async def question(account: Account) -> list[Order]:
        return await call.backend.get_orders(call.user_id, None, account.exchange, account.account_type)

    return await ask_all(await chosen_accounts(call) if accounts is None else accounts, question)


def page_of(call: Call) -> int:
    """Return the page that a button asked for; the first where it named none."""
    return (whole_number(call.arguments[0]) if call.arguments else None) or 0
