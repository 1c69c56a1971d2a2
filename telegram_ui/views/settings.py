"""Choices: venue, mode, language, and the table of settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.account import Account
from models.enums import TradingMode
from telegram_ui.buttons import action, back_button, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Screen, bold, code, dotted, lines, words
from telegram_ui.texts import LANGUAGES, N_, Texts
from telegram_ui.words import account_line, venue_name

MODE_WORDS = {
    TradingMode.DEMO: N_("practice money"),
    TradingMode.REAL: N_("real money"),
    TradingMode.BOTH: N_("both at once"),
}
_CHOSEN = "● "


def exchange_view(t: Texts, exchanges: Sequence[str], chosen: str, picked: Sequence[Account] = ()) -> Screen:
    """Offer the venues, and several accounts at once."""
    buttons = tuple(
        _choice(venue_name(name), action("ex", name), is_chosen=name == chosen and not picked) for name in exchanges
    )
    title = t("Where you trade") if picked else t("Venue: {venue}", venue=venue_name(chosen))
    return Screen(
        text=lines(
            bold(title),
            *_picked_lines(t, picked),
            t("Balance, positions and new orders follow this choice."),
        ),
        keyboard=(
            buttons,
            (Button(text=t("Several accounts at once…"), action="where"),),
            (Button(text=t("Mode"), action="mode"), home_button(t)),
        ),
    )


def _picked_lines(t: Texts, picked: Sequence[Account]) -> tuple[Html, ...]:
    """Name the accounts that were picked one by one, and what ends that."""
    if not picked:
        return ()
    names = tuple(account_line(t, account) for account in picked)
    return (*names, t("You picked these accounts one by one; a choice here takes their place."))


def where_view(t: Texts, rows: Sequence[tuple[Account, bool]], *, is_real_allowed: bool = True) -> Screen:
    """Offer a person's accounts, each with a tick to be set or taken away."""
    return Screen(
        text=blocks(
            bold(t("Where you trade")),
            lines(*(_tick(t, account, is_on=is_on) for account, is_on in rows)),
            lines(
                t("Every ticket goes to each ticked account as an order of its own; the preview lists them all."),
                None
                if is_real_allowed
                else t("Real money is switched off; the first order asks you to switch it on in /settings."),
            ),
        ),
        keyboard=(
            *(
                (
                    Button(
                        text=_tick(t, account, is_on=is_on),
                        action=action("where", account.exchange, account.account_type.value),
                    ),
                )
                for account, is_on in rows
            ),
            (Button(text=t("Trade panel"), action="panel"), Button(text=t("Venue"), action="ex")),
            (home_button(t),),
        ),
    )


def _tick(t: Texts, account: Account, *, is_on: bool) -> Html:
    return words("☑" if is_on else "☐", account_line(t, account))


def mode_view(
    t: Texts, chosen: TradingMode, *, is_sandbox: bool, is_real_allowed: bool, picked: Sequence[Account] = ()
) -> Screen:
    """Offer practice, real money, or both."""
    buttons = tuple(
        (_choice(t(word), action("mode", mode.value), is_chosen=mode is chosen),) for mode, word in MODE_WORDS.items()
    )
    if is_sandbox:
        note = t("In sandbox mode every account is 🟡 PAPER, whatever you choose here.")
    elif is_real_allowed:
        note = t("With both, every order goes to both accounts; the preview lists them.")
    else:
        note = t("Real money is switched off; the first order asks you to switch it on in /settings.")
    return Screen(
        text=lines(bold(t("Mode: {mode}", mode=t(MODE_WORDS[chosen]))), note, *_picked_lines(t, picked)),
        keyboard=(*buttons, (Button(text=t("Venue"), action="ex"), home_button(t))),
    )


def language_view(t: Texts) -> Screen:
    """Offer the languages, each in its own words."""
    buttons = tuple(
        (_choice(name, action("lang", code_), is_chosen=code_ == t.language),) for code_, name in LANGUAGES.items()
    )
    return Screen(text=bold(t("Language")), keyboard=(*buttons, (home_button(t),)))


def _choice(text: str, act: str, *, is_chosen: bool) -> Button:
    return Button(text=(_CHOSEN if is_chosen else "") + text, action=act)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A setting as it is shown: its name, its value in words, and whether that is the default."""

    key: str
    title: str
    value: str
    is_default: bool


def settings_view(t: Texts, rows: Sequence[SettingRow], *, has_web_app: bool) -> Screen:
    """List the settings with their values in force, and a button to change each."""
    buttons = [Button(text=t(row.title), action=action("set", row.key)) for row in rows]
    first = len(buttons) % 2  # the odd one stands alone: on top, where the longest word is
    pairs = [tuple(buttons[:first]), *(tuple(buttons[n : n + 2]) for n in range(first, len(buttons), 2))]
    return Screen(
        text=blocks(
            bold(t("Settings")),
            lines(*(_setting_line(t, row) for row in rows)),
            lines(
                t("Limits stop what adds risk; closing always works."),
                None if has_web_app else t("The web app is not offered here: WEBAPP_URL has no https address."),
            ),
        ),
        keyboard=(
            *(pair for pair in pairs if pair),
            (
                Button(text=t("Venue"), action="ex"),
                Button(text=t("Mode"), action="mode"),
                Button(text=t("Language"), action="lang"),
            ),
            (Button(text=t("Notifications"), action="ntf"), home_button(t)),
        ),
    )


def _setting_line(t: Texts, row: SettingRow) -> str:
    default = t("(default)") if row.is_default else None
    return words(t("{title}:", title=t(row.title)), bold(row.value), default)


def ask_setting_view(t: Texts, row: SettingRow, example: str) -> Screen:
    """Ask for a setting's new value."""
    return Screen(
        text=lines(
            dotted(bold(t(row.title)), t("now {value}", value=row.value)),
            t("Write the new value, such as {example}; “off” goes back to the default.", example=code(example)),
        ),
        keyboard=((back_button(t, "sets"),),),
    )


def ask_real_view(t: Texts) -> Screen:
    """Ask for the word that switches real money on."""
    return Screen(
        text=lines(
            bold(t("🔴 Switch on trading with REAL money?")),
            t("Orders on REAL accounts will move your own money. Losses are yours."),
            t("Write the word {word} to switch it on.", word=code("REAL")),
        ),
        keyboard=((back_button(t, "sets"),),),
    )
