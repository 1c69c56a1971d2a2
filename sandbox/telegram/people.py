"""What the people in the sandbox do: write, press buttons, edit, block the bot, send data from a Mini App."""

from dataclasses import replace
from typing import Any, Final

from sandbox.telegram.files import StoredFile
from sandbox.telegram.records import Chat, Message, Press, User
from sandbox.telegram.state import TelegramState
from sandbox.telegram.text import Formatted, tidy, utf16_length, with_automatic
from sandbox.telegram.wire import Json, Upload, bad_request, unix_seconds

MAX_WEB_APP_DATA_BYTES: Final = 4096
_MAX_TEXT: Final = 4096
_CHAT_INSTANCE_BASE: Final = 7_000_000_000_000_000_000


def send_text(
    state: TelegramState, user_id: int, text: str, *, chat_id: int | None = None, reply_to: int | None = None
) -> Message:
    """Send a text as a person; `chat_id` None means the private chat with the bot."""
    content = with_automatic(tidy(Formatted(text)))
    if not content.text:
        raise bad_request("message text is empty")
    if utf16_length(content.text) > _MAX_TEXT:
        raise bad_request("message is too long")
    return _send(state, user_id, chat_id, {"content": content, "reply_to": reply_to})


def send_file(
    state: TelegramState, user_id: int, upload: Upload, *, as_photo: bool, caption: str = "", chat_id: int | None = None
) -> Message:
    """Send a file as a person."""
    file: StoredFile = state.files.add_photo(upload) if as_photo else state.files.add_document(upload)
    content = with_automatic(tidy(Formatted(caption)))
    return _send(state, user_id, chat_id, {"file": file, "content": content})


def edit_text(state: TelegramState, user_id: int, message_id: int, text: str, *, chat_id: int | None = None) -> Message:
    """Change the text of a message the person sent; the bot hears of it as `edited_message`."""
    chat = _chat(state, user_id, chat_id)
    message = state.find_message(chat.id, message_id)
    if message is None or message.sender_id != user_id:
        raise bad_request("message to edit not found")
    content = with_automatic(tidy(Formatted(text)))
    changed = state.change(message, content=content, edit_date=state.world.now())
    state.updates.push("edited_message", state.view(changed))
    return changed


def delete(state: TelegramState, user_id: int, message_id: int, *, chat_id: int | None = None) -> None:
    """Delete a message from the chat; bots are not told."""
    chat = _chat(state, user_id, chat_id)
    message = state.find_message(chat.id, message_id)
    if message is None:
        raise bad_request("message to delete not found")
    state.remove(message)


def press(
    state: TelegramState, user_id: int, message_id: int, data: str, *, chat_id: int | None = None, stale: bool = False
) -> Press:
    """Press a callback button.

    `stale` presses a button the message no longer shows, as a client with an old copy of the message does.
    """
    chat = _chat(state, user_id, chat_id)
    message = state.find_message(chat.id, message_id)
    if message is None:
        raise bad_request("message to press a button of not found")
    if not stale and data not in _callbacks(message.inline):
        raise bad_request("the message has no such button")
    pressed = state.add_press(message, user_id, data)
    query = {
        "id": pressed.query_id,
        "from": state.users[user_id].to_dict(),
        "message": state.view(message),
        "chat_instance": str(_CHAT_INSTANCE_BASE + chat.id),
        "data": data,
    }
    state.updates.push("callback_query", query)
    state.tell("pressed", query_id=pressed.query_id, chat_id=chat.id, message_id=message_id, data=data)
    return pressed


def send_web_app_data(state: TelegramState, user_id: int, *, button_text: str, data: str) -> Message:
    """Send what a Mini App that was opened from a keyboard button hands over with `sendData`."""
    if not 0 < len(data.encode()) <= MAX_WEB_APP_DATA_BYTES:
        raise bad_request("data of a Mini App takes 1 to 4096 bytes")
    return _send(state, user_id, None, {"extra": {"web_app_data": {"data": data, "button_text": button_text}}})


def set_blocked(state: TelegramState, user_id: int, *, blocked: bool) -> None:
    """Block or unblock the bot; it hears of that as `my_chat_member`."""
    chat = _chat(state, user_id, None)
    if (chat.id in state.blocked) == blocked:
        return
    (state.blocked.add if blocked else state.blocked.discard)(chat.id)
    bot = state.bot.to_dict()
    statuses: list[Json] = [{"status": "member", "user": bot}, {"status": "kicked", "user": bot, "until_date": 0}]
    old, new = statuses if blocked else reversed(statuses)
    change = {
        "chat": chat.to_dict(),
        "from": state.users[user_id].to_dict(),
        "date": unix_seconds(state.world.now()),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    state.updates.push("my_chat_member", change)
    state.tell("blocked", chat_id=chat.id, is_blocked=blocked)


def join(state: TelegramState, user_id: int, first_name: str, *, language_code: str = "en") -> User:
    """Let another person find the bot; whoever is there already stays as they are."""
    known = state.users.get(user_id)
    if known is not None:
        return known
    user = User(id=user_id, first_name=first_name, username=f"sandbox_{user_id}", language_code=language_code)
    state.add_person(user)
    return user


def set_language(state: TelegramState, user_id: int, language_code: str) -> User:
    """Change the language of a person's app; the bot sees it on the next message."""
    user = replace(_person(state, user_id), language_code=language_code)
    state.users[user_id] = user
    state.tell("user", user=user.to_dict())
    state.tell("profile")
    return user


def _send(state: TelegramState, user_id: int, chat_id: int | None, fields: dict[str, Any]) -> Message:
    chat = _chat(state, user_id, chat_id)
    if chat.id in state.blocked:
        raise bad_request("unblock the bot first")
    reply_to = fields.get("reply_to")
    if reply_to is not None and state.find_message(chat.id, reply_to) is None:
        raise bad_request("message to be replied not found")
    state.started.add(chat.id)
    message = Message(
        message_id=state.next_message_id(),
        chat_id=chat.id,
        sender_id=user_id,
        date=state.world.now(),
        **fields,
    )
    state.post(message)
    state.end_forced_reply(chat.id)
    if _reaches_bot(state, chat, message):
        state.updates.push("message", state.view(message))
    return message


def _reaches_bot(state: TelegramState, chat: Chat, message: Message) -> bool:
    """Apply privacy mode: in a group a bot sees commands, replies to it and mentions of it.

    https://core.telegram.org/bots/features#privacy-mode
    """
    if chat.is_private:
        return True
    if state.bot.id not in chat.members:
        return False
    replied = state.find_message(chat.id, message.reply_to)
    if replied is not None and replied.sender_id == state.bot.id:
        return True
    first = message.content.entities[0] if message.content.entities else None
    is_command = first is not None and first.type == "bot_command" and first.offset == 0
    return is_command or f"@{state.bot.username}" in message.content.text


def _chat(state: TelegramState, user_id: int, chat_id: int | None) -> Chat:
    _person(state, user_id)
    chat = state.chats.get(user_id if chat_id is None else chat_id)
    if chat is None or user_id not in chat.members:
        raise bad_request("chat not found")
    return chat


def _person(state: TelegramState, user_id: int) -> User:
    user = state.users.get(user_id)
    if user is None or user.is_bot:
        raise bad_request("user not found")
    return user


def _callbacks(inline: Json) -> set[str]:
    rows = inline["inline_keyboard"] if inline else []
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}
