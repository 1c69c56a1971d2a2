"""Methods through which a bot hears from its users.

https://core.telegram.org/bots/api#getting-updates
"""

import re
from typing import Final
from urllib.parse import urlsplit

from sandbox.telegram.guard import LOOPBACK
from sandbox.telegram.state import TelegramState
from sandbox.telegram.text import utf16_length
from sandbox.telegram.wire import Json, Params, bad_request

MAX_TOAST: Final = 200
_DEFAULT_LIMIT: Final = 100
_DEFAULT_CONNECTIONS: Final = 40
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


async def get_updates(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getupdates"""
    state.updates.allow(params.structure("allowed_updates"))
    return await state.updates.poll(
        offset=params.integer("offset") or 0,
        limit=params.integer("limit") or _DEFAULT_LIMIT,
        timeout_s=params.integer("timeout") or 0,
    )


def set_webhook(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#setwebhook

    On this server an address on loopback may be plain http.
    """
    url = params.text("url") or ""
    secret = params.text("secret_token") or ""
    parts = urlsplit(url)
    if url and parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    state.updates.allow(params.structure("allowed_updates"))
    if params.flag("drop_pending_updates"):
        state.updates.drop()
    state.updates.set_webhook(url, secret)
    return True


def delete_webhook(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#deletewebhook"""
    if params.flag("drop_pending_updates"):
        state.updates.drop()
    state.updates.set_webhook("", "")
    return True


def get_webhook_info(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getwebhookinfo"""
    updates = state.updates
    info: dict[str, Json] = {
        "url": updates.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending),
    }
    if updates.webhook_url:
        info["max_connections"] = _DEFAULT_CONNECTIONS
    if updates.webhook_error is not None:
        info["last_error_date"], info["last_error_message"] = updates.webhook_error
    if updates.allowed is not None:
        info["allowed_updates"] = sorted(updates.allowed)
    return info


def answer_callback_query(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#answercallbackquery"""
    press = state.open_press(params.text("callback_query_id"))
    text = params.text("text") or ""
    if utf16_length(text) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    state.tell(
        "answer",
        query_id=press.query_id,
        chat_id=press.chat_id,
        message_id=press.message_id,
        text=text,
        is_alert=params.flag("show_alert"),
        url=params.text("url") or "",
    )
    return True


def get_file(state: TelegramState, params: Params) -> Json:
    """https://core.telegram.org/bots/api#getfile"""
    stored = state.files.find(params.text("file_id") or "")
    if stored is None:
        raise bad_request("invalid file_id")
    return stored.to_dict()
