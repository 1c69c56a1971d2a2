"""Secrets, marked so that they can be found: a whole life at DEBUG, with everything going wrong, and then a search."""

import asyncio
import os
import re
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import aiohttp
import pytest

from launcher.ports import any_free
from sandbox import demo
from sandbox.okx.keys import OkxKey
from sandbox.okx_api import KEYS
from sandbox.server import Sandbox
from sandbox.telegram.records import User
from sandbox.telegram.webapp import sign_init_data
from tests.ops.bot_process import BotProcess, bot_process, eventually

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]

TOKEN = "7654321098:CANARY-telegram-token-AAAAAAAAAAAAA"
API_KEY = "CANARYapikey0123456"
API_SECRET = "CANARYapisecret0123456789abcdefXYZ"
OKX = OkxKey(
    api_key="ca4a2100-5ec2-4e70-8000-ca4a21000001",
    secret="CA4A215EC2E7CA4A215EC2E7CA4A215E",
    passphrase="CANARY-passphrase-1",
    account_id=demo.OKX_TEST_UID,
)
IMPORTED_KEY = "CANARYimported01234"
OLD_SECRETS = ("CANARYoldsecret0123456789abcdefABC", "CANARYrefused0123456789abcdefDEF", "ca4a21" * 10 + "beef")
"""Of an older bot's file: a key that is taken, one that the venue does not know, and a wallet's own."""
PAGE = f"http://127.0.0.1:{any_free()}"
TOKEN_PATTERN = re.compile(rb"\d{6,12}:[A-Za-z0-9_-]{35}")
_PERMISSIONS = {"ContractTrade": ["Order", "Position"]}


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot that says everything it ever says, in a sandbox that knows the marked token and keys."""
    async with Sandbox(telegram_token=TOKEN) as world:
        world.new_bybit_account(api_key=API_KEY, secret=API_SECRET, permissions=_PERMISSIONS)
        world.new_bybit_account(api_key=IMPORTED_KEY, secret=OLD_SECRETS[0], permissions=_PERMISSIONS)
        world.apps["okx"][KEYS].add(OKX)
        async with bot_process(world, tmp_path / "home", LOG_LEVEL="DEBUG", WEBAPP_URL=PAGE) as made:
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
        for venue in ("bybit", "hyperliquid", "okx", "telegram"):
            bot.sandbox.fault(kind, venue=venue, match="*", count=2)
        for text in ("/positions", "/balance", "/orders", "/status", f"/connect {API_KEY} {API_SECRET}"):
            await bot.hears(text)
    bot.sandbox.world.faults.remove()
    await bot.hears(f"my key is {API_SECRET} and the token {TOKEN}, {OKX.secret} with {OKX.passphrase}")


class WebApp:
    """The web app beside the bot, asked by its owner and by strangers; `said` is all that it answered to others."""

    def __init__(self, bot: BotProcess) -> None:
        self._bot = bot
        self.said = b""
        self.secrets: dict[str, str] = {}
        """What let somebody in."""

    async def serve(self) -> None:
        """Run it, ask it everything and end it."""
        told = {"LOG_LEVEL": "DEBUG", "WEBAPP_PORT": PAGE.rpartition(":")[2], "WEBAPP_URL": PAGE}
        process = await self._bot.beside("webapp", **told)
        async with aiohttp.ClientSession(PAGE) as http, asyncio.timeout(90):
            while True:
                try:
                    await self._ask(http, "healthz", API_SECRET)
                    break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.1)
            for path in ("metrics", "api/positions", "api/auth/telegram", "openapi.json"):
                await self._ask(http, path, API_SECRET)
            await self._log_in(http)
            for session in [value for name, value in self.secrets.items() if "session" in name]:
                self._bot.sandbox.fault("invalid_json", venue="bybit", match="*", count=1)
                for path in ("api/positions", "api/balance", "api/auth/logout", "api/positions"):
                    await self._ask(http, path, session)
        process.send_signal(signal.SIGTERM)
        self.said += (await process.communicate())[0]

    async def _ask(self, http: aiohttp.ClientSession, path: str, token: str) -> None:
        async with http.get(f"/{path}", headers={"Authorization": f"Bearer {token}"}) as answer:
            self.said += await answer.read()

    async def _log_in(self, http: aiohttp.ClientSession) -> None:
        """Log in as Telegram's app and by a link, and once more with each, and with launches that are not good."""
        user = User(id=demo.OWNER_ID, first_name="Olena", username="olena")
        now = datetime.now(UTC)
        good, old = (sign_init_data(TOKEN, user, auth_date=when) for when in (now, now - timedelta(hours=1)))
        forged = good.replace("olena", "elena")
        await self._bot.says("/web")
        link = await self._bot.link("#login=")
        ways = [("telegram", {"init_data": data}) for data in (good, good, old, forged)]
        ways += [("link", {"code": code}) for code in (link, link, link[:-2] + "zz")]
        for number, (path, body) in enumerate(ways):
            async with http.post(f"/api/auth/{path}", json=body) as answer:
                if answer.status == 200:
                    self.secrets[f"session {number}"] = (await answer.json())["data"]["token"]
                else:
                    self.said += await answer.read()
        self.secrets |= {"login link": link, "query id": dict(parse_qsl(good))["query_id"]}
        self.secrets |= {f"launch {n}": dict(parse_qsl(data))["hash"] for n, data in enumerate((good, old))}
        self.secrets |= {f"signed {n}": dict(parse_qsl(data))["signature"] for n, data in enumerate((good, old))}


def old_bot(place: Path) -> Path:
    """Make an older bot's file with keys in clear: one that is taken, and two that are refused."""
    path = place / "old-bot.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE users(user_id INTEGER, exchange_type TEXT, trading_mode TEXT, demo_api_key TEXT,"
            " demo_api_secret TEXT, hl_private_key TEXT, hl_testnet INTEGER)"
        )
        people = [
            (7001, IMPORTED_KEY, OLD_SECRETS[0], None),
            (7002, "CANARYunknown012345", OLD_SECRETS[1], None),
            (7003, None, None, OLD_SECRETS[2]),
        ]
        for user_id, key, secret, wallet in people:
            row = (user_id, key, secret, wallet)
            connection.execute("INSERT INTO users VALUES(?,'bybit','demo',?,?,?,1)", row)
    return path


def signatures(bot: BotProcess) -> set[str]:
    """Return everything that signed a request to a venue."""
    found = set()
    for record in bot.sandbox.world.journal.find():
        found.add(record.signature)
        if record.operation.startswith("POST /exchange"):
            found |= set(re.findall(r'"[rs]": ?"0x([0-9a-f]{20,64})"', record.body))
    return found - {""}


async def test_secrets_are_found_nowhere_after_a_hard_life(bot: BotProcess, tmp_path: Path) -> None:
    hyperliquid = bot.sandbox.new_hyperliquid_account("canary")
    (bot.folder / "requirements.lock").write_text("", encoding="utf-8")
    await bot.start()
    await connect(bot, "Bybit", f"{API_KEY}\n{API_SECRET}")
    await connect(bot, "HyperLiquid", hyperliquid.agent_key)
    await connect(bot, "OKX", f"{OKX.api_key}\n{OKX.secret}\n{OKX.passphrase}")
    for count, venue in enumerate(("bybit", "hyperliquid", "okx"), 1):
        await bot.orders(f"/long BTC 100$ on {venue}")
        await eventually(lambda c=count: bot.order_requests() >= c)  # type: ignore[misc]
    await go_wrong(bot)
    web = WebApp(bot)
    await web.serve()
    said = [web.said, *await asyncio.gather(bot.tool("backup"), bot.tool("doctor"))]
    await bot.stop(signal.SIGABRT)  # as a crash would: the interpreter writes where every thread was
    await bot.start()
    assert await bot.stop() == 0
    said.append(await bot.tool("import", str(old_bot(tmp_path))))
    assert said[-1].count(b"sealed") == 1
    assert said[-1].count(b"refused (") == 2

    secrets = {
        "token": TOKEN,
        "api key": API_KEY,
        "api secret": API_SECRET,
        "agent key": hyperliquid.agent_key.removeprefix("0x"),
        **{f"okx {name}": getattr(OKX, name) for name in ("api_key", "secret", "passphrase")},
        "imported key": IMPORTED_KEY,
        **{f"older bot's {number}": value for number, value in enumerate(OLD_SECRETS)},
        "key-encryption key": (bot.data / "kek.key").read_text().strip(),
        **web.secrets,
        **{f"signature {value[:6]}": value for value in signatures(bot)},
    }
    places = {str(p.relative_to(bot.folder)): p.read_bytes() for p in bot.folder.rglob("*") if p.is_file()}
    places.pop("data/kek.key")
    told = "".join(m.text for m in bot.messages()).replace(web.secrets["login link"], "")  # who asked may see it
    places |= {"web app and tools": b"".join(said), "chat": told.encode()}
    found = [
        (name, place) for name, value in secrets.items() for place, text in places.items() if value.encode() in text
    ]
    assert found == []
    assert [place for place, text in places.items() if TOKEN_PATTERN.search(text)] == []
    assert sum("session" in name for name in secrets) == 2, "one by launch, one by link"
    assert sum("signature" in name for name in secrets) > 20, "there was much to find"
    assert any("logs/bot.log" in place and len(text) > 1000 for place, text in places.items())
    assert [place for place in places if place.startswith("data/backups/")], "backups were searched too"
    assert demo.OWNER_ID in bot_users(bot)


def bot_users(bot: BotProcess) -> set[int]:
    with closing(sqlite3.connect(bot.data / "elcaro.db")) as connection:
        return {row[0] for row in connection.execute("SELECT user_id FROM users")}


def test_search_would_find_them(tmp_path: Path) -> None:
    (tmp_path / "leak.log").write_bytes(os.urandom(64) + TOKEN.encode() + os.urandom(64))
    assert TOKEN.encode() in (tmp_path / "leak.log").read_bytes()
    assert TOKEN_PATTERN.search((tmp_path / "leak.log").read_bytes())
