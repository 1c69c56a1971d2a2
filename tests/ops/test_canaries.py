"""Secrets, marked so that they can be found: a whole life at DEBUG, with everything going wrong, and then a search."""

import asyncio
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from launcher.parts import environment
from launcher.ports import any_free
from sandbox import demo
from sandbox.server import Sandbox
from tests.ops.bot_process import ROOT, BotProcess, bot_process, eventually

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]

TOKEN = "7654321098:CANARY-telegram-token-AAAAAAAAAAAAA"
API_KEY = "CANARYapikey0123456"
API_SECRET = "CANARYapisecret0123456789abcdefXYZ"
TOKEN_PATTERN = re.compile(rb"\d{6,12}:[A-Za-z0-9_-]{35}")
_PERMISSIONS = {"ContractTrade": ["Order", "Position"]}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot that says everything it ever says, in a sandbox that knows the marked token and keys."""
    async with Sandbox(telegram_token=TOKEN) as world:
        world.new_bybit_account(api_key=API_KEY, secret=API_SECRET, permissions=_PERMISSIONS)
        async with bot_process(world, tmp_path, LOG_LEVEL="DEBUG") as made:
            yield made


async def connect(bot: BotProcess, venue: str, keys: str) -> None:
    await bot.says("/connect")
    for label in (venue, "PAPER"):
        before = bot.messages()[-1]
        bot.taps(before, label)
        await eventually(lambda b=before: bot.messages()[-1] != b)  # type: ignore[misc]
    assert "Connected" in (await bot.says(keys)).text


async def go_wrong(bot: BotProcess) -> None:
    """Let every kind of answer break under reads, orders and the chat."""
    kinds = (
        "invalid_json",
        "html_after",
        "error_after",
        "reset_after",
        "close_before",
        "code_after",
        "too_many",
        "object",
    )
    for kind in kinds:
        for venue in ("bybit", "hyperliquid", "telegram"):
            bot.sandbox.fault(kind, venue=venue, match="*", count=2)
        for text in ("/positions", "/balance", "/orders", "/status", f"/connect {API_KEY} {API_SECRET}"):
            await bot.hears(text)
    await bot.hears(f"my key is {API_SECRET} and the token {TOKEN}")


async def webapp_answers(bot: BotProcess) -> bytes:
    """Run the web app beside the bot and ask it what a stranger could ask; return all it said."""
    port = any_free()
    told = {
        "ELCARO_MODE": "sandbox",
        "ELCARO_DATA_DIR": str(bot.data),
        "ELCARO_LOG_DIR": str(bot.folder / "logs"),
        "LOG_LEVEL": "DEBUG",
        "WEBAPP_PORT": str(port),
    }
    env = environment(bot.sandbox.announcement(), telegram_token="") | told | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "webapp",
        cwd=bot.folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = b""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        for path in ("healthz", "metrics", "api/positions", "api/auth/telegram", "openapi.json"):
            while True:
                try:
                    bearer = {"Authorization": f"Bearer {API_SECRET}"}
                    async with session.get(f"http://127.0.0.1:{port}/{path}", headers=bearer) as answer:
                        said += await answer.read()
                        break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, _ = await process.communicate()
    return said + out


async def back_up(bot: BotProcess) -> bytes:
    env = environment(bot.sandbox.announcement(), telegram_token="")
    told = {"ELCARO_MODE": "sandbox", "ELCARO_DATA_DIR": str(bot.data), "PYTHONPATH": str(ROOT)}
    said = b""
    for tool in ("backup", "doctor"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ops", tool, cwd=bot.folder, env=env | told, stdout=-1, stderr=-2
        )
        out, _ = await process.communicate()
        said += out
    return said


async def test_secrets_are_found_nowhere_after_a_hard_life(bot: BotProcess) -> None:
    hyperliquid = bot.sandbox.new_hyperliquid_account("canary")
    (bot.folder / "requirements.lock").write_text("", encoding="utf-8")
    await bot.start()
    await connect(bot, "Bybit", f"{API_KEY}\n{API_SECRET}")
    await connect(bot, "HyperLiquid", hyperliquid.agent_key)
    await bot.orders("/long BTC 100$")
    await eventually(lambda: bot.order_requests() >= 1)
    await go_wrong(bot)
    said = [await webapp_answers(bot), await back_up(bot)]
    await bot.stop(signal.SIGABRT)  # as a crash would: the interpreter writes where every thread was
    await bot.start()
    assert await bot.stop() == 0

    kek = (bot.data / "kek.key").read_bytes().strip()
    secrets = {
        "token": TOKEN.encode(),
        "api secret": API_SECRET.encode(),
        "agent key": hyperliquid.agent_key.removeprefix("0x").encode(),
        "key-encryption key": kek,
    }
    places = {str(p.relative_to(bot.folder)): p.read_bytes() for p in bot.folder.rglob("*") if p.is_file()}
    places.pop("data/kek.key")
    places |= {"web app and tools": b"".join(said), "chat": "".join(m.text for m in bot.messages()).encode()}
    found = [(secret, place) for secret, value in secrets.items() for place, text in places.items() if value in text]
    assert found == []
    assert [place for place, text in places.items() if TOKEN_PATTERN.search(text)] == []
    assert any("logs/bot.log" in place and len(text) > 1000 for place, text in places.items()), "there was much to find"
    assert [place for place in places if place.startswith("data/backups/")], "backups were searched too"
    assert demo.OWNER_ID in bot_users(bot)


def bot_users(bot: BotProcess) -> set[int]:
    with closing(sqlite3.connect(bot.data / "elcaro.db")) as connection:
        return {row[0] for row in connection.execute("SELECT user_id FROM users")}


def test_search_would_find_them(tmp_path: Path) -> None:
    (tmp_path / "leak.log").write_bytes(os.urandom(64) + TOKEN.encode() + os.urandom(64))
    assert TOKEN.encode() in (tmp_path / "leak.log").read_bytes()
    assert TOKEN_PATTERN.search((tmp_path / "leak.log").read_bytes())
