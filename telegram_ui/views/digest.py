"""The daily summary: what each account brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from models.account import Account
from telegram_ui.buttons import action, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Screen, bold, dotted, lines
from telegram_ui.texts import Texts
from telegram_ui.words import account_line


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRow:
    """What one account brought in a day."""

    account: Account
    trades: int
    wins: int
    pnl: Decimal
    fees: Decimal | None
    funding: Decimal
    total: Decimal
    best: tuple[str, Decimal] | None = None
    worst: tuple[str, Decimal] | None = None


def digest_view(t: Texts, until: datetime, rows: Sequence[DigestRow]) -> Screen:
    """Tell what a day brought."""
    busy = [row for row in rows if row.trades or row.funding]
    return Screen(
        text=blocks(
            dotted(bold(t("🗞 Your day")), t("until {time}", time=t.moment(until))),
            *(_digest_text(t, row) for row in busy),
            None if busy else t("No closed trades and no funding."),
        ),
        keyboard=(
            (Button(text=t("Profit"), action=action("pnl", "day")), Button(text=t("History"), action="hist")),
            (Button(text=t("Notifications"), action="ntf"), home_button(t)),
        ),
        must_arrive=True,
    )


def _digest_text(t: Texts, row: DigestRow) -> Html:
    won = t("{share} won", share=t.percent(Decimal(row.wins) / row.trades, is_signed=False)) if row.trades else None
    arrow = "▲ " if row.total > 0 else "▼ " if row.total < 0 else ""
    return lines(
        account_line(t, row.account),
        t("Total {amount}", amount=bold(arrow + t.signed_money(row.total))),
        dotted(t.plural("{count} trade", "{count} trades", row.trades), won),
        dotted(
            t("Trades {amount}", amount=t.signed_money(row.pnl)),
            t("fees {amount}", amount=t.money(row.fees)) if row.fees is not None else None,
            t("funding {amount}", amount=t.signed_money(row.funding)),
        ),
        t("Best {symbol} {amount}", symbol=row.best[0], amount=t.signed_money(row.best[1])) if row.best else None,
        t("Worst {symbol} {amount}", symbol=row.worst[0], amount=t.signed_money(row.worst[1]))
        if row.worst and row.trades > 1
        else None,
    )
