"""Delivery of updates to a webhook: one request per update, again until it is accepted.

https://core.telegram.org/bots/api#setwebhook
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from sandbox.telegram.control import STATE
from sandbox.telegram.guard import LOOPBACK
from sandbox.telegram.state import TelegramState
from sandbox.telegram.wire import Json, unix_seconds

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  a header's name
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 30.0


async def delivery(app: web.Application) -> AsyncIterator[None]:
    """Run the delivery beside the server (an aiohttp cleanup context)."""
    task = asyncio.create_task(_deliver(app[STATE]))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _deliver(state: TelegramState) -> None:
    wait_s = _FIRST_RETRY_S
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        while True:
            update = await state.updates.next_for_webhook()
            problem = await _post(session, state, update)
            if problem is None:
                state.updates.confirm(update["update_id"])
                wait_s = _FIRST_RETRY_S
                continue
            state.updates.webhook_error = (unix_seconds(state.world.now()), problem)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_RETRY_S)


async def _post(session: aiohttp.ClientSession, state: TelegramState, update: dict[str, Json]) -> str | None:
    """Send one update; return what went wrong, in the words getWebhookInfo shows."""
    if urlsplit(state.updates.webhook_url).hostname not in LOOPBACK:
        return "Connection refused: the sandbox reaches this machine only"
    secret = state.updates.webhook_secret
    headers = {SECRET_HEADER: secret} if secret else {}
    try:
        async with session.post(state.updates.webhook_url, json=update, headers=headers) as response:
            return None if response.ok else f"Wrong response from the webhook: {response.status} {response.reason}"
    except TimeoutError:
        return "Read timeout expired"
    except aiohttp.ClientError:
        return "Connection refused"
