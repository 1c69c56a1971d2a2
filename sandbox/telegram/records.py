"""What the server remembers: people, chats, messages and button presses, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sandbox.telegram.files import StoredFile
from sandbox.telegram.text import Formatted
from sandbox.telegram.wire import Json

NO_TEXT: Final = Formatted("")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    username: str
    language_code: str | None = None
    is_bot: bool = False

    def to_dict(self) -> dict[str, Json]:
        """Return Telegram's User object."""
        language = {"language_code": self.language_code} if self.language_code else {}
        return {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.first_name,
            "username": self.username,
            **language,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A private chat (its id is the person's) or a group; `members` are user ids."""

    id: int
    type: str
    members: tuple[int, ...]
    title: str | None = None
    username: str | None = None
    first_name: str | None = None

    @property
    def is_private(self) -> bool:
        """Tell whether it is one person and the bot."""
        return self.type == "private"

    def to_dict(self) -> dict[str, Json]:
        """Return Telegram's Chat object."""
        names = ("id", "type", "title", "username", "first_name")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `content` is its text, or the caption where it carries a file."""

    message_id: int
    chat_id: int
    sender_id: int
    date: datetime
    content: Formatted = NO_TEXT
    file: StoredFile | None = None
    inline: Json = None
    edit_date: datetime | None = None
    reply_to: int | None = None
    media_group_id: str | None = None
    is_silent: bool = False
    is_protected: bool = False
    has_spoiler: bool = False
    caption_above: bool = False
    extra: Json = None
    """Fields of service messages and forwards, already in Telegram's shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A press on an inline button that the bot has to answer."""

    query_id: str
    user_id: int
    chat_id: int
    message_id: int
    data: str
    pressed_at: datetime
