"""Telegram's HTTP on aiohttp.

python-telegram-bot's own request class goes through a pool that is scanned whole for every request, so it gets slower
the more people talk at once. This one keeps a single aiohttp session, and msgspec reads the answers.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
from telegram.error import NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

MAX_CONNECTIONS = 512
_UPLOAD_TIMEOUT_S = 60.0
_SUCCESS = b'{"ok":true,"result":'
_FAILURES = range(400, 600)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class FloodWait(RetryAfter):
    """Telegram asks for a pause of `seconds`. Says the same as its parent, which warns of its own future."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        TelegramError.__init__(self, f"Telegram asks to wait {seconds:g} s")
        self._retry_after = timedelta(seconds=seconds)
        self.seconds = seconds


class AiohttpRequest(BaseRequest):
    """A drop-in for `telegram.request.HTTPXRequest`.

    Args:
        read_timeout_s: How long an answer may take to begin.
        connect_timeout_s: How long a connection may take.
        max_connections: Connections open at the same time; more requests wait.
    """

    __slots__ = ("_connect_timeout_s", "_max_connections", "_read_timeout_s", "_session")

    def __init__(
        self,
        *,
        read_timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        max_connections: int = MAX_CONNECTIONS,
    ) -> None:
        self._read_timeout_s = read_timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._max_connections = max_connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """How long an answer may take to begin, in seconds."""
        return self._read_timeout_s

    async def initialize(self) -> None:
        """Open the session; doing it twice changes nothing."""
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=self._max_connections, keepalive_timeout=75)
            self._session = aiohttp.ClientSession(
                connector=connector, headers={"User-Agent": self.USER_AGENT}, cookie_jar=aiohttp.DummyCookieJar()
            )

    async def shutdown(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request and return the status and the body.

        Raises:
            FloodWait: Telegram asks for a pause.
            TimedOut: No connection or no answer in time.
            NetworkError: Anything else that the network did. The address, which holds the token, is never in it.
        """
        session = self._session
        if session is None:
            raise RuntimeError("the request object is not initialised")
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=_seconds(connect_timeout, self._connect_timeout_s),
            sock_read=_seconds(read_timeout, self._read_timeout_for(request_data)),
        )
        try:
            async with session.request(
                method, url, timeout=timeout, allow_redirects=False, **_body_of(request_data)
            ) as response:
                status, body = response.status, await response.read()
        except TimeoutError as e:
            raise TimedOut from e
        except (aiohttp.ClientError, OSError) as e:
            raise NetworkError(f"Telegram cannot be reached ({type(e).__name__})") from None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._raise_flood_wait(body)
        return self._true_status(status, body), body

    def _true_status(self, status: int, body: bytes) -> int:
        """Return a failure's status for an answer that says 200 and holds no result; the library breaks over it."""
        if status != HTTPStatus.OK or body.startswith(_SUCCESS):
            return status
        answer = self.parse_json_payload(body)
        if "result" in answer:
            return status
        code = answer.get("error_code")
        return code if isinstance(code, int) and code in _FAILURES else HTTPStatus.BAD_GATEWAY

    def _raise_flood_wait(self, body: bytes) -> None:
        parameters = self.parse_json_payload(body).get("parameters") or {}
        if seconds := parameters.get("retry_after"):
            raise FloodWait(float(seconds))

    def _read_timeout_for(self, request_data: RequestData | None) -> float:
        has_files = request_data is not None and request_data.contains_files
        return _UPLOAD_TIMEOUT_S if has_files else self._read_timeout_s

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer.

        Raises:
            TelegramError: It is not the JSON object that Telegram answers with.
        """
        try:
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            raise TelegramError("Invalid server response") from e


def _seconds(value: Any, default: float) -> float | None:
    """Return the timeout that a caller gave; python-telegram-bot marks the absence of one by an object of its own."""
    return default if value is BaseRequest.DEFAULT_NONE else value


def _body_of(request_data: RequestData | None) -> dict[str, Any]:
    """Return what a request carries; forms are encoded here, because aiohttp takes several times as long for it."""
    if request_data is None:
        return {}
    if not request_data.contains_files:
        return {"data": request_data.url_encoded_parameters().encode(), "headers": _FORM}
    form = aiohttp.FormData(request_data.json_parameters)
    for name, (filename, content, media_type) in request_data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return {"data": form}
