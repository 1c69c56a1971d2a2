"""A person's accounts and price alerts, for shells that never see the database."""

from dataclasses import dataclass
from decimal import Decimal

import db
from core.account_names import names_of
from core.accounts import Accounts
from db import Direction, PriceAlert
from exchanges.registry import EXCHANGES
from models.account import Account
from models.enums import AccountType
from models.values import Value

__all__ = ["Direction", "PriceAlert"]

MAX_ALERTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine(Value):
    """An account as its owner sees it in a list."""

    exchange: str
    account_type: AccountType
    name: str | None
    """What its owner calls it."""
    has_keys: bool
    is_chosen: bool
    """Whether the chosen venue and trading mode cover it."""
    problem: str | None
    """Why it cannot be used, as a code; None: it can."""


def venues() -> list[dict[str, str]]:
    """Return the venues there are, as plain data: their keys and their titles."""
    return [{"exchange": spec.key, "title": spec.title} for spec in EXCHANGES.values()]


async def account_lines(user_id: int, accounts: Accounts) -> list[AccountLine]:
    """Return a person's accounts: connected ones, and in the sandbox the paper accounts that are simply there."""
    chosen = set(await accounts.chosen(user_id))
    names = await names_of(user_id)
    rows = {row.account: row for row in await db.list_accounts(user_id)}
    paper = (Account(user_id=user_id, exchange=name, account_type=AccountType.PAPER) for name in EXCHANGES)
    known = dict.fromkeys([*(paper if accounts.is_sandbox else ()), *rows, *chosen])
    lines = []
    for account in known:
        row = rows.get(account)
        is_paper = account.account_type is AccountType.PAPER
        lines.append(
            AccountLine(
                exchange=account.exchange,
                account_type=account.account_type,
                name=names.get(account.place),
                has_keys=is_paper or (row is not None and row.has_credentials),
                is_chosen=account in chosen,
                problem=None if row is None else row.disabled_reason,
            )
        )
    return lines


async def alerts_of(user_id: int) -> list[PriceAlert]:
    """Return a person's alerts that wait."""
    return await db.store().alerts.waiting(user_id)


async def add_alert(account: Account, symbol: str, direction: Direction, price: Decimal, note: str) -> int | None:
    """Add an alert and return its number; None where too many wait already."""
    if len(await alerts_of(account.user_id)) >= MAX_ALERTS:
        return None
    return await db.store().alerts.add(
        account.user_id,
        exchange=account.exchange,
        account_type=account.account_type,
        symbol=symbol,
        direction=direction,
        price=price,
        note=note,
    )


async def remove_alert(user_id: int, number: int) -> bool:
    """Remove an alert of this person; return whether there was one."""
    return await db.store().alerts.remove(number, user_id)
