"""Updates are delivered to a webhook in order, with its secret, again until they are accepted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.webhook import SECRET_HEADER
from tests.sandbox.telegram_rig import Server, telegram_server

OWNER = demo.OWNER_ID


@dataclass(kw_only=True)
class Hook:
    """A bot that listens: what it got, and the statuses it answers first."""

    url: str = ""
    got: asyncio.Queue[tuple[str | None, dict[str, Any]]] = field(default_factory=asyncio.Queue)
    refusals: list[int] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.got.put_nowait((request.headers.get(SECRET_HEADER), await request.json()))
        return web.Response(status=self.refusals.pop() if self.refusals else 200)

    async def next_text(self) -> str:
        async with asyncio.timeout(5):
            _, update = await self.got.get()
        return str(update["message"]["text"])


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    listening = Hook()
    app = web.Application()
    app.router.add_post("/hook", listening.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield listening
    await runner.cleanup()


async def test_webhook_gets_waiting_and_new_updates_with_its_secret(server: Server, hook: Hook) -> None:
    people.send_text(server.state, OWNER, "waiting")
    await server.result("setWebhook", url=hook.url, secret_token="abc-123")
    async with asyncio.timeout(5):
        secret, update = await hook.got.get()
    assert (secret, update["message"]["text"]) == ("abc-123", "waiting")
    people.send_text(server.state, OWNER, "new")
    assert await hook.next_text() == "new"


async def test_polling_is_refused_until_the_webhook_is_deleted(server: Server, hook: Hook) -> None:
    await server.result("setWebhook", url=hook.url)
    code, sentence = await server.refusal("getUpdates")
    assert code == 409
    assert sentence.startswith("Conflict: can't use getUpdates method while webhook is active")
    await server.result("deleteWebhook")
    people.send_text(server.state, OWNER, "polled")
    assert len(await server.result("getUpdates")) == 1


async def test_refused_update_is_delivered_again_and_the_error_is_shown(server: Server, hook: Hook) -> None:
    hook.refusals = [503]
    await server.result("setWebhook", url=hook.url)
    people.send_text(server.state, OWNER, "once more")
    assert [await hook.next_text(), await hook.next_text()] == ["once more", "once more"]
    info = await server.result("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "http://example.com/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.com", "secret_token": "no spaces"}, "secret token contains unallowed characters"),
    ],
)
async def test_bad_webhook_is_refused(server: Server, fields: dict[str, Any], sentence: str) -> None:
    assert await server.refusal("setWebhook", **fields) == (400, f"Bad Request: {sentence}")
