"""Copies of the database: whole while it is written to, thinned out by age, put back with trading halted."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backups import EVERY, KEEP_DAILY, BackupKeeper, backup_name, moment_of, surplus, taken
from core.config import load_settings
from core.recovery import RESTORED
from db import EVERYBODY, StorageRefused, Store, TradingState
from models.account import Account
from models.enums import AccountType
from ops.backup import put_back, take_backup
from storage.backups import examine, restore
from storage.inbox import Update
from storage.location import connect
from storage.migrate import SCHEMA_HEAD, migrate

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
USER = 100_000_001
moments = st.lists(st.integers(0, 90 * 24).map(lambda hours: NOW - timedelta(hours=hours)), unique=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/data/elcaro.db")
    yield opened
    await opened.close()


@given(moments)
def test_latest_backup_is_never_thrown_away(those: list[datetime]) -> None:
    assert max(those, default=None) not in surplus(those, NOW)


@given(moments)
def test_everything_of_the_last_day_and_one_of_each_day_of_a_month_is_kept(those: list[datetime]) -> None:
    kept = set(those) - surplus(those, NOW)
    assert {m for m in those if NOW - m < timedelta(days=1)} <= kept
    recent = {m.date() for m in those if NOW - m < KEEP_DAILY}
    assert {m.date() for m in kept if NOW - m < KEEP_DAILY} == recent


@given(moments)
def test_throwing_away_twice_changes_nothing(those: list[datetime]) -> None:
    kept = set(those) - surplus(those, NOW)
    assert surplus(kept, NOW) == set()


def test_name_of_a_backup_tells_its_moment() -> None:
    assert moment_of(backup_name(NOW)) == NOW
    assert moment_of("elcaro-before-0002.db") is None
    assert moment_of("notes.txt") is None


async def test_copy_is_whole_while_people_write(store: Store, tmp_path: Path) -> None:
    stop = asyncio.Event()

    async def write() -> int:
        count = 0
        while not stop.is_set():
            # two rows that belong together
            await store.settings.put_many(USER, {"one": count, "two": count})
            count += 1
        return count

    writing = asyncio.create_task(write())
    for number in range(20):
        contents = await store.back_up(tmp_path / f"{number}.db")
        assert contents.rows["users"] <= 1
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            values = [value for (value,) in copy.execute("SELECT value FROM settings ORDER BY key")]
        assert len(set(values)) <= 1, "both settings are of the same moment"
    stop.set()
    assert await writing > 0


async def test_backup_is_one_private_file(store: Store, tmp_path: Path) -> None:
    await store.back_up(tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith("copy")] == ["copy.db"]


async def test_backup_never_overwrites_one(store: Store, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("mine", encoding="utf-8")
    with pytest.raises(StorageRefused, match="exists already"):
        await store.back_up(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text(encoding="utf-8") == "mine"


async def test_keeper_takes_one_an_hour(store: Store, tmp_path: Path) -> None:
    class Clock:
        now = NOW

        def now_ms(self) -> int:
            return int(self.now.timestamp() * 1000)

        def monotonic(self) -> float:
            return self.now.timestamp()

        async def sleep(self, seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

    clock = Clock()
    keeper = BackupKeeper(store, clock=clock)
    for _ in range(4 * 24 * 3):
        await keeper.keep()
        clock.now += timedelta(minutes=15)
    there = list(taken(keeper.folder))
    assert len(there) == 24 + 2
    assert all(b - a >= EVERY for a, b in pairwise(there))


async def settle(store: Store) -> None:
    """Store what a restore must treat with care."""
    await store.accounts.id_of(Account(user_id=USER, exchange="bybit", account_type=AccountType.PAPER))
    update = Update(bot_id=1, update_id=7, kind="message", from_id=USER, payload="{}", received_ms=0)
    await store.inbox.add([update])


async def test_restored_database_is_halted_and_answers_nothing_old(tmp_path: Path) -> None:
    settings = load_settings(None, elcaro_mode="sandbox", elcaro_data_dir=tmp_path / "data")
    store = await Store.open(settings.database)
    await settle(store)
    await store.back_up(tmp_path / "copy.db")
    await store.settings.put(USER, "later", 1)
    await store.close()
    said = put_back(settings, str(tmp_path / "copy.db"))
    assert "halted for everybody" in said
    store = await Store.open(settings.database)
    try:
        restrictions = [(r.scope, r.reason, r.state) for r in await store.trading.restrictions()]
        assert restrictions == [(EVERYBODY, RESTORED, TradingState.HALTED)]
        assert await store.inbox.pending(1) == []
        assert await store.settings.get(USER, "later") is None
        assert len(await store.accounts.of_user(USER)) == 1
    finally:
        await store.close()
    kept = next((tmp_path / "data").glob("elcaro.db.before-restore-*"))
    assert examine(kept).rows["users"] == 1, "what was there before can be had again"


async def test_restore_waits_for_the_bot_to_stop(tmp_path: Path) -> None:
    settings = load_settings(None, elcaro_mode="sandbox", elcaro_data_dir=tmp_path / "data")
    store = await Store.open(settings.database, role="bot")
    await store.back_up(tmp_path / "copy.db")
    with pytest.raises(StorageRefused, match="stop it first"):
        put_back(settings, str(tmp_path / "copy.db"))
    await store.close()


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + bytes(4096)])
async def test_what_is_no_backup_is_refused_and_nothing_changes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "copy.db").write_bytes(content)
    place = tmp_path / "elcaro.db"
    place.write_text("mine", encoding="utf-8")
    with pytest.raises(StorageRefused, match="choose another backup"):
        restore(tmp_path / "copy.db", place, reason=RESTORED)
    assert place.read_text(encoding="utf-8") == "mine"


async def test_damaged_backup_is_refused(store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    await store.back_up(copy)
    with copy.open("r+b") as file:
        file.seek(file.seek(0, os.SEEK_END) // 2)
        file.write(b"\xff" * 8192)
    with pytest.raises(StorageRefused, match="choose another backup"):
        restore(copy, tmp_path / "elsewhere.db", reason=RESTORED)


def test_backup_of_nothing_says_so(tmp_path: Path) -> None:
    settings = load_settings(None, elcaro_mode="sandbox", elcaro_data_dir=tmp_path / "data")
    with pytest.raises(StorageRefused, match="nothing to back up"):
        take_backup(settings)


async def test_update_of_the_schema_keeps_the_database_of_before(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/elcaro.db"
    store = await Store.open(url)
    await store.settings.put(USER, "language", "uk")
    await store.close()
    step_back(store.path)
    await (await Store.open(url)).close()
    kept = tmp_path / "backups" / f"elcaro-before-{SCHEMA_HEAD}.db"
    assert examine(kept).schema == "0001"
    assert examine(kept).rows["users"] == 1
    assert examine(store.path).schema == SCHEMA_HEAD


def step_back(path: Path) -> None:
    with closing(connect(path)) as connection:
        migrate(connection, path, "0001")
