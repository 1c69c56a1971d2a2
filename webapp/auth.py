"""Launch data of a Mini App: believed only if Telegram signed it, for this bot, just now. Pure.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_AGE_S: Final = 300
MAX_AHEAD_S: Final = 30
MAX_LENGTH: Final = 4096
TELEGRAM_KEY: Final = bytes.fromhex("e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d")
"""The key that Telegram signs with for third parties; the one of its test servers is not taken."""

_MAX_FIELDS = 32
_MAX_USER_ID = 2**52
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
# Telegram escapes in capitals; with small letters allowed too, one launch could be written in many ways.
_QUERY = re.compile(r"(?:[!-$&-~]|%[0-9A-F]{2})+", re.ASCII)


class BadLaunch(Exception):
    """The launch data proves nothing. `code` says what is wrong with it, for logs and tests."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Who opened the Mini App, as Telegram vouches for."""

    user_id: int
    language: str | None
    start_param: str
    proof: str
    """What makes this launch one of its kind: it is taken once."""


class LaunchCheck:
    """Checks launch data for one bot.

    Args:
        token: The bot's token, from which the key of the HMAC follows.
        signature_key: Whose Ed25519 signature is asked for as well; None asks for none. A stolen bot token forges the
            HMAC, not this.
        now: Seconds since the epoch.
    """

    def __init__(self, token: str, *, signature_key: bytes | None = None, now: Callable[[], float] = time.time) -> None:
        self._key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
        self._bot_id = token.partition(":")[0]
        self._signer = None if signature_key is None else Ed25519PublicKey.from_public_bytes(signature_key)
        self._now = now

    def __call__(self, init_data: str) -> Launch:
        """Return who opened the app.

        Raises:
            BadLaunch: It is forged, altered, too old, from the future, of another bot, or no launch data at all.
        """
        fields = _fields(init_data)
        proof = fields.pop("hash", "")
        self._check_hash(fields, proof)
        self._check_time(fields.get("auth_date", ""))
        if self._signer is not None:
            _check_signature(self._signer, self._bot_id, fields)
        user = _user(fields.get("user", ""))
        language = user.get("language_code")
        return Launch(
            user_id=user["id"],
            language=language if isinstance(language, str) else None,
            start_param=fields.get("start_param", ""),
            proof=proof,
        )

    def _check_hash(self, fields: Mapping[str, str], proof: str) -> None:
        if not _HASH.fullmatch(proof):
            raise BadLaunch("malformed_hash")
        expected = hmac.new(self._key, _check_string(fields), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, proof):
            raise BadLaunch("wrong_hash")

    def _check_time(self, text: str) -> None:
        if not _SECONDS.fullmatch(text):
            raise BadLaunch("malformed_time")
        age = self._now() - int(text)
        if age > MAX_AGE_S:
            raise BadLaunch("too_old")
        if age < -MAX_AHEAD_S:
            raise BadLaunch("from_the_future")


def _fields(init_data: str) -> dict[str, str]:
    """Read the query string, each field once; blank fields count, they are signed too."""
    if len(init_data) > MAX_LENGTH or not _QUERY.fullmatch(init_data):
        raise BadLaunch("malformed")
    try:
        pairs = parse_qsl(
            init_data, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except ValueError as e:  # UnicodeDecodeError is one
        raise BadLaunch("malformed") from e
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadLaunch("field_said_twice")
    return fields


def _check_string(fields: Mapping[str, str]) -> bytes:
    return "\n".join(f"{name}={value}" for name, value in sorted(fields.items())).encode()


def _check_signature(signer: Ed25519PublicKey, bot_id: str, fields: Mapping[str, str]) -> None:
    signed = {name: value for name, value in fields.items() if name != "signature"}
    try:
        text = fields.get("signature", "")
        signature = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        signer.verify(signature, f"{bot_id}:WebAppData\n".encode() + _check_string(signed))
    except (InvalidSignature, binascii.Error, ValueError) as e:
        raise BadLaunch("wrong_signature") from e


def _user(text: str) -> dict[str, Any]:
    try:
        user = json.loads(text)
    except (ValueError, RecursionError) as e:
        raise BadLaunch("malformed_user") from e
    user_id = user.get("id") if isinstance(user, dict) else None
    if type(user_id) is not int or not 0 < user_id < _MAX_USER_ID or user.get("is_bot"):
        raise BadLaunch("malformed_user")
    return dict(user)
