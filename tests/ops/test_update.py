"""From one release to the next, and one step back."""

from contextlib import closing
from pathlib import Path

import pytest

from core.backups import taken
from core.config import Settings, load_settings
from ops.backup import take_backup
from ops.update import prepare_update, step_back
from storage.backups import examine
from storage.errors import StorageRefused
from storage.location import connect
from storage.migrate import SCHEMA_HEAD, known_revisions, migrate
from storage.store import Store

USER = 100_000_001


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """An installation with somebody in it, stopped."""
    made = load_settings(None, elcaro_mode="sandbox", elcaro_data_dir=tmp_path / "data")
    store = await Store.open(made.database)
    await store.settings.put(USER, "language", "uk")
    await store.close()
    return made


def database(settings: Settings) -> Path:
    return settings.elcaro_data_dir / "elcaro.db"


def to_schema(settings: Settings, target: str) -> None:
    with closing(connect(database(settings))) as connection:
        migrate(connection, database(settings), target)


def test_step_back_keeps_people_and_takes_a_backup(settings: Settings) -> None:
    before = known_revisions()[1]
    assert f"schema {before} now" in step_back(settings)
    assert examine(database(settings)).schema == before
    assert examine(database(settings)).rows["users"] == 1
    kept = taken(database(settings).parent / "backups")
    assert [examine(path).schema for path in kept.values()] == [SCHEMA_HEAD]


async def test_newer_release_takes_over_what_was_stepped_back(settings: Settings) -> None:
    step_back(settings)
    store = await Store.open(settings.database)
    assert await store.settings.get(USER, "language") == "uk"
    await store.close()


def test_first_schema_has_nothing_before_it(settings: Settings) -> None:
    to_schema(settings, known_revisions()[-1])
    with pytest.raises(StorageRefused, match="cannot be undone; restore a backup"):
        step_back(settings)


async def test_step_back_waits_for_the_bot_to_stop(settings: Settings) -> None:
    store = await Store.open(settings.database, role="bot")
    with pytest.raises(StorageRefused, match="stop it first"):
        step_back(settings)
    await store.close()
    assert examine(database(settings)).schema == SCHEMA_HEAD


def test_update_is_tried_on_a_copy_while_the_old_release_runs(settings: Settings) -> None:
    before = known_revisions()[1]
    to_schema(settings, before)
    said = prepare_update(settings)
    assert f"from schema {before} to {SCHEMA_HEAD}" in said
    assert examine(database(settings)).schema == before, "what runs is not touched"


def test_backup_by_a_newer_release_does_not_touch_the_schema(settings: Settings) -> None:
    before = known_revisions()[1]
    to_schema(settings, before)
    assert f"schema {before}" in take_backup(settings)
    assert examine(database(settings)).schema == before


def test_release_that_cannot_take_over_says_why(settings: Settings) -> None:
    with closing(connect(database(settings))) as connection:
        connection.execute("UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(StorageRefused, match="schema 9999 is newer"):
        prepare_update(settings)


async def test_migration_that_fails_changes_nothing_and_says_why(settings: Settings) -> None:
    before = known_revisions()[1]
    to_schema(settings, before)
    with closing(connect(database(settings))) as connection:
        connection.execute("CREATE TABLE refusals(cause TEXT)")  # which the next schema makes
    with pytest.raises(StorageRefused, match=r"could not be brought to another schema \(table refusals already"):
        prepare_update(settings)
    with pytest.raises(StorageRefused, match="was left as it is"):
        await Store.open(settings.database)
    assert examine(database(settings)).schema == before
