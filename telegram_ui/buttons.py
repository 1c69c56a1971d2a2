"""What a button carries, and the buttons that many screens share.

A button's data is at most 64 bytes: a name and its arguments with a bar between them, as in
`pos|bybit|paper|BTCUSDT|long`. It names the account it acts on, so an old message never acts on another one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from models.account import Account
from models.enums import AccountType, PositionSide
from models.errors import BadOrder
from models.position import Position
from telegram_ui.screen import MAX_ACTION_BYTES, Button, ButtonStyle
from telegram_ui.texts import Texts
from telegram_ui.words import venue_name

_BAR = "|"
_MOST_IN_A_ROW = 3
"""So many names of venues fit beside each other on a phone."""


def action(name: str, *arguments: str | int) -> str:
    """Return a button's data."""
    return _BAR.join([name, *(str(argument) for argument in arguments)])


def is_argument(text: str) -> bool:
    """Whether a button can carry a text as one of its arguments."""
    return _BAR not in text


def read_action(data: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the arguments of a button's data."""
    name, *arguments = data.split(_BAR)
    return name, tuple(arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionKey:
    """Which position a button is about."""

    exchange: str
    account_type: AccountType
    symbol: str
    side: PositionSide

    @classmethod
    def of(cls, position: Position, account: Account) -> "PositionKey":
        """Return the key of a position of an account."""
        return cls(
            exchange=account.exchange, account_type=account.account_type, symbol=position.symbol, side=position.side
        )

    @classmethod
    def read(cls, arguments: tuple[str, ...]) -> "PositionKey":
        """Read the first four arguments of a button.

        Raises:
            BadOrder: They do not name a position.
        """
        try:
            exchange, account_type, symbol, side = arguments[:4]
            kind, direction = AccountType(account_type), PositionSide(side)
        except ValueError as e:
            raise BadOrder("the button names no position", code="bad_button") from e
        return cls(exchange=exchange, account_type=kind, symbol=symbol, side=direction)

    def arguments(self) -> tuple[str, ...]:
        """Return what `read` reads."""
        return self.exchange, self.account_type.value, self.symbol, self.side.value

    def account_of(self, user_id: int) -> Account:
        """Return the account it is in."""
        return Account(user_id=user_id, exchange=self.exchange, account_type=self.account_type)


def to_card(arguments: Sequence[str]) -> str:
    """Return the action that shows the card of the position that a button is about; empty where it names none."""
    try:
        found = action("pos", *PositionKey.read(tuple(arguments)).arguments())
    except BadOrder:
        return ""
    return found if len(found.encode()) <= MAX_ACTION_BYTES else ""


def short_id(order_id: str) -> str:
    """Return a name for an order id that fits a button; the order is looked up among the open ones by it."""
    return hashlib.sha256(order_id.encode()).hexdigest()[:10]


def back_button(t: Texts, to: str) -> Button:
    """Return the button to the screen before."""
    return Button(text="‹ " + t("Back"), action=to)


def refresh_button(t: Texts, to: str) -> Button:
    """Return the button that shows the same screen again with fresh numbers."""
    return Button(text="↻ " + t("Refresh"), action=to)


def home_button(t: Texts) -> Button:
    """Return the button to the first screen."""
    return Button(text="⌂ " + t("Menu"), action="home")


def danger(text: str, act: str) -> Button:
    """Return a red button."""
    return Button(text=text, action=act, style=ButtonStyle.DANGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose accounts a list shows: those that are chosen (an empty word), all of them, or those of one venue."""

    ALL: ClassVar[str] = "all"

    word: str = ""
    venues: tuple[str, ...] = ()
    """Where this person has accounts; the list offers them where there are several."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return what the list's buttons carry after the page."""
        return (self.word,) if self.word else ()


CHOSEN = Scope()


def scope_rows(t: Texts, name: str, scope: Scope, first: str | int = 0) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons that show the same list of all accounts, or of one venue's.

    Args:
        first: What the buttons carry before the word; lists have their page there.
    """
    if len(scope.venues) < 2:
        return ()
    labels = {Scope.ALL: str(t("All")), **{venue: venue_name(venue) for venue in scope.venues}}
    buttons = [
        Button(text=("• " if word == scope.word else "") + label, action=action(name, first, word))
        for word, label in labels.items()
    ]
    wide = len(buttons) if len(buttons) <= _MOST_IN_A_ROW else 2
    return tuple(tuple(buttons[n : n + wide]) for n in range(0, len(buttons), wide))


def pager(name: str, page: int, pages: int, scope: Scope | None = None) -> tuple[Button, ...]:
    """Return ‹ 2/7 › with the arrows that lead somewhere."""
    if pages < 2:
        return ()
    rest = scope.arguments if scope else ()
    row = [Button(text=f"{page + 1}/{pages}", action=action(name, page, *rest))]
    if page > 0:
        row.insert(0, Button(text="‹", action=action(name, page - 1, *rest)))
    if page + 1 < pages:
        row.append(Button(text="›", action=action(name, page + 1, *rest)))
    return tuple(row)
