"""What a person did, read from an update: the few things that count, checked before anything else looks at them."""

from dataclasses import dataclass, replace
from datetime import datetime

from telegram import CallbackQuery, Message, Update, User
from telegram.constants import ChatType

MAX_TEXT = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who did it, as Telegram knows them."""

    user_id: int
    language_code: str | None
    username: str | None
    first_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One message or one tap of one person.

    Attributes:
        sender: Who it is from; never told from the chat's id.
        text: What was written; empty for taps.
        data: What the button carried; empty for messages.
        query_id: What a tap is acknowledged by; empty for messages.
        message_id: The message that was written, or the one whose button was tapped; None when it is too old to edit.
        sent_at: When it was written; taps carry no time.
        is_private: Whether it is a chat between this person and the bot alone.
        is_written: Whether this person wrote it themselves, as text; pictures, voices and what is passed on from
            elsewhere never trigger anything, and are told so.
        is_edit: Whether it is another text in the place of one that was answered already.
    """

    update_id: int
    sender: Sender
    chat_id: int
    text: str = ""
    data: str = ""
    query_id: str = ""
    message_id: int | None = None
    sent_at: datetime | None = None
    is_private: bool = True
    is_written: bool = True
    is_edit: bool = False

    @property
    def is_tap(self) -> bool:
        """Whether a button was tapped."""
        return bool(self.query_id)


def read_update(update: Update) -> Incoming | None:
    """Return what a person did; None for everything that must never trigger anything.

    Channel posts, service messages and other bots are not what somebody writes to this bot now. An edited text is told
    apart: what was written first was answered already, so the edit is never carried out.
    """
    if update.message is not None:
        return _from_message(update.update_id, update.message)
    if update.edited_message is not None and update.edited_message.text is not None:
        edited = _from_message(update.update_id, update.edited_message)
        return None if edited is None else replace(edited, is_edit=True)
    if update.callback_query is not None:
        return _from_tap(update.update_id, update.callback_query)
    return None


def _from_message(update_id: int, message: Message) -> Incoming | None:
    user = message.from_user
    if user is None or user.is_bot or message.sender_chat:
        return None
    is_private = message.chat.type == ChatType.PRIVATE and message.chat.id == user.id
    is_written = message.text is not None and not (message.via_bot or message.forward_origin)
    if not is_written and not (is_private and (message.text or message.effective_attachment)):
        return None
    return Incoming(
        update_id=update_id,
        sender=_sender(user),
        chat_id=message.chat.id,
        text=(message.text or "")[:MAX_TEXT] if is_written else "",
        is_written=is_written,
        message_id=message.message_id,
        sent_at=message.date,
        is_private=is_private,
    )


def _from_tap(update_id: int, query: CallbackQuery) -> Incoming | None:
    user, message = query.from_user, query.message
    if user.is_bot or not query.data or message is None:
        return None
    return Incoming(
        update_id=update_id,
        sender=_sender(user),
        chat_id=message.chat.id,
        data=query.data,
        query_id=query.id,
        message_id=message.message_id if message.is_accessible else None,
        is_private=message.chat.type == ChatType.PRIVATE and message.chat.id == user.id,
    )


def _sender(user: User) -> Sender:
    return Sender(user_id=user.id, language_code=user.language_code, username=user.username, first_name=user.first_name)
