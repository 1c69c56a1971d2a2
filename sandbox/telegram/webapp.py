"""Launch data of a Mini App, signed as Telegram signs it.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandbox.telegram.records import User
from sandbox.telegram.wire import unix_seconds

VERSION: Final = "8.0"
PLATFORM: Final = "web"
_THIRD_PARTY_KEY: Final = Ed25519PrivateKey.generate()
"""Telegram signs for third parties too; this key is made up at each start, so that nobody takes it for Telegram's."""


def sign_init_data(
    token: str, user: User, *, auth_date: datetime, start_param: str | None = None, query_id: str | None = None
) -> str:
    """Return `initData` for a person: a query string whose `hash` proves that the holder of the token made it."""
    fields = {
        "query_id": query_id or f"SANDBOX{secrets.token_hex(8)}",
        "user": json.dumps(_web_app_user(user), separators=(",", ":"), ensure_ascii=False),
        "auth_date": str(unix_seconds(auth_date)),
    }
    if start_param is not None:
        fields["start_param"] = start_param
    bot_id = token.partition(":")[0]
    signed = _THIRD_PARTY_KEY.sign(f"{bot_id}:WebAppData\n{_check_string(fields)}".encode())
    fields["signature"] = base64.urlsafe_b64encode(signed).decode().rstrip("=")
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    fields["hash"] = hmac.new(key, _check_string(fields).encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


def _web_app_user(user: User) -> dict[str, str | int | bool]:
    return {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": "",
        "username": user.username,
        "language_code": user.language_code or "en",
        "allows_write_to_pm": True,
    }


def _check_string(fields: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
