"""Which files are taken for a database, and which are refused with a sentence."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db import StorageRefused, Store
from storage.location import check_health, connect, database_path, prepare_file


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p@localhost/elcaro", "mysql://x", "sqlite+aiosqlite:///:memory:", "sqlite:///", "elcaro.db", ""],
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StorageRefused, match="DATABASE_URL"):
        database_path(url)


def test_password_of_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(StorageRefused) as refusal:
        database_path("postgresql://user:hunter2@host/db")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("prefix", ["sqlite:///", "sqlite+aiosqlite:///"])
def test_both_ways_to_name_a_file_are_understood(prefix: str) -> None:
    assert database_path(f"{prefix}/var/lib/elcaro.db") == Path("/var/lib/elcaro.db")
    assert database_path(f"{prefix}elcaro.db?x=1") == Path("elcaro.db").absolute()


def test_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    prepare_file(tmp_path / "new" / "elcaro.db")
    assert (tmp_path / "new" / "elcaro.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "elcaro.db"
    path.touch(mode)
    path.chmod(mode)
    with pytest.raises(StorageRefused, match="chmod 600"):
        prepare_file(path)


async def test_log_and_shared_memory_files_are_private_too(store: Store) -> None:
    await store.probe()
    modes = {leaf.name: leaf.stat().st_mode & 0o777 for leaf in store.path.parent.iterdir()}
    assert modes == {"elcaro.db": 0o600, "elcaro.db-wal": 0o600, "elcaro.db-shm": 0o600}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageRefused, match="cannot be written"):
        prepare_file(tmp_path / "elcaro.db")


def test_place_without_write_ahead_logging_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(StorageRefused, match="write-ahead"):
        check_health(connection, tmp_path / "elcaro.db")


async def test_damaged_file_is_refused(url: str, tmp_path: Path) -> None:
    store = await Store.open(url)
    await store.settings.put(1, "text", "x" * 100_000)
    await store.close()
    damage(tmp_path / "elcaro.db")
    with pytest.raises(StorageRefused, match="restore the latest backup"):
        await Store.open(url)


async def test_file_that_is_no_database_is_refused(url: str, tmp_path: Path) -> None:
    prepare_file(tmp_path / "elcaro.db")
    overwrite(tmp_path / "elcaro.db")
    with pytest.raises(StorageRefused, match="not usable"):
        await Store.open(url)


def damage(path: Path) -> None:
    """Overwrite every second page but the first."""
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content), 8192):
        content[start : start + 4096] = os.urandom(4096)
    path.write_bytes(content)


def overwrite(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a database\n" * 100)


def test_every_connection_writes_through_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "elcaro.db"
    prepare_file(path)
    with closing(connect(path)) as connection:
        check_health(connection, path)
        pragmas = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")}
        assert pragmas == {"synchronous": 2, "foreign_keys": 1}
        assert connection.isolation_level is None
