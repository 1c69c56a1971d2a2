"""The first screens: a greeting, the menu, help."""

from collections.abc import Sequence
from dataclasses import dataclass

from telegram_ui.buttons import action, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, ButtonStyle, Html, Keyboard, Screen, bold, code, dotted, lines, words
from telegram_ui.texts import N_, Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRow:
    """A command as `/help` lists it."""

    name: str
    example: str
    help: str


MENU_WORDS = {
    N_("Positions"): "positions",
    N_("Balance"): "balance",
    N_("Trade"): "trade",
    N_("Orders"): "orders",
}
"""The phone's keyboard: what a button says, and the command it stands for."""


def menu_rows(t: Texts) -> tuple[tuple[str, ...], ...]:
    """Return the small keyboard of the four daily screens."""
    names = [str(t(word)) for word in MENU_WORDS]
    return tuple(names[:2]), tuple(names[2:])


def menu_view(t: Texts) -> Screen:
    """Bring the phone's keyboard anew, in the language that was chosen."""
    return Screen(text=t("I speak English now."), menu=menu_rows(t), is_silent=True)


def greeting_view(t: Texts, *, is_sandbox: bool, has_account: bool) -> Screen:
    """Greet somebody, say whose money it is, and show what can be written. The menu follows as a message of its own."""
    if is_sandbox:
        money = t("🟡 PAPER: the money here is simulated. You cannot lose anything, so try everything.")
    elif has_account:
        money = t("Every message says whose money it is: DEMO, TESTNET or REAL.")
    else:
        money = t("Connect an account with /connect; keys that can withdraw are refused.")
    return Screen(
        text=lines(
            bold(t("ElCaro trades perpetual futures for you on Bybit, HyperLiquid and OKX.")),
            money,
            t("Press a button, or write: {example}", example=code("/long BTC 100$ 5x sl 2% tp 4%")),
        ),
        menu=menu_rows(t),
    )


def home_view(t: Texts, *, can_trade: bool, web_app_url: str = "") -> Screen:
    """Return the menu that every screen leads back to."""
    return Screen(
        text=bold(t("What would you like to do?")),
        keyboard=_home_keyboard(t, can_trade=can_trade, web_app_url=web_app_url),
    )


def _home_keyboard(t: Texts, *, can_trade: bool, web_app_url: str) -> Keyboard:
    trade = (
        Button(text=t("Open a test trade"), action="test", style=ButtonStyle.SUCCESS),
        Button(text=t("Trade panel"), action="panel", style=ButtonStyle.PRIMARY),
    )
    rows = (
        trade if can_trade else (),
        (Button(text=t("Positions"), action="poss"), Button(text=t("Balance"), action="bal")),
        (Button(text=t("Orders"), action="ords"), Button(text=t("Profit"), action=action("pnl", "week"))),
        (Button(text=t("Accounts"), action="accs"), Button(text=t("Settings"), action="sets")),
        (Button(text=t("Open the web app"), web_app_url=web_app_url),) if web_app_url else (),
    )
    return tuple(row for row in rows if row)


def help_view(t: Texts, groups: Sequence[tuple[str, Sequence[HelpRow]]]) -> Screen:
    """List the commands, grouped, each with an example where it takes arguments."""
    return Screen(
        text=blocks(
            *(lines(bold(t(title)), *(_help_line(t, row) for row in rows)) for title, rows in groups),
            lines(
                t("Sizes: 100$ · 0.01 · 10% of equity · risk 1%. Stops and targets: a price, or 2%."),
                t(
                    "Other accounts: end an order with {all} or {some}.",
                    all=code("on all"),
                    some=code("on bybit,hyperliquid"),
                ),
            ),
        ),
        keyboard=((home_button(t),),),
    )


def _help_line(t: Texts, row: HelpRow) -> Html:
    return dotted(words(f"/{row.name}", code(row.example) if row.example else None), t(row.help))


def not_understood_view(t: Texts) -> Screen:
    """Answer a text that is no command and no order."""
    return Screen(
        text=lines(
            t("I did not understand that."),
            t("Write an order, such as {example}, or press a button.", example=code("long BTC 100$ 5x")),
        ),
        keyboard=((home_button(t), Button(text=t("Help"), action="help")),),
    )


def unknown_command_view(t: Texts, nearest: str | None) -> Screen:
    """Answer a command that there is not.

    Args:
        nearest: The command that is written most like it.
    """
    return Screen(
        text=lines(
            t("There is no such command."),
            t("Did you mean {command}?", command=f"/{nearest}") if nearest else t("/help lists all of them."),
        ),
        keyboard=((home_button(t), Button(text=t("Help"), action="help")),),
    )


def not_written_view(t: Texts) -> Screen:
    """Answer a picture, a voice, or a text that is passed on from elsewhere."""
    return Screen(
        text=t("I read only text that you write yourself: copy the words and send them, or press a button."),
        keyboard=((home_button(t), Button(text=t("Help"), action="help")),),
    )


def edited_view(t: Texts) -> Screen:
    """Answer a message that was edited after it was answered."""
    return Screen(
        text=t("I do not follow edits: what you wrote first counts. Write it anew to have it done."),
        keyboard=((home_button(t), Button(text=t("Help"), action="help")),),
    )


def question_closed_view(t: Texts) -> Screen:
    """Say that nothing is asked any more."""
    return Screen(text=t("Cancelled. Nothing was changed."), keyboard=((home_button(t),),))
