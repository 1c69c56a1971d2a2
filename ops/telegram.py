"""Asks Telegram about the bot: whether it knows the token, and whether somebody else takes its messages."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from core.config import Settings
from models.finding import Finding, fail, ok

_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
_UNKNOWN_TOKEN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND})


async def check_telegram(settings: Settings) -> list[Finding]:
    """Ask who the bot is and where its messages go.

    https://core.telegram.org/bots/api#getme, https://core.telegram.org/bots/api#getwebhookinfo
    """
    base = f"{settings.telegram_api_url}/bot{settings.telegram_token.get_secret_value()}"
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            me = await _ask(session, f"{base}/getMe")
            if me is None:
                return [fail("token_refused")]
            hook = await _ask(session, f"{base}/getWebhookInfo") or {}
    except (aiohttp.ClientError, TimeoutError, ValueError) as e:
        return [fail("telegram_silent", problem=type(e).__name__)]
    found = [ok("telegram", name=me.get("username", ""))]
    return [*found, fail("webhook_set", host=urlsplit(hook["url"]).hostname)] if hook.get("url") else found


async def _ask(session: aiohttp.ClientSession, url: str) -> dict[str, Any] | None:
    """Return what Telegram answers; None: it does not know the token. The address holds it, so it is never shown."""
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status in _UNKNOWN_TOKEN:
            return None
        body = await answer.json()
    result = body.get("result")
    if not isinstance(result, dict):
        raise ValueError("not an answer of the Bot API")
    return result
