"""Captions: what a picture shows, in words, with the buttons under it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from models.account import Account
from models.enums import PositionSide
from models.fill import ClosedPnl
from telegram_ui.buttons import CHOSEN, PositionKey, Scope, action, home_button
from telegram_ui.parts import Part, part_text
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.views.history import PERIODS, Result, period_buttons, result_text
from telegram_ui.words import account_line, side_mark

INTERVALS = ("5m", "15m", "1h", "4h", "1d")
LEVEL_WORDS = {
    "entry": N_("Entry"),
    "stop": N_("Stop"),
    "target": N_("Target"),
    "liquidation": N_("Liquidation"),
    "now": N_("Now"),
}
_EDIT = "e"
"""Marks a button under a picture: its answer takes the picture's place."""


def chart_caption(
    t: Texts,
    account: Account,
    symbol: str,
    interval: str,
    levels: Sequence[tuple[str, str]],
    held: tuple[PositionSide, Decimal] | None,
) -> Screen:
    """Say what a chart shows: each level with its name and its price as it is written."""
    what = dotted(side_mark(held[0]), t.size(held[1])) if held else t("No position here.")
    return Screen(
        text=lines(
            dotted(bold(symbol), interval, account_line(t, account)),
            what,
            *(Html(f"{t(LEVEL_WORDS[name])} ") + bold(price) for name, price in levels),
        ),
        keyboard=_chart_keyboard(t, account, symbol, interval, held),
    )


def _chart_keyboard(
    t: Texts, account: Account, symbol: str, interval: str, held: tuple[PositionSide, Decimal] | None
) -> Keyboard:
    choices = tuple(
        Button(text=("● " if name == interval else "") + name, action=action("ch", symbol, name, _EDIT))
        for name in INTERVALS
    )
    card: tuple[Button, ...] = ()
    if held:
        key = PositionKey(exchange=account.exchange, account_type=account.account_type, symbol=symbol, side=held[0])
        card = (Button(text=t("Position"), action=action("pos", *key.arguments())),)
    return (choices[:3], choices[3:], (*card, Button(text=t("Price"), action=action("px", symbol)), home_button(t)))


def trade_caption(t: Texts, account: Account, row: ClosedPnl, share: Decimal | None, currency: str) -> Screen:
    """Say what the picture of a closed trade shows."""
    return Screen(
        text=lines(
            dotted(bold(row.symbol), side_mark(row.side), t.size(row.size), account_line(t, account)),
            dotted(bold(t.signed_money(row.pnl, currency)), t.percent(share) if share is not None else None),
            t("{entry} → {exit}", entry=t.price(row.entry_price), exit=t.price(row.exit_price)),
            t("fees {amount}", amount=t.money(row.fees)) if row.fees is not None else None,
            t.moment(row.closed_at),
        ),
        keyboard=((Button(text=t("History"), action="hist"), home_button(t)),),
    )


def curve_caption(t: Texts, account: Account, period: str, result: Result, drawdown: Decimal) -> Screen:
    """Say what a curve of profit shows."""
    return Screen(
        text=lines(
            dotted(bold(t("Profit and loss")), t(PERIODS[period]), account_line(t, account)),
            result_text(t, result),
            t("Deepest fall {amount}", amount=t.signed_money(drawdown)),
        ),
        keyboard=((Button(text=t("Profit"), action=action("pnl", period)), home_button(t)),),
    )


def export_caption(
    t: Texts, table: str, period: str, count: int, scope: Scope = CHOSEN, failed: Sequence[Part[Any]] = ()
) -> Screen:
    """Say what a file holds, and which accounts it lacks; offer the others."""
    place = scope.arguments
    rows = t.plural("{count} row", "{count} rows", count)
    tables = tuple(
        Button(text=("● " if name == table else "") + t(word), action=action("exp", name, period, *place))
        for name, word in TABLE_WORDS.items()
    )
    return Screen(
        text=lines(
            dotted(bold(t(TABLE_WORDS[table])), t(PERIODS[period]), rows),
            t("Times are UTC."),
            *(part_text(t, part, lambda _: Html("")) for part in failed),
        ),
        keyboard=(tables[:1], tables[1:], *period_buttons(t, period, "exp", table, after=place), (home_button(t),)),
    )


TABLE_WORDS = {"trades": N_("Closed trades"), "fills": N_("Executions"), "funding": N_("Funding")}
