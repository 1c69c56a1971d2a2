"""The product as a newcomer has it: a sandbox process and a bot process, told about each other as start.sh does."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.parts import environment

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"http://\S+[?&]start=\S+")
_START_S = 60


@dataclass(frozen=True, slots=True)
class Product:
    """A running product."""

    link: str
    """The address that makes whoever opens it the owner."""
    sandbox: dict[str, Any]
    folder: Path

    @property
    def log(self) -> str:
        """What the bot logged so far."""
        return (self.folder / "logs" / "bot.log").read_text(encoding="utf-8")


@asynccontextmanager
async def product(folder: Path, *, use_unified: str = "true") -> AsyncIterator[Product]:
    """Start the sandbox and the bot, wait for the owner's link, and stop both."""
    sandbox = await _spawn("-m", "sandbox", "--port-base", "0")
    try:
        assert sandbox.stdout is not None
        announced = json.loads(await asyncio.wait_for(sandbox.stdout.readline(), _START_S))
        settings = {
            "ELCARO_MODE": "sandbox",
            "ELCARO_DATA_DIR": str(folder / "data"),
            "ELCARO_LOG_DIR": str(folder / "logs"),
            "USE_UNIFIED": use_unified,
        }
        told = environment(announced, telegram_token="")
        told.pop("NOTIFY_SOCKET", None)
        bot = await _spawn("bot.py", env={**told, **settings})
        try:
            yield Product(link=await asyncio.wait_for(_link(bot), _START_S), sandbox=announced, folder=folder)
        finally:
            await _stop(bot)
    finally:
        await _stop(sandbox)


async def _spawn(*arguments: str, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=env or dict(os.environ), stdout=asyncio.subprocess.PIPE
    )


async def _link(bot: asyncio.subprocess.Process) -> str:
    assert bot.stdout is not None
    while line := (await bot.stdout.readline()).decode():
        if found := _LINK.search(line):
            _drain(bot.stdout)
            return found[0]
    raise AssertionError("the bot ended before it offered ownership")


_draining: set[asyncio.Task[bytes]] = set()


def _drain(output: asyncio.StreamReader) -> None:
    """Keep reading, so that a full pipe never stops the bot."""
    task = asyncio.create_task(output.read())
    _draining.add(task)
    task.add_done_callback(_draining.discard)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)
