"""One request from a person: who, what, and everything needed to answer it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.places import Places
from core.ports import TradingBackend
from core.rollout import RolloutSwitch
from core.sync import SyncReport
from db import Role, Store
from models.account import Account
from models.errors import BadOrder
from pictures.svg import Markup
from telegram_ui.screen import Attachment, Screen, Toast
from telegram_ui.texts import Texts
from telegram_ui.views.status import Health

Reply = Screen | Toast | Sequence[Screen] | None
"""What a handler answers: a screen, a note over the chat, several messages, or nothing more."""


_LONGEST_NUMBER = 15


def whole_number(word: str) -> int | None:
    """Read a number that a button carries; None where it is none, or larger than anything that is counted."""
    return int(word) if word.isascii() and word.isdecimal() and len(word) <= _LONGEST_NUMBER else None


class AccountsOf(Places, Protocol):
    """Which accounts a person means."""

    async def chosen(self, user_id: int) -> list[Account]:
        """Return those that tickets go to: picked one by one, else what venue and mode cover, practice first."""

    async def picked(self, user_id: int) -> list[Account]:
        """Return those that were picked one by one; none where venue and mode decide."""

    async def pick(self, user_id: int, accounts: Sequence[Account]) -> None:
        """Let tickets go to exactly these; without any, venue and mode decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every handler may use."""

    commands: "Sequence[Command]"
    backend: TradingBackend
    store: Store
    accounts: AccountsOf
    now: Callable[[], datetime]
    is_sandbox: bool
    health: Callable[[], Awaitable[Health]]
    """Looks at how the bot itself is doing."""
    keys_changed: Callable[[Account], None]
    """Tells the venues' clients that an account's keys are other ones now."""
    claim_ownership: Callable[[int, str], Awaitable[bool]]
    """Makes somebody the owner who brings the code of the first start."""
    link: Callable[[str], str]
    """Turns a code into the address that opens this bot's chat with it."""
    rollout: RolloutSwitch
    """The owner's choice between the two paths to the venues."""
    path_name: Callable[[], str]
    """Names the path in force."""
    paint: Callable[[Markup], Awaitable[bytes]]
    """Turns a drawing into a picture."""
    sync: Callable[[Account], Awaitable[SyncReport]]
    """Looks at an account now and compares it with what is stored."""
    web_app_url: str = ""
    web_page_url: str = ""
    """Where the web app is opened in a browser; empty where there is none."""


class Need(StrEnum):
    """Who may use a command or a button."""

    ANYBODY = "anybody"
    VIEWER = "viewer"
    TRADER = "trader"
    OWNER = "owner"


_MAY = {
    Role.ADMIN: frozenset(Need),
    Role.TRADER: frozenset({Need.ANYBODY, Need.VIEWER, Need.TRADER}),
    Role.VIEWER: frozenset({Need.ANYBODY, Need.VIEWER}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is asking, read anew for every request."""

    user_id: int
    role: Role
    name: str = ""

    def may(self, need: Need) -> bool:
        """Whether their role covers a need."""
        return need in _MAY.get(self.role, frozenset({Need.ANYBODY}))

    @property
    def can_trade(self) -> bool:
        """Whether they may move money."""
        return self.may(Need.TRADER)


Show = Callable[[Screen], Awaitable[None]]
SendFile = Callable[[Attachment, bool], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        text: What follows the command; or the whole text where there was none.
        arguments: What the button carried beside its name.
        cause: The name of the update that asked; the same update has the same cause when it is delivered again.
        asked_at: When it was written; None for buttons, which carry no time.
        show: Shows a screen before the answer is ready, where the answer will stand.
        forget: Deletes the message that asked, for texts that hold secrets; tells whether it worked.
        pin: Keeps the message that was tapped at the top of the chat; tells whether it worked.
        is_again: Whether nobody asked anew: a card that follows the market is drawn once more.
        send_file: Sends a file, or puts it in the place of the picture that was tapped; tells whether it worked.
    """

    services: Services
    person: Person
    t: Texts
    chat_id: int
    cause: str
    show: Show
    forget: Callable[[], Awaitable[bool]]
    send_file: SendFile
    pin: Callable[[], Awaitable[bool]]
    text: str = ""
    arguments: tuple[str, ...] = ()
    asked_at: datetime | None = None
    message_id: int | None = None
    is_again: bool = False
    number: str = ""
    """A short id of this request, which its log lines carry too."""

    @property
    def user_id(self) -> int:
        """Who is asking."""
        return self.person.user_id

    @property
    def backend(self) -> TradingBackend:
        """The trading functions."""
        return self.services.backend

    @property
    def store(self) -> Store:
        """The records."""
        return self.services.store

    def argument(self, position: int) -> str:
        """Return one of the button's arguments.

        Raises:
            BadOrder: The button does not carry so many.
        """
        if position >= len(self.arguments):
            raise BadOrder("the button lacks an argument", code="bad_button")
        return self.arguments[position]

    def with_arguments(self, *arguments: str) -> "Call":
        """Return the same request as if a button had carried these."""
        return replace(self, arguments=arguments)

    def in_words(self, t: Texts) -> "Call":
        """Return the same request, to be answered in another language or zone."""
        return replace(self, t=t)


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A row of the table that yields handlers, Telegram's menu, `/help` and the documentation.

    Attributes:
        example: What may follow the name, shown in `/help` and beside an error.
        group: The heading it stands under in `/help`.
        in_menu: Whether Telegram's own menu lists it, and the reach that menu entry has.
        is_urgent: Whether it is taken however fast somebody goes: it stops something.
    """

    name: str
    run: Handler
    help: str
    group: str
    example: str = ""
    aliases: tuple[str, ...] = ()
    needs: Need = Need.VIEWER
    in_menu: bool = False
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonRow:
    """What a button's name does.

    Attributes:
        given_up: Tells what is known where answering the tap ended the process again and again.
        is_urgent: Whether it is taken however fast somebody goes: it confirms something, or stops it.
        unwritten: What it does while the database takes no writes; None: like everything else it says so.
        back: Makes, of what the button carries, the button that leads back from an error; None: there is only home.
    """

    name: str
    run: Handler
    needs: Need = Need.VIEWER
    given_up: Handler | None = None
    unwritten: Handler | None = None
    back: "Callable[[Sequence[str]], str] | None" = None
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an answer in plain text does while its question is open."""

    name: str
    run: Handler
    needs: Need = Need.TRADER
