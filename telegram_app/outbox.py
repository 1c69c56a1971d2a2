"""Messages that must arrive: sent until Telegram takes them, in order per chat, without hurrying any chat."""

import asyncio
import logging

from telegram.error import BadRequest, Forbidden, TelegramError

from chat.news import UNREADABLE, Newsroom
from core.clock import SystemClock
from core.failpoints import failpoint
from core.forever import for_ever, ring
from db import StorageUnavailable, Store, StoredMessage
from telegram_app.messenger import Messenger
from telegram_app.render import from_body
from telegram_app.request import FloodWait
from telegram_ui.screen import Screen

logger = logging.getLogger(__name__)

MAX_TRIES = 200
"""With pauses of up to five minutes, about the 24 hours for which Telegram itself keeps things."""
_IDLE_S = 1.0
_PER_CHAT_S = 1.0
_MOST_A_TURN = 5
"""A chat to which much is owed must not keep what is new from the others."""
_MAX_PAUSE_MS = 300_000


class OutboxWorker:
    """Drains the outbox.

    Args:
        messenger: Sends.
        store: Holds the outbox.
        newsroom: Puts news into words.
    """

    def __init__(self, messenger: Messenger, store: Store, newsroom: Newsroom) -> None:
        self._messenger = messenger
        self._store = store
        self._newsroom = newsroom
        self._wake = asyncio.Event()
        self._wake.set()

    def wake(self) -> None:
        """Look for messages now instead of in a second."""
        self._wake.set()

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        await for_ever("outbox", self._round, wait=ring(SystemClock(), self._wake, lambda: _IDLE_S))

    async def _round(self) -> None:
        try:
            await self.drain()
        except StorageUnavailable as e:
            logger.warning("outbox cannot be read", extra={"problem": e.code})

    async def drain(self) -> None:
        """Send what is due now: chats at the same time, each chat one message a second."""
        chats: dict[int, list[StoredMessage]] = {}
        for message in await self._store.outbox.due():
            chats.setdefault(message.chat_id, []).append(message)
        turns = (self._drain_chat(messages[:_MOST_A_TURN]) for messages in chats.values())
        for error in await asyncio.gather(*turns, return_exceptions=True):
            if error is not None:  # told once every chat had its turn: none of them may be served twice at a time
                raise error

    async def _drain_chat(self, messages: list[StoredMessage]) -> None:
        for n, message in enumerate(messages):
            if n:
                await asyncio.sleep(_PER_CHAT_S)
            if not await self._deliver(message):
                return

    async def _deliver(self, message: StoredMessage) -> bool:
        """Send one message; return whether the chat takes messages at all right now."""
        try:
            screen, message_id = await self._screen_of(message)
        except UNREADABLE:
            logger.exception("message given up", extra={"chat": message.chat_id, "number": message.id})
            await self._store.outbox.give_up(message.id, "unreadable")
            return True
        if screen is None:
            await self._store.outbox.sent(message.id, None)
            return True
        async with self._messenger.turn(message.chat_id, message_id):
            return await self._put(message, message_id, screen)

    async def _put(self, message: StoredMessage, message_id: int | None, screen: Screen) -> bool:
        if not await self._store.outbox.is_waiting(message.id):  # taken back while it waited for its turn
            return True
        if await self._messenger.is_outdated(message.chat_id, screen):
            await self._store.outbox.sent(message.id, None)
            return True
        try:
            sent_id = await self._messenger.put(message.chat_id, message_id, screen)
        except (Forbidden, BadRequest) as e:
            logger.warning("message given up", extra={"chat": message.chat_id, "problem": type(e).__name__})
            await self._store.outbox.give_up(message.id, type(e).__name__)
            return not isinstance(e, Forbidden)
        except TelegramError as e:
            await self._postpone(message, e)
            return False
        failpoint("K10")
        await self._store.outbox.sent(message.id, sent_id)
        await self._newsroom.told(message.chat_id, message.body)
        return True

    async def _screen_of(self, message: StoredMessage) -> tuple[Screen | None, int | None]:
        """Return an answer as it was kept, or news as they are told now; None where nobody wants to know."""
        if "kind" not in message.body:
            return from_body(message.body)
        telling = await self._newsroom.tell(message.chat_id, message.body)
        return telling.screen, telling.message_id

    async def _postpone(self, message: StoredMessage, error: TelegramError) -> None:
        if message.tries >= MAX_TRIES:
            await self._store.outbox.give_up(message.id, type(error).__name__)
            return
        pause_ms = min(1000 * 2 ** min(message.tries, 10), _MAX_PAUSE_MS)
        if isinstance(error, FloodWait):
            pause_ms = max(pause_ms, round(error.seconds * 1000))
        await self._store.outbox.retry(message.id, after_ms=pause_ms, note=type(error).__name__)
