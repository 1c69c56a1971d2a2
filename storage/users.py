"""People: who may use the bot, and as what."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from models.values import Value
from storage.repository import Repository
from storage.schema import ACCOUNTS, CREDENTIALS, DATA_KEYS, LEGS, SETTINGS, USERS
from storage.writer import Transaction


class Role(StrEnum):
    """What a person may do."""

    ADMIN = "admin"
    TRADER = "trader"
    VIEWER = "viewer"
    PENDING = "pending"
    BANNED = "banned"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Value):
    """A person who has talked to the bot."""

    user_id: int
    role: Role
    language: str | None
    username: str | None
    first_name: str | None
    created_ms: int
    seen_ms: int | None
    is_leaving: bool
    """Asked to be deleted; done as soon as no order of theirs is unresolved."""


def ensure_user(tx: Transaction, user_id: int, now_ms: int) -> None:
    """Make sure that rows may refer to this user."""
    tx.sql.execute("INSERT OR IGNORE INTO users(user_id,created_ms) VALUES(?,?)", (user_id, now_ms))


class Users(Repository):
    """The people of this bot."""

    async def get(self, user_id: int) -> User | None:
        """Return a person, or None for somebody never seen."""
        row = await self._reader.first(select(USERS).where(USERS.c.user_id == user_id))
        return None if row is None else _user(row)

    async def list_all(self, role: Role | None = None) -> list[User]:
        """Return everybody, or everybody with a role, oldest first."""
        query = select(USERS).order_by(USERS.c.created_ms, USERS.c.user_id)
        rows = await self._reader.all(query if role is None else query.where(USERS.c.role == role))
        return [_user(row) for row in rows]

    async def add(self, user_id: int, role: Role = Role.PENDING) -> bool:
        """Add a person; one who is known keeps their role.

        Returns:
            Whether they were new.
        """
        statement = insert(USERS).values(user_id=user_id, role=role, created_ms=self._now_ms())
        return await self._writer.run(lambda tx: tx.count(statement.on_conflict_do_nothing()) == 1)

    async def set_role(self, user_id: int, role: Role) -> None:
        """Set what a person may do, adding them if needed."""
        statement = insert(USERS).values(user_id=user_id, role=role, created_ms=self._now_ms())
        upsert = statement.on_conflict_do_update(index_elements=["user_id"], set_={"role": role})
        await self._writer.run(lambda tx: tx.count(upsert))

    async def set_language(self, user_id: int, language: str | None) -> None:
        """Set the language a person reads."""
        await self._update(user_id, language=language)

    async def saw(self, user_id: int, *, username: str | None, first_name: str | None) -> None:
        """Note when and under which name a known person was last seen."""
        await self._update(user_id, username=username, first_name=first_name, seen_ms=self._now_ms())

    async def request_deletion(self, user_id: int) -> bool:
        """Delete a person's keys and settings, at once or as soon as no order of theirs is unresolved.

        Returns:
            Whether it is done already.
        """
        now = self._now_ms()

        def job(tx: Transaction) -> bool:
            tx.count(update(USERS).where(USERS.c.user_id == user_id).values(delete_requested_ms=now))
            return _delete_if_settled(tx, user_id)

        return await self._writer.run(job)

    async def finish_deletions(self) -> list[int]:
        """Delete everybody who waits for it and has no unresolved order left; return who was deleted."""

        def job(tx: Transaction) -> list[int]:
            waiting = select(USERS.c.user_id).where(USERS.c.delete_requested_ms.is_not(None))
            return [row[0] for row in tx.execute(waiting).all() if _delete_if_settled(tx, row[0])]

        return await self._writer.run(job)

    async def _update(self, user_id: int, **values: Any) -> None:
        statement = update(USERS).where(USERS.c.user_id == user_id).values(**values)
        await self._writer.run(lambda tx: tx.count(statement))


def _delete_if_settled(tx: Transaction, user_id: int) -> bool:
    """Dropping the data key makes every sealed value of the user unreadable, in old backups too."""
    mine = select(ACCOUNTS.c.id).where(ACCOUNTS.c.user_id == user_id)
    unresolved = select(LEGS.c.id).where(LEGS.c.account_id.in_(mine), LEGS.c.state.in_(("SENDING", "UNKNOWN")))
    if tx.execute(unresolved.limit(1)).first() is not None:
        return False
    tx.count(delete(CREDENTIALS).where(CREDENTIALS.c.account_id.in_(mine)))
    tx.count(delete(DATA_KEYS).where(DATA_KEYS.c.user_id == user_id))
    tx.count(delete(SETTINGS).where(SETTINGS.c.user_id == user_id))
    tx.count(update(ACCOUNTS).where(ACCOUNTS.c.user_id == user_id).values(is_enabled=0, fingerprint=None))
    gone = {"role": Role.DELETED, "username": None, "first_name": None, "delete_requested_ms": None}
    tx.count(update(USERS).where(USERS.c.user_id == user_id).values(**gone))
    return True


def _user(row: Row[Any]) -> User:
    return User(
        user_id=row.user_id,
        role=Role(row.role),
        language=row.language,
        username=row.username,
        first_name=row.first_name,
        created_ms=row.created_ms,
        seen_ms=row.seen_ms,
        is_leaving=row.delete_requested_ms is not None,
    )
