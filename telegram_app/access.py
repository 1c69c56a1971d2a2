"""Who may: roles read anew for every update, strangers answered once an hour, the owner let in by a one-time link."""

import hmac
import logging
import secrets
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from zoneinfo import ZoneInfo

from chat.call import Person
from core import account_names
from db import Role, StorageUnavailable, Store, User
from telegram_app.incoming import Sender
from telegram_ui.texts import Texts, language_of

logger = logging.getLogger(__name__)

OWNER_CODE_LIFETIME_S = 15 * 60
_REFUSAL_EVERY_S = 3600
_MAX_STRANGERS = 10_000
_LONGEST_NAME = 40


class OwnerCode:
    """The one-time code that makes whoever brings it first the owner. Lives in memory only.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._code = ""
        self._expires = 0.0

    def renew(self) -> str:
        """Return a new code: 96 bits, for 15 minutes."""
        self._code = secrets.token_urlsafe(12)
        self._expires = self._clock() + OWNER_CODE_LIFETIME_S
        return self._code

    def redeem(self, code: str) -> bool:
        """Return whether this is the code; it works once."""
        if not self._code or self._clock() >= self._expires:
            return False
        if not hmac.compare_digest(code.encode(), self._code.encode()):
            return False
        self._code = ""
        return True


class Access:
    """Tells who somebody is to this bot."""

    def __init__(self, store: Store, owner_code: OwnerCode, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._owner_code = owner_code
        self._clock = clock
        self._refused_at: dict[int, float] = {}

    async def know(self, sender: Sender) -> tuple[Person, Texts]:
        """Return who is asking, with the role they have at this moment, and the language they read."""
        user = await self._store.users.get(sender.user_id)
        name = _one_line(f"@{sender.username}" if sender.username else sender.first_name)
        if user is not None and (user.username, user.first_name) != (sender.username, name):
            with suppress(StorageUnavailable):  # a new name is no reason to leave anybody unanswered
                await self._store.users.saw(sender.user_id, username=sender.username, first_name=name)
        person = Person(user_id=sender.user_id, role=Role.PENDING if user is None else user.role, name=name)
        return person, await self._texts(user, sender)

    async def texts(self, user_id: int) -> Texts:
        """Return the language and zone of somebody who is not asking right now."""
        user = await self._store.users.get(user_id)
        return await self._texts(user, Sender(user_id=user_id, language_code=None, username=None, first_name=""))

    async def _texts(self, user: User | None, sender: Sender) -> Texts:
        """Speak the language that was chosen; until one is, that of the person's app."""
        chosen = user.language if user is not None else None
        told = await self._store.settings.get_all(sender.user_id)
        zone = ZoneInfo(told.get("zone", "UTC"))
        return Texts(language_of(chosen or sender.language_code), zone, told.get(account_names.SETTING, {}))

    async def claim_ownership(self, user_id: int, code: str) -> bool:
        """Make somebody the owner who brings the code of the first start."""
        if not self._owner_code.redeem(code):
            return False
        await self._store.users.set_role(user_id, Role.ADMIN)
        await self._store.audit.add("became_owner", str(user_id), actor_id=user_id)
        logger.warning("the bot has an owner now", extra={"user": user_id})
        return True

    def may_refuse(self, user_id: int) -> bool:
        """Whether a stranger is told now that the bot is private: once an hour, so that nobody can make it chatter."""
        now = self._clock()
        if now - self._refused_at.get(user_id, -_REFUSAL_EVERY_S) < _REFUSAL_EVERY_S:
            return False
        if len(self._refused_at) >= _MAX_STRANGERS:
            self._refused_at.clear()
        self._refused_at[user_id] = now
        return True


def _one_line(name: str) -> str:
    """Return a name that fits one log line and one button, without signs that turn the text around."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in name)
    return " ".join(visible.split())[:_LONGEST_NAME]
