"""Readiness as systemd does it: a process reports to a datagram socket, so a service and a terminal see the same."""

import asyncio
import shutil
import socket
import tempfile
from pathlib import Path


class NotifySocket:
    """Receives `READY=1`, `STATUS=…` and `WATCHDOG=1` of one process."""

    def __init__(self) -> None:
        # a path of its own in the temporary folder: a socket's path may be no longer than 107 bytes
        self._folder = Path(tempfile.mkdtemp(prefix="elcaro-"))
        self.path = self._folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)

    async def receive(self) -> dict[str, str]:
        """Wait for the next report."""
        data = await asyncio.get_running_loop().sock_recv(self._socket, 4096)
        pairs = (line.partition("=") for line in data.decode(errors="replace").splitlines())
        return {name: value for name, _, value in pairs}

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)
