"""A local Telegram server, a bot that talks to it, and a database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot

from db import Store
from sandbox import demo
from telegram_app.request import AiohttpRequest
from tests.sandbox.telegram_rig import Server, telegram_server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A running Bot API server."""
    async with telegram_server() as running:
        yield running


@pytest.fixture
async def bot(server: Server) -> AsyncIterator[Bot]:
    """python-telegram-bot's client over our request class."""
    client = Bot(
        demo.TELEGRAM_TOKEN,
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        request=AiohttpRequest(read_timeout_s=2),
        get_updates_request=AiohttpRequest(read_timeout_s=2, max_connections=1),
    )
    async with client:
        yield client


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty database."""
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/elcaro.db")
    yield opened
    await opened.close()
