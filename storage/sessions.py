"""Logins of the web app: opaque tokens kept as hashes, and login data that may be used once."""

import hashlib
import secrets

from sqlalchemy import update
from sqlalchemy.dialects.sqlite import insert

from storage.repository import Repository
from storage.schema import USED_ONCE, WEB_SESSIONS
from storage.writer import Transaction

IDLE_MS = 15 * 60 * 1000
LIFETIME_MS = 12 * 3600 * 1000
_TOUCH_MS = 60_000  # a session is not written to at every request


class WebSessions(Repository):
    """Who is logged in to the web app."""

    async def open(self, user_id: int) -> str:
        """Return a new session's token: 256 random bits, valid 12 hours, and 15 minutes without use."""
        token, now = secrets.token_urlsafe(32), self._now_ms()
        statement = insert(WEB_SESSIONS).values(
            token_hash=_hash(token), user_id=user_id, created_ms=now, seen_ms=now, expires_ms=now + LIFETIME_MS
        )
        await self._writer.run(lambda tx: tx.count(statement))
        return token

    async def user_of(self, token: str) -> int | None:
        """Return whose session this is, or None when it ended or never was."""
        now, digest = self._now_ms(), _hash(token)

        def job(tx: Transaction) -> int | None:
            sql = (
                "SELECT user_id,seen_ms FROM web_sessions "
                "WHERE token_hash=? AND revoked_ms IS NULL AND expires_ms>? AND seen_ms>?"
            )
            row = tx.sql.execute(sql, (digest, now, now - IDLE_MS)).fetchone()
            if row is None:
                return None
            if now - row[1] > _TOUCH_MS:
                tx.sql.execute("UPDATE web_sessions SET seen_ms=? WHERE token_hash=?", (now, digest))
            return int(row[0])

        return await self._writer.run(job)

    async def revoke(self, token: str) -> None:
        """End one session."""
        statement = update(WEB_SESSIONS).where(WEB_SESSIONS.c.token_hash == _hash(token))
        await self._writer.run(lambda tx: tx.count(statement.values(revoked_ms=self._now_ms())))

    async def revoke_all(self, user_id: int | None = None) -> int:
        """End every session, or every session of one person; return how many."""
        statement = update(WEB_SESSIONS).where(WEB_SESSIONS.c.revoked_ms.is_(None))
        if user_id is not None:
            statement = statement.where(WEB_SESSIONS.c.user_id == user_id)
        return await self._writer.run(lambda tx: tx.count(statement.values(revoked_ms=self._now_ms())))

    async def use_once(self, key: str, *, lifetime_s: float) -> bool:
        """Remember a key, e.g. the hash of login data; return False when it was used within its lifetime."""
        now = self._now_ms()
        row = insert(USED_ONCE).values(key=_hash(key), expires_ms=now + round(lifetime_s * 1000))

        def job(tx: Transaction) -> bool:
            tx.sql.execute("DELETE FROM used_once WHERE expires_ms<=?", (now,))
            return tx.count(row.on_conflict_do_nothing()) == 1

        return await self._writer.run(job)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
