"""Readiness as systemd does it: children report to a datagram socket, so a service and a terminal see the same."""

import asyncio
import socket
from pathlib import Path


class NotifySocket:
    """Receives `READY=1` and `STATUS=…` of children."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path.unlink(missing_ok=True)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    async def receive(self) -> dict[str, str]:
        """Wait for the next report."""
        data = await asyncio.get_running_loop().sock_recv(self._socket, 4096)
        pairs = (line.partition("=") for line in data.decode(errors="replace").splitlines())
        return {name: value for name, _, value in pairs}

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self.path.unlink(missing_ok=True)
