"""One process of a part: started, listened to until it is ready, watched, ended."""

import asyncio
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress

from launcher.notify import NotifySocket
from launcher.parts import Part

READY_S = 90.0
STOP_S = 45.0
WATCHDOG_S = 60.0
"""A process that says nothing for so long hangs."""
_OPEN = "open "


class StartFailed(Exception):
    """A part ended or stayed silent before it was ready; the message says which and what to read."""


class Running:
    """A process and what it last said.

    Args:
        part: What to run.
        show: Called with the address that people open, whenever the process names another one.
    """

    def __init__(self, part: Part, show: Callable[[str], None]) -> None:
        self.part = part
        self._show = show
        self._link = ""
        self._notify = NotifySocket()
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self.exit_code: int | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    async def start(self, env: Mapping[str, str], *, is_quiet: bool) -> None:
        """Start the process in a group of its own: Ctrl-C reaches only us, and we end the parts in order."""
        told = {"NOTIFY_SOCKET": str(self._notify.path), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        stdout = subprocess.DEVNULL if is_quiet else None
        self._process = await asyncio.create_subprocess_exec(
            *self.part.command, env={**env, **told}, stdout=stdout, process_group=0
        )
        self._listener = asyncio.create_task(self._listen())

    async def ready(self, stop: asyncio.Event) -> None:
        """Return when the process is ready, or when `stop` is set.

        Raises:
            StartFailed: It ended, or is not ready in time.
        """
        assert self._process is not None
        waits = [asyncio.create_task(work) for work in (self._is_ready.wait(), stop.wait(), self._process.wait())]
        try:
            done, _ = await asyncio.wait(waits, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        if self._is_ready.is_set() or stop.is_set():
            return
        if waits[2] in done:
            self.exit_code = self._process.returncode
            raise StartFailed(f"{self.part.name} ended before it was ready; its last words are above")
        raise StartFailed(f"{self.part.name} is not ready after {READY_S:.0f} s; see {self.part.log}")

    async def ended(self) -> int:
        """Return the exit code when the process has ended; one that hangs is ended."""
        assert self._process is not None
        self.exit_code = await self._process.wait()
        return self.exit_code

    async def end(self) -> None:
        """Ask the process to end, and give it the time to finish what it is sending."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self.close()

    async def close(self) -> None:
        """Stop listening to it."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        self._notify.close()

    async def _listen(self) -> None:
        while True:
            silence_s = WATCHDOG_S if self._is_ready.is_set() else None
            try:
                report = await asyncio.wait_for(self._notify.receive(), silence_s)
            except TimeoutError:
                self._kill_hanging()
                return
            self._hear(report)

    def _hear(self, report: Mapping[str, str]) -> None:
        status = report.get("STATUS", "")
        if status.startswith(_OPEN) and status != self._link:
            self._link = status
            self._show(status.removeprefix(_OPEN))
        if report.get("READY") == "1":
            self._is_ready.set()

    def _kill_hanging(self) -> None:
        assert self._process is not None
        print(f"{self.part.name} hangs: nothing heard for {WATCHDOG_S:.0f} s", flush=True)
        with suppress(ProcessLookupError):
            self._process.kill()
