"""The chats as JSON, so that a restarted sandbox shows the conversation it had.

What the bot tells about itself is left out: it tells it again when it starts. The newest few megabytes of files are
kept.
"""

import base64
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Final

from sandbox.telegram.files import StoredFile
from sandbox.telegram.records import Message
from sandbox.telegram.state import TelegramState
from sandbox.telegram.text import Entity, Formatted
from sandbox.telegram.wire import Json

KEPT_MESSAGES: Final = 500
KEPT_FILE_BYTES: Final = 4 * 1024 * 1024
_PLAIN_FIELDS: Final = tuple(
    field.name for field in fields(Message) if field.name not in {"content", "file", "date", "edit_date"}
)


class ChatSnapshot:
    """Writes a server's chats into a sandbox's snapshot file, and reads them back into a new server."""

    def __init__(self, state: TelegramState) -> None:
        self._state = state

    def dump(self) -> Json:
        """Return the chats as JSON."""
        state = self._state
        chats = {
            str(chat_id): [_message_to_json(message) for message in list(messages.values())[-KEPT_MESSAGES:]]
            for chat_id, messages in state.messages.items()
        }
        return {
            "messages": chats,
            "files": [_file_to_json(stored) for stored in state.files.newest(KEPT_FILE_BYTES)],
            "pinned": {str(chat_id): pins for chat_id, pins in state.pinned.items()},
            "keyboards": {str(chat_id): keyboard for chat_id, keyboard in state.keyboards.items()},
            "members": {str(chat.id): list(chat.members) for chat in state.chats.values()},
            "languages": {str(user.id): user.language_code for user in state.users.values()},
            "started": sorted(state.started),
            "blocked": sorted(state.blocked),
            "pending": state.updates.pending,
        }

    def load(self, data: Json) -> None:
        """Take over what was dumped; people and chats that no longer exist are passed over."""
        state = self._state
        for stored in map(_file_from_json, data["files"]):
            state.files.restore(stored)
        for chat_id in state.chats:
            key = str(chat_id)
            restored = (_message_from_json(row, state) for row in data["messages"].get(key, []))
            state.messages[chat_id] = {message.message_id: message for message in restored}
            state.pinned[chat_id] = data["pinned"].get(key, [])
            state.keyboards[chat_id] = data["keyboards"].get(key)
            members = data["members"].get(key)
            if members is not None:
                state.chats[chat_id] = replace(state.chats[chat_id], members=tuple(members))
        for user_id, user in state.users.items():
            state.users[user_id] = replace(user, language_code=data["languages"].get(str(user_id), user.language_code))
        state.started |= set(data["started"]) & state.chats.keys()
        state.blocked |= set(data["blocked"]) & state.chats.keys()
        state.updates.restore(data["pending"])
        state.keep_counting()


def _message_to_json(message: Message) -> Json:
    row: dict[str, Json] = {name: getattr(message, name) for name in _PLAIN_FIELDS}
    row["text"] = message.content.text
    row["entities"] = [asdict(entity) for entity in message.content.entities]
    row["file_id"] = message.file.file_id if message.file else None
    row["date"] = message.date.isoformat()
    row["edit_date"] = message.edit_date.isoformat() if message.edit_date else None
    return row


def _message_from_json(row: Json, state: TelegramState) -> Message:
    edited = row["edit_date"]
    return Message(
        **{name: row[name] for name in _PLAIN_FIELDS},
        content=Formatted(row["text"], tuple(Entity(**entity) for entity in row["entities"])),
        file=state.files.find(row["file_id"]) if row["file_id"] else None,
        date=datetime.fromisoformat(row["date"]),
        edit_date=datetime.fromisoformat(edited) if edited else None,
    )


def _file_to_json(stored: StoredFile) -> Json:
    return {**asdict(stored), "data": base64.b64encode(stored.data).decode()}


def _file_from_json(row: Json) -> StoredFile:
    return StoredFile(**{**row, "data": base64.b64decode(row["data"])})
