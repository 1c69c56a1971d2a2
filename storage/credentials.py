"""Keys at rest. This file stores sealed bytes; opening them is the sealer's business (`core.vault`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from models.account import Account
from models.errors import NoCredentials
from storage.accounts import account_of, ensure_account
from storage.errors import StorageRefused
from storage.repository import Repository
from storage.schema import ACCOUNTS, CREDENTIALS, DATA_KEYS, VAULT_CHECKS
from storage.secret import Secret
from storage.writer import Transaction


class SealBroken(Exception):
    """A sealed value does not open: it was changed, moved to another row, or sealed under another key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A user's data key, wrapped by the key-encryption key `kek_id`."""

    kek_id: str
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedField:
    """Where a sealed value belongs. It opens nowhere else."""

    account: Account
    name: str


class Sealer(Protocol):
    """Seals and opens. It alone ever sees a key."""

    def new_key(self, user_id: int) -> WrappedKey:
        """Make a data key for a user."""

    def rewrap(self, user_id: int, key: WrappedKey) -> WrappedKey:
        """Wrap a data key by the newest key-encryption key."""

    def seal(self, key: WrappedKey, field: SealedField, value: Secret) -> bytes:
        """Encrypt a value for its place."""

    def open(self, key: WrappedKey, field: SealedField, sealed: bytes) -> Secret:
        """Decrypt a value in its place.

        Raises:
            SealBroken: It was sealed for another place, or changed.
        """


class CredentialStore(Repository):
    """The keys of every account, sealed."""

    _sealer: Sealer | None = None

    def use(self, sealer: Sealer) -> None:
        """Seal and open with this from now on."""
        self._sealer = sealer

    async def put(self, account: Account, values: Mapping[str, str]) -> None:
        """Store an account's keys in place of what was there, and let it be used."""
        sealer, now = self._need_sealer(), self._now_ms()

        def job(tx: Transaction) -> None:
            account_id = ensure_account(tx, account, now)
            key = _data_key(tx, account.user_id) or _new_key(tx, sealer, account.user_id, now)
            tx.count(delete(CREDENTIALS).where(CREDENTIALS.c.account_id == account_id))
            for name, value in values.items():
                sealed = sealer.seal(key, SealedField(account=account, name=name), Secret(value))
                row = {"account_id": account_id, "field": name, "sealed": sealed, "updated_ms": now}
                tx.execute(insert(CREDENTIALS).values(row))
            tx.sql.execute("UPDATE accounts SET is_enabled=1, disabled_reason=NULL WHERE id=?", (account_id,))

        await self._writer.run(job)

    async def get(self, account: Account) -> dict[str, Secret]:
        """Return an account's keys.

        Raises:
            NoCredentials: None stored, or they do not open.
        """
        values = await self.find(account)
        if values is None:
            raise NoCredentials(f"{account}: no keys stored", account=str(account))
        return values

    async def find(self, account: Account) -> dict[str, Secret] | None:
        """Return an account's keys, or None when none are stored.

        Raises:
            NoCredentials: They do not open, and the account is disabled now (`credentials_damaged`).
        """
        sealer = self._need_sealer()
        query = (
            select(CREDENTIALS.c.field, CREDENTIALS.c.sealed, DATA_KEYS.c.kek_id, DATA_KEYS.c.wrapped)
            .join(ACCOUNTS, ACCOUNTS.c.id == CREDENTIALS.c.account_id)
            .join(DATA_KEYS, DATA_KEYS.c.user_id == ACCOUNTS.c.user_id)
            .where(*_is(account))
        )
        rows = await self._reader.all(query)
        if not rows:
            return None
        key = WrappedKey(kek_id=rows[0].kek_id, wrapped=rows[0].wrapped)
        try:
            return {r.field: sealer.open(key, SealedField(account=account, name=r.field), r.sealed) for r in rows}
        except SealBroken as e:
            await self._disable(account)
            raise NoCredentials(f"{account}: its keys do not open", code="credentials_damaged") from e

    async def last_written(self, user_id: int, exchange: str) -> Account | None:
        """Return the account of a user at a venue whose keys were stored last."""
        query = (
            select(ACCOUNTS.c.user_id, ACCOUNTS.c.exchange, ACCOUNTS.c.account_type)
            .join(CREDENTIALS, CREDENTIALS.c.account_id == ACCOUNTS.c.id)
            .where(ACCOUNTS.c.user_id == user_id, ACCOUNTS.c.exchange == exchange)
            .order_by(CREDENTIALS.c.updated_ms.desc(), ACCOUNTS.c.id.desc())
        )
        row = await self._reader.first(query)
        return None if row is None else account_of(row)

    async def remove(self, account: Account) -> bool:
        """Forget an account's keys; return whether there were any."""
        mine = select(ACCOUNTS.c.id).where(*_is(account))

        def job(tx: Transaction) -> bool:
            removed = tx.count(delete(CREDENTIALS).where(CREDENTIALS.c.account_id.in_(mine)))
            tx.sql.execute(
                "UPDATE accounts SET fingerprint=NULL WHERE user_id=? AND exchange=? AND account_type=?",
                (account.user_id, account.exchange, account.account_type.value),
            )
            return removed > 0

        return await self._writer.run(job)

    async def holds_any(self) -> bool:
        """Return whether anything sealed is stored, so that a lost key must not be replaced silently."""
        keys = select(DATA_KEYS.c.user_id).union_all(select(VAULT_CHECKS.c.kek_id)).limit(1)
        return await self._reader.first(keys) is not None

    async def checks(self) -> dict[str, bytes]:
        """Return the sealed check value of every key-encryption key that was used."""
        return {row.kek_id: row.sealed for row in await self._reader.all(select(VAULT_CHECKS))}

    async def add_check(self, kek_id: str, sealed: bytes) -> None:
        """Store the check value of a key-encryption key."""
        row = insert(VAULT_CHECKS).values(kek_id=kek_id, sealed=sealed, created_ms=self._now_ms())
        await self._writer.run(lambda tx: tx.count(row.on_conflict_do_nothing()))

    async def keep_check(self, kek_id: str) -> None:
        """Forget every other key-encryption key: from now on a file with none but those does not open this database."""
        await self._writer.run(lambda tx: tx.count(delete(VAULT_CHECKS).where(VAULT_CHECKS.c.kek_id != kek_id)))

    async def rewrap_all(self) -> int:
        """Wrap every data key by the newest key-encryption key, all or none; return how many changed."""
        sealer = self._need_sealer()

        def job(tx: Transaction) -> int:
            rows = tx.sql.execute("SELECT user_id,kek_id,wrapped FROM data_keys").fetchall()
            changed = 0
            for user_id, kek_id, wrapped in rows:
                new = sealer.rewrap(user_id, WrappedKey(kek_id=kek_id, wrapped=wrapped))
                if new.kek_id != kek_id:
                    sql = "UPDATE data_keys SET kek_id=?, wrapped=? WHERE user_id=?"
                    changed += tx.sql.execute(sql, (new.kek_id, new.wrapped, user_id)).rowcount
            return changed

        return await self._writer.run(job)

    def _need_sealer(self) -> Sealer:
        if self._sealer is None:
            raise StorageRefused("keys cannot be stored or read before the vault is open")
        return self._sealer

    async def _disable(self, account: Account) -> None:
        sql = "UPDATE accounts SET is_enabled=0, disabled_reason=? WHERE user_id=? AND exchange=? AND account_type=?"
        key = ("credentials_damaged", account.user_id, account.exchange, account.account_type.value)
        await self._writer.run(lambda tx: tx.sql.execute(sql, key).rowcount)


def _is(account: Account) -> tuple[Any, ...]:
    return (
        ACCOUNTS.c.user_id == account.user_id,
        ACCOUNTS.c.exchange == account.exchange,
        ACCOUNTS.c.account_type == account.account_type.value,
    )


def _data_key(tx: Transaction, user_id: int) -> WrappedKey | None:
    row = tx.sql.execute("SELECT kek_id,wrapped FROM data_keys WHERE user_id=?", (user_id,)).fetchone()
    return None if row is None else WrappedKey(kek_id=row[0], wrapped=row[1])


def _new_key(tx: Transaction, sealer: Sealer, user_id: int, now_ms: int) -> WrappedKey:
    key = sealer.new_key(user_id)
    sql = "INSERT INTO data_keys(user_id,kek_id,wrapped,created_ms) VALUES(?,?,?,?)"
    tx.sql.execute(sql, (user_id, key.kek_id, key.wrapped, now_ms))
    return key
