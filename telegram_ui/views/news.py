"""Messages that nobody asked for: an order's truth, what became of a position, and what the operator must know."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from models.account import Account
from models.enums import PositionSide
from models.finding import Finding
from models.requests import OrderResult
from telegram_ui.buttons import action, home_button
from telegram_ui.errors import code_line
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Keyboard, Screen, bold, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.views.checkup import MARKS, finding_text
from telegram_ui.views.notices import mute_button, position_keyboard
from telegram_ui.views.trade import result_text
from telegram_ui.words import account_line, side_mark

_PAGES = {
    "still_unknown": N_("An order has been unknown for long: look at the venue itself."),
    "late_order": N_("An order appeared at the venue after it had been held to be absent."),
    "id_collision": N_("The venue knows another order under our id."),
    "acknowledged_but_never_found": N_("The venue took an order and shows it nowhere."),
    "many_orders_unknown": N_("The outcomes of several orders became unknown at this venue within minutes."),
}

_CLOSED = {
    "take_profit": N_("🎯 Closed by its target"),
    "stop_loss": N_("🛑 Closed by its stop"),
    "trailing_stop": N_("🛑 Closed by its trailing stop"),
    "liquidation": N_("💥 Liquidated"),
    "auto_deleverage": N_("Closed by the venue to cover others (auto-deleverage)"),
    "settlement": N_("Closed by the venue's settlement"),
    "elsewhere": N_("Closed elsewhere"),
    "unexplained": N_("Closed; no fill tells how yet"),
}
_CHANGED = {
    "take_profit": N_("🎯 Reduced by its target"),
    "stop_loss": N_("🛑 Reduced by its stop"),
    "trailing_stop": N_("🛑 Reduced by its trailing stop"),
    "liquidation": N_("💥 Partly liquidated"),
    "auto_deleverage": N_("Reduced by the venue to cover others (auto-deleverage)"),
    "elsewhere": N_("Changed elsewhere"),
    "unexplained": N_("Changed; no fill tells how yet"),
}
_OPENED: Mapping[str, str] = {"elsewhere": N_("Opened elsewhere"), "unexplained": N_("Opened; no fill tells how yet")}
_SENTENCES = {"position_opened": _OPENED, "position_changed": _CHANGED, "position_closed": _CLOSED}
_OTHERWISE = {
    "position_opened": N_("A position was opened"),
    "position_changed": N_("A position has changed"),
    "position_closed": N_("A position was closed"),
}


def finding_view(t: Texts, finding: Finding) -> Screen:
    """Tell the owner of something wrong with the installation."""
    text = Html(f"{MARKS[finding.verdict]} {finding_text(t, finding)}")
    return Screen(text=text, keyboard=((Button(text=t("Status"), action="status"), home_button(t)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionNews:
    """What became of a position: `kind` and `reason` are the trading code's words for it."""

    kind: str
    reason: str
    symbol: str
    side: PositionSide
    size_before: Decimal
    size_after: Decimal
    price: Decimal | None = None
    realized_pnl: Decimal | None = None

    @property
    def is_grave(self) -> bool:
        """Whether it is told loudly, whatever its reader chose."""
        return self.reason in {"liquidation", "auto_deleverage"}


def _keyboard(t: Texts) -> Keyboard:
    return (
        (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords")),
        (home_button(t),),
    )


def settled_view(
    t: Texts, result: OrderResult, *, was_in_doubt: bool, is_late: bool, side: PositionSide | None = None
) -> Screen:
    """Tell what became of an order. `side` is that of the position it opened or grew."""
    title = t("🔎 The order that was being checked:") if was_in_doubt else t("🔔 News of your order:")
    note = t("It was held to be absent, and appeared after all.") if is_late else None
    return Screen(
        text=blocks(title, result_text(t, result), note),
        keyboard=position_keyboard(t, _account_of(result), result.symbol or "", side),
        must_arrive=True,
    )


def still_unknown_view(t: Texts, result: OrderResult) -> Screen:
    """Say that an order is still being checked."""
    return Screen(text=result_text(t, result), keyboard=_keyboard(t), is_silent=True, must_arrive=True)


def position_news_view(t: Texts, account: Account, news: PositionNews, *, is_silent: bool = False) -> Screen:
    """Tell what became of a position that nobody here changed."""
    sentence = _SENTENCES[news.kind].get(news.reason, _OTHERWISE[news.kind])
    pnl = news.realized_pnl
    return Screen(
        text=lines(
            bold(t(sentence)),
            dotted(bold(news.symbol), side_mark(news.side), account_line(t, account)),
            _size_line(t, news),
            t("Profit {amount}", amount=bold(t.signed_money(pnl))) if pnl else None,
        ),
        keyboard=_position_keyboard(t, account, news),
        is_silent=is_silent,
        must_arrive=True,
    )


def _position_keyboard(t: Texts, account: Account, news: PositionNews) -> Keyboard:
    if news.size_after:
        return position_keyboard(t, account, news.symbol, news.side)
    again = action("panel", news.symbol, news.side.opening_side.value)
    newest = action("card", account.exchange, account.account_type.value, news.symbol, 0)
    return (
        (Button(text="🖼 " + t("Picture"), action=newest), Button(text=t("History"), action="hist")),
        (Button(text=t("Trade again"), action=again),),
        (Button(text=t("Positions"), action="poss"), mute_button(t)),
    )


def _account_of(result: OrderResult) -> Account:
    return Account(user_id=0, exchange=result.exchange, account_type=result.account_type)


def _size_line(t: Texts, news: PositionNews) -> Html:
    price = t("at {price}", price=t.price(news.price)) if news.price is not None else None
    if news.size_before and news.size_after:
        return dotted(f"{t.size(news.size_before)} → {t.size(news.size_after)}", price)
    return dotted(t.size(news.size_after or news.size_before), price)


def page_view(t: Texts, what: str, account: Account | None, reference: str | None) -> Screen:
    """Wake the operator."""
    sentence = _PAGES.get(what)
    return Screen(
        text=lines(
            bold(t("🚨 Please look")),
            t(sentence) if sentence else t("The bot reports: {what}", what=what.replace("_", " ")),
            account_line(t, account) if account else None,
            t("No. {number}", number=reference) if reference else None,
        ),
        keyboard=_keyboard(t),
        must_arrive=True,
    )


def everybody_view(t: Texts, code: str) -> Screen:
    """Tell everybody what the owner decided for all, by the sentence of its code."""
    return Screen(text=code_line(t, code), keyboard=_keyboard(t), must_arrive=True)


def other_view(t: Texts, kind: str, account: Account | None) -> Screen:
    """Tell of something that has no sentence of its own."""
    return Screen(
        text=lines(
            t("The bot reports: {what}", what=kind.replace("_", " ")), account_line(t, account) if account else None
        ),
        keyboard=_keyboard(t),
    )
