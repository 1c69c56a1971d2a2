"""Asks the venues now and then what they think of the stored keys, and tells their owners before it matters."""

import logging
from datetime import datetime, timedelta
from typing import Any

from core.clock import Clock, SystemClock
from core.forever import every, for_ever, holding
from core.resolver import Clients
from db import Job, Message, Store
from exchanges.pacing import Purpose, reading_for
from models.account import Account
from models.errors import NoCredentials, Rejected, TradingError
from models.values import from_millis
from models.venue import KeyInfo

logger = logging.getLogger(__name__)

ENDING_DAYS = (14, 7, 3, 1)
"""How many days before its end a key's owner is told, each once."""
_EVERY_S = 60.0
_ASK_EVERY = timedelta(hours=1)
_ASK_WHEN_SILENT = timedelta(minutes=5)
_SILENT = timedelta(minutes=1)
_REFUSED_LEVEL = 10


class KeyWatch:
    """The background job. One process at a time holds it.

    Args:
        store: The open database.
        clients: Gives an account's client.
        clock: Tests bring their own.
    """

    def __init__(self, store: Store, clients: Clients, *, clock: Clock | None = None) -> None:
        self._store = store
        self._clients = clients
        self._clock = clock or SystemClock()
        self._asked_at: dict[Account, datetime] = {}

    async def run(self) -> None:
        """Watch for ever."""
        await for_ever("keys", holding(self._store, Job.RECONCILER, self.look_once), wait=every(self._clock, _EVERY_S))

    async def look_once(self) -> None:
        """Ask about every key that is due; sooner where an account cannot be read."""
        now = from_millis(self._clock.now_ms())
        for row in await self._store.accounts.usable():
            account = row.account
            seen_at = await self._store.fills.mark(account, "positions")
            is_silent = seen_at is not None and now - seen_at > _SILENT
            asked_at = self._asked_at.get(account)
            if asked_at is None or now - asked_at >= (_ASK_WHEN_SILENT if is_silent else _ASK_EVERY):
                self._asked_at[account] = now
                await self._ask(account, now)

    async def _ask(self, account: Account, now: datetime) -> None:
        key = f"key:{account}"
        try:
            with reading_for(Purpose.SYNC):
                info = await (await self._clients(account)).get_key_info()
        except (Rejected, NoCredentials) as e:
            news = _message(account, "key_refused", now.isoformat(), code=e.code)
            await self._store.conditions.begin(key, _REFUSED_LEVEL, news)
            return
        except TradingError as e:  # no answer proves nothing
            logger.info("key not checked", extra={"account": str(account), "code": e.code})
            return
        await self._note(key, account, info, now)

    async def _note(self, key: str, account: Account, info: KeyInfo, now: datetime) -> None:
        level = ending_level(info, now)
        held = (await self._store.conditions.held(key)).get(key, 0)
        if held and level < held:  # a new key, or one that is valid again
            await self._store.conditions.end(key)
        if level:
            news = _message(account, "key_ending", f"{info.expires_at:%Y-%m-%d}:{level}", ends_at=info.expires_at)
            await self._store.conditions.begin(key, level, news)


def ending_level(info: KeyInfo, now: datetime) -> int:
    """Return how near a key's end is: 0 for far, then one for each of `ENDING_DAYS` that was passed."""
    if info.expires_at is None:
        return 0
    return sum(info.expires_at - now <= timedelta(days=days) for days in ENDING_DAYS)


def _message(account: Account, kind: str, name: str, **data: Any) -> Message:
    body = {"kind": kind, "account": account, **data}
    return Message(chat_id=account.user_id, key=f"{kind}:{account}:{name}", body=body)
