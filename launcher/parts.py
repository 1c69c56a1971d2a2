"""The processes there are, and what each is told through its environment."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = Path("run")
SANDBOX_FILE = RUN / "sandbox.json"
"""Where a running sandbox's addresses stand, so that a bot started on its own finds them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the system."""

    name: str
    arguments: tuple[str, ...]
    must_run: bool = True
    """Whether everything stops when it ends."""

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [sys.executable, *self.arguments]


_ANNOUNCED = {
    "PAPER_BYBIT_URL": "bybit_url",
    "PAPER_BYBIT_API_KEY": "bybit_key",
    "PAPER_BYBIT_API_SECRET": "bybit_secret",
    "PAPER_HYPERLIQUID_URL": "hyperliquid_url",
    "PAPER_HYPERLIQUID_PRIVATE_KEY": "hyperliquid_agent_key",
    "PAPER_HYPERLIQUID_ADDRESS": "hyperliquid_master",
}
_ANNOUNCED_TELEGRAM = {
    "TELEGRAM_TOKEN": "telegram_token",
    "TELEGRAM_API_URL": "telegram_url",
    "TELEGRAM_LINK": "chat_url",
}

SANDBOX = Part("sandbox", ("-m", "sandbox", "--state", "data/sandbox.json"))
BOT = Part("bot", ("bot.py",))
WEBAPP = Part("webapp", ("-m", "webapp"))


def environment(sandbox: dict[str, Any] | None, socket: Path, *, telegram_token: str) -> dict[str, str]:
    """Return what a process is told: the sandbox's addresses and keys, where there is one, and where to report.

    With a token of the user's own, the chat is the real Telegram and only the money is simulated.
    """
    told = {"NOTIFY_SOCKET": str(socket.absolute()), "PYTHONUNBUFFERED": "1"}
    announced = {} if sandbox is None else {name: sandbox[key] for name, key in _ANNOUNCED.items()}
    if sandbox is not None and not telegram_token:
        announced |= {name: sandbox[key] for name, key in _ANNOUNCED_TELEGRAM.items()}
    return {**os.environ, **told, **announced}


def announced_sandbox() -> dict[str, Any] | None:
    """Return what a running sandbox wrote down; None when none did."""
    if not SANDBOX_FILE.is_file():
        return None
    announced: dict[str, Any] = json.loads(SANDBOX_FILE.read_text(encoding="utf-8"))
    return announced if is_alive(int(announced["pid"])) else None


def is_alive(pid: int) -> bool:
    """Whether a process of this user exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
