"""What this process tells its service manager: systemd, or `start.sh`, which listens in the same words.

It says when it is ready, where to open it, and, again and again, that it is well. Whoever stops hearing that starts it
anew, so it is said only while everything that must not stand still moves. What a restart would not cure, such as a
full disk or a Telegram that is away, is told in the status and keeps the process running: it guards positions.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from core.config import ServiceManager
from core.health import Sign, overdue

logger = logging.getLogger(__name__)

EXIT_SETTINGS = 2
EXIT_STORAGE = 78
"""These two need a person; a service manager need not try again."""
_PINGS_PER_LIMIT = 3
_EVERY_S = 10.0
"""How often the signs are looked at where nobody set a limit."""


class Service:
    """This process as its service manager sees it; says nothing where there is none.

    Args:
        manager: Where it listens, and how long it waits for a sign of life.
    """

    def __init__(self, manager: ServiceManager) -> None:
        self._address = manager.address
        self._every_s = manager.watchdog_s / _PINGS_PER_LIMIT if manager.watchdog_s else _EVERY_S
        self._ailing: list[str] = []

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._address)

    def ready(self, url: str = "") -> None:
        """Say that everything is open and reconciled; `url` is where people open it."""
        self._tell("READY=1", f"STATUS=open {url}" if url else "STATUS=running")

    def open_at(self, url: str) -> None:
        """Say where people open it from now on."""
        self._tell(f"STATUS=open {url}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1", "STATUS=finishing what is under way")

    @asynccontextmanager
    async def watched(self, signs: Sequence[Sign]) -> AsyncIterator[None]:
        """Keep telling that the process is well, as long as it is, until the block ends."""
        task = asyncio.create_task(self._watch(signs), name="watchdog")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, signs: Sequence[Sign]) -> None:
        while True:
            self.look(signs)
            await asyncio.sleep(self._every_s)

    def look(self, signs: Sequence[Sign]) -> None:
        """Look at every sign once and say that the process is well, if it is."""
        ailing = overdue(signs)
        if ailing != self._ailing:
            self._ailing = ailing
            words = f"not well: {', '.join(ailing)}" if ailing else "well again"
            logger.log(logging.ERROR if ailing else logging.INFO, words)
            self._tell(f"STATUS={words}")
        if not ailing:
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        # an address that begins with @ has no file: https://man7.org/linux/man-pages/man7/unix.7.html
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
            channel.setblocking(False)  # a manager that does not listen must not hold up an order
            channel.sendto("\n".join(lines).encode(), address)


def refuse(why: object, code: int) -> int:
    """Say in one line what keeps this process from running, and return the exit code."""
    sys.stderr.write(f"{why}\n")
    return code
