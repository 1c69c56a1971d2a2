"""What a bot tells about itself: commands, menu button, name and descriptions, by scope and language.

https://core.telegram.org/bots/api#botcommandscope
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.telegram.wire import Json

DEFAULT_MENU: Final[Json] = {"type": "commands"}
_DEFAULT_SCOPE: Final = "default"

ScopeKey = tuple[str, int | None]


class Profile:
    """Texts and menus; what is missing in a language falls back to the language-less entry."""

    def __init__(self) -> None:
        self._commands: dict[tuple[ScopeKey, str], list[Json]] = {}
        self._menus: dict[int | None, Json] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def set_commands(self, scope: Json, language: str, commands: list[Json]) -> None:
        """Store a command list; an empty one removes the entry."""
        key = (_scope_key(scope), language)
        if commands:
            self._commands[key] = commands
        else:
            self._commands.pop(key, None)

    def commands(self, scope: Json, language: str) -> list[Json]:
        """Return exactly what was stored for this scope and language."""
        return self._commands.get((_scope_key(scope), language), [])

    def commands_for(self, *, chat_id: int, user_id: int, is_private: bool, language: str) -> list[Json]:
        """Return the commands a person sees in a chat: the narrowest scope wins, then the person's language."""
        for scope in _scopes(chat_id, user_id, is_private=is_private):
            for spoken in (language, ""):
                if (scope, spoken) in self._commands:
                    return self._commands[scope, spoken]
        return []

    def set_menu(self, chat_id: int | None, button: Json) -> None:
        """Store the menu button of one chat, or of all chats that have none of their own (None)."""
        if button.get("type") == "default":
            self._menus.pop(chat_id, None)
        else:
            self._menus[chat_id] = button

    def menu(self, chat_id: int | None) -> Json:
        """Return the menu button shown in a chat."""
        return self._menus.get(chat_id) or self._menus.get(None) or DEFAULT_MENU

    def set_text(self, name: str, language: str, value: str) -> None:
        """Store the name, description or short_description; an empty value removes it."""
        if value:
            self._texts[name, language] = value
        else:
            self._texts.pop((name, language), None)

    def text(self, name: str, language: str) -> str:
        """Return a stored text in a language, else in none, else nothing."""
        return self._texts.get((name, language)) or self._texts.get((name, ""), "")


def _scope_key(scope: Json) -> ScopeKey:
    if not isinstance(scope, Mapping):
        return (_DEFAULT_SCOPE, None)
    kind = str(scope.get("type", _DEFAULT_SCOPE))
    chat_id, user_id = scope.get("chat_id"), scope.get("user_id")
    if user_id is not None:
        return (f"{kind}:{user_id}", int(str(chat_id)))
    return (kind, None if chat_id is None else int(str(chat_id)))


def _scopes(chat_id: int, user_id: int, *, is_private: bool) -> Iterator[ScopeKey]:
    """Yield the scopes that apply, the narrowest first."""
    if not is_private:
        yield (f"chat_member:{user_id}", chat_id)
    yield ("chat", chat_id)
    yield ("all_private_chats" if is_private else "all_group_chats", None)
    yield (_DEFAULT_SCOPE, None)
