"""How the bot itself is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.account import Account
from models.finding import Finding
from telegram_ui.buttons import home_button, refresh_button
from telegram_ui.parts import blocks
from telegram_ui.screen import Html, Screen, bold, dotted, lines
from telegram_ui.texts import Texts
from telegram_ui.views.checkup import findings_text
from telegram_ui.words import account_line


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """An account, and when the records last agreed with its venue."""

    account: Account
    synced_at: datetime | None
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What `/status` tells."""

    backend: str
    version: str
    python: str
    is_sandbox: bool
    uptime: timedelta
    telegram_silence: timedelta
    """How long ago Telegram last answered a poll."""
    in_doubt: int
    """Orders whose outcome is still being looked up."""
    waiting_messages: int
    as_of: datetime
    findings: Sequence[Finding] = ()
    """What a look at everything found."""


def status_view(t: Texts, health: Health, accounts: Sequence[AccountHealth], *, is_owner: bool = False) -> Screen:
    """Show how the bot is doing; what is wrong with it only to its owner, who can do something about it."""
    mode = t("sandbox, simulated money") if health.is_sandbox else t("real venues")
    return Screen(
        text=blocks(
            lines(bold(t("Status")), dotted(f"ElCaro {health.version}", f"Python {health.python}")),
            lines(
                t("Mode: {mode}", mode=mode),
                t("Path to the venues: {path}", path=health.backend),
                t("Running for {time}", time=duration(t, health.uptime)),
                t("Telegram answered {time} ago", time=duration(t, health.telegram_silence)),
                t("Orders being checked: {count}", count=health.in_doubt),
                t("Messages waiting: {count}", count=health.waiting_messages),
            ),
            lines(*(_account_text(t, account) for account in accounts)) if accounts else None,
            findings_text(t, health.findings) if is_owner else None,
            t("as of {time}", time=t.time(health.as_of)),
        ),
        keyboard=((refresh_button(t, "status"), home_button(t)),),
    )


def _account_text(t: Texts, health: AccountHealth) -> Html:
    synced = t("synced {time}", time=t.time(health.synced_at)) if health.synced_at else t("not synced yet")
    return dotted(account_line(t, health.account), synced, t("⏸ paused") if health.is_paused else None)


def duration(t: Texts, span: timedelta) -> str:
    """Write a stretch of time in its two largest units."""
    seconds = max(int(span.total_seconds()), 0)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    units = (
        (t("{count} d", count=days), days),
        (t("{count} h", count=hours), hours),
        (t("{count} min", count=minutes), minutes),
        (t("{count} s", count=seconds), seconds),
    )
    first = next((n for n, (_, count) in enumerate(units) if count), len(units) - 1)
    return " ".join(text for text, count in units[first : first + 2] if count) or units[-1][0]
