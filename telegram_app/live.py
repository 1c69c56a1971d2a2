"""Screens that change by themselves: drawn again every few seconds, for some minutes.

Cards follow the market, the latest one of each chat; previews count down to their end. A tap on the message ends that
at once, because another screen takes its place. A card that is not drawn anew any more says so.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
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
PINNED_FOR_S = 12 * 3600.0
PINNED_EVERY_S = 30.0
"""What stands at the top of the chat all day is drawn less often."""
MOST_A_ROUND = 50
"""Telegram takes about thirty messages a second of a bot; answers to people come first."""
_REST_S = 2.0
"""How long stopping waits for the cards to say that they are not drawn anew any more."""

Draw = Callable[[], Awaitable[Screen]]


@dataclass(slots=True)
class _Card:
    chat_id: int
    message_id: int
    draw: Draw
    until: float
    shown: Screen
    due_at: float


class LiveCards:
    """Draws cards again.

    Args:
        messenger: Edits the messages.
        clock: Monotonic seconds.
    """

    def __init__(self, messenger: Messenger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._messenger = messenger
        self._clock = clock
        self._cards: dict[tuple[int, int], _Card] = {}

    def follow(self, chat_id: int, message_id: int, draw: Draw, *, shown: Screen) -> None:
        """Draw a message again from now on; a card that follows the market ends what another of its chat does, unless
        that is pinned.

        Args:
            shown: What stands there now.
        """
        now = self._clock()
        for (other, _), card in self._cards.items():
            if other == chat_id and shown.is_live and card.shown.is_live and not card.shown.is_pinned:
                card.until = now
        until = now + (PINNED_FOR_S if shown.is_pinned else FOR_S)
        self._cards[chat_id, message_id] = _Card(chat_id, message_id, draw, until, shown, due_at=now)

    def leave(self, chat_id: int, message_id: int | None) -> None:
        """Draw a message no more: something else stands there now."""
        if message_id is not None:
            self._cards.pop((chat_id, message_id), None)

    async def run(self) -> None:
        """Draw for ever; in the end let every card say that it is not drawn anew any more."""
        try:
            await for_ever("live cards", self.look_once, wait=every(SystemClock(), EVERY_S))
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_REST_S):
                    await asyncio.gather(*map(self._rest, list(self._cards.values())), return_exceptions=True)

    async def look_once(self) -> None:
        """Draw every card once; where they are many, those that waited longest. One that breaks is left alone."""
        now = self._clock()
        due = [(key, card) for key, card in self._cards.items() if card.due_at <= now][:MOST_A_ROUND]
        for key, card in due:
            self._cards[key] = self._cards.pop(key, card)
        drawn = await asyncio.gather(*(self._draw(card) for _, card in due), return_exceptions=True)
        for (_, card), error in zip(due, drawn, strict=True):
            if error is not None:
                logger.error("card broke", exc_info=error, extra={"chat": card.chat_id})
                self._drop(card)

    async def _draw(self, card: _Card) -> None:
        if self._clock() >= card.until:
            await self._rest(card)
            return
        card.due_at = self._clock() + (PINNED_EVERY_S if card.shown.is_pinned else 0.0)
        try:
            screen = await card.draw()
        except TradingError as e:
            logger.info("card not drawn", extra={"chat": card.chat_id, "code": e.code})
            await self._put(card, card.shown.when_stale)
            return
        await self._put(card, screen)
        card.shown = screen if screen.is_live else card.shown
        if not screen.is_live and screen.later is None:
            self._drop(card)

    async def _rest(self, card: _Card) -> None:
        await self._put(card, card.shown.when_stale)
        self._drop(card)

    async def _put(self, card: _Card, screen: Screen | None) -> None:
        """Show a screen in a card's place, if that is still the card's."""
        if screen is None:
            return
        try:
            async with self._messenger.turn(card.chat_id, card.message_id):
                if self._is_followed(card):  # else it was tapped meanwhile
                    await self._messenger.redraw(card.chat_id, card.message_id, screen)
        except TelegramError as e:
            logger.info("card not shown", extra={"chat": card.chat_id, "problem": type(e).__name__})
            self._drop(card)

    def _is_followed(self, card: _Card) -> bool:
        return self._cards.get((card.chat_id, card.message_id)) is card

    def _drop(self, card: _Card) -> None:
        """Draw a card no more, unless another has taken its place meanwhile."""
        if self._is_followed(card):
            del self._cards[card.chat_id, card.message_id]
