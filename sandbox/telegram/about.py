"""Methods about the bot itself and about chats: who is who, commands, menu button, descriptions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.telegram.markup import check_web_app_url
from sandbox.telegram.records import Chat
from sandbox.telegram.state import TelegramState
from sandbox.telegram.wire import Json, Params, bad_request, required

MAX_COMMANDS: Final = 100
MAX_COMMAND_DESCRIPTION: Final = 256
_COMMAND: Final = re.compile(r"/?[a-z0-9_]{1,32}")
_LANGUAGE: Final = re.compile(r"[a-z]{2}")
_NO_GIFTS: Final = {
    "unlimited_gifts": False,
    "limited_gifts": False,
    "unique_gifts": False,
    "premium_subscription": False,
    "gifts_from_channels": False,
}


def get_me(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getme"""
    return {
        **state.bot.to_dict(),
        "first_name": state.profile.text("name", "") or state.bot.first_name,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def log_out(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#logout

    Nothing to leave here: the answer is what a bot sees when it moves to another server.
    """
    return True


def close(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#close"""
    return True


def get_chat(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getchat"""
    chat = state.find_chat(params.text("chat_id"))
    full = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
    pins = state.pinned[chat.id]
    pinned = state.find_message(chat.id, pins[-1]) if pins else None
    if pinned is not None:
        full["pinned_message"] = state.view(pinned)
    return {**chat.to_dict(), **full}


def get_chat_member(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getchatmember"""
    chat = state.find_chat(params.text("chat_id"))
    user = state.users.get(params.integer("user_id") or 0)
    if user is None:
        raise bad_request("invalid user_id specified")
    return {"status": "member" if user.id in chat.members else "left", "user": user.to_dict()}


def get_chat_member_count(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getchatmembercount"""
    return len(state.find_chat(params.text("chat_id")).members)


def leave_chat(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#leavechat"""
    chat = _group(state, params)
    state.leave(chat)
    return True


def set_my_commands(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#setmycommands"""
    commands = params.structure("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("too many commands specified")
    checked = [_command(command) for command in commands]
    state.profile.set_commands(_scope(state, params), _language(params), checked)
    state.tell("profile")
    return True


def get_my_commands(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getmycommands"""
    return state.profile.commands(_scope(state, params), _language(params))


def delete_my_commands(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#deletemycommands"""
    state.profile.set_commands(_scope(state, params), _language(params), [])
    state.tell("profile")
    return True


def set_chat_menu_button(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#setchatmenubutton"""
    button = params.structure("menu_button") or {"type": "default"}
    chat_id = _private_chat_id(state, params)
    state.profile.set_menu(chat_id, _menu_button(button))
    state.tell("profile")
    return True


def get_chat_menu_button(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getchatmenubutton"""
    return state.profile.menu(_private_chat_id(state, params))


@dataclass(frozen=True, slots=True)
class ProfileText:
    """A text that may differ per language: one pair of methods, set and get."""

    name: str
    limit: int

    def set(self, state: TelegramState, params: Params) -> Json:
        """Store the text for a language; an empty text removes it."""
        value = params.text(self.name) or ""
        if len(value) > self.limit:
            raise bad_request(f"bot {self.name.replace('_', ' ')} is too long")
        state.profile.set_text(self.name, _language(params), value)
        state.tell("profile")
        return True

    def get(self, state: TelegramState, params: Params) -> Json:
        """Return the text in a language."""
        stored = state.profile.text(self.name, _language(params))
        return {self.name: stored or (state.bot.first_name if self.name == "name" else "")}


NAME: Final = ProfileText("name", 64)
"""https://core.telegram.org/bots/api#setmyname"""
DESCRIPTION: Final = ProfileText("description", 512)
"""https://core.telegram.org/bots/api#setmydescription"""
SHORT_DESCRIPTION: Final = ProfileText("short_description", 120)
"""https://core.telegram.org/bots/api#setmyshortdescription"""


def _command(source: Json) -> Json:
    if not isinstance(source, Mapping):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = required(source, "command", str), required(source, "description", str)
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < len(description) <= MAX_COMMAND_DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": description}


def _scope(state: TelegramState, params: Params) -> Json:
    scope = params.structure("scope")
    if isinstance(scope, Mapping) and "chat_id" in scope:
        state.find_chat(str(scope["chat_id"]))
    return scope


def _language(params: Params) -> str:
    language = params.text("language_code") or ""
    if language and not _LANGUAGE.fullmatch(language):
        raise bad_request("LANG_CODE_INVALID")
    return language


def _menu_button(source: Json) -> Json:
    kind = required(source if isinstance(source, Mapping) else {}, "type", str)
    if kind in {"default", "commands"}:
        return {"type": kind}
    if kind != "web_app":
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    text, web_app = required(source, "text", str), required(source, "web_app", dict)
    url = check_web_app_url(required(web_app, "url", str), owner="menu button Web App URL")
    return {"type": kind, "text": text, "web_app": {"url": url}}


def _private_chat_id(state: TelegramState, params: Params) -> int | None:
    identifier = params.text("chat_id")
    if not identifier:
        return None
    chat = state.find_chat(identifier)
    if not chat.is_private:
        raise bad_request("the chat must be private")
    return chat.id


def _group(state: TelegramState, params: Params) -> Chat:
    chat = state.find_chat(params.text("chat_id"))
    if chat.is_private:
        raise bad_request("private chat can't be left")
    return chat
