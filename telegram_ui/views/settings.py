"""Choices: venue, mode, language, and the table of settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.enums import TradingMode
from telegram_ui.buttons import action, back_button, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Screen, bold, code, dotted, lines, words
from telegram_ui.texts import LANGUAGES, N_, Texts
from telegram_ui.words import venue_name

MODE_WORDS = {
    TradingMode.DEMO: N_("practice money"),
    TradingMode.REAL: N_("real money"),
    TradingMode.BOTH: N_("both at once"),
}
_CHOSEN = "● "


def exchange_view(t: Texts, exchanges: Sequence[str], chosen: str) -> Screen:
    """Offer the venues."""
    buttons = tuple(_choice(venue_name(name), action("ex", name), is_chosen=name == chosen) for name in exchanges)
    return Screen(
        text=lines(
            bold(t("Venue: {venue}", venue=venue_name(chosen))),
            t("Balance, positions and new orders follow this choice."),
        ),
        keyboard=(buttons, (Button(text=t("Mode"), action="mode"), home_button(t))),
    )


def mode_view(t: Texts, chosen: TradingMode, *, is_sandbox: bool, is_real_allowed: bool) -> Screen:
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
        text=lines(bold(t("Mode: {mode}", mode=t(MODE_WORDS[chosen]))), note),
        keyboard=(*buttons, (Button(text=t("Venue"), action="ex"), home_button(t))),
    )


def language_view(t: Texts) -> Screen:
    """Offer the languages, each in its own words."""
    buttons = tuple(
        _choice(name, action("lang", code_), is_chosen=code_ == t.language) for code_, name in LANGUAGES.items()
    )
    return Screen(text=bold(t("Language")), keyboard=(buttons, (home_button(t),)))


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
    pairs = [tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2)]
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
            *pairs,
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
