"""Price alerts: the list, one that was added, one that fired."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from models.account import Account
from telegram_ui.buttons import action, danger, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, code, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.words import badge, venue_name


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """A line on a market."""

    id: int
    account: Account
    """Whose prices: the venue, and whether they are real or simulated."""
    symbol: str
    is_above: bool
    price: Decimal
    note: str = ""


def _line(t: Texts, row: AlertRow) -> Html:
    sign = "↑" if row.is_above else "↓"
    return dotted(bold(f"{row.symbol} {sign} {t.price(row.price)}"), _place(row), row.note or None)


def _place(row: AlertRow) -> Html:
    return dotted(venue_name(row.account.exchange), badge(row.account.account_type))


def alerts_view(t: Texts, rows: Sequence[AlertRow]) -> Screen:
    """List the alerts that wait, with a button to remove each."""
    count = t.plural("{count} alert", "{count} alerts", len(rows))
    return Screen(
        text=blocks(
            dotted(bold(t("Price alerts")), count if rows else None),
            lines(*(f"{n}. " + _line(t, row) for n, row in enumerate(rows, 1))) if rows else t("None waits."),
            t("Add one such as {example}.", example=code("/alert BTC > 70000")),
        ),
        keyboard=_keyboard(t, rows),
    )


def _keyboard(t: Texts, rows: Sequence[AlertRow]) -> Keyboard:
    buttons = [danger(f"✖ {n}", action("alx", row.id)) for n, row in enumerate(rows, 1)]
    return (*(tuple(buttons[n : n + 5]) for n in range(0, len(buttons), 5)), (home_button(t),))


def alert_added_view(t: Texts, row: AlertRow, now: Decimal | None) -> Screen:
    """Say that a line is watched."""
    title = (
        N_("🔔 I will tell you when {symbol} is above {line}")
        if row.is_above
        else N_("🔔 I will tell you when {symbol} is below {line}")
    )
    return Screen(
        text=lines(
            bold(t(title, symbol=row.symbol, line=t.price(row.price))),
            dotted(t("Now {price}", price=t.size(now)), _place(row)),
            row.note or None,
        ),
        keyboard=(
            (danger(t("Remove"), action("alx", row.id)), Button(text=t("Alerts"), action="alerts")),
            (home_button(t),),
        ),
    )


def alert_fired_view(t: Texts, row: AlertRow, price: Decimal) -> Screen:
    """Tell that a price has crossed its line."""
    title = N_("🔔 {symbol} is above {line}") if row.is_above else N_("🔔 {symbol} is below {line}")
    return Screen(
        text=lines(
            bold(t(title, symbol=row.symbol, line=t.price(row.price))),
            dotted(t("Now {price}", price=t.size(price)), _place(row)),
            row.note or None,
        ),
        keyboard=(
            (
                Button(text="🟢 " + t("Long"), action=action("panel", row.symbol, "buy")),
                Button(text="🔴 " + t("Short"), action=action("panel", row.symbol, "sell")),
            ),
            (
                Button(text="📈 " + t("Chart"), action=action("ch", row.symbol, "1h")),
                Button(text=t("Alerts"), action="alerts"),
            ),
        ),
        must_arrive=True,
    )
