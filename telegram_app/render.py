"""A screen in Telegram's own words."""

from collections.abc import Mapping
from typing import Any

from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    WebAppInfo,
)

from telegram_ui.screen import Button, ButtonStyle, Html, Keyboard, Screen


def inline_keyboard(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """Return the buttons under a message."""
    rows = [[_button(button) for button in row] for row in keyboard if row]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    style = button.style.value if button.style else None
    if button.url:
        return InlineKeyboardButton(button.text, url=button.url, style=style)
    if button.web_app_url:
        return InlineKeyboardButton(button.text, web_app=WebAppInfo(button.web_app_url), style=style)
    if button.copied_text:
        return InlineKeyboardButton(button.text, copy_text=CopyTextButton(button.copied_text), style=style)
    return InlineKeyboardButton(button.text, callback_data=button.action, style=style)


def markup(screen: Screen) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    """Return what stands under a new message: its buttons, or the phone's keyboard."""
    if screen.menu is not None:
        rows = [[KeyboardButton(text) for text in row] for row in screen.menu]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, is_persistent=True)
    return inline_keyboard(screen.keyboard)


def to_body(screen: Screen, *, message_id: int | None = None) -> dict[str, Any]:
    """Return a screen as the outbox keeps it; `message_id` is the message it takes the place of."""
    rows = [
        [{name: value for name in Button.__slots__ if (value := getattr(button, name))} for button in row]
        for row in screen.keyboard
    ]
    awaits = {"awaits": list(screen.awaits)} if screen.awaits else {}
    return {"text": str(screen.text), "keyboard": rows, "silent": screen.is_silent, "message_id": message_id, **awaits}


def from_body(body: Mapping[str, Any]) -> tuple[Screen, int | None]:
    """Read what `to_body` wrote."""
    keyboard = tuple(tuple(_read_button(button) for button in row) for row in body["keyboard"])
    awaits = tuple(body.get("awaits", ()))
    screen = Screen(text=Html(body["text"]), keyboard=keyboard, is_silent=body["silent"], awaits=awaits)
    return screen, body["message_id"]


def _read_button(stored: Mapping[str, str]) -> Button:
    style = stored.get("style")
    fields = {name: value for name, value in stored.items() if name != "style"}
    return Button(**fields, style=ButtonStyle(style) if style else None)
