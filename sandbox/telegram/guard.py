"""Who may open the chat page's doors: this machine, with the secret of this run.

Any web page in the same browser can send requests to a port on loopback. It does not know the secret, it cannot set a
header across origins without being asked about it first, and its name is in Host and Origin.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.telegram.wire import ApiError, forbidden

SECRET_HEADER: Final = "X-Sandbox-Secret"  # noqa: S105  a header's name
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def check_visitor(request: web.Request, secret: str) -> None:
    """Let a request pass that comes from this machine and knows the secret.

    Raises:
        ApiError: 403 with what is missing.
    """
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        raise forbidden("the sandbox is open on this machine only, at 127.0.0.1")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise forbidden("requests from other web pages are refused")
    offered = request.headers.get(SECRET_HEADER) or request.query.get("secret", "")
    if not hmac.compare_digest(offered.encode(), secret.encode()):
        raise unknown_secret()


def unknown_secret() -> ApiError:
    """Return the refusal of somebody without this run's secret."""
    return forbidden("wrong or missing secret; open the chat with the link that start.sh printed")
