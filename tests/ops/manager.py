"""A service manager for tests: the other end of the notification socket."""

import asyncio
import socket


class Manager:
    """The other end of the notification socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        """Return every line that came since the last time."""
        lines: list[str] = []
        while True:
            try:
                lines += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return lines

    async def next(self, *, within_s: float | None = None) -> list[str]:
        """Wait for a message.

        Raises:
            TimeoutError: None came in time.
        """
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._socket, 4096), within_s)
        return data.decode().splitlines()

    def close(self) -> None:
        self._socket.close()
