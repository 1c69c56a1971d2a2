"""Who uses the web app: logins, roles and languages, for a shell that never sees the database.

A login is a token that is kept as a hash. Nobody logs in by naming a user: a session is opened for whoever Telegram
vouches for, or for whoever brings a one-time code that the bot gave to that very person.
"""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import db
from core.account_names import names_of
from core.accounts import spec_of
from core.pausing import is_paused
from db import Role

CODE_LIFETIME_S = 300
_LOGIN = "web_login"
_MAX_DIGITS = 18  # fits the database's integers
_LOOKERS = frozenset({Role.ADMIN, Role.TRADER, Role.VIEWER})
_TRADERS = frozenset({Role.ADMIN, Role.TRADER})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPerson:
    """Somebody who is let in, as they are at this moment."""

    user_id: int
    role: str
    name: str
    language: str | None
    """What they chose in the chat; None: nothing yet."""

    @property
    def can_trade(self) -> bool:
        """Whether they may move money."""
        return self.role in _TRADERS


async def person_of(user_id: int) -> WebPerson | None:
    """Return a person with the role they have now; None for whoever may not even look."""
    user = await db.store().users.get(user_id)
    if user is None or user.role not in _LOOKERS:
        return None
    name = f"@{user.username}" if user.username else user.first_name or ""
    return WebPerson(user_id=user_id, role=user.role.value, name=name, language=user.language)


async def choices_of(user_id: int) -> dict[str, Any]:
    """Return what decides where a person trades and how numbers are shown, as plain data."""
    return {
        "exchange": await db.get_exchange_type(user_id),
        "trading_mode": (await db.get_trading_mode(user_id)).value,
        "zone": await db.get_setting(user_id, "zone", "UTC"),
        "real_trading": bool(await db.get_setting(user_id, "real_trading", False)),
        "is_paused": await is_paused(user_id),
        "account_names": await names_of(user_id),
    }


async def choose(
    user_id: int, *, exchange: str | None = None, trading_mode: str | None = None, language: str | None = None
) -> None:
    """Change what a person chose; None leaves.

    Raises:
        BadOrder: There is no such venue or mode.
    """
    if exchange is not None:
        await db.set_exchange_type(user_id, spec_of(exchange).key)
    if trading_mode is not None:
        await db.set_trading_mode(user_id, trading_mode)
    if language is not None:
        await db.store().users.set_language(user_id, language)


async def open_session(user_id: int) -> str:
    """Return the token of a new session; it ends after 15 minutes without use, and after 12 hours."""
    token = await db.store().sessions.open(user_id)
    await db.store().audit.add("web_login", actor_id=user_id)
    return token


async def user_of_session(token: str) -> int | None:
    """Return whose session this is; None when it ended, was revoked or never was."""
    return await db.store().sessions.user_of(token)


async def end_session(token: str) -> None:
    """End one session."""
    await db.store().sessions.revoke(token)


async def end_sessions(user_id: int) -> int:
    """End every session of a person; return how many."""
    return await db.store().sessions.revoke_all(user_id)


async def is_first_use(key: str, *, lifetime_s: float) -> bool:
    """Remember login data; return False where it was brought before."""
    return await db.store().sessions.use_once(f"web:{key}", lifetime_s=lifetime_s)


async def make_login_code(user_id: int) -> str:
    """Return a code that lets this person in once, within five minutes. Only they may ever see it."""
    token = await db.store().confirmations.create(user_id, _LOGIN, {}, lifetime_s=CODE_LIFETIME_S)
    return f"{user_id}.{token}"


async def redeem_login_code(code: str) -> int | None:
    """Use a login code up; return whose it was, or None when it is unknown, used or too old."""
    owner, _, token = code.partition(".")
    if not (owner.isascii() and owner.isdecimal() and len(owner) <= _MAX_DIGITS and token):
        return None
    user_id = int(owner)
    shown = await db.store().confirmations.peek(token, user_id)
    if shown is None or shown.kind != _LOGIN:
        return None
    # a cause of its own at every try, so that a second use is never taken for a repeat of the first
    used = await db.store().confirmations.discard(token, user_id, by=f"login:{uuid4().hex}")
    return user_id if used else None
