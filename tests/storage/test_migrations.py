"""The schema: as the code believes it is, up and down, whole or not at all."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from db import StorageRefused
from storage.location import check_health, connect, prepare_file
from storage.migrate import SCHEMA_HEAD, current_revision, migrate
from storage.schema import TABLES

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "migrations"
CONVENIENCES = {"invites", "price_alerts", "web_sessions", "used_once", "target_plans", "conditions", "refusals"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    prepare_file(tmp_path / "elcaro.db")
    return tmp_path / "elcaro.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(path)) as opened:
        check_health(opened, path)
        yield opened


def tables_of(connection: sqlite3.Connection) -> set[str]:
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    return names - {"alembic_version", "sqlite_sequence"}


def test_newest_migration_is_the_schema_that_the_code_expects() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == SCHEMA_HEAD


def test_tables_are_what_the_code_believes(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    assert tables_of(connection) == {table.name for table in TABLES}
    for table in TABLES:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        assert columns == {column.name for column in table.columns}, table.name


def test_every_table_is_strict(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    strict = {row[1] for row in connection.execute("PRAGMA table_list") if row[5]}
    assert strict == tables_of(connection)


def test_migrating_again_changes_nothing(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    before = connection.execute("PRAGMA schema_version").fetchone()
    migrate(connection, path)
    assert connection.execute("PRAGMA schema_version").fetchone() == before


def test_last_step_can_be_undone_and_done_again(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    connection.execute("INSERT INTO users(user_id,created_ms) VALUES(1,0)")
    migrate(connection, path, "0001")
    assert tables_of(connection) == {table.name for table in TABLES} - CONVENIENCES
    migrate(connection, path)
    assert tables_of(connection) == {table.name for table in TABLES}
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)


def test_first_schema_is_never_undone(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    with pytest.raises(RuntimeError, match="never deleted"):
        migrate(connection, path, "base")
    assert current_revision(connection) == SCHEMA_HEAD


def test_migration_that_breaks_half_way_leaves_the_old_schema(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("CREATE TABLE price_alerts(x)")  # collides with the second migration
    with pytest.raises(Exception, match="already exists"):
        migrate(connection, path)
    assert tables_of(connection) == {"price_alerts"}
    assert not connection.in_transaction


def test_file_of_a_newer_release_is_refused_and_left_alone(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path)
    connection.execute("UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StorageRefused, match="newer"):
        migrate(connection, path)
    assert current_revision(connection) == "9999"


def migrate_at_once(path: Path, start: object, done: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    with closing(connect(path)) as connection:
        check_health(connection, path)
        migrate(connection, path)
        done.put(current_revision(connection))  # type: ignore[attr-defined]


def test_processes_that_start_together_migrate_once(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start, done = spawn.Event(), spawn.Queue()
    workers = [spawn.Process(target=migrate_at_once, args=(path, start, done)) for _ in range(2)]
    for worker in workers:
        worker.start()
    start.set()
    assert [done.get(timeout=30) for _ in workers] == [SCHEMA_HEAD] * 2
    for worker in workers:
        worker.join()
