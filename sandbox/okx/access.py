"""Who may call: keys, passphrases, signatures, timestamps, addresses, permissions.

https://www.okx.com/docs-v5/en/#overview-rest-authentication
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

from aiohttp import web

from sandbox.clock import real_ms, to_ms
from sandbox.okx.keys import OkxKey, OkxKeys
from sandbox.okx.wire import ApiError
from sandbox.world import ARRIVAL, World

WINDOW_MS: Final = 30_000
_LOGIN_TARGET: Final = "GET/users/self/verify"


def authenticate(world: World, keys: OkxKeys, request: web.Request, body: str) -> OkxKey:
    """The key of a signed request.

    Raises:
        ApiError: 50111 unknown key, 50105 wrong passphrase, 50113 wrong signature, 50102 timestamp outside the window,
            50036 too late by its own word, 50110 from an address the key is not bound to.
    """
    headers = request.headers
    time = headers.get("OK-ACCESS-TIMESTAMP", "")
    text = f"{time}{request.method}{request.raw_path}{body}"
    key = _known(keys, headers.get("OK-ACCESS-KEY", ""), headers.get("OK-ACCESS-PASSPHRASE", ""))
    if not hmac.compare_digest(sign(key.secret, text), headers.get("OK-ACCESS-SIGN", "")):
        raise ApiError("50113", "Invalid Sign", status=401)
    clocks = _clocks(world, request)
    if not any(abs(now - _moment_ms(time)) <= WINDOW_MS for now in clocks):
        raise ApiError("50102", "Timestamp request expired", status=401)
    until = headers.get("expTime", "")
    if until and not any(now < int(until) for now in clocks):
        raise ApiError("50036", "The expTime can't be earlier than the current system time.", status=400)
    if key.ips and (request.remote or "") not in key.ips:
        raise ApiError("50110", "Your IP is not included in your API key's IP whitelist.", status=401)
    return key


def authenticate_socket(world: World, keys: OkxKeys, login: dict[str, str]) -> OkxKey:
    """The key of a WebSocket's login: the signature of its time in seconds."""
    time = login.get("timestamp", "")
    key = keys.find(login.get("apiKey", ""))
    if key is None:
        raise ApiError("60005", "Invalid apiKey")
    if key.passphrase != login.get("passphrase"):
        raise ApiError("60024", "Wrong passphrase")
    clocks = [world.clock.wall_ms(), *([real_ms()] if world.clock.driven else [])]
    if not time.isdecimal() or not any(abs(now - int(time) * 1000) <= WINDOW_MS for now in clocks):
        raise ApiError("60006", "Timestamp request expired")
    if not hmac.compare_digest(sign(key.secret, time + _LOGIN_TARGET), login.get("sign", "")):
        raise ApiError("60007", "Invalid sign")
    return key


def sign(secret: str, text: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def require_trading(key: OkxKey) -> None:
    """Refuse keys that may only look."""
    if "trade" not in key.permissions:
        raise ApiError("50120", "This API key doesn't have permission to use this function.", status=401)


def _known(keys: OkxKeys, api_key: str, passphrase: str) -> OkxKey:
    key = keys.find(api_key)
    if key is None:
        raise ApiError("50111", "Invalid OK-ACCESS-KEY", status=401)
    if key.passphrase != passphrase:
        raise ApiError("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', status=401)
    return key


def _moment_ms(time: str) -> int:
    try:
        return to_ms(datetime.fromisoformat(time))
    except ValueError:
        raise ApiError("50112", "Invalid OK-ACCESS-TIMESTAMP", status=401) from None


def _clocks(world: World, request: web.Request) -> list[int]:
    """The times that a request is held against: the venue's clock; in a driven world this machine's as well."""
    clocks = [world.clock.wall_ms()]
    if world.clock.driven:
        arrival = request[ARRIVAL]
        clocks.append(arrival.real_ms + world.clock.now_ms() - arrival.world_ms)
    return clocks
