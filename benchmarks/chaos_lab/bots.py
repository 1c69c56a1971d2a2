"""The bot's processes as the lab sees them: one life after another, and how each ended."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.chaos_lab.machine import BOT, Machine
from benchmarks.chaos_lab.wires import HOST, ROOT

_STILL_STARTING_S = 120


@dataclass(slots=True, kw_only=True)
class Life:
    """One process."""

    pid: int
    born_ms: int
    ready_ms: int | None = None
    """When it was open for business, in the machine's time."""
    starting_s: float | None = None
    """How long that took, in real seconds."""
    death: str
    ended: "asyncio.Future[int]" = field(repr=False)


class Bots:
    """Begins lives and ends them.

    Args:
        folder: Everything that outlives a life.
        settings: Of every life; `use_unified` is each life's own.
        share: Of the venues' rate budgets; None: the product's own.
    """

    def __init__(
        self,
        machine: Machine,
        folder: Path,
        settings: Mapping[str, Any],
        process: asyncio.subprocess.Process,
        share: float | None,
    ) -> None:
        self._machine = machine
        self._folder = folder
        self._settings = settings
        self._share = share
        self._process = process
        self._birth: asyncio.Future[Life] | None = None
        self._death = ""
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(folder / "notify"))
        self._notify.setblocking(False)
        self.lives: list[Life] = []

    async def listen(self) -> None:
        """Hear the parent of all lives, until cancelled."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "ended" in said:
                self._bury(said["code"])
            else:
                self._welcome(said["pid"])

    def _welcome(self, pid: int) -> None:
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        life = Life(pid=pid, born_ms=self._machine.now_ms(), death=self._death, ended=ended)
        self.lives.append(life)
        self._machine.put(BOT, pid)
        assert self._birth is not None
        self._birth.set_result(life)

    def _bury(self, code: int) -> None:
        life = self.lives[-1]
        self._machine.put(BOT, None)
        if not life.ended.done():
            life.ended.set_result(code)

    async def let_in(self, people: Mapping[int, Mapping[str, Any]]) -> None:
        """Store people and their keys."""
        await self._do({"people": people})

    async def leave_in_doubt(self, doubts: Mapping[int, Sequence[str]], *, use_unified: str) -> None:
        """Send an order per person and market, and go without finding out what became of them."""
        await self._do({"doubts": doubts, "use_unified": use_unified})

    async def _do(self, order: Mapping[str, Any]) -> None:
        life = await self._begin(order, "")
        if (code := await life.ended) != 0:
            raise RuntimeError(f"a tool ended with {code}; see {self._folder / 'life.err'}")
        self.lives.clear()

    async def start(self, *, use_unified: str, death: Mapping[str, Any] | None = None) -> Life:
        """Begin a life and return as soon as it is one."""
        return await self._begin({"death": death, "use_unified": use_unified}, death["name"] if death else "")

    async def _begin(self, order: Mapping[str, Any], death: str) -> Life:
        assert self._process.stdin is not None
        settings = {**self._settings, "use_unified": order.get("use_unified", "true")}
        wish = {
            **order,
            "share": self._share,
            "folder": str(self._folder),
            "notify": str(self._folder / "notify"),
            "settings": settings,
        }
        self._drain_notify()
        with self._machine.busy():
            self._birth, self._death = asyncio.get_running_loop().create_future(), death
            self._process.stdin.write(json.dumps(wish).encode() + b"\n")
            return await self._birth

    async def ready(self, life: Life) -> bool:
        """Wait until a life is open for business; return whether it came so far."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        hearing = asyncio.ensure_future(self._hear_ready())
        either: set[asyncio.Future[Any]] = {hearing, life.ended}
        await asyncio.wait(either, timeout=_STILL_STARTING_S, return_when=asyncio.FIRST_COMPLETED)
        if not hearing.done():
            hearing.cancel()
            return False
        life.ready_ms, life.starting_s = self._machine.now_ms(), loop.time() - started
        return True

    async def _hear_ready(self) -> None:
        loop = asyncio.get_running_loop()
        while b"READY=1" not in await loop.sock_recv(self._notify, 4096):
            continue

    def _drain_notify(self) -> None:
        with suppress(BlockingIOError):
            while self._notify.recv(4096):
                continue

    async def kill(self, life: Life) -> None:
        """End a life as a power cut would."""
        await self._end(life, signal.SIGKILL)

    async def stop(self, life: Life) -> int:
        """End a life in order and return its exit code."""
        await self._end(life, signal.SIGTERM)
        return life.ended.result()

    async def _end(self, life: Life, number: signal.Signals) -> None:
        if not life.ended.done():
            with suppress(ProcessLookupError):
                os.kill(life.pid, number)
            await life.ended

    def close(self) -> None:
        """Let the socket go."""
        self._notify.close()


@asynccontextmanager
async def open_bots(
    machine: Machine,
    folder: Path,
    settings: Mapping[str, Any],
    patches: Sequence[str] = (),
    *,
    share: float | None = None,
) -> AsyncIterator[Bots]:
    """Import the product once, ready to be forked, until the block ends."""
    command = (*HOST, str(machine.path), str(BOT), "benchmarks.chaos_lab.lives", *patches)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.readline()
    bots = Bots(machine, folder, settings, process, share)
    listening = asyncio.create_task(bots.listen())
    try:
        yield bots
    finally:
        if bots.lives:
            await bots.kill(bots.lives[-1])
        listening.cancel()
        bots.close()
        process.stdin.close()
        await process.wait()
