"""What a check-up found, in words: one row per finding, with what to do where something is to be done."""

from collections.abc import Sequence

from models.finding import Finding, Verdict
from telegram_ui.screen import Html, lines
from telegram_ui.texts import N_, Texts
from telegram_ui.words import venue_name

MARKS = {Verdict.OK: "✅", Verdict.WARN: "🟠", Verdict.FAIL: "🔴"}

_NEW_KEY = N_("Connect a new key: /connect")
_LOOK_AT_VENUE = N_("Look at the venue's own app before you trade there.")

SENTENCES: dict[str, tuple[str, str]] = {
    "no_accounts": (N_("No account is connected yet."), N_("Connect one: /connect")),
    "clock": (N_("{venue} {kind}: clocks differ by {ms} ms."), ""),
    "clock_off": (N_("{venue} {kind}: clocks differ by {ms} ms."), N_("Switch this machine's time service on.")),
    "clock_wrong": (
        N_("{venue} {kind}: clocks differ by {ms} ms, so orders can be refused."),
        N_("Switch this machine's time service on."),
    ),
    "venue_silent": (N_("{venue} {kind} does not answer ({problem})."), N_("Check this machine's network.")),
    "key": (N_("{venue} {kind}, user {user}: the key works."), ""),
    "key_refused": (N_("{venue} {kind}, user {user}: the key is refused ({problem})."), _NEW_KEY),
    "key_not_checked": (N_("{venue} {kind}, user {user}: the key could not be checked ({problem})."), ""),
    "key_is_master": (
        N_("{venue} {kind}, user {user}: this is the wallet's own key."),
        N_("Use an agent's key instead."),
    ),
    "key_withdraws": (
        N_("{venue} {kind}, user {user}: the key may withdraw."),
        N_("Make a key that may trade and nothing else."),
    ),
    "key_read_only": (N_("{venue} {kind}, user {user}: the key may not trade."), _NEW_KEY),
    "key_ended": (N_("{venue} {kind}, user {user}: the key has expired."), _NEW_KEY),
    "key_ends": (N_("{venue} {kind}, user {user}: the key expires on {day}."), _NEW_KEY),
    "key_unbound": (
        N_("{venue} {kind}, user {user}: the key works from any address."),
        N_("Bind it to this machine's address at the venue."),
    ),
    "all_resolved": (N_("Every order's outcome is known."), ""),
    "unresolved": (N_("Orders being checked: {count}, for {minutes} min."), ""),
    "unresolved_long": (N_("Orders being checked: {count}, for {minutes} min."), _LOOK_AT_VENUE),
    "halted": (N_("Trading is halted for everybody ({reason})."), N_("The owner resumes it: /people")),
    "restricted": (N_("Accounts that may not open positions: {count}."), N_("See /status")),
    "not_synced": (N_("{venue} {kind}, user {user}: last compared {minutes} min ago."), _LOOK_AT_VENUE),
    "stream_silent": (N_("{venue} {kind}, user {user}: no live stream, the account is polled."), ""),
    "budget_used": (N_("{venue}: {percent}% of what may be asked per minute is used."), ""),
    "left_alone": (N_("{venue} asked for a pause of {seconds} s."), ""),
    "polling_conflict": (
        N_("Another program reads this bot's messages."),
        N_("Stop the other one; if you know of none, make a new token at @BotFather."),
    ),
    "telegram_quiet": (N_("Telegram has not answered for {seconds} s."), ""),
    "not_writable": (
        N_("The database takes no writes; only closing and cancelling work."),
        N_("Free some disk space."),
    ),
    "backup": (N_("The latest backup is {hours} h old."), ""),
    "backup_old": (N_("The latest backup is {hours} h old."), N_("On the server: ./start.sh --backup")),
    "no_backup": (N_("There is no backup yet."), N_("On the server: ./start.sh --backup")),
}
"""A finding's sentence, and what to do about it; empty: nothing."""


def finding_text(t: Texts, finding: Finding) -> Html:
    """Return a finding's sentence and its remedy."""
    said, remedy = SENTENCES[finding.code]
    fields = dict(finding.fields)
    if "venue" in fields:
        fields["venue"] = venue_name(fields["venue"])
    sentence = t.lenient(said, fields)
    return Html(f"{sentence} {t(remedy)}") if remedy else sentence


def findings_text(t: Texts, findings: Sequence[Finding]) -> Html:
    """Return what is not well, the worst first; one line where everything is."""
    order = list(reversed(Verdict))
    bad = sorted((f for f in findings if f.verdict is not Verdict.OK), key=lambda f: order.index(f.verdict))
    if not bad:
        return MARKS[Verdict.OK] + " " + t("Everything that was checked is well.")
    return lines(*(Html(f"{MARKS[finding.verdict]} {finding_text(t, finding)}") for finding in bad))
