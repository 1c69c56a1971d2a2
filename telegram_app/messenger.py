"""Screens into chats: sent, put in a message's place, or kept until Telegram takes them."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

from telegram import Bot, InputMediaPhoto
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError

from chat.watch import is_told
from db import Message, Store
from telegram_app.render import inline_keyboard, markup, to_body
from telegram_app.request import FloodWait
from telegram_ui.screen import Attachment, Screen

logger = logging.getLogger(__name__)

_PATIENCE_S = 3
"""How long an answer waits for Telegram's flood control before it is given up or left to the outbox."""
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "there is no text")
_MOST_PICTURES = 500
_SAME = "message is not modified"


class Messenger:
    """Everything that this bot says goes through here.

    Args:
        bot: Telegram.
        store: Its outbox keeps what must arrive.
    """

    def __init__(self, bot: Bot, store: Store) -> None:
        self._bot = bot
        self._store = store
        self._pictures: dict[bytes, str] = {}
        self._turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()  # while somebody waits

    async def send(self, chat_id: int, screen: Screen) -> int:
        """Send a new message and return its id.

        Raises:
            TelegramError: Telegram did not take it.
        """
        message = await self._bot.send_message(
            chat_id,
            screen.text,
            parse_mode=ParseMode.HTML,
            reply_markup=markup(screen),
            disable_notification=screen.is_silent,
        )
        return message.message_id

    async def edit(self, chat_id: int, message_id: int, screen: Screen) -> int:
        """Put a screen in a message's place; send a new message where the old one cannot be changed any more.

        Raises:
            TelegramError: Telegram did not take it.
        """
        try:
            await self.redraw(chat_id, message_id, screen)
        except BadRequest as e:
            if any(gone in e.message.lower() for gone in _GONE):
                return await self.send(chat_id, screen)
            raise
        return message_id

    async def redraw(self, chat_id: int, message_id: int, screen: Screen) -> None:
        """Put a screen in a message's place, and nowhere else.

        Raises:
            TelegramError: Telegram did not take it, or the message is gone.
        """
        try:
            await self._bot.edit_message_text(
                screen.text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=inline_keyboard(screen.keyboard),
            )
        except BadRequest as e:
            if _SAME not in e.message.lower():
                raise

    async def send_file(self, chat_id: int, attachment: Attachment, *, instead_of: int | None = None) -> bool:
        """Send a file, or put a picture in the place of another; return whether Telegram took it."""
        try:
            await self._bot.send_chat_action(chat_id, ChatAction.UPLOAD_PHOTO)
            if instead_of is None or not await self._change_picture(chat_id, instead_of, attachment):
                await self._send_file(chat_id, attachment)
        except TelegramError as e:
            logger.warning("file not delivered", extra={"chat": chat_id, "problem": type(e).__name__})
            return False
        return True

    async def _send_file(self, chat_id: int, attachment: Attachment) -> None:
        caption = attachment.caption
        words: Any = {"caption": caption.text, "parse_mode": ParseMode.HTML}
        options: Any = {"reply_markup": inline_keyboard(caption.keyboard), "disable_notification": caption.is_silent}
        if attachment.is_picture:
            await self._send_picture(chat_id, attachment, {**words, **options})
        else:
            await self._bot.send_document(chat_id, attachment.content, filename=attachment.name, **words, **options)

    async def _send_picture(self, chat_id: int, attachment: Attachment, options: Mapping[str, Any]) -> None:
        """Send a picture; one that Telegram has already is named instead of sent again."""
        mark = sha256(attachment.content).digest()
        known = self._pictures.get(mark)
        if known is not None:
            try:
                await self._bot.send_photo(chat_id, known, **options)
            except BadRequest:  # it was forgotten there
                self._pictures.pop(mark, None)
            else:
                return
        sent = await self._bot.send_photo(chat_id, attachment.content, filename=attachment.name, **options)
        if len(self._pictures) >= _MOST_PICTURES:
            del self._pictures[next(iter(self._pictures))]
        if sent.photo:
            self._pictures[mark] = sent.photo[-1].file_id

    async def _change_picture(self, chat_id: int, message_id: int, attachment: Attachment) -> bool:
        caption = attachment.caption
        media = InputMediaPhoto(attachment.content, caption.text, ParseMode.HTML, filename=attachment.name)
        markup = inline_keyboard(caption.keyboard)
        try:
            await self._bot.edit_message_media(media, chat_id=chat_id, message_id=message_id, reply_markup=markup)
        except BadRequest as e:
            logger.info("picture not changed", extra={"chat": chat_id, "problem": e.message})
            return _SAME in e.message.lower()
        return True

    async def put(self, chat_id: int, message_id: int | None, screen: Screen) -> int:
        """Show a screen in a message's place, or as a new message where there is none.

        Raises:
            TelegramError: Telegram did not take it.
        """
        if message_id is None:
            return await self.send(chat_id, screen)
        return await self.edit(chat_id, message_id, screen)

    async def show(self, chat_id: int, message_id: int | None, screen: Screen, *, key: str) -> int | None:
        """Show an answer, waiting a little where Telegram asks for it. What must arrive is kept for later under `key`.

        Returns:
            The id of the message that shows it; None when it was not shown yet.
        """
        try:
            async with self.turn(chat_id, message_id):
                if await self.is_outdated(chat_id, screen):
                    return message_id
                return await self._patiently(chat_id, message_id, screen)
        except Forbidden:
            logger.info("chat is closed to us", extra={"chat": chat_id})
        except (NetworkError, FloodWait) as e:
            if not screen.must_arrive:
                logger.warning("answer not delivered", extra={"chat": chat_id, "problem": type(e).__name__})
            else:
                body = to_body(screen, message_id=message_id)
                await self._store.outbox.add(Message(chat_id=chat_id, body=body, key=key))
        return None

    def turn(self, chat_id: int, message_id: int | None) -> AbstractAsyncContextManager[Any]:
        """Wait for the turn to change a message: what is known of an order later must stand there last."""
        if message_id is None:
            return nullcontext()
        key = (chat_id, message_id)
        lock = self._turns.get(key)
        if lock is None:
            lock = self._turns[key] = asyncio.Lock()
        return lock

    async def is_outdated(self, chat_id: int, screen: Screen) -> bool:
        """Whether a screen says of an order that it is being checked, when it was told already what became of it."""
        return bool(screen.awaits) and await is_told(self._store, chat_id, screen.awaits)

    async def _patiently(self, chat_id: int, message_id: int | None, screen: Screen) -> int:
        try:
            return await self.put(chat_id, message_id, screen)
        except FloodWait as e:
            if e.seconds > _PATIENCE_S:
                raise
            await asyncio.sleep(e.seconds)
            return await self.put(chat_id, message_id, screen)

    async def acknowledge(self, query_id: str, text: str = "", *, is_alert: bool = False) -> None:
        """End the spinner of a tapped button. A tap that is too old to answer changes nothing."""
        try:
            await self._bot.answer_callback_query(query_id, text[:200] or None, show_alert=is_alert)
        except TelegramError as e:
            logger.info("tap not acknowledged", extra={"problem": type(e).__name__})

    async def pin(self, chat_id: int, message_id: int) -> bool:
        """Keep a message at the top of its chat, without a sound; return whether Telegram does."""
        try:
            return bool(await self._bot.pin_chat_message(chat_id, message_id, disable_notification=True))
        except TelegramError as e:
            logger.info("message not pinned", extra={"chat": chat_id, "problem": type(e).__name__})
            return False

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Delete a message; return whether it is gone."""
        try:
            return bool(await self._bot.delete_message(chat_id, message_id))
        except TelegramError:
            return False
