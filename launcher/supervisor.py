"""Runs parts in the foreground: starts them in order, tells when they are ready, stops them all together."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from launcher.instance import Record
from launcher.parts import (
    EXIT_NEEDS_A_PERSON,
    SANDBOX,
    SANDBOX_FILE,
    Part,
    announced_sandbox,
    environment,
    write_private,
)
from launcher.ports import FREE_PORTS
from launcher.process import READY_S, STOP_S, Running, StartFailed

_RESTARTS = 5
_RESTART_WINDOW_S = 300.0
_RESTART_PAUSE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run, and what the processes are told on top of their settings."""

    parts: Sequence[Part]
    telegram_token: str
    told: dict[str, str]
    sandbox_options: Sequence[str] = ()
    is_quiet: bool = False
    """In the background: the parts' log files are enough, and no address goes into a log."""


class Supervisor:
    """The parts of one start."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self._plan = plan
        self._record = record
        self._running: dict[str, Running] = {}
        self._sandbox: asyncio.subprocess.Process | None = None
        self._announced: dict[str, Any] | None = None
        self._stopping = asyncio.Event()
        self._url = ""
        self._is_ready = False

    async def run(self) -> int:
        """Run until told to stop or until a part that must run ends; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopping.set)
        try:
            await self._start_all()
            return await self._watch()
        except StartFailed as e:
            if not self._stopping.is_set():
                print(f"ElCaro did not start: {e}", file=sys.stderr, flush=True)
        finally:
            await self._stop_all()
        return next((r.exit_code for r in self._running.values() if r.exit_code in EXIT_NEEDS_A_PERSON), None) or 1

    async def _start_all(self) -> None:
        self._announced = announced_sandbox()
        if self._announced is not None:
            self._url = self._announced["chat_url"]
        if SANDBOX in self._plan.parts:
            await self._start_sandbox()
        others = [part for part in self._plan.parts if part is not SANDBOX]
        for part in others:
            if (part.must_run or len(others) == 1) and not self._stopping.is_set():
                await self._start(part)
        if self._stopping.is_set():
            return
        self._is_ready = True
        self._record.write(is_ready=True)
        self._say_where()
        for part in others:
            if part.name not in self._running:
                await self._start_if_it_can(part)

    async def _start_if_it_can(self, part: Part) -> None:
        """Start a part without which the rest is of use."""
        try:
            await self._start(part)
        except StartFailed as e:
            await self._running.pop(part.name).end()
            print(f"Going on without {part.name}: {e}", file=sys.stderr, flush=True)

    async def _start(self, part: Part) -> None:
        running = self._running[part.name] = Running(part, self._show)
        told = environment(self._announced, telegram_token=self._plan.telegram_token) | self._plan.told
        await running.start(told, is_quiet=self._plan.is_quiet)
        self._record.note_part(part.name, running.pid)
        await running.ready(self._stopping)

    async def _start_sandbox(self) -> None:
        # somebody may take a port between the look at it and the start
        line = await self._sandbox_with(()) or await self._sandbox_with(FREE_PORTS)
        if not line:
            raise StartFailed("the sandbox ended; its last words are above")
        assert self._sandbox is not None
        announced: dict[str, Any] = json.loads(line) | {"pid": self._sandbox.pid}
        write_private(SANDBOX_FILE, json.dumps(announced))
        self._announced, self._url = announced, announced["chat_url"]

    async def _sandbox_with(self, options: Sequence[str]) -> bytes:
        """Start the sandbox and return its announcement; empty when it ended."""
        command = [*SANDBOX.command, *self._plan.sandbox_options, *options]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, process_group=0)
        self._sandbox = process
        self._record.note_part(SANDBOX.name, process.pid)
        assert process.stdout is not None
        return await asyncio.wait_for(process.stdout.readline(), READY_S)

    def _show(self, url: str) -> None:
        """Take the address that a part wants opened; it changes when a one-time code does."""
        self._url = url
        if self._is_ready:
            self._say_where()

    def _say_where(self) -> None:
        self._record.write(url=self._url)
        if not self._plan.is_quiet:
            print(f"\nElCaro is running. Open {self._url}\n" if self._url else "\nElCaro is running.\n", flush=True)

    async def _watch(self) -> int:
        """Keep every part running; return when told to stop or when one that must run is gone for good."""
        keepers = [asyncio.create_task(self._keep(running.part)) for running in self._running.values()]
        if self._sandbox is not None:
            keepers.append(asyncio.create_task(self._until_sandbox_ends(self._sandbox)))
        stop = asyncio.create_task(self._stopping.wait())
        waits = {stop, *keepers}
        code = 0
        while not self._stopping.is_set() and code == 0:
            done, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            code = next((task.result() for task in done if task is not stop and task.result()), 0)
        for task in (stop, *keepers):
            task.cancel()
        await asyncio.gather(stop, *keepers, return_exceptions=True)
        return 0 if self._stopping.is_set() else code

    async def _until_sandbox_ends(self, process: asyncio.subprocess.Process) -> int:
        await process.wait()
        print("ElCaro stops: the sandbox ended", file=sys.stderr, flush=True)
        return 1

    async def _keep(self, part: Part) -> int:
        """Start a part again whenever it ends, but not without end; return the exit code that all should end with."""
        starts: deque[float] = deque(maxlen=_RESTARTS)
        while True:
            code = await self._running[part.name].ended()
            await self._running[part.name].close()
            is_looping = len(starts) == _RESTARTS and time.monotonic() - starts[0] < _RESTART_WINDOW_S
            if code == 0 or code in EXIT_NEEDS_A_PERSON or is_looping:
                print(f"{part.name} ended (exit code {code}); see {part.log}", file=sys.stderr, flush=True)
                return (code or 1) if part.must_run else 0
            print(f"{part.name} ended (exit code {code}) and is started again", file=sys.stderr, flush=True)
            await asyncio.sleep(_RESTART_PAUSE_S)
            starts.append(time.monotonic())
            with suppress(StartFailed):  # it ended again; the next round counts it
                await self._start(part)

    async def _stop_all(self) -> None:
        """End every part, the last started first; each gets time to finish what it is sending, the venues last."""
        for running in reversed(self._running.values()):
            await running.end()
        if self._sandbox is not None:
            if self._sandbox.returncode is None:
                self._sandbox.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sandbox.wait(), STOP_S)
            SANDBOX_FILE.unlink(missing_ok=True)
