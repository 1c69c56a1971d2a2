"""Messages that nobody asked for: an order's truth, fills, and what the operator must know."""

from models.account import Account
from models.requests import OrderResult
from telegram_ui.buttons import home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Keyboard, Screen, bold, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.views.trade import result_text
from telegram_ui.words import account_line

_PAGES = {
    "still_unknown": N_("An order has been unknown for long: look at the venue itself."),
    "conflict": N_("What a venue says contradicts the records."),
    "restored": N_("The database is older than this machine remembers: trading is halted."),
}


def _keyboard(t: Texts) -> Keyboard:
    return (
        (Button(text=t("Positions"), action="poss"), Button(text=t("Orders"), action="ords")),
        (home_button(t),),
    )


def settled_view(t: Texts, result: OrderResult, *, is_late: bool) -> Screen:
    """Tell the truth about an order that was in doubt."""
    note = t("It was held to be absent, and appeared after all.") if is_late else None
    return Screen(
        text=blocks(t("🔎 The order that was being checked:"), result_text(t, result), note),
        keyboard=_keyboard(t),
        must_arrive=True,
    )


def still_unknown_view(t: Texts, result: OrderResult) -> Screen:
    """Say that an order is still being checked."""
    return Screen(text=result_text(t, result), keyboard=_keyboard(t), is_silent=True, must_arrive=True)


def page_view(t: Texts, what: str, account: Account | None, reference: str | None) -> Screen:
    """Wake the operator."""
    sentence = _PAGES.get(what)
    return Screen(
        text=lines(
            bold(t("🚨 Please look")),
            t(sentence) if sentence else t("The bot reports: {what}", what=what),
            account_line(account) if account else None,
            t("No. {number}", number=reference) if reference else None,
        ),
        keyboard=_keyboard(t),
        must_arrive=True,
    )


def other_view(t: Texts, kind: str, account: Account | None) -> Screen:
    """Tell of something that has no sentence of its own yet."""
    return Screen(
        text=lines(
            t("The bot reports: {what}", what=kind.replace("_", " ")), account_line(account) if account else None
        ),
        keyboard=_keyboard(t),
    )
