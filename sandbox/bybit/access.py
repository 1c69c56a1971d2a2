"""Who may call: keys, signatures, timestamps, addresses, permissions.

https://bybit-exchange.github.io/docs/v5/guide#authentication
"""

import hashlib
import hmac
from typing import Final

from aiohttp import web

from sandbox.bybit.errors import ApiError
from sandbox.clock import real_ms
from sandbox.keys import BybitKey
from sandbox.world import ARRIVAL, World

DEFAULT_WINDOW_MS: Final = 5_000
AHEAD_MS: Final = 1_000


def authenticate(world: World, request: web.Request, body: str, now_ms: int) -> BybitKey:
    """The key of a signed request.

    Raises:
        ApiError: 10003 unknown key, 10002 timestamp outside the window, 10004 wrong signature, 33004 expired,
            10010 from an address the key is not bound to.
    """
    headers = request.headers
    key = world.keys.find(headers.get("X-BAPI-API-KEY", ""))
    if key is None:
        raise ApiError(10003, "API key is invalid.")
    timestamp, window = headers.get("X-BAPI-TIMESTAMP", ""), headers.get("X-BAPI-RECV-WINDOW", str(DEFAULT_WINDOW_MS))
    check_time(timestamp, window, client_clocks(world, request, now_ms))
    payload = body if request.method == "POST" else request.rel_url.raw_query_string
    expected = sign(key.secret, f"{timestamp}{key.api_key}{window}{payload}")
    if not hmac.compare_digest(expected, headers.get("X-BAPI-SIGN", "").lower()):
        raise ApiError(10004, f"error sign! origin_string[{timestamp}{key.api_key}{window}{payload}]")
    if key.expires_ms is not None and key.expires_ms <= now_ms:
        raise ApiError(33004, "Your api key has expired.")
    if key.ips and (request.remote or "") not in key.ips:
        raise ApiError(10010, "Unmatched IP, please check your API key's bound IP addresses.")
    return key


def client_clocks(world: World, request: web.Request, now_ms: int) -> list[int]:
    """The times that a timestamp is held against: the venue's clock.

    When somebody drives the world's clock, a client that goes by this machine's clock is not blamed for it; but the
    world's time that passes while its request is under way counts.
    """
    clocks = [now_ms]
    if world.clock.driven:
        arrival = request[ARRIVAL]
        under_way = world.clock.now_ms() - arrival.world_ms
        clocks.append(arrival.real_ms + under_way + world.behaviour.clock_skew_ms)
    return clocks


def check_time(timestamp: str, window: str, clocks: list[int]) -> None:
    """A request is accepted while server time - window <= timestamp < server time + 1 s."""
    if not timestamp.isdigit() or not window.isdigit():
        raise ApiError(10001, "invalid request, please check your timestamp and recv_window param")
    if not any(now - int(window) <= int(timestamp) < now + AHEAD_MS for now in clocks):
        raise ApiError(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{timestamp}],server_timestamp[{clocks[0]}],recv_window[{window}]",
        )


def sign(secret: str, text: str) -> str:
    """HMAC-SHA256 in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def require_trading(key: BybitKey) -> None:
    """Refuse keys that may only look."""
    if not key.can_trade:
        raise ApiError(10005, "Permission denied, please check your API key permissions.")


def authenticate_socket(world: World, api_key: object, expires: object, signature: object, now_ms: int) -> BybitKey:
    """The key of a WebSocket's auth request: HMAC of "GET/realtime" + expires."""
    key = world.keys.find(str(api_key))
    if key is None:
        raise ApiError(10003, "API key is invalid.")
    clock = min(now_ms, real_ms()) if world.clock.driven else now_ms
    if not str(expires).isdigit() or int(str(expires)) <= clock:
        raise ApiError(10002, "Params Error: expires is in the past")
    if not hmac.compare_digest(sign(key.secret, f"GET/realtime{expires}"), str(signature).lower()):
        raise ApiError(10004, "error sign!")
    return key
