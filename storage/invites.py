"""Invitations: a code lets one person in, once."""

import hashlib
import secrets

from sqlalchemy.dialects.sqlite import insert

from storage.repository import Repository
from storage.schema import INVITES
from storage.users import Role, ensure_user
from storage.writer import Transaction


class Invites(Repository):
    """Codes that were given out; only their hashes are kept."""

    async def create(self, created_by: int, role: Role = Role.TRADER, *, lifetime_s: float = 24 * 3600) -> str:
        """Return a new code that makes whoever brings it `role` (trader or viewer)."""
        code, now = secrets.token_urlsafe(12), self._now_ms()
        statement = insert(INVITES).values(
            code_hash=_hash(code),
            role=role,
            created_by=created_by,
            created_ms=now,
            expires_ms=now + round(lifetime_s * 1000),
        )
        await self._writer.run(lambda tx: tx.count(statement))
        return code

    async def redeem(self, code: str, user_id: int) -> Role | None:
        """Let a person in; return what they are now, or None when the code is unknown, used or too old.

        Somebody banned stays out.
        """
        now, digest = self._now_ms(), _hash(code)

        def job(tx: Transaction) -> Role | None:
            ensure_user(tx, user_id, now)
            sql = (
                "UPDATE invites SET used_by=?1, used_ms=?2 WHERE code_hash=?3 AND used_ms IS NULL AND expires_ms>?2 "
                "AND (SELECT role FROM users WHERE user_id=?1) IN('pending','viewer','deleted') RETURNING role"
            )
            row = tx.sql.execute(sql, (user_id, now, digest)).fetchone()
            if row is None:
                return None
            tx.sql.execute("UPDATE users SET role=? WHERE user_id=?", (row[0], user_id))
            return Role(row[0])

        return await self._writer.run(job)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
