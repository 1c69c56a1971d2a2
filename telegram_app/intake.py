"""What comes in: every update is on the disk before Telegram may forget it.

python-telegram-bot's own loop acknowledges updates that are still being handled, and one 401 ends it for good without a
sign. This one stores a poll's updates, then moves the offset, and never stops by itself. After a crash, what was stored
and not finished is handled first.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError

from core.checkup import CONFLICT_LASTS_S, POLLING_CONFLICT
from core.failpoints import failpoint
from db import StorageUnavailable, Store
from db import Update as StoredUpdate
from models.finding import Finding, fail, warn
from telegram_app.lanes import Lanes
from telegram_app.pace import Pace
from telegram_app.request import FloodWait

logger = logging.getLogger(__name__)

POLL_S = 25
ALLOWED_UPDATES = ("message", "edited_message", "callback_query")
REMOVED = "[removed]"
"""Stands in a stored text where something like a key stood."""

_SECRET = re.compile(r"(0x)?[0-9a-fA-F]{40,}|(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[0-9])[A-Za-z0-9]{17,}")
_WRITTEN = frozenset({"text", "caption", "url"})
"""The fields of an update that hold words of people, and links, which may let their reader in."""
_LONG_PAUSES_S: dict[type[TelegramError], float] = {Conflict: 30.0, InvalidToken: 60.0}
_FIRST_PAUSE_S = 1.0
_MAX_PAUSE_S = 30.0
_PENDING_BATCH = 1000
_TRIES = 3
"""So often an update may end the process."""
_STOP_PATIENCE_S = 30.0
_UNWRITTEN_S = 4.0
"""How long the database must have taken no writes before people are answered without it."""
_ROUND_S = 30.0
"""What a round may take besides the poll: connecting, and waiting for the database."""

Handle = Callable[[Update], Awaitable[None]]


class Intake:
    """Polls Telegram and hands updates to their people's lanes.

    Args:
        bot: Telegram.
        store: Its inbox keeps the updates.
        handle: Answers one update. It handles its own errors.
        refuse: Tells somebody whose lane is full.
        give_up: Tells somebody that answering their update ended the process again and again.
        without_storage: Answers an update that cannot be stored.
        person_of: Whose lane an update belongs to; None for updates that nobody answers.
        is_urgent: Whether an update is taken however fast its person goes: it confirms, or it stops something.
        pace: How fast a person may go.
    """

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        handle: Handle,
        refuse: Handle,
        give_up: Handle,
        without_storage: Handle,
        person_of: Callable[[Update], int | None],
        is_urgent: Callable[[Update], bool] = lambda _: False,
        pace: Pace | None = None,
    ) -> None:
        self._bot = bot
        self._store = store
        self._handle = handle
        self._refuse = refuse
        self._give_up = give_up
        self._without_storage = without_storage
        self._unwritten_since: float | None = None
        self._person_of = person_of
        self._is_urgent = is_urgent
        self.pace = pace or Pace()
        self._lanes: Lanes[Update] = Lanes(self._finish)
        self._last_ok = self._next_round = time.monotonic()
        self._is_well = True
        self._doubled_at: float | None = None
        self.handled = 0
        """Updates answered, ignored or refused since the start."""

    @property
    def silent_s(self) -> float:
        """How long ago Telegram last answered a poll: what a watchdog looks at."""
        return time.monotonic() - self._last_ok

    @property
    def late_s(self) -> float:
        """How long the next round is overdue, whatever Telegram answers; negative while it is not."""
        return time.monotonic() - self._next_round

    def findings(self) -> list[Finding]:
        """Return what is wrong with taking updates; nothing where nothing is."""
        if self._doubled_at is not None and time.monotonic() - self._doubled_at < CONFLICT_LASTS_S:
            return [fail(POLLING_CONFLICT)]
        silent_s = round(self.silent_s)
        return [warn("telegram_quiet", seconds=silent_s)] if silent_s > POLL_S + _ROUND_S else []

    async def run(self) -> None:
        """Handle what a crash left behind, then poll until cancelled."""
        offset, pause_s, is_recovered = 0, _FIRST_PAUSE_S, False
        while True:
            try:
                self._expect_round(POLL_S + _ROUND_S)
                if not is_recovered:
                    await self._recover()
                    is_recovered = True
                offset = await self._poll(offset)
                pause_s = _FIRST_PAUSE_S
            except (TelegramError, StorageUnavailable) as e:
                self._tell_once(e)
                if _goes_to_a_webhook(e):
                    await self._take_back()
                elif isinstance(e, Conflict):
                    await self._note_conflict()
                self._expect_round(asked := _pause_after(e, pause_s))
                await asyncio.sleep(asked)
                pause_s = min(pause_s * 2, _MAX_PAUSE_S)

    async def stop(self) -> None:
        """Wait for the answers that are under way."""
        await self._lanes.drain(_STOP_PATIENCE_S)

    async def _poll(self, offset: int) -> int:
        """Fetch, store, and only then hand out; return the offset that acknowledges."""
        updates = await self._bot.get_updates(
            offset=offset or None, timeout=POLL_S, allowed_updates=ALLOWED_UPDATES, limit=100
        )
        self._last_ok = time.monotonic()
        self._tell_recovered()
        if not updates:
            self._unwritten_since = None  # so long ago by now that it has to last anew
            return 0  # all before is confirmed by now; after a quiet week Telegram may count from a smaller number
        failpoint("K1")
        stored = [_stored(update, self._bot.id, self._person_of(update)) for update in updates]
        try:
            new = {update.update_id for update in await self._store.inbox.add(stored)}
        except StorageUnavailable:
            await self._answer_unstored(updates)
            return updates[-1].update_id + 1
        self._unwritten_since = None
        failpoint("K2")
        await self._hand_out([update for update in updates if update.update_id in new])
        return updates[-1].update_id + 1

    async def _answer_unstored(self, updates: Sequence[Update]) -> None:
        """Answer what cannot be stored, once that has lasted; until then it stays at Telegram, and is fetched again.

        Raises:
            StorageUnavailable: It may be a lock that somebody holds for a moment.
        """
        now = asyncio.get_running_loop().time()
        if self._unwritten_since is None:
            self._unwritten_since = now
        if now - self._unwritten_since < _UNWRITTEN_S:
            raise StorageUnavailable("updates cannot be stored")
        logger.error("updates cannot be stored; only closing works", extra={"updates": len(updates)})
        await asyncio.gather(*(self._without_storage(update) for update in updates))
        self.handled += len(updates)

    async def _take_back(self) -> None:
        """End a webhook that somebody set for this token: while it is there nothing can be polled, and all that people
        write goes to its address. What waits at Telegram stays."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as e:
            logger.warning("webhook not removed", extra={"problem": type(e).__name__})

    def _expect_round(self, within_s: float) -> None:
        self._next_round = time.monotonic() + within_s

    async def _recover(self) -> None:
        """Handle what was stored and not finished. What ended the process three times is left alone, and told."""
        for stored in await self._store.inbox.pending(self._bot.id, _PENDING_BATCH):
            tries = await self._store.inbox.failed(stored.bot_id, stored.update_id)
            if tries < _TRIES:
                await self._hand_out([self._read(stored)])
                continue
            logger.error("update given up", extra={"update": stored.update_id})
            if tries < _TRIES * 2:  # unless reading or telling of it ends the process too
                await self._give_up(self._read(stored))
            await self._store.inbox.bury(stored.bot_id, stored.update_id)

    def _read(self, stored: StoredUpdate) -> Update:
        return Update.de_json(json.loads(stored.payload), self._bot)

    async def _hand_out(self, updates: Sequence[Update]) -> None:
        for update in updates:
            person = self._person_of(update)
            if person is None:
                await self._store.inbox.ignore(self._bot.id, update.update_id)
                self.handled += 1
            elif not self._take(person, update):
                await self._store.inbox.ignore(self._bot.id, update.update_id)
                await self._refuse(update)
                self.handled += 1

    def _take(self, person: int, update: Update) -> bool:
        """Put an update into its person's lane, unless they go too fast; what is urgent is never too fast."""
        is_urgent = self._is_urgent(update)
        return (is_urgent or self.pace.allows(person)) and self._lanes.put(person, update, is_urgent=is_urgent)

    async def _finish(self, update: Update) -> None:
        await self._handle(update)
        try:
            await self._store.inbox.done(self._bot.id, update.update_id)
        except StorageUnavailable as e:
            logger.warning("update not marked as done", extra={"update": update.update_id, "problem": e.code})
        self.handled += 1

    async def _note_conflict(self) -> None:
        """Remember it for a while, and on the disk, where the check-up on the terminal finds it: two that take turns
        at one token do poll in vain only now and then."""
        self._doubled_at = time.monotonic()
        with suppress(StorageUnavailable):
            await self._store.cache.put(POLLING_CONFLICT, b"")

    def _tell_once(self, error: Exception) -> None:
        """Say once that something went away; `_tell_recovered` says once that it is back."""
        if not self._is_well:
            return
        self._is_well = False
        if isinstance(error, Conflict):
            logger.error("another process polls with this bot's token: a second bot, or the token is stolen")
        elif isinstance(error, InvalidToken):
            logger.error("Telegram does not take this bot's token any more; chat is down, trading goes on")
        else:
            logger.warning("updates cannot be taken", extra={"problem": type(error).__name__})

    def _tell_recovered(self) -> None:
        if not self._is_well:
            self._is_well = True
            logger.info("updates are taken again")


def _goes_to_a_webhook(error: Exception) -> bool:
    """Whether polling is refused because a webhook gets the updates: https://core.telegram.org/bots/api#getupdates"""
    return isinstance(error, Conflict) and "webhook" in error.message.lower()


def _pause_after(error: Exception, pause_s: float) -> float:
    if isinstance(error, FloodWait):
        return error.seconds
    if _goes_to_a_webhook(error):
        return pause_s
    return _LONG_PAUSES_S.get(type(error), pause_s) if isinstance(error, TelegramError) else pause_s


def _stored(update: Update, bot_id: int, person: int | None) -> StoredUpdate:
    kind = "message" if update.message else "callback_query" if update.callback_query else "other"
    return StoredUpdate(
        bot_id=bot_id,
        update_id=update.update_id,
        kind=kind,
        from_id=person,
        payload=scrubbed(update),
        received_ms=time.time_ns() // 1_000_000,
    )


def scrubbed(update: Update) -> str:
    """Return an update's JSON without whatever looks like a key: keys are read from memory, never from the disk.

    What people wrote stands in several places: in a message, in an edit of one, in what is answered to or quoted, and
    under a picture. What a button carries stays as it is, for it is carried out.
    """
    return json.dumps(_without_secrets(update.to_dict()), ensure_ascii=False, default=_seconds)


def _without_secrets(part: Any, name: str = "") -> Any:
    if isinstance(part, dict):
        return {key: _without_secrets(value, key) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_without_secrets(value, name) for value in part]
    return _SECRET.sub(REMOVED, part) if name in _WRITTEN and isinstance(part, str) else part


def _seconds(value: object) -> int:
    """Write a moment that the library left as it is, as it does for messages that are too old to be read."""
    if not isinstance(value, datetime):
        raise TypeError(f"no way to store {type(value).__name__}")
    return round(value.timestamp())
