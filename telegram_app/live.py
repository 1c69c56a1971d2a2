"""Cards that follow the market: the latest one of each chat is drawn again every few seconds, for some minutes.

A tap on the message ends that at once, because another screen takes its place.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telegram.error import TelegramError

from core.clock import SystemClock
from core.forever import every, for_ever
from models.errors import TradingError
from telegram_app.messenger import Messenger
from telegram_ui.screen import Screen

logger = logging.getLogger(__name__)

EVERY_S = 5.0
"""Telegram takes about one edit a second in a chat; people read slower."""
FOR_S = 300.0

Draw = Callable[[], Awaitable[Screen]]


@dataclass(frozen=True, slots=True)
class _Card:
    message_id: int
    draw: Draw
    until: float


class LiveCards:
    """Draws cards again.

    Args:
        messenger: Edits the messages.
        clock: Monotonic seconds.
    """

    def __init__(self, messenger: Messenger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._messenger = messenger
        self._clock = clock
        self._cards: dict[int, _Card] = {}

    def follow(self, chat_id: int, message_id: int, draw: Draw) -> None:
        """Draw a message again from now on, instead of any other of its chat."""
        self._cards[chat_id] = _Card(message_id, draw, self._clock() + FOR_S)

    def leave(self, chat_id: int, message_id: int | None) -> None:
        """Draw a message no more: something else stands there now."""
        card = self._cards.get(chat_id)
        if card is not None and card.message_id == message_id:
            del self._cards[chat_id]

    async def run(self) -> None:
        """Draw for ever."""
        await for_ever("live cards", self.look_once, wait=every(SystemClock(), EVERY_S))

    async def look_once(self) -> None:
        """Draw every card once."""
        await asyncio.gather(*(self._draw(chat_id, card) for chat_id, card in list(self._cards.items())))

    async def _draw(self, chat_id: int, card: _Card) -> None:
        try:
            screen = await card.draw()
            async with self._messenger.turn(chat_id, card.message_id):
                if self._cards.get(chat_id) is not card:  # it was tapped meanwhile
                    return
                await self._messenger.edit(chat_id, card.message_id, screen)
        except TradingError as e:  # what stands there says how old it is
            logger.info("card not drawn", extra={"chat": chat_id, "code": e.code})
        except TelegramError as e:
            logger.info("card not shown", extra={"chat": chat_id, "problem": type(e).__name__})
            self.leave(chat_id, card.message_id)
            return
        else:
            if not screen.is_live:
                self.leave(chat_id, card.message_id)
        if self._clock() >= card.until:
            self.leave(chat_id, card.message_id)
