"""The processes there are, and what each is told through its environment."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.places import read_facts

RUN = Path("run")
SANDBOX_FILE = RUN / "sandbox-addresses.json"
"""Where a running sandbox's addresses stand, so that a bot started on its own finds them."""
EXIT_NEEDS_A_PERSON = frozenset({2, 78})
"""A malformed setting and a database that cannot be used: starting again would not help."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the system."""

    name: str
    arguments: tuple[str, ...]
    must_run: bool = True
    """Whether everything stops when it ends for good."""
    log: str = ""
    """The file it writes, in the log folder."""

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [sys.executable, *self.arguments]


SANDBOX = Part("sandbox", ("-m", "sandbox"))
BOT = Part("bot", ("bot.py",), log="bot.log")
WEBAPP = Part("webapp", ("-m", "webapp"), must_run=False, log="webapp.log")

_ANNOUNCED_TELEGRAM = {
    "TELEGRAM_TOKEN": "telegram_token",
    "TELEGRAM_API_URL": "telegram_url",
    "TELEGRAM_LINK": "chat_url",
}


def environment(sandbox: Mapping[str, Any] | None, *, telegram_token: str) -> dict[str, str]:
    """Return what a process is told: the sandbox's addresses and keys, where there is one.

    With a token of the user's own, the chat is the real Telegram and only the money is simulated.
    """
    announced = {} if sandbox is None else {"PAPER_VENUES": json.dumps(sandbox["paper_venues"])}
    if sandbox is not None and not telegram_token:
        announced |= {name: str(sandbox[key]) for name, key in _ANNOUNCED_TELEGRAM.items()}
    return {**os.environ, "PYTHONUNBUFFERED": "1", **announced}


def write_private(path: Path, text: str) -> None:
    """Write a file whole, for its owner alone."""
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def announced_sandbox() -> dict[str, Any] | None:
    """Return what a running sandbox wrote down; None when none did."""
    announced = read_facts(SANDBOX_FILE)
    return announced if announced is not None and is_alive(announced["pid"]) else None


def is_alive(pid: int) -> bool:
    """Whether a process of this user exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
