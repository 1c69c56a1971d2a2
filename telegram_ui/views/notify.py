"""How loudly each kind of news is told: by kind, by account, and when the bot is quiet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.account import Account
from telegram_ui.buttons import action, back_button, home_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Button, Html, Screen, bold, code, dotted, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.words import account_line, badge_word, venue_name

NOTICE_WORDS: Mapping[str, str] = {
    "fills": N_("Orders that fill"),
    "orders": N_("Refused and unclear orders"),
    "exits": N_("Stops and targets hit"),
    "stops": N_("Stops that move"),
    "elsewhere": N_("Changes made elsewhere"),
    "liquidation": N_("Liquidations"),
    "liquidation_near": N_("Liquidation is near"),
    "naked": N_("A stop is missing"),
    "funding": N_("Funding"),
    "keys": N_("Keys"),
    "connection": N_("Connection to the venue"),
    "alerts": N_("Price alerts"),
}
"""What each kind of news is called; the trading code's word, then ours."""
LOUDNESS_WORDS: Mapping[str, tuple[str, str]] = {
    "on": ("🔔", N_("on")),
    "silent": ("🔕", N_("without sound")),
    "off": ("—", N_("off")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A kind of news and how loudly it is told."""

    name: str
    loudness: str
    is_fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietTime:
    """When the bot makes no sound, and when it sums the day up. None: not at all."""

    hours: str | None = None
    muted_until: datetime | None = None
    digest_hour: int | None = None


def notify_view(
    t: Texts, rows: Sequence[NoticeRow], accounts: Sequence[tuple[Account, str]], quiet: QuietTime
) -> Screen:
    """Show every choice with a button that changes it."""
    kinds = [
        Button(text=f"{_sign(row.loudness)} {t(NOTICE_WORDS[row.name])}", action=action("ntk", row.name))
        for row in rows
        if not row.is_fixed
    ]
    places = [
        Button(
            text=f"{_sign(loud)} {venue_name(account.exchange)} {badge_word(account.account_type)}",
            action=action("nta", account.exchange, account.account_type.value),
        )
        for account, loud in accounts
    ]
    return Screen(
        text=blocks(
            bold(t("Notifications")),
            lines(*(_row(t, row) for row in rows)),
            lines(*(_account_row(t, account, loud) for account, loud in accounts)) if accounts else None,
            _quiet_text(t, quiet),
            t("A tap goes from on to without sound to off. The quieter of kind and account holds."),
        ),
        keyboard=(
            *(tuple(kinds[n : n + 2]) for n in range(0, len(kinds), 2)),
            *(tuple(places[n : n + 2]) for n in range(0, len(places), 2)),
            (
                Button(text=t("Quiet hours"), action=action("set", "quiet_hours")),
                Button(text=t("Daily summary"), action="ntd"),
            ),
            (back_button(t, "sets"), home_button(t)),
        ),
    )


def _sign(loudness: str) -> str:
    return LOUDNESS_WORDS[loudness][0]


def _row(t: Texts, row: NoticeRow) -> Html:
    sign, word = LOUDNESS_WORDS[row.loudness]
    value = t("always on") if row.is_fixed else t(word)
    return t("{sign} {kind}: {value}", sign=sign, kind=t(NOTICE_WORDS[row.name]), value=bold(value))


def _account_row(t: Texts, account: Account, loudness: str) -> Html:
    return dotted(account_line(t, account), bold(t(LOUDNESS_WORDS[loudness][1])))


def _quiet_text(t: Texts, quiet: QuietTime) -> Html:
    hours = quiet.hours or t("none")
    exceptions = t("In them only liquidations, stops, missing stops and lost connections make a sound.")
    digest = t("none") if quiet.digest_hour is None else f"{quiet.digest_hour}:00"
    return lines(
        t("Quiet hours: {hours}", hours=bold(hours)),
        exceptions if quiet.hours else None,
        t("Muted until {time}", time=t.time(quiet.muted_until)) if quiet.muted_until else None,
        t("Daily summary: {hour}", hour=bold(digest)),
    )


def ask_digest_view(t: Texts, quiet: QuietTime) -> Screen:
    """Ask for the hour of the daily summary."""
    now = t("none") if quiet.digest_hour is None else f"{quiet.digest_hour}:00"
    return Screen(
        text=lines(
            dotted(bold(t("Daily summary")), t("now {value}", value=now)),
            t("Write an hour of your day such as {example}; “off” for none.", example=code("21")),
        ),
        keyboard=((back_button(t, "ntf"),),),
    )


def muted_note(t: Texts, until: datetime) -> str:
    """Return the note over the chat that the bot is quiet now."""
    return t("Quiet until {time}. Liquidations and stops still make a sound.", time=t.time(until))
