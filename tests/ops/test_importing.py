"""An older bot's people and keys: sealed, checked, told of without a secret, and the old file left as it was."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import db
from core.config import Settings, load_settings
from core.runtime import Runtime, open_runtime
from db import Role, StorageRefused
from models.account import Account
from models.enums import AccountType, TradingMode
from models.errors import Unavailable
from models.venue import Credentials, KeyInfo
from ops.importing import OldPerson, import_from, read_old, take_over
from sandbox.server import Sandbox
from tests.world import settings_for

COLUMNS = (
    "user_id INTEGER PRIMARY KEY, demo_api_key TEXT, demo_api_secret TEXT, real_api_key TEXT, real_api_secret TEXT, "
    "api_key TEXT, api_secret TEXT, hl_private_key TEXT, hl_vault_address TEXT, hl_wallet_address TEXT, "
    "hl_testnet INTEGER DEFAULT 0, exchange_type TEXT, trading_mode TEXT, lang TEXT, is_allowed INTEGER, "
    "is_banned INTEGER"
)
SECRET = "Canary0123456789abcdefSecret"
HL_KEY = "0x" + "ab" * 32


def old_file(folder: Path, *people: Mapping[str, Any]) -> Path:
    path = folder / "bot.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE users({COLUMNS})")
        for person in people:
            names = ",".join(person)
            places = ",".join("?" for _ in person)
            connection.execute(f"INSERT INTO users({names}) VALUES({places})", tuple(person.values()))
    return path


def kinds(person: OldPerson) -> set[tuple[str, str]]:
    return {(key.account.exchange, key.account.account_type.value) for key in person.keys}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"demo_api_key": "k" * 18, "demo_api_secret": SECRET}, {("bybit", "demo")}),
        ({"real_api_key": "k" * 18, "real_api_secret": SECRET}, {("bybit", "real")}),
        ({"api_key": "k" * 18, "api_secret": SECRET, "trading_mode": "real"}, {("bybit", "real")}),
        ({"api_key": "k" * 18, "api_secret": SECRET, "trading_mode": "demo"}, {("bybit", "demo")}),
        ({"hl_private_key": HL_KEY, "hl_testnet": 1}, {("hyperliquid", "testnet")}),
        ({"hl_private_key": HL_KEY, "hl_testnet": 0}, {("hyperliquid", "real")}),
        ({"demo_api_key": "k" * 18, "demo_api_secret": "  "}, set()),
        ({"demo_api_key": "k" * 18}, set()),
    ],
)
def test_keys_are_found_where_older_bots_kept_them(
    tmp_path: Path, row: dict[str, Any], found: set[tuple[str, str]]
) -> None:
    path = old_file(tmp_path, {"user_id": 7001, "trading_mode": "demo", **row})
    assert kinds(read_old(path)[0]) == found


def test_choices_and_roles_are_read_and_nonsense_is_not(tmp_path: Path) -> None:
    path = old_file(
        tmp_path,
        {"user_id": 7001, "exchange_type": "hyperliquid", "trading_mode": "both", "lang": "uk", "is_allowed": 1},
        {"user_id": 7002, "exchange_type": "mtgox", "trading_mode": "yolo", "lang": "xx", "is_banned": 1},
        {"user_id": -5, "exchange_type": "bybit"},
    )
    first, second = read_old(path)
    assert (first.exchange, first.trading_mode, first.language) == ("hyperliquid", TradingMode.BOTH, "uk")
    assert (first.role, second.role) == (Role.TRADER, Role.BANNED)
    assert (second.exchange, second.trading_mode, second.language) == (None, None, None)


@pytest.mark.parametrize("content", [b"", b"not a database at all"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bot.db").write_bytes(content)
    with pytest.raises(StorageRefused, match="older bot's database"):
        read_old(tmp_path / "bot.db")


def test_table_of_some_other_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bot.db")) as connection, connection:
        connection.execute("CREATE TABLE users(user_id INTEGER, name TEXT)")
        connection.execute("INSERT INTO users VALUES(1,'x')")
    with pytest.raises(StorageRefused, match="not an older bot's"):
        read_old(tmp_path / "bot.db")


async def test_import_seals_what_the_venue_accepts(sandbox: Sandbox, tmp_path: Path) -> None:
    account = sandbox.new_bybit_account("newcomer", permissions={"ContractTrade": ["Order", "Position"]})
    path = old_file(
        tmp_path,
        {
            "user_id": 7001,
            "exchange_type": "bybit",
            "trading_mode": "demo",
            "is_allowed": 1,
            "demo_api_key": account.api_key,
            "demo_api_secret": account.secret,
            "real_api_key": "real0key0real0key0",
            "real_api_secret": SECRET,
        },
        {"user_id": 7002, "trading_mode": "demo", "demo_api_key": "wrong0key0wrong0key", "demo_api_secret": SECRET},
    )
    before = path.read_bytes()
    settings = settings_for(sandbox, tmp_path)
    said = await import_from(settings, str(path))
    assert "People taken over: 2" in said
    assert "sealed" in said
    assert "refused (key_invalid): The venue does not accept this key; check that it belongs to this kind" in said
    assert "adds it in the chat with /connect" in said
    assert "real keys are imported in live mode" in said
    assert SECRET not in said
    assert account.secret not in said
    assert path.read_bytes() == before
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in (tmp_path / "data").iterdir() if p.is_file())
    async with open_runtime(settings, role="tool"):
        paper = Account(user_id=7001, exchange="bybit", account_type=AccountType.PAPER)
        stored = await db.get_credentials(paper)
        assert stored == {"api_key": account.api_key, "api_secret": account.secret}
        assert await db.get_trading_mode(7001) is TradingMode.DEMO


async def test_import_may_be_done_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    account = sandbox.new_bybit_account("newcomer", permissions={"ContractTrade": ["Order", "Position"]})
    keys = {"demo_api_key": account.api_key, "demo_api_secret": account.secret}
    path = old_file(tmp_path, {"user_id": 7001, "trading_mode": "demo", **keys})
    settings = settings_for(sandbox, tmp_path)
    await import_from(settings, str(path))
    said = await import_from(settings, str(path))
    assert "People taken over: 0" in said
    assert "left out: connected here already" in said
    assert "Backup: " in said


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Runtime]:
    """A live installation's runtime; the venues are not asked but by the checks of the tests."""
    settings = settings_for_live(tmp_path)
    async with open_runtime(settings, role="tool") as runtime:
        yield runtime


def settings_for_live(folder: Path) -> Settings:
    token = "123456789:" + "x" * 35
    return load_settings(None, elcaro_mode="live", telegram_token=token, elcaro_data_dir=folder / "data")


def key_info(**changes: Any) -> KeyInfo:
    sound = {"is_valid": True, "can_trade": True, "can_withdraw": False, "is_read_only": False}
    return KeyInfo(**{**sound, "bound_ips": (), "expires_at": None, **changes})


async def test_dangerous_and_unchecked_keys_are_not_kept(live: Runtime, tmp_path: Path) -> None:
    path = old_file(
        tmp_path,
        {"user_id": 7001, "exchange_type": "bybit", "real_api_key": "k" * 18, "real_api_secret": SECRET},
        {"user_id": 7002, "exchange_type": "hyperliquid", "hl_private_key": HL_KEY, "hl_testnet": 1},
        {"user_id": 7003, "exchange_type": "hyperliquid", "hl_private_key": HL_KEY, "hl_testnet": 0},
    )

    async def check(credentials: Credentials) -> KeyInfo:
        if credentials.exchange == "bybit":
            return key_info(can_withdraw=True)
        if credentials.account_type is AccountType.TESTNET:
            return key_info(is_master_key=True)
        raise Unavailable("no answer", code="no_answer")

    taken = await take_over(live, read_old(path), check)
    assert [line.split(": ", 1)[1] for line in taken.lines] == [
        "refused (key_can_withdraw): This key may withdraw money. "
        "I take only keys that cannot; make one without that right.",
        "refused (key_is_master): This is the wallet's own key. I take only an agent's key, which cannot withdraw.",
        "refused (no_answer): The venue did not answer in time.",
    ]
    assert await live.store.accounts.usable() == []
