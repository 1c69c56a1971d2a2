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
from launcher.ports import HOST, any_free

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
    web_url: str = ""
    """Where the web app is; empty without one."""
    web_pid: int = 0

    @property
    def log(self) -> str:
        """What the bot logged so far."""
        return (self.folder / "logs" / "bot.log").read_text(encoding="utf-8")


@asynccontextmanager
async def product(folder: Path, *, use_unified: str = "true", with_web: bool = False) -> AsyncIterator[Product]:
    """Start the sandbox, the bot and, if asked, the web app; wait for the owner's link; stop all of them."""
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
        web_url = f"http://{HOST}:{any_free()}" if with_web else ""
        if with_web:
            settings |= {"WEBAPP_URL": web_url, "WEBAPP_PORT": web_url.rpartition(":")[2]}
        bot = await _spawn("bot.py", env={**told, **settings})
        try:
            link = await asyncio.wait_for(_link(bot), _START_S)
            async with _web_app({**told, **settings}, web_url) as web_pid:
                yield Product(link=link, sandbox=announced, folder=folder, web_url=web_url, web_pid=web_pid)
        finally:
            await _stop(bot)
    finally:
        await _stop(sandbox)


@asynccontextmanager
async def _web_app(env: dict[str, str], url: str) -> AsyncIterator[int]:
    """Run the web app, where it has an address, and wait until it answers; gives the process's id."""
    if not url:
        yield 0
        return
    process = await _spawn("-m", "webapp", env=env)
    try:
        await asyncio.wait_for(_ready(process), _START_S)
        yield process.pid
    finally:
        await _stop(process)


async def _ready(web_app: asyncio.subprocess.Process) -> None:
    assert web_app.stdout is not None
    while line := await web_app.stdout.readline():
        if b"web app ready" in line:
            _drain(web_app.stdout)
            return
    raise AssertionError("the web app ended before it was ready")


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
