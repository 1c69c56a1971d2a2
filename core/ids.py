"""Order ids of ours, derived from what caused the order: the same cause gets the same id, on any host, after any crash.

They are keyed hashes, so a venue learns nothing about people, and people cannot choose ids. The fixed beginning lets
recovery recognise orders of ours that the journal does not know.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from models.account import Account


@dataclass(frozen=True, slots=True)
class IdFormat:
    """What ids look like at a venue."""

    prefix: str
    """How every id of ours begins."""
    encode: Callable[[bytes], str]


def _base32(digest: bytes) -> str:
    return base64.b32encode(digest[:20]).decode().lower()


FORMATS: Mapping[str, IdFormat] = {
    "bybit": IdFormat("eb1-", _base32),  # 36 of [A-Za-z0-9_-], the longest that Bybit takes
    "hyperliquid": IdFormat("0xeb01", lambda digest: digest.hex()[:28]),  # a 16-byte cloid
    "okx": IdFormat("eb1", lambda digest: _base32(digest)[:29]),  # 32 letters and digits, the longest that OKX takes
}
_key: list[bytes] = []


def use_id_key(bot_token: str) -> None:
    """Derive the key of all ids from the bot's token, the one secret that every process and restored host shares."""
    _key[:] = [hmac.digest(b"elcaro client-id v1", bot_token.encode(), sha256)]


def client_order_id(exchange: str, account: Account, cause: str, leg: int = 0) -> str:
    """Return the id of one leg of what a cause asks for.

    Args:
        exchange: The venue, which sets the form.
        account: Whose order it is.
        cause: What asked, e.g. `tg:<bot>:<update>:<op>` or `web:<user>:<Idempotency-Key>`.
        leg: 0 for the order itself, 1 for its take-profit, 2 for its stop-loss; or the number within a batch.
    """
    if not _key:
        raise RuntimeError("the id key is not set; call core.ids.use_id_key at start")
    form = FORMATS[exchange]
    digest = hmac.digest(_key[0], f"{exchange}|{account}|{cause}|{leg}".encode(), sha256)
    return form.prefix + form.encode(digest)


def is_ours(exchange: str, client_id: str | None) -> bool:
    """Return whether an id at a venue has our form."""
    form = FORMATS.get(exchange)
    return form is not None and client_id is not None and client_id.startswith(form.prefix)
