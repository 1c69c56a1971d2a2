"""The HTTP server: one process, one loop, quiet in the log, and gone when told to go."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from core.config import ConfigError, Settings

_GRACE_S: Final = 10
_KEEP_ALIVE_S: Final = 30
_BACKLOG: Final = 256
_MAX_HEAD: Final = 32 * 1024

logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class Server(uvicorn.Server):
    """uvicorn, started and stopped by this process instead of by signals of its own.

    Args:
        app: What answers.
        on_ready: Called once requests are taken.
    """

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                http="h11",
                h11_max_incomplete_event_size=_MAX_HEAD,
                ws="none",
                timeout_graceful_shutdown=_GRACE_S,
                timeout_keep_alive=_KEEP_ALIVE_S,
                forwarded_allow_ips="127.0.0.1,::1",
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, then tell."""
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever started this."""
        yield


def listen(settings: Settings) -> socket.socket:
    """Return a socket at the address of the settings.

    Raises:
        ConfigError: It cannot be had; the sentence names the setting.
    """
    host, port = settings.webapp_host, settings.webapp_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio knows TCP when it sees it: otherwise each answer waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as e:
        listening.close()
        raise ConfigError(
            f"WEBAPP_PORT: cannot listen at {host}:{port} ({e.strerror}); choose another port or WEBAPP_HOST in .env"
        ) from e
    listening.setblocking(False)
    return listening
