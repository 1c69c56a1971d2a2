"""The sandbox as the lab sees it: a process, its control API, and what its Telegram server shows."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.chaos_lab.machine import SANDBOX, Machine

ROOT = Path(__file__).resolve().parents[2]
HOST = (sys.executable, "-m", "benchmarks.chaos_lab.host")
_MAX_EVENT = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What stood in a message at some moment."""

    at_ms: int
    message_id: int
    text: str
    buttons: tuple[str, ...]
    """The data of its buttons."""
    is_new: bool
    """Whether the message was new, or an older one changed."""


@dataclass(slots=True)
class Chat:
    """One person's chat, from the person's side."""

    lines: list[Line] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    changed: list[asyncio.Future[None]] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Take in what the bot said, and wake who waits for it."""
        self.lines.append(line)
        for waiter in self.changed:
            if not waiter.done():
                waiter.set_result(None)
        self.changed.clear()

    def now(self, message_id: int) -> Line | None:
        """Return what stands in a message now."""
        return next((line for line in reversed(self.lines) if line.message_id == message_id), None)


class Wires:
    """The sandbox's control API.

    Args:
        machine: Stands still while a request is under way.
        told: What the sandbox announced.
    """

    def __init__(self, machine: Machine, told: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        self.machine = machine
        self.told = told
        self._session = session
        self._secret = {"X-Sandbox-Secret": str(told["chat_url"]).partition("#key=")[2]}
        self.chats: dict[int, Chat] = {}

    async def control(self, path: str, **fields: Any) -> Any:
        """Do something to the world."""
        return await self._ask("POST", f"{self.told['control_url']}/control/{path}", json=fields)

    async def look(self, path: str, **query: str) -> Any:
        """Read something of the world."""
        return await self._ask("GET", f"{self.told['control_url']}/control/{path}", params=query)

    async def fault(self, exchange: str, match: str, rule: Mapping[str, Any], **fields: Any) -> int:
        """Put a fault rule into force and return its number."""
        return int((await self.control("faults", venue=exchange, match=match, **rule, **fields))["number"])

    async def heal(self, *numbers: int) -> None:
        """Take fault rules out of force."""
        for number in numbers:
            url = f"{self.told['control_url']}/control/faults"
            await self._ask("DELETE", url, params={"number": str(number)})

    async def heal_everything(self) -> None:
        """Take every fault rule out of force."""
        await self._ask("DELETE", f"{self.told['control_url']}/control/faults")

    async def telegram(self, action: str, **fields: Any) -> Any:
        """Act as a person, or break Telegram."""
        url = f"{self.told['telegram_url']}/control/telegram/{action}"
        return (await self._ask("POST", url, json=fields, headers=self._secret))["result"]

    async def _ask(self, method: str, url: str, **options: Any) -> Any:
        with self.machine.busy():
            async with self._session.request(method, url, **options) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{method} {url}: {answer.status} {await answer.text()}")
                return await answer.json()

    async def join(self, user_id: int, name: str) -> Chat:
        """Let a person find the bot, and follow their chat."""
        await self.telegram("join", user_id=user_id, first_name=name)
        return self.chats.setdefault(user_id, Chat())

    async def wait(self, chat: Chat, is_so: Callable[[], bool], seconds: float) -> bool:
        """Wait until something shows in a chat, but no longer than this much of the machine's time."""
        deadline = self.machine.monotonic() + seconds
        while not is_so():
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            chat.changed.append(changed)
            if not await self.machine.until(deadline, changed):
                return is_so()
        return True

    async def follow(self) -> None:
        """Take in what the Telegram server shows, until cancelled."""
        url = f"{self.told['telegram_url']}/live"
        async with self._session.ws_connect(url, headers=self._secret, max_msg_size=_MAX_EVENT) as socket:
            async for frame in socket:
                event = json.loads(frame.data)
                if event["event"] == "message" and event["message"]["from"]["is_bot"]:
                    self._show(event["chat_id"], event["message"])

    def _show(self, chat_id: int, message: Mapping[str, Any]) -> None:
        chat = self.chats.get(chat_id)
        if chat is None:
            return
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        number = message["message_id"]
        line = Line(
            at_ms=self.machine.now_ms(),
            message_id=number,
            text=message.get("text", ""),
            buttons=tuple(button["callback_data"] for row in rows for button in row if "callback_data" in button),
            is_new=number not in chat.known,
        )
        chat.known.add(number)
        chat.add(line)


@asynccontextmanager
async def open_wires(machine: Machine, seed: int) -> AsyncIterator[Wires]:
    """Run a sandbox process on a machine until the block ends."""
    command = (*HOST, str(machine.path), str(SANDBOX), "sandbox", "--port-base", "0", "--seed", str(seed))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        told = json.loads(await process.stdout.readline())
        machine.put(SANDBOX, process.pid)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
            wires = Wires(machine, told, session)
            following = asyncio.create_task(wires.follow())
            try:
                yield wires
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
    finally:
        machine.put(SANDBOX, None)
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
