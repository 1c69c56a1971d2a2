"""Runs parts in the foreground: starts them in order, tells when they are ready, stops them all together."""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from launcher.notify import NotifySocket
from launcher.parts import RUN, SANDBOX, SANDBOX_FILE, Part, announced_sandbox, environment

READY_S = 90
STOP_S = 45
READY_FILE = RUN / "ready"


class StartFailed(Exception):
    """A part ended or stayed silent before it was ready; the message says which and what to read."""


class Supervisor:
    """The parts of one start."""

    def __init__(self, telegram_token: str = "") -> None:
        self._telegram_token = telegram_token
        RUN.mkdir(exist_ok=True)
        self._notify = NotifySocket(RUN / "notify.sock")
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    async def run(self, parts: Sequence[Part]) -> int:
        """Run until told to stop or until a part ends; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        READY_FILE.unlink(missing_ok=True)
        try:
            await self._start_all(parts)
            return await self._watch()
        except StartFailed as e:
            print(f"ElCaro did not start: {e}", flush=True)
            return 1
        finally:
            await self._stop_all()
            READY_FILE.unlink(missing_ok=True)
            self._notify.close()

    async def _start_all(self, parts: Sequence[Part]) -> None:
        sandbox = announced_sandbox()
        link = ""
        for part in parts:
            if self._stopping.is_set():
                return
            if part is SANDBOX:
                sandbox = await self._start_sandbox()
                continue
            await self._start(part, environment(sandbox, self._notify.path, telegram_token=self._telegram_token))
            link = await self._ready(part) or link
        _announce(link, sandbox)

    async def _start_sandbox(self) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(*SANDBOX.command, stdout=asyncio.subprocess.PIPE)
        self._running[SANDBOX.name] = process
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), READY_S)
        if not line:
            raise StartFailed("the sandbox ended; its last lines are above")
        announced: dict[str, Any] = json.loads(line)
        announced["pid"] = process.pid
        SANDBOX_FILE.write_text(json.dumps(announced), encoding="utf-8")
        return announced

    async def _start(self, part: Part, env: dict[str, str]) -> None:
        self._running[part.name] = await asyncio.create_subprocess_exec(*part.command, env=env)

    async def _ready(self, part: Part) -> str:
        """Wait for a part's READY; return the link it asked to show."""
        ended = asyncio.create_task(self._running[part.name].wait())
        stop = asyncio.create_task(self._stopping.wait())
        reports = asyncio.create_task(self._until_ready())
        done, pending = await asyncio.wait({ended, stop, reports}, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if reports in done:
            return reports.result()
        if stop in done:
            return ""
        raise StartFailed(f"{part.name} ended before it was ready" if ended in done else f"{part.name} is not ready")

    async def _until_ready(self) -> str:
        link = ""
        while True:
            report = await self._notify.receive()
            if report.get("STATUS", "").startswith("open "):
                link = report["STATUS"].removeprefix("open ")
            if report.get("READY") == "1":
                return link

    async def _watch(self) -> int:
        """Wait for a signal or the first part that ends."""
        stop = asyncio.create_task(self._stopping.wait())
        drain = asyncio.create_task(self._drain())
        waits = {asyncio.create_task(process.wait()): name for name, process in self._running.items()}
        await asyncio.wait({stop, *waits}, return_when=asyncio.FIRST_COMPLETED)
        drain.cancel()
        ended = [name for task, name in waits.items() if task.done()]
        for task in waits:
            task.cancel()
        if self._stopping.is_set():
            stop.cancel()
            return 0
        stop.cancel()
        print(f"ElCaro stops: {', '.join(ended)} ended", flush=True)
        return 1

    async def _drain(self) -> None:
        while True:  # watchdog reports; nobody waits for them here
            await self._notify.receive()

    async def _stop_all(self) -> None:
        """End every part, the last started first; each gets time to finish what it is sending."""
        for process in reversed(self._running.values()):
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_S)
                except TimeoutError:
                    process.kill()
                    await process.wait()
        if SANDBOX.name in self._running:
            SANDBOX_FILE.unlink(missing_ok=True)


def _announce(link: str, sandbox: dict[str, Any] | None) -> None:
    """Print the one address to open."""
    url = link or (sandbox or {}).get("chat_url", "")
    Path(READY_FILE).write_text(url, encoding="utf-8")
    print(f"\nElCaro is running. Open {url}\n" if url else "\nElCaro is running.\n", flush=True)
