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


SANDBOX = Part("sandbox", ("-m", "sandbox", "--state", "data/sandbox.json"))
BOT = Part("bot", ("bot.py",))
WEBAPP = Part("webapp", ("-m", "webapp"))


def environment(sandbox: dict[str, Any] | None, socket: Path) -> dict[str, str]:
    """Return what a process is told: the sandbox's addresses and keys, where there is one, and where to report."""
    told = {"NOTIFY_SOCKET": str(socket.absolute()), "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **told, **({} if sandbox is None else sandbox["environment"])}


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
