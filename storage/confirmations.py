"""One-time tokens behind confirm buttons: what was shown is what is done, once, by whom it was shown to, in time."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select

from models.values import Value, jsonable
from storage.repository import Repository
from storage.schema import CONFIRMATIONS
from storage.writer import Transaction


class Refusal(StrEnum):
    """Why a token does nothing."""

    UNKNOWN = "unknown"
    """Never existed, is forgotten, or belongs to somebody else; nobody learns which."""
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Value):
    """What a button stands for."""

    token: str
    user_id: int
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    created_ms: int
    expires_ms: int
    used_by: str | None
    """The cause that used it up; `discarded_by` names one that put it away."""


def discarded_by(cause: str) -> str:
    """Return under which name a cause uses a token up without its effect."""
    return f"discard:{cause}"


class Confirmations(Repository):
    """Tokens that are used up by one compare-and-set."""

    async def create(self, user_id: int, kind: str, payload: Mapping[str, Any], *, lifetime_s: float = 60) -> str:
        """Store what is about to be confirmed and return its token: 22 URL-safe characters."""
        token, now = secrets.token_urlsafe(16), self._now_ms()
        text = json.dumps(jsonable(payload), allow_nan=False)
        row = (token, user_id, kind, text, now, now + round(lifetime_s * 1000))
        sql = "INSERT INTO confirmations(token,user_id,kind,payload,created_ms,expires_ms) VALUES(?,?,?,?,?,?)"
        await self._writer.run(lambda tx: tx.sql.execute(sql, row).rowcount)
        return token

    async def peek(self, token: str, user_id: int) -> Confirmation | None:
        """Return what a token of this user stands for, used or not."""
        row = await self._reader.first(select(CONFIRMATIONS).where(CONFIRMATIONS.c.token == token))
        if row is None or row.user_id != user_id:
            return None
        return _confirmation(
            (row.token, row.user_id, row.kind, row.payload, row.created_ms, row.expires_ms, row.consumed_by),
        )

    async def consume(self, token: str, user_id: int, *, by: str) -> Confirmation | Refusal:
        """Use a token up.

        Args:
            token: From the button.
            user_id: Who pressed it.
            by: The cause that uses it, e.g. `tg:<bot>:<update>:confirm`. The same cause gets the same answer again,
                so that a crash between the press and the order loses nothing.
        """
        now = self._now_ms()

        def job(tx: Transaction) -> Confirmation | Refusal:
            sql = (
                "UPDATE confirmations SET consumed_ms=coalesce(consumed_ms,?), consumed_by=? "
                "WHERE token=? AND user_id=? AND ((consumed_ms IS NULL AND expires_ms>?) OR consumed_by=?) "
                "RETURNING token,user_id,kind,payload,created_ms,expires_ms,consumed_by"
            )
            row = tx.sql.execute(sql, (now, by, token, user_id, now, by)).fetchone()
            return _refusal(tx, token, user_id) if row is None else _confirmation(row)

        return await self._writer.run(job)

    async def discard(self, token: str, user_id: int, *, by: str) -> bool:
        """Use a token up without its effect, for a cancel button; return whether it was still unused."""
        return isinstance(await self.consume(token, user_id, by=discarded_by(by)), Confirmation)

    async def forget_before(self, expires_ms: int) -> int:
        """Delete tokens that expired before this; return how many."""
        old = delete(CONFIRMATIONS).where(CONFIRMATIONS.c.expires_ms < expires_ms)
        return await self._writer.run(lambda tx: tx.count(old))


def _refusal(tx: Transaction, token: str, user_id: int) -> Refusal:
    sql = "SELECT consumed_ms FROM confirmations WHERE token=? AND user_id=?"
    row = tx.sql.execute(sql, (token, user_id)).fetchone()
    if row is None:
        return Refusal.UNKNOWN
    return Refusal.EXPIRED if row[0] is None else Refusal.USED


def _confirmation(row: tuple[Any, ...]) -> Confirmation:
    token, user_id, kind, payload, created_ms, expires_ms, used_by = row
    return Confirmation(
        token=token,
        user_id=user_id,
        kind=kind,
        payload=json.loads(payload),
        created_ms=created_ms,
        expires_ms=expires_ms,
        used_by=used_by,
    )
