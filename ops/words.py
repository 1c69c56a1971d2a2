"""The sentences of the check-up that only an operator's terminal shows."""

from models.finding import Finding
from telegram_ui.screen import Html, plain_text
from telegram_ui.texts import Texts
from telegram_ui.views.checkup import SENTENCES, finding_text

_ENGLISH = Texts("en")

LOCAL: dict[str, tuple[str, str]] = {
    "refused": ("{sentence}", ""),
    "settings": ("Settings: {mode} mode.", ""),
    "file_shared": ("{path} can be read by others (mode {mode}).", "Run: chmod {wanted} {path}"),
    "no_env_file": ("There is no .env; settings come from the environment alone.", "./start.sh --install makes one."),
    "versions": ("ElCaro {release}, Python {python}, packages as locked.", ""),
    "packages_differ": ("Packages differ from requirements.lock: {names}.", "Run: ./start.sh --install"),
    "disk": ("{free} GB free for {path}.", ""),
    "disk_low": ("Only {free} GB free for {path}.", "Make room: logs, old backups."),
    "disk_full": ("Only {free} GB free for {path}: orders soon cannot be written down.", "Make room now."),
    "not_writable_folder": (
        "{path} is no folder, or cannot be written by this user.",
        "Run as the user that runs the bot, or fix its owner.",
    ),
    "no_database": ("There is no database yet; the first start makes it.", ""),
    "database": ("The database is whole, schema {schema}.", ""),
    "database_older": ("The database has schema {schema}; the next start brings it to {wanted}.", ""),
    "database_damaged": ("{path} is damaged ({problem}).", "Run: ./start.sh --restore, with the latest backup"),
    "database_newer": (
        "{path} has schema {schema}, which this release does not know.",
        "Install the newer release again, or restore the backup from before the update.",
    ),
    "running": ("The bot is running, started {who}.", ""),
    "not_running": ("ElCaro is not running here.", "Run: ./start.sh --daemon"),
    "port_taken": ("Port {port} is taken by another program.", "Set WEBAPP_PORT in .env to a free one."),
    "no_sandbox": ("No sandbox is running, so Telegram and venues were not asked.", "Run: ./start.sh"),
    "telegram": ("Telegram knows this bot as @{name}.", ""),
    "token_refused": ("TELEGRAM_TOKEN: Telegram does not know this token.", "Copy it again from @BotFather."),
    "telegram_silent": ("Telegram cannot be reached ({problem}).", "Check this machine's network."),
    "webhook_set": (
        "Telegram sends this bot's messages to {host}.",
        "Another installation uses this token: stop it, or make a new token at @BotFather.",
    ),
}


def sentence_of(finding: Finding) -> str:
    """Return a finding as one line of plain text."""
    if finding.code in SENTENCES:
        return plain_text(Html(finding_text(_ENGLISH, finding)))
    said, remedy = LOCAL[finding.code]
    return " ".join(part.format_map(finding.fields) for part in (said, remedy) if part)
