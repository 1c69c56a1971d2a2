"""The check-up names each broken installation in one line, with what to do."""

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from core.checkup import check_venues, key_findings
from core.runtime import Runtime
from db import Role
from models.account import Account
from models.enums import AccountType
from models.finding import Finding, Verdict
from models.venue import KeyInfo
from ops.doctor import examine, exit_code, report
from ops.words import LOCAL, sentence_of
from sandbox import demo
from sandbox.server import Sandbox
from storage.store import Store
from telegram_ui.views.checkup import SENTENCES
from tests.world import USER, elcaro

TOKEN = "123456789:" + "x" * 35
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Here:
    """A folder with an installation in it, and the settings that start.sh would tell its tools."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        (folder / "requirements.lock").write_text("", encoding="utf-8")
        (folder / "run").mkdir()
        self.settings("ELCARO_MODE=sandbox\nWEBAPP_PORT=0\n")
        told = sandbox.announcement()
        self.tell(
            TELEGRAM_TOKEN=told["telegram_token"],
            TELEGRAM_API_URL=told["telegram_url"],
            PAPER_VENUES=json.dumps(told["paper_venues"]),
        )

    def settings(self, text: str) -> None:
        path = self.folder / ".env"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)

    def tell(self, **settings: str) -> None:
        for name, value in settings.items():
            self._monkeypatch.setenv(name, value)

    async def make_database(self) -> None:
        store = await Store.open(f"sqlite+aiosqlite:///{self.data}/elcaro.db")
        await store.users.set_role(demo.OWNER_ID, Role.ADMIN)
        await store.close()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Here:
    return Here(tmp_path, monkeypatch, sandbox)


def misspelt_setting(here: Here) -> None:
    here.settings("ELCARO_MODE=sandbox\nUSE_UNIFED=false\n")


def shared_settings(here: Here) -> None:
    (here.folder / ".env").chmod(0o644)


def file_for_a_folder(here: Here) -> None:
    (here.folder / "logs").touch()


def foreign_database(here: Here) -> None:
    here.settings("ELCARO_MODE=sandbox\nDATABASE_URL=postgresql://localhost/elcaro\n")


def shared_database(here: Here) -> None:
    (here.data / "elcaro.db").chmod(0o644)


def damaged_database(here: Here) -> None:
    with (here.data / "elcaro.db").open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(16_384))


def newer_database(here: Here) -> None:
    with closing(sqlite3.connect(here.data / "elcaro.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num='9999'")


def unknown_token(here: Here) -> None:
    here.tell(TELEGRAM_TOKEN=TOKEN)


def silent_telegram(here: Here) -> None:
    here.tell(TELEGRAM_API_URL="http://127.0.0.1:9")


def lost_key(here: Here) -> None:
    """Somebody's keys are stored, and the key they are sealed under is gone."""
    with closing(sqlite3.connect(here.data / "elcaro.db")) as connection, connection:
        connection.execute("INSERT INTO data_keys VALUES(?,'some key',x'00',0)", (demo.OWNER_ID,))


def stale_packages(here: Here) -> None:
    (here.folder / "requirements.lock").write_text("aiohttp==0.0.1 \\\n    --hash=sha256:0\n", encoding="utf-8")


def halted_trading(here: Here) -> None:
    with closing(sqlite3.connect(here.data / "elcaro.db")) as connection, connection:
        connection.execute("INSERT INTO trading_states VALUES('everybody','restored','HALTED',0,NULL,'')")


BROKEN: tuple[tuple[Callable[[Here], None], Verdict, str], ...] = (
    (misspelt_setting, Verdict.FAIL, ".env line 2: USE_UNIFED: is not a setting"),
    (shared_settings, Verdict.FAIL, "Run: chmod 600 .env"),
    (file_for_a_folder, Verdict.FAIL, "logs is no folder, or cannot be written by this user."),
    (foreign_database, Verdict.FAIL, "DATABASE_URL: expected sqlite+aiosqlite:///"),
    (shared_database, Verdict.FAIL, "Run: chmod 600"),
    (damaged_database, Verdict.FAIL, "./start.sh --restore"),
    (newer_database, Verdict.FAIL, "schema 9999, which this release does not know"),
    (unknown_token, Verdict.FAIL, "Telegram does not know this token. Copy it again from @BotFather."),
    (silent_telegram, Verdict.FAIL, "Telegram cannot be reached"),
    (lost_key, Verdict.FAIL, "kek.key: missing, but keys are stored under it"),
    (stale_packages, Verdict.WARN, "Packages differ from requirements.lock: aiohttp. Run: ./start.sh --install"),
    (halted_trading, Verdict.WARN, "Trading is halted for everybody (restored)"),
)


async def test_whole_installation_passes(here: Here) -> None:
    await here.make_database()
    findings = await examine()
    assert [f for f in findings if f.verdict is Verdict.FAIL] == []
    assert exit_code(findings) == 0
    assert "Telegram knows this bot as @elcaro_sandbox_bot." in report(findings)


@pytest.mark.parametrize(("break_it", "verdict", "words"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
async def test_broken_installation_is_named_in_one_line(
    here: Here, break_it: Callable[[Here], None], verdict: Verdict, words: str
) -> None:
    await here.make_database()
    break_it(here)
    findings = await examine()
    named = [f for f in findings if f.verdict is verdict and words in sentence_of(f)]
    assert len(named) == 1, report(findings)
    assert "\n" not in sentence_of(named[0])
    assert exit_code(findings) == (verdict is Verdict.FAIL)


async def test_webhook_of_another_installation_is_named(here: Here) -> None:
    async def me(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {"id": 1, "is_bot": True, "username": "mine"}})

    async def hook(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {"url": "https://elsewhere.example/secret-path"}})

    app = web.Application()
    app.router.add_get("/bot{token}/getMe", me)
    app.router.add_get("/bot{token}/getWebhookInfo", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here.tell(TELEGRAM_API_URL=f"http://127.0.0.1:{runner.addresses[0][1]}")
    found = report(await examine())
    await runner.cleanup()
    assert "FAIL  Telegram sends this bot's messages to elsewhere.example." in found
    assert "secret-path" not in found


async def test_nothing_secret_is_in_a_report(here: Here) -> None:
    await here.make_database()
    unknown_token(here)
    silent_telegram(here)
    assert TOKEN not in report(await examine())


async def test_check_up_without_a_database_makes_none(here: Here) -> None:
    findings = await examine()
    assert "There is no database yet" in report(findings)
    assert not here.data.exists()


async def test_check_up_changes_nothing(here: Here) -> None:
    await here.make_database()
    before = contents(here.data)
    await examine()
    assert contents(here.data) == before


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file but what SQLite puts beside a database that is read: an index, and an empty log."""
    beside = folder / "elcaro.db-wal"
    assert not beside.exists() or not beside.read_bytes()
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in {".db-shm", ".db-wal"}}


@pytest.fixture
async def runtime(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with elcaro(sandbox, tmp_path) as opened:
        yield opened


async def connected(runtime: Runtime) -> None:
    for exchange in ("bybit", "hyperliquid"):
        await runtime.backend.get_balance(USER, exchange=exchange)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


async def test_clocks_and_keys_of_both_venues_are_looked_at(tmp_path: Path) -> None:
    async with Sandbox() as world, elcaro(world, tmp_path) as runtime:
        await connected(runtime)
        findings = await check_venues(runtime.store, runtime.clients)
    assert codes(findings) == {"clock", "key"}
    assert {f.fields["venue"] for f in findings} == {"bybit", "hyperliquid"}


async def test_wrong_clock_is_a_failure(runtime: Runtime, sandbox: Sandbox) -> None:
    await connected(runtime)
    await sandbox.advance(30)
    assert "clock_wrong" in codes(await check_venues(runtime.store, runtime.clients))


async def test_silent_venue_is_told_apart_from_a_refused_key(runtime: Runtime, sandbox: Sandbox) -> None:
    await connected(runtime)
    sandbox.fault("error_before", venue="bybit", match="*", count=None)
    bybit = [f for f in await check_venues(runtime.store, runtime.clients) if f.fields["venue"] == "bybit"]
    assert codes(bybit) == {"venue_silent", "key_not_checked"}


async def test_refused_key_is_a_failure(runtime: Runtime, sandbox: Sandbox) -> None:
    await connected(runtime)
    sandbox.fault("code_before", venue="bybit", match="* /v5/user/query-api", code=10003, message="API key is invalid.")
    assert "key_refused" in codes(await check_venues(runtime.store, runtime.clients))


def key(**changes: object) -> KeyInfo:
    sound: dict[str, object] = {
        "is_valid": True,
        "can_trade": True,
        "can_withdraw": False,
        "is_read_only": False,
        "bound_ips": ("203.0.113.7",),
        "expires_at": None,
    }
    return KeyInfo(**{**sound, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"bound_ips": None}, set()),
        ({"bound_ips": ()}, {"key_unbound"}),
        ({"can_withdraw": True}, {"key_withdraws"}),
        ({"can_trade": False}, {"key_read_only"}),
        ({"is_read_only": True}, {"key_read_only"}),
        ({"is_master_key": True}, {"key_is_master"}),
        ({"expires_at": NOW - timedelta(seconds=1)}, {"key_ended"}),
        ({"expires_at": NOW + timedelta(days=6)}, {"key_ends"}),
        ({"expires_at": NOW + timedelta(days=8)}, set()),
    ],
)
def test_what_a_key_may_do_is_judged(changes: dict[str, object], found: set[str]) -> None:
    account = Account(user_id=1, exchange="bybit", account_type=AccountType.REAL)
    place: dict[str, object] = {"venue": account.exchange, "kind": account.account_type, "user": account.user_id}
    assert codes(key_findings(key(**changes), place, now=NOW)) == found


def test_every_finding_has_its_sentence() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = [root / "core/checkup.py", *sorted((root / "ops").glob("*.py"))]
    made = {
        word
        for source in sources
        for verdict in ("ok", "warn", "fail")
        for word in _first_arguments(source.read_text(encoding="utf-8"), verdict)
    }
    assert made - set(LOCAL) - set(SENTENCES) == set()


def _first_arguments(source: str, function: str) -> list[str]:
    marker = f'{function}("'
    parts = source.split(marker)[1:]
    return [part.partition('"')[0] for part in parts]
