"""Logging: events with fields to stdout and to one file per process, with every secret taken out.

Secrets are removed where the finished line is made, so messages, arguments, fields and tracebacks all pass through the
same place. The exact values known at start are removed first; patterns catch what was never announced.
"""

import logging
import re
import sys
import time
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from core.config import ConfigError

MASK = "‹secret›"
_MIN_SECRET = 6  # shorter values would blank out ordinary words

_PATTERNS = (
    re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}"),  # a bot token, also inside a URL
    re.compile(r"(?:0x)?[0-9a-fA-F]{64,}"),  # private keys, HMAC signatures, initData hashes
    re.compile(r"(?i)((?:api[_-]?secret|api[_-]?key|private[_-]?key|signature|authorization|x-bapi-\w+|hash)"
               r"[\"']?\s*[:=]\s*[\"']?)[^\s\"',&}]+"),
    re.compile(r"(?i)((?:query_id|auth_date|tgWebAppData)=)[^\s\"']+"),
)  # fmt: skip

_OURS = ("bot", "chat", "core", "direct", "exchanges", "storage", "telegram_app", "telegram_ui", "webapp", "db")
_QUIET = ("httpx", "httpcore", "urllib3", "aiohttp.access", "pybit", "asyncio", "alembic")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redactor:
    """Removes known secret values and whatever looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember an exact value, so that it is removed in whatever surroundings it turns up."""
        if len(secret) >= _MIN_SECRET:
            self._known.add(secret)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda match: (match[1] if match.re.groups else "") + MASK, text)
        return text


class EventFormatter(logging.Formatter):
    """Writes one line per event: time in UTC, level, source, sentence, fields; tracebacks below."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = _utc
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished, redacted text."""
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        text = super().format(record)
        first, *rest = text.split("\n")
        told = "".join(f" {name}={value}" for name, value in sorted(fields.items()))
        return self._redact("\n".join([first + told, *rest]))


def set_up_logging(*, level: str, log_file: Path | None, secrets: Iterable[str] = ()) -> Redactor:
    """Log to stdout and, if given, to a file; return the redactor, which learns secrets as they are opened.

    Foreign libraries never log below INFO, whatever the level: some of them log whole signed requests at DEBUG.

    Raises:
        ConfigError: The file cannot be written.
    """
    redact = Redactor(secrets)
    formatter = EventFormatter(redact)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if log_file is not None:
        handlers.append(_file(log_file))
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=max(logging.INFO, logging.getLevelName(level)), handlers=handlers, force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return redact


def _file(path: Path) -> RotatingFileHandler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8")
    except OSError as e:
        what = f"cannot be written ({e.strerror}); fix its owner, or set ELCARO_LOG_DIR to another folder"
        raise ConfigError(f"{path}: {what}") from e


def _utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
