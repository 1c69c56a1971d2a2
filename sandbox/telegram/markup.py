"""Keyboards: what Telegram accepts under a message, and its words for what it does not.

https://core.telegram.org/bots/api#inlinekeyboardmarkup
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sandbox.telegram.guard import LOOPBACK
from sandbox.telegram.html import checked_url
from sandbox.telegram.wire import Json, bad_request, required, typed

MAX_BUTTONS: Final = 100
MAX_CALLBACK_BYTES: Final = 64
MAX_COPY_CHARACTERS: Final = 256
MAX_PLACEHOLDER_CHARACTERS: Final = 64
_MAX_MARKUP_BYTES: Final = 10_240
_STYLES: Final = frozenset({"danger", "success", "primary"})
_KEYBOARD_FLAGS: Final = ("is_persistent", "resize_keyboard", "one_time_keyboard", "selective")


@dataclass(frozen=True, slots=True)
class Markup:
    """What a message brings along: buttons under it, or a change of the reader's keyboard. At most one of the two."""

    inline: Json = None
    keyboard: Json = None


NO_MARKUP: Final = Markup()


def read_markup(source: Json) -> Markup:
    """Return a checked reply_markup.

    Raises:
        ApiError: 400 with Telegram's sentence.
    """
    if source is None:
        return NO_MARKUP
    if not isinstance(source, dict):
        raise bad_request("object expected as reply markup")
    for field, read in _KINDS.items():
        if field in source:
            return read(source)
    return NO_MARKUP


def check_web_app_url(url: Json, *, owner: str) -> str:
    """Return the address of a Mini App: https anywhere; plain http, as on Telegram's test servers, on loopback only."""
    address = str(url)
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return address
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return address
    raise bad_request(f"{owner} '{address}' is invalid: Only HTTPS links are allowed")


def _inline(source: Mapping[str, Json]) -> Markup:
    rows = [[_inline_button(button) for button in row] for row in _rows(source, "inline_keyboard")]
    kept = [row for row in rows if row]
    if sum(map(len, kept)) > MAX_BUTTONS or len(json.dumps(kept)) > _MAX_MARKUP_BYTES:
        raise bad_request("reply markup is too long")
    return Markup(inline={"inline_keyboard": kept} if kept else None)


def _inline_button(button: Json) -> Json:
    what = "inline keyboard button"
    if not isinstance(button, dict):
        raise bad_request(f"can't parse {what}: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        problem = 'Can\'t find field "text"' if text is None else 'Field "text" must be of type String'
        raise bad_request(f"can't parse {what}: {problem}")
    if not text.strip():
        raise bad_request(f"can't parse {what}: Button text must be non-empty")
    checked = {"text": text, **_style(button)}
    for field, read in _ACTIONS.items():
        if button.get(field):
            return {**checked, field: read(button[field])}
    if "callback_game" in button or button.get("pay") or "switch_inline_query" in button:
        raise bad_request("BUTTON_TYPE_INVALID")
    if "copy_text" in button:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    raise bad_request(f"can't parse {what}: Text buttons are unallowed in the inline keyboard")


def _style(button: Mapping[str, Json]) -> dict[str, Json]:
    style = button.get("style")
    if style is None or style == "":
        return {}
    if style not in _STYLES:
        raise bad_request("can't parse keyboard button: Unsupported button style specified")
    return {"style": style}


def _callback_data(data: Json) -> Json:
    if not isinstance(data, str) or len(data.encode()) > MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    return data


def _url(url: Json) -> Json:
    address = checked_url(str(url))
    if address is None:
        scheme, separator, _ = str(url).partition("://")
        odd = separator and scheme not in {"http", "https"}
        problem = "Unsupported URL protocol" if odd else "Wrong HTTP URL"
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: {problem}")
    return address


def _web_app(value: Json) -> Json:
    url = required(value if isinstance(value, dict) else {}, "url", str)
    return {"url": check_web_app_url(url, owner="inline keyboard button Web App URL")}


def _copy_text(value: Json) -> Json:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 0 < len(text) <= MAX_COPY_CHARACTERS:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    return {"text": text}


def _reply_keyboard(source: Mapping[str, Json]) -> Markup:
    rows = [[_keyboard_button(button) for button in row] for row in _rows(source, "keyboard")]
    kept = [row for row in rows if row]
    if not kept:
        return NO_MARKUP
    flags = {name: True for name in _KEYBOARD_FLAGS if typed(source, name, bool)}
    return Markup(keyboard={"keyboard": kept, **flags, **_placeholder(source)})


def _keyboard_button(button: Json) -> Json:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise bad_request("can't parse keyboard button: KeyboardButton must be an Object")
    text = required(button, "text", str)
    checked = {"text": text, **_style(button)}
    if "web_app" in button:
        url = required(button["web_app"], "url", str)
        checked["web_app"] = {"url": check_web_app_url(url, owner="keyboard button Web App URL")}
    return checked


def _remove(source: Mapping[str, Json]) -> Markup:
    return Markup(keyboard={"remove_keyboard": True}) if typed(source, "remove_keyboard", bool) else NO_MARKUP


def _force_reply(source: Mapping[str, Json]) -> Markup:
    if not typed(source, "force_reply", bool):
        return NO_MARKUP
    selective = {"selective": True} if typed(source, "selective", bool) else {}
    return Markup(keyboard={"force_reply": True, **selective, **_placeholder(source)})


def _placeholder(source: Mapping[str, Json]) -> dict[str, Json]:
    text = typed(source, "input_field_placeholder", str)
    return {"input_field_placeholder": text[:MAX_PLACEHOLDER_CHARACTERS]} if text else {}


def _rows(source: Mapping[str, Json], field: str) -> list[list[Json]]:
    rows: list[list[Json]] = required(source, field, list)
    if not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{field}" must be an Array of Arrays')
    return rows


_ACTIONS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "callback_data": _callback_data,
    "url": _url,
    "web_app": _web_app,
    "copy_text": _copy_text,
}
_KINDS: Final[Mapping[str, Callable[[Mapping[str, Json]], Markup]]] = {
    "inline_keyboard": _inline,
    "keyboard": _reply_keyboard,
    "remove_keyboard": _remove,
    "force_reply": _force_reply,
}
