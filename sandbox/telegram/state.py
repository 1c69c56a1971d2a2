"""Everything one local Bot API server knows, and the events it tells the chat page."""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sandbox.telegram.faults import Faults
from sandbox.telegram.files import FileStore
from sandbox.telegram.limits import FloodControl
from sandbox.telegram.profile import Profile
from sandbox.telegram.records import Chat, Message, Press, User
from sandbox.telegram.text import Entity
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.wire import Json, bad_request, forbidden, unix_seconds
from sandbox.telegram.world import TelegramWorld

PRESS_LIFETIME: Final = timedelta(minutes=2)
_KEPT_CALLS: Final = 2000

Event = dict[str, Json]
Listener = Callable[[Event], None]


class TelegramState:
    """One bot, its people, and what passed between them. Nothing here waits; only the update queue does."""

    def __init__(self, world: TelegramWorld, *, bot: User, people: Iterable[User], groups: Sequence[Chat] = ()) -> None:
        self.world = world
        self.bot = bot
        self.users = {user.id: user for user in (bot, *people)}
        private = (_private_chat(user, bot) for user in self.users.values() if not user.is_bot)
        self.chats = {chat.id: chat for chat in (*private, *groups)}
        # Counting from the clock, a restarted server never hands out a number that a bot has seen before.
        start = unix_seconds(world.now())
        self.updates = UpdateQueue(first_id=start)
        self._last_message_id = start - 1_700_000_000
        self.messages: dict[int, dict[int, Message]] = {chat_id: {} for chat_id in self.chats}
        self.pinned: dict[int, list[int]] = {chat_id: [] for chat_id in self.chats}
        self.keyboards: dict[int, Json] = {}  # with the number of the message that brought it
        self.started: set[int] = {chat.id for chat in groups}
        self.blocked: set[int] = set()
        self.presses: dict[str, Press] = {}
        self.files = FileStore()
        self.profile = Profile()
        self.flood = FloodControl()
        self.faults = Faults()
        self.calls: deque[Json] = deque(maxlen=_KEPT_CALLS)
        self._listeners: list[Listener] = []

    # People who look on

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener every event from now on; the returned function ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: str, **fields: Json) -> None:
        """Report an event to everybody who listens."""
        for listener in list(self._listeners):
            listener({"event": event, **fields})

    # Chats

    def add_person(self, user: User) -> None:
        """Open a private chat for another person."""
        self.users[user.id] = user
        self.chats[user.id] = _private_chat(user, self.bot)
        self.messages[user.id], self.pinned[user.id] = {}, []

    def find_chat(self, identifier: str | None) -> Chat:
        """Return the chat a bot names by id, refusing what it cannot see."""
        if not identifier:
            raise bad_request("chat_id is empty")
        try:
            chat = self.chats.get(int(identifier))
        except ValueError:
            chat = None
        if chat is None or chat.id not in self.started:
            raise bad_request("chat not found")
        return chat

    def writable_chat(self, identifier: str | None) -> Chat:
        """Return a chat in which the bot may write."""
        chat = self.find_chat(identifier)
        if chat.id in self.blocked:
            raise forbidden("bot was blocked by the user")
        if self.bot.id not in chat.members:
            raise forbidden("bot was kicked from the group chat")
        return chat

    def leave(self, chat: Chat) -> None:
        """Take the bot out of a group."""
        members = tuple(member for member in chat.members if member != self.bot.id)
        self.chats[chat.id] = replace(chat, members=members)
        self.tell("left", chat_id=chat.id)

    # Messages

    def next_message_id(self) -> int:
        """Return the number of the next message; numbers only grow."""
        self._last_message_id += 1
        return self._last_message_id

    def keep_counting(self) -> None:
        """Go on after the highest number there is, when messages of an earlier run were taken over."""
        numbers = (message_id for messages in self.messages.values() for message_id in messages)
        self._last_message_id = max(self._last_message_id, *numbers, 0)

    def find_message(self, chat_id: int, message_id: int | None) -> Message | None:
        """Return a message that still exists, or None."""
        return None if message_id is None else self.messages[chat_id].get(message_id)

    def post(self, message: Message, *, keyboard: Json = None) -> Message:
        """Add a message to its chat; `keyboard` is the change it brings to the reader's keyboard."""
        self.messages[message.chat_id][message.message_id] = message
        self.tell("message", chat_id=message.chat_id, message=self.page_view(message))
        if keyboard is not None:
            shown = None if keyboard.get("remove_keyboard") else {**keyboard, "message_id": message.message_id}
            self._set_keyboard(message.chat_id, shown)
        return message

    def change(self, message: Message, **fields: object) -> Message:
        """Replace fields of a message that is already in its chat."""
        changed = replace(message, **fields)  # type: ignore[arg-type]  # the names are checked by replace itself
        self.messages[message.chat_id][message.message_id] = changed
        self.tell("message", chat_id=message.chat_id, message=self.page_view(changed))
        return changed

    def remove(self, message: Message) -> None:
        """Delete a message, and its pin."""
        del self.messages[message.chat_id][message.message_id]
        self.unpin(message.chat_id, message.message_id)
        self.tell("deleted", chat_id=message.chat_id, message_id=message.message_id)

    def pin(self, message: Message) -> None:
        """Put a message on top of the pinned ones."""
        pins = self.pinned[message.chat_id]
        self.pinned[message.chat_id] = [*(pin for pin in pins if pin != message.message_id), message.message_id]
        self.tell("pinned", chat_id=message.chat_id, pinned=self.pinned[message.chat_id])

    def unpin(self, chat_id: int, message_id: int | None = None) -> None:
        """Take one message, or all of them, off the pinned ones."""
        kept = [pin for pin in self.pinned[chat_id] if message_id is not None and pin != message_id]
        if kept != self.pinned[chat_id]:
            self.pinned[chat_id] = kept
            self.tell("pinned", chat_id=chat_id, pinned=kept)

    def end_forced_reply(self, chat_id: int) -> None:
        """Stop asking for a reply once the person has written."""
        if (self.keyboards.get(chat_id) or {}).get("force_reply"):
            self._set_keyboard(chat_id, None)

    def _set_keyboard(self, chat_id: int, keyboard: Json) -> None:
        self.keyboards[chat_id] = keyboard
        self.tell("keyboard", chat_id=chat_id, keyboard=keyboard)

    # Button presses

    def add_press(self, message: Message, user_id: int, data: str) -> Press:
        """Remember a press that the bot has to answer in time."""
        press = Press(
            query_id=str(secrets.randbits(62)),
            user_id=user_id,
            chat_id=message.chat_id,
            message_id=message.message_id,
            data=data,
            pressed_at=self.world.now(),
        )
        self.presses[press.query_id] = press
        return press

    def open_press(self, query_id: str | None) -> Press:
        """Return a press that can still be answered."""
        press = self.presses.get(query_id or "")
        if press is None or self.world.now() - press.pressed_at > PRESS_LIFETIME:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return press

    # Telegram's shapes

    def view(self, message: Message, *, with_reply: bool = True) -> dict[str, Json]:
        """Return Telegram's Message object."""
        body: dict[str, Json] = {
            "message_id": message.message_id,
            "from": self.users[message.sender_id].to_dict(),
            "chat": self.chats[message.chat_id].to_dict(),
            "date": unix_seconds(message.date),
            **self._content(message),
            **(message.extra or {}),
        }
        if message.edit_date is not None:
            body["edit_date"] = unix_seconds(message.edit_date)
        replied = self.find_message(message.chat_id, message.reply_to) if with_reply else None
        if replied is not None:
            body["reply_to_message"] = self.view(replied, with_reply=False)
        for name, value in (("media_group_id", message.media_group_id), ("reply_markup", message.inline)):
            if value is not None:
                body[name] = value
        if message.is_protected:
            body["has_protected_content"] = True
        return body

    def page_view(self, message: Message) -> dict[str, Json]:
        """Return the Message object with what only a client shows: whether it came without a sound."""
        return {**self.view(message), "is_silent": message.is_silent}

    def _content(self, message: Message) -> dict[str, Json]:
        prefix = "caption" if message.file else "text"
        entities = [self._entity(entity) for entity in message.content.entities]
        names = {"text": "entities", "caption": "caption_entities"}
        content: dict[str, Json] = {prefix: message.content.text} if message.content.text else {}
        if entities:
            content[names[prefix]] = entities
        if message.file is not None:
            content |= message.file.as_media()
        if message.has_spoiler:
            content["has_media_spoiler"] = True
        if message.caption_above:
            content["show_caption_above_media"] = True
        return content

    def _entity(self, entity: Entity) -> dict[str, Json]:
        body = entity.to_dict()
        user = self.users.get(body.pop("user_id", 0))
        if user is not None:
            body["user"] = user.to_dict()
        return body


def _private_chat(user: User, bot: User) -> Chat:
    return Chat(
        id=user.id, type="private", members=(user.id, bot.id), username=user.username, first_name=user.first_name
    )
