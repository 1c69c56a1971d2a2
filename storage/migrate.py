"""Bring the file to the schema that this code knows. One transaction: it is at the old schema or at the new one.

Alembic is loaded where there is something to migrate: an ordinary start does without it, and is a tenth faster for it.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from storage.errors import StorageRefused

SCHEMA_HEAD = "0004"
_SCRIPTS = Path(__file__).parent.parent / "migrations"


def current_revision(connection: sqlite3.Connection) -> str | None:
    """Return the revision of the file, or None for an empty one."""
    table = connection.execute("SELECT 1 FROM sqlite_schema WHERE name='alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if table else None
    return row[0] if row else None


def known_revisions() -> list[str]:
    """Return the schemas that this code knows, the newest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return [script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()]


def migrate(connection: sqlite3.Connection, path: Path, target: str = SCHEMA_HEAD) -> None:
    """Upgrade, or downgrade to `target`.

    Raises:
        StorageRefused: The file was written by newer code, or a step failed; nothing was changed.
    """
    if current_revision(connection) == target:
        return
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as bound:  # two processes may start together; the second finds the work done
            _run(bound, current_revision(connection), path, target)
    except DBAPIError as e:
        raise StorageRefused(
            f"{path}: could not be brought to another schema ({e.orig}) and was left as it is; clear that away and try "
            "again, or go on with the release that ran last"
        ) from e


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run(bound: Connection, current: str | None, path: Path, target: str) -> None:
    revisions = known_revisions()
    if current is not None and current not in revisions:
        raise StorageRefused(
            f"{path}: its schema {current} is newer than this release knows; install the newer release again, "
            "or restore a backup from before the update"
        )
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    is_older = current is None or target in revisions[: revisions.index(current)]  # the newest comes first
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = bound
    (command.upgrade if is_older else command.downgrade)(config, target)
