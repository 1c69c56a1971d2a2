"""Ports that are free, before anything is started on them."""

import socket

HOST = "127.0.0.1"
FREE_PORTS = ("--port-base", "0")
"""What tells the sandbox to take any free ports."""
SANDBOX_PORTS = range(8780, 8785)


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server may listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def any_free(host: str = HOST) -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
