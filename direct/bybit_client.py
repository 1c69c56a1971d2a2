"""pybit, as the direct path uses it: on a given host, by the venue's clock, and believing only documented bodies."""

import re
from typing import Any

import requests
from pybit.exceptions import InvalidRequestError
from pybit.unified_trading import HTTP

from direct.calls import TIMEOUT_S
from exchanges.clock import VenueClock
from models.errors import BadPayload

_DIGITS = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_RETRIED = frozenset({-999_999})
"""No code of the venue: pybit takes an empty set for its own choice, and sleeps before it tries again."""


class Client(HTTP):
    """Stock pybit on a given host, by the venue's clock, without its secret-showing repr and without its retries."""

    __repr__, __eq__, __hash__ = object.__repr__, object.__eq__, object.__hash__

    def __init__(
        self, base_url: str, clock: VenueClock, *, api_key: str | None = None, api_secret: str | None = None
    ) -> None:
        super().__init__(api_key=api_key, api_secret=api_secret, timeout=TIMEOUT_S, retry_codes=_RETRIED)  # type: ignore[no-untyped-call]
        self.endpoint = base_url
        self._venue_clock = clock

    def _prepare_headers(
        self, payload: str, recv_window: int, content_type: str = "application/json"
    ) -> dict[str, str]:
        return self.signed(payload, self._venue_clock.now_ms(), recv_window)

    def _handle_response(self, response: requests.Response, *details: Any) -> Any:
        """Hand on what has a code and a text; pybit takes a body without a code for success, and breaks on others.

        Raises:
            BadPayload: It is no such object.
            InvalidRequestError: The venue says no.
        """
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        code = _code_of(body)
        if code is None or "retMsg" not in body:
            raise BadPayload("expected an object with retCode and retMsg")
        if code:
            raise InvalidRequestError(response.url, str(body["retMsg"]), code, "", response.headers)
        return body

    def signed(self, payload: str, timestamp_ms: int, window_ms: int) -> dict[str, str]:
        """Return the headers of a request with its signature."""
        return {
            "Content-Type": "application/json",
            "X-BAPI-API-KEY": str(self.api_key),
            "X-BAPI-SIGN": self._auth(payload, window_ms, timestamp_ms),  # type: ignore[no-untyped-call]
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-TIMESTAMP": str(timestamp_ms),
            "X-BAPI-RECV-WINDOW": str(window_ms),
        }


def _code_of(body: Any) -> int | None:
    """Return the code of an answer to a read, which recorders and proxies may have turned into text."""
    code = body.get("retCode") if isinstance(body, dict) else None
    if isinstance(code, str) and _DIGITS.fullmatch(code):
        return int(code)
    return code if type(code) is int else None


class Recorder(HTTP):
    """pybit's endpoint methods, up to the point where they would send: what they would send is handed back."""

    def _submit_request(
        self,
        method: str | None = None,
        path: str | None = None,
        query: dict[str, Any] | None = None,
        auth: bool = False,
    ) -> tuple[str, str]:
        untyped: Any = self
        return str(path), untyped.prepare_payload(method, untyped._clean_query(query))
