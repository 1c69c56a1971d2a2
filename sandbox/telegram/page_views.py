"""What the chat page needs to draw itself, as one JSON object."""

from sandbox.telegram.records import Chat
from sandbox.telegram.state import Event, TelegramState
from sandbox.telegram.wire import Json


def snapshot(state: TelegramState) -> Event:
    """Return everything at once, sent when a page connects."""
    return {
        "event": "snapshot",
        "people": [user.to_dict() for user in state.users.values() if not user.is_bot],
        "chats": [_chat(state, chat) for chat in state.chats.values()],
        **profiles(state),
    }


def profiles(state: TelegramState) -> dict[str, Json]:
    """Return what the bot tells about itself to each person: name, texts, commands and menu button by chat."""
    return {"bot": state.bot.to_dict(), "profiles": [_profile(state, chat) for chat in state.chats.values()]}


def _chat(state: TelegramState, chat: Chat) -> Json:
    return {
        **chat.to_dict(),
        "members": list(chat.members),
        "messages": [state.page_view(message) for message in state.messages[chat.id].values()],
        "keyboard": state.keyboards.get(chat.id),
        "pinned": state.pinned[chat.id],
        "is_blocked": chat.id in state.blocked,
    }


def _profile(state: TelegramState, chat: Chat) -> Json:
    user = state.users.get(chat.id)
    language = (user.language_code if user else None) or "en"
    return {
        "chat_id": chat.id,
        "name": state.profile.text("name", language) or state.bot.first_name,
        "description": state.profile.text("description", language),
        "short_description": state.profile.text("short_description", language),
        "commands": state.profile.commands_for(
            chat_id=chat.id, user_id=chat.id, is_private=chat.is_private, language=language
        ),
        "menu": state.profile.menu(chat.id) if chat.is_private else None,
    }
