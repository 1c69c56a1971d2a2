"""The bot as a process of its own against a sandbox in this one: killed, stopped and restarted as it would be."""

import asyncio
import os
import re
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from launcher.parts import environment
from sandbox import demo
from sandbox.server import Sandbox
from sandbox.telegram import people
from sandbox.telegram_api import state_of
from tests.chat.rig import Shown, _shown
from tests.ops.manager import Manager

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
_ORDERS = frozenset({"POST /v5/order/create", "POST /exchange order", "POST /api/v5/trade/order"})


async def eventually(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - another process raises no event here
            await asyncio.sleep(0.02)


class BotProcess:
    """`python bot.py`, heard through its notification socket."""

    def __init__(self, sandbox: Sandbox, folder: Path, **settings: str) -> None:
        self.sandbox = sandbox
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.data = folder / "data"
        self.output = folder / "output.txt"
        self._settings = settings
        self._state = state_of(sandbox.apps["telegram"])
        self._state.flood.is_on = False  # tests write in seconds what people write in minutes
        self._sockets = tempfile.TemporaryDirectory(prefix="elcaro-")
        self.manager = Manager(f"{self._sockets.name}/notify")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, **settings: str) -> None:
        """Start it and wait until it is ready."""
        await self.launch(**settings)
        assert self._process is not None
        ready, ended = asyncio.create_task(self._ready()), asyncio.create_task(self._process.wait())
        await asyncio.wait({ready, ended}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        assert ready.done(), f"the bot did not start:\n{self.said()[-2000:]}"

    async def _ready(self) -> None:
        while "READY=1" not in await self.manager.next():
            pass

    async def launch(self, **settings: str) -> None:
        """Start it and return at once."""
        told = {
            "ELCARO_MODE": "sandbox",
            "ELCARO_DATA_DIR": str(self.data),
            "ELCARO_LOG_DIR": str(self.folder / "logs"),
            "ADMIN_ID": str(demo.OWNER_ID),
            "NOTIFY_SOCKET": self.manager.address,
            **self._settings,
            **settings,
        }
        base = environment(self.sandbox.announcement(), telegram_token=told.get("TELEGRAM_TOKEN", ""))
        with self.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "bot.py"), cwd=self.folder, env=base | told, stdout=output, stderr=output
            )

    async def beside(self, module: str, *arguments: str, **settings: str) -> asyncio.subprocess.Process:
        """Start another of the product's processes in the same installation; what it says goes into a pipe."""
        told = {"ELCARO_MODE": "sandbox", "ELCARO_DATA_DIR": str(self.data), "PYTHONPATH": str(ROOT)}
        told |= {"ELCARO_LOG_DIR": str(self.folder / "logs"), **settings}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=self.folder,
            env=environment(self.sandbox.announcement(), telegram_token="") | told,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def tool(self, *arguments: str) -> bytes:
        """Run one of the operator's tools and return what it said."""
        process = await self.beside("ops", *arguments)
        return (await asyncio.wait_for(process.communicate(), PATIENCE_S))[0]

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), PATIENCE_S)

    async def wait(self) -> int:
        """Return the exit code."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), PATIENCE_S)

    def suspend(self, *, is_on: bool) -> None:
        """Freeze the process, or let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP if is_on else signal.SIGCONT)

    def close(self) -> None:
        """Let the sockets go."""
        self.manager.close()
        self._sockets.cleanup()

    # What the owner does and sees

    def messages(self) -> list[Shown]:
        """Return the bot's messages to the owner, oldest first."""
        found = self._state.messages[demo.OWNER_ID].values()
        return [_shown(message) for message in found if message.sender_id == demo.BOT_ID]

    async def says(self, text: str) -> Shown:
        """Write something and return the answer."""
        before = len(self.messages())
        people.send_text(self._state, demo.OWNER_ID, text)
        await eventually(lambda: len(self.messages()) > before)
        return self.messages()[-1]

    async def hears(self, text: str) -> None:
        """Write something and wait until it was dealt with, whether or not an answer came through."""
        before = self._handled()
        people.send_text(self._state, demo.OWNER_ID, text)
        await eventually(lambda: self._handled() > before)

    def _handled(self) -> int:
        return int(self.rows("SELECT count(*) FROM inbox WHERE state<>'NEW'")[0][0])

    async def link(self, words: str) -> str:
        """Wait for an address with these words in it, in a message or behind its button, and return what follows."""
        found = re.compile(re.escape(words) + r"([^\s\"']+)")

        def all_said() -> str:
            return " ".join(f"{m.content.text} {m.inline}" for m in self._state.messages[demo.OWNER_ID].values())

        await eventually(lambda: found.search(all_said()))
        return str(found.findall(all_said())[-1])

    def taps(self, shown: Shown, label: str) -> None:
        """Tap the button whose label holds these words."""
        data = next(data for text, data in shown.buttons.items() if label in text)
        people.press(self._state, demo.OWNER_ID, shown.message_id, data)

    async def orders(self, text: str) -> Shown:
        """Ask for a trade and confirm it; return the preview's message as it was."""
        preview = await self.says(text)
        await eventually(lambda: self.messages()[-1].buttons)
        preview = self.messages()[-1]
        self.taps(preview, "✅")
        return preview

    # What is written down

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database, which may be in use."""
        with closing(sqlite3.connect(self.data / "elcaro.db")) as connection:
            return connection.execute(sql).fetchall()

    def order_requests(self) -> int:
        """Return how many requests to place an order reached the simulated venues."""
        return sum(record.operation in _ORDERS for record in self.sandbox.world.journal.find())

    def said(self) -> str:
        """Return everything it wrote to its terminal."""
        return self.output.read_text(encoding="utf-8") if self.output.exists() else ""


@asynccontextmanager
async def bot_process(sandbox: Sandbox, folder: Path, **settings: str) -> AsyncIterator[BotProcess]:
    """Hand out a bot that is not started yet, and end it with the block."""
    bot = BotProcess(sandbox, folder, **settings)
    try:
        yield bot
    finally:
        if bot._process is not None and bot._process.returncode is None:
            await bot.stop(signal.SIGKILL)
        bot.close()
