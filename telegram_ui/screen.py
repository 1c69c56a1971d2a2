"""What a message looks like, as plain data: HTML text and buttons."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ACTION_BYTES = 64
_TAG = re.compile(r"<[^>]*>")


class Html(str):
    """Text that is HTML already. Whatever is not of this type is escaped before it meets the screen."""

    __slots__ = ()

    def __add__(self, other: str) -> "Html":
        return Html(str.__add__(self, esc(other)))

    def __radd__(self, other: str) -> "Html":
        return Html(str.__add__(esc(other), self))


def esc(value: Any) -> Html:
    """Return a value as HTML. The only place where text from outside becomes part of a screen."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=False))


def lines(*parts: str | None) -> Html:
    """Put parts under each other; None leaves a line out, an empty part leaves it blank."""
    return Html("\n".join(esc(part) for part in parts if part is not None))


def words(*parts: str | None, by: str = " ") -> Html:
    """Put parts beside each other; None and empty parts are left out."""
    return Html(by.join(esc(part) for part in parts if part))


def dotted(*parts: str | None) -> Html:
    """Put parts beside each other with a middle dot between them."""
    return words(*parts, by=" · ")


def bold(text: str) -> Html:
    """Return the text in bold."""
    return Html(f"<b>{esc(text)}</b>")


def code(text: str) -> Html:
    """Return the text in fixed width; a tap copies it."""
    return Html(f"<code>{esc(text)}</code>")


def plain_text(text: str) -> str:
    """Return a sentence for a place that knows no HTML: a button, a note over the chat."""
    return html.unescape(_TAG.sub("", text)) if isinstance(text, Html) else text


class ButtonStyle(StrEnum):
    """A colour that Telegram may give a button; the words say the same."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button under a message: it does an action, opens an address or the web app, or copies a text."""

    text: str
    action: str = ""
    url: str = ""
    web_app_url: str = ""
    copied_text: str = ""
    style: ButtonStyle | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", plain_text(self.text))
        if len(self.action.encode()) > MAX_ACTION_BYTES:
            raise ValueError(f"button action is longer than {MAX_ACTION_BYTES} bytes: {self.action}")


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One message. The keyboard is the buttons under it; the menu, where given, replaces the phone's keyboard."""

    text: Html
    keyboard: Keyboard = ()
    menu: tuple[tuple[str, ...], ...] | None = None
    is_silent: bool = False
    must_arrive: bool = False
    """Whether it tells what became of money, so that it is sent again until Telegram takes it."""
    is_live: bool = False
    """Whether it follows the market for some minutes after it was shown."""
    is_pinned: bool = False
    """Whether it follows the market for hours, and beside any other card."""
    when_stale: "Screen | None" = None
    """How it looks once it is not drawn anew any more, or cannot be."""
    later: "Callable[[datetime], Screen] | None" = None
    """How it looks at a later moment, where it counts down by itself."""
    awaits: tuple[str, ...] = ()
    """Orders that it says are being checked: once it was told what became of one, this is out of date."""

    def __post_init__(self) -> None:
        if len(self.text) > MAX_TEXT:
            raise ValueError(f"a screen holds {MAX_TEXT} characters, this one has {len(self.text)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file in the chat: a picture, or a document to keep. Its caption says in words what a picture shows."""

    name: str
    content: bytes
    caption: Screen
    is_picture: bool = False

    def __post_init__(self) -> None:
        if len(self.caption.text) > MAX_CAPTION:
            raise ValueError(f"a caption holds {MAX_CAPTION} characters, this one has {len(self.caption.text)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """A short note over the chat, shown when a tap changes nothing. Plain text, at most 200 characters."""

    text: str
    is_alert: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", plain_text(self.text))
