"""What was earned and lost: a stretch of time added up, and the closed trades one by one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

from models.account import Account
from models.fill import ClosedPnl
from telegram_ui.buttons import CHOSEN, Scope, action, home_button, pager, refresh_button, scope_rows
from telegram_ui.parts import Part, blocks, part_text, totals_text
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.words import account_line, side_mark

PER_PAGE = 6
PERIODS = {"day": N_("24 hours"), "week": N_("7 days"), "month": N_("30 days"), "all": N_("all time")}
_MAX_MARKETS = 6


class Result(Protocol):
    """What one account brought in a stretch of time, in quote currency."""

    @property
    def trades(self) -> int: ...
    @property
    def win_fraction(self) -> Decimal | None: ...
    @property
    def pnl(self) -> Decimal: ...
    @property
    def fees(self) -> Decimal | None: ...
    @property
    def funding(self) -> Decimal: ...
    @property
    def total(self) -> Decimal: ...
    @property
    def by_symbol(self) -> Sequence[tuple[str, Decimal]]: ...


ResultT = TypeVar("ResultT", bound=Result)


def pnl_view(
    t: Texts,
    period: str,
    parts: Sequence[Part[ResultT]],
    scope: Scope = CHOSEN,
    currencies: Sequence[str | None] = (),
) -> Screen:
    """Show what a stretch of time brought, account by account, and together where results are in one currency.

    Args:
        currencies: What each account's result is in; None where that is not one currency.
    """
    place = scope.arguments
    return Screen(
        text=blocks(
            dotted(bold(t("Profit and loss")), t(PERIODS[period])),
            *(part_text(t, part, lambda result: result_text(t, result)) for part in parts),
            _together(t, parts, currencies),
        ),
        keyboard=(
            *period_buttons(t, period, "pnl", after=place),
            *scope_rows(t, "pnl", scope, period),
            (
                Button(text="📈 " + t("Curve"), action=action("cv", period, *place)),
                Button(text=t("Export"), action=action("exp", "trades", period, *place)),
            ),
            (
                Button(text=t("History"), action=action("hist", 0, *place)),
                refresh_button(t, action("pnl", period, *place)),
                home_button(t),
            ),
        ),
    )


def _together(t: Texts, parts: Sequence[Part[ResultT]], currencies: Sequence[str | None]) -> Html | None:
    """Add results up, unless the currency of one that is not nothing is unknown: a total would leave it out."""
    known = list(zip(parts, currencies, strict=False))
    busy = [(part, currency) for part, currency in known if part.value and (part.value.trades or part.value.funding)]
    if any(currency is None for _, currency in busy):
        return None
    amounts = [(part.account, currency or "", part.value.total) for part, currency in busy if part.value]
    missing = sum(part.value is None for part in parts)
    return totals_text(t, amounts, t.signed_money, missing=missing)


def period_buttons(t: Texts, chosen: str, name: str, *arguments: str, after: Sequence[str] = ()) -> Keyboard:
    """Return a button for each period, two in a row; what they do carries the period after these, before those."""
    buttons = tuple(
        Button(text=("● " if period == chosen else "") + t(word), action=action(name, *arguments, period, *after))
        for period, word in PERIODS.items()
    )
    return (buttons[:2], buttons[2:])


def result_text(t: Texts, result: Result) -> Html:
    """Say what a stretch of time brought."""
    if not result.trades and not result.funding:
        return t("No closed trades.")
    return lines(
        t("Total {amount}", amount=bold(_arrow(result.total) + t.signed_money(result.total))),
        dotted(
            t.plural("{count} trade", "{count} trades", result.trades),
            t("{share} won", share=t.percent(result.win_fraction, is_signed=False))
            if result.win_fraction is not None
            else None,
        ),
        dotted(
            t("Trades {amount}", amount=t.signed_money(result.pnl)),
            t("fees {amount}", amount=t.money(result.fees)) if result.fees is not None else None,
            t("funding {amount}", amount=t.signed_money(result.funding)),
        ),
        *(dotted(symbol, t.signed_money(pnl)) for symbol, pnl in result.by_symbol[:_MAX_MARKETS]),
    )


def history_view(t: Texts, parts: Sequence[Part[list[ClosedPnl]]], page: int = 0, scope: Scope = CHOSEN) -> Screen:
    """List closed trades, newest first."""
    rows: list[tuple[Account, ClosedPnl]] = [(part.account, row) for part in parts for row in part.value or []]
    rows.sort(key=lambda item: item[1].closed_at, reverse=True)
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = rows[page * PER_PAGE : (page + 1) * PER_PAGE]
    failed = [part for part in parts if part.error is not None]
    return Screen(
        text=blocks(
            bold(t("Closed trades")),
            *(_closed_text(t, n, account, row) for n, (account, row) in enumerate(shown, 1)),
            t("No closed trades.") if not rows and not failed else None,
            *(part_text(t, part, lambda _: Html("")) for part in failed),
        ),
        keyboard=_history_keyboard(t, shown, page, pages, scope),
    )


def _history_keyboard(
    t: Texts, shown: Sequence[tuple[Account, ClosedPnl]], page: int, pages: int, scope: Scope
) -> Keyboard:
    place = scope.arguments
    pictures = tuple(
        Button(text=f"🖼 {n}", action=picture_action(account, row)) for n, (account, row) in enumerate(shown, 1)
    )
    return (
        *((pictures,) if pictures else ()),
        *((pager("hist", page, pages, scope),) if pages > 1 else ()),
        *scope_rows(t, "hist", scope),
        (
            Button(text=t("Profit"), action=action("pnl", "week", *place)),
            Button(text=t("Export"), action=action("exp", "trades", "month", *place)),
        ),
        (refresh_button(t, action("hist", page, *place)), home_button(t)),
    )


def picture_action(account: Account, row: ClosedPnl) -> str:
    """Return the action of the button that shows a closed trade as a picture."""
    closed_ms = round(row.closed_at.timestamp() * 1000)
    return action("card", account.exchange, account.account_type.value, row.symbol, closed_ms)


def _closed_text(t: Texts, number: int, account: Account, row: ClosedPnl) -> Html:
    return lines(
        f"{number}. " + dotted(bold(row.symbol), side_mark(row.side), t.size(row.size), account_line(t, account)),
        t("{entry} → {exit}", entry=t.price(row.entry_price), exit=t.price(row.exit_price)),
        dotted(bold(_arrow(row.pnl) + t.signed_money(row.pnl)), t.moment(row.closed_at)),
    )


def _arrow(amount: Decimal) -> str:
    return "▲ " if amount > 0 else "▼ " if amount < 0 else ""
