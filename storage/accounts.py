"""Accounts: whose money, at which venue, in which environment, and whether it may be used."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import IntegrityError

from models.account import Account
from models.enums import AccountType
from models.errors import LimitExceeded
from models.values import Value
from storage.repository import Repository
from storage.schema import ACCOUNTS, CREDENTIALS
from storage.users import ensure_user
from storage.writer import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow(Value):
    """An account as it is stored. `disabled_reason` says why it may not be used."""

    id: int
    account: Account
    name: str | None
    is_enabled: bool
    disabled_reason: str | None
    has_credentials: bool


def ensure_account(tx: Transaction, account: Account, now_ms: int) -> int:
    """Return the row id of an account, adding it, and its user, if needed."""
    key = (account.user_id, account.exchange, account.account_type.value)
    sql = "SELECT id FROM accounts WHERE user_id=? AND exchange=? AND account_type=?"
    row = tx.sql.execute(sql, key).fetchone()
    if row is None:
        ensure_user(tx, account.user_id, now_ms)
        sql = "INSERT INTO accounts(user_id,exchange,account_type,created_ms) VALUES(?,?,?,?) RETURNING id"
        row = tx.sql.execute(sql, (*key, now_ms)).fetchone()
    return int(row[0])


class Accounts(Repository):
    """The accounts of everybody."""

    async def id_of(self, account: Account) -> int:
        """Return the row id of an account, adding it if needed."""
        now = self._now_ms()
        return await self._writer.run(lambda tx: ensure_account(tx, account, now))

    async def of_user(self, user_id: int) -> list[AccountRow]:
        """Return a person's accounts, in the order they were added."""
        rows = await self._reader.all(_QUERY.where(ACCOUNTS.c.user_id == user_id))
        return [_account(row) for row in rows]

    async def find(self, account: Account) -> AccountRow | None:
        """Return one account as stored, or None."""
        return next((row for row in await self.of_user(account.user_id) if row.account == account), None)

    async def usable(self) -> list[AccountRow]:
        """Return every enabled account that has keys."""
        return [row for row in map(_account, await self._reader.all(_QUERY)) if row.is_enabled and row.has_credentials]

    async def rename(self, account: Account, name: str | None) -> None:
        """Give an account a name that its owner chose."""
        await self._set(account, name=name)

    async def enable(self, account: Account) -> None:
        """Let an account be used again."""
        await self._set(account, is_enabled=1, disabled_reason=None)

    async def disable(self, account: Account, reason: str) -> None:
        """Stop using an account; `reason` is a code the catalogues know, e.g. `key_invalid`."""
        await self._set(account, is_enabled=0, disabled_reason=reason)

    async def link(self, account: Account, fingerprint: str) -> None:
        """Note which venue account this is, so that it is never linked twice.

        Raises:
            LimitExceeded: It is linked already, by this user or another (`already_linked`).
        """
        try:
            await self._set(account, fingerprint=fingerprint)
        except IntegrityError as e:
            raise LimitExceeded("this venue account is already linked", code="already_linked") from e

    async def _set(self, account: Account, **values: Any) -> None:
        now = self._now_ms()

        def job(tx: Transaction) -> None:
            tx.count(update(ACCOUNTS).where(ACCOUNTS.c.id == ensure_account(tx, account, now)).values(**values))

        await self._writer.run(job)


_HAS_CREDENTIALS = select(CREDENTIALS.c.field).where(CREDENTIALS.c.account_id == ACCOUNTS.c.id).exists()
_QUERY = select(ACCOUNTS, _HAS_CREDENTIALS.label("has_credentials")).order_by(ACCOUNTS.c.id)


def account_of(row: Row[Any]) -> Account:
    """Return whose account a row of `accounts`, or a join with it, is about."""
    return Account(user_id=row.user_id, exchange=row.exchange, account_type=AccountType(row.account_type))


def _account(row: Row[Any]) -> AccountRow:
    return AccountRow(
        id=row.id,
        account=account_of(row),
        name=row.name,
        is_enabled=bool(row.is_enabled),
        disabled_reason=row.disabled_reason,
        has_credentials=bool(row.has_credentials),
    )
