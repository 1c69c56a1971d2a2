"""The trade panel: one message with a button per field, edited in place.

A field holds what would be typed for it (`100$`, `5x`, `2%`), so panel and typed orders share one grammar.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.account import Account
from models.enums import OrderSide
from telegram_ui.buttons import action, back_button, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, ButtonStyle, Html, Screen, bold, code, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.views.trade import direction_of
from telegram_ui.words import account_line, side_mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order in the making; an empty field is left to the market or to the account's setting."""

    symbol: str = "BTC"
    side: OrderSide = OrderSide.BUY
    size: str = "100$"
    leverage: str = ""
    stop: str = "2%"
    target: str = ""
    price: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> "Draft":
        """Read what `to_dict` wrote."""
        if not stored:
            return cls()
        fields = {name: str(stored[name]) for name in cls.__slots__ if name in stored and name != "side"}
        return cls(**fields, side=OrderSide(stored.get("side", OrderSide.BUY)))

    def to_dict(self) -> dict[str, str]:
        """Return the draft as it is stored."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    def changed(self, field: str, value: str) -> "Draft":
        """Return the draft with another value in one field."""
        fields = {**self.to_dict(), field: value}
        return replace(Draft.read(fields))

    @property
    def line(self) -> str:
        """What would be typed for this order, without its side."""
        parts = (
            self.symbol,
            self.size,
            self.leverage,
            f"sl {self.stop}" if self.stop else "",
            f"tp {self.target}" if self.target else "",
            f"@ {self.price}" if self.price else "",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the panel: its name, what may be chosen at a tap, and how it is written."""

    name: str
    title: str
    presets: tuple[str, ...]
    example: str
    empty: str = ""
    """What an empty field means; where it is empty itself, the field must be filled."""


FIELDS: tuple[Field, ...] = (
    Field(name="symbol", title=N_("Market"), presets=("BTC", "ETH", "SOL", "XRP"), example="BTC"),
    Field(
        name="size",
        title=N_("Size"),
        presets=("50$", "100$", "250$", "500$", "10%", "25%", "risk 1%", "risk 2%"),
        example="100$",
    ),
    Field(
        name="leverage",
        title=N_("Leverage"),
        presets=("2x", "3x", "5x", "10x", "20x"),
        example="5x",
        empty=N_("as set at the venue"),
    ),
    Field(name="stop", title=N_("Stop"), presets=("1%", "2%", "3%", "5%"), example="2%", empty=N_("none")),
    Field(name="target", title=N_("Target"), presets=("2%", "4%", "6%", "10%"), example="4%", empty=N_("none")),
    Field(name="price", title=N_("Price"), presets=(), example="60000", empty=N_("the market's")),
)
FIELD_BY_NAME = {field.name: field for field in FIELDS}


def panel_view(t: Texts, draft: Draft, accounts: tuple[Account, ...], *, problem: Html | None = None) -> Screen:
    """Show the order in the making."""
    rows = [_field_button(t, draft, field) for field in FIELDS]
    pairs = [tuple(rows[n : n + 2]) for n in range(0, len(rows), 2)]
    return Screen(
        text=blocks(
            lines(
                dotted(bold(t("Trade panel")), side_mark(direction_of(draft.side))),
                *(account_line(t, account) for account in accounts),
            ),
            code(f"{'long' if draft.side is OrderSide.BUY else 'short'} {draft.line}"),
            "⚠️ " + problem if problem else None,
            t("Tap a field to change it. Nothing is sent before you confirm the preview."),
        ),
        keyboard=(
            (_side_button(t, draft, OrderSide.BUY), _side_button(t, draft, OrderSide.SELL)),
            *pairs,
            (Button(text=_where(t, accounts), action="where"),),
            (Button(text=t("Preview"), action="pgo", style=ButtonStyle.PRIMARY), home_button(t)),
        ),
    )


def _where(t: Texts, accounts: tuple[Account, ...]) -> Html:
    """Name the accounts that the order goes to, or how many they are."""
    if len(accounts) == 1:
        return t("Where: {place}", place=account_line(t, accounts[0]))
    return t("Where: {place}", place=t.plural("{count} account", "{count} accounts", len(accounts)))


def _side_button(t: Texts, draft: Draft, side: OrderSide) -> Button:
    mark = "● " if draft.side is side else ""
    label = t("Long") if side is OrderSide.BUY else t("Short")
    return Button(text=mark + label, action=action("pv", "side", side.value))


def _field_button(t: Texts, draft: Draft, field: Field) -> Button:
    return Button(text=f"{t(field.title)}: {_shown(t, draft, field)}", action=action("pf", field.name))


def _shown(t: Texts, draft: Draft, field: Field) -> str:
    value: str = getattr(draft, field.name)
    return value or t(field.empty)


def field_view(t: Texts, draft: Draft, field: Field, *, problem: Html | None = None) -> Screen:
    """Offer values for one field; any other may be written."""
    buttons = [Button(text=value, action=action("pv", field.name, value)) for value in field.presets]
    rows = [tuple(buttons[n : n + 4]) for n in range(0, len(buttons), 4)]
    clear = (Button(text=t(field.empty), action=action("pv", field.name, "")),) if field.empty else ()
    return Screen(
        text=lines(
            dotted(bold(t(field.title)), t("now {value}", value=_shown(t, draft, field))),
            "⚠️ " + problem if problem else None,
            t("Choose, or write one, such as {example}.", example=code(field.example)),
        ),
        keyboard=(*rows, *((clear,) if clear else ()), (back_button(t, "panel"),)),
    )
