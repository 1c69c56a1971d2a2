"""Between two releases: whether this one can take over a database, and the step back to the one before."""

import shutil
import tempfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from core.config import Settings
from ops.backup import copy_of, refuse_while_running
from storage.errors import StorageRefused
from storage.location import connect, database_path
from storage.migrate import SCHEMA_HEAD, current_revision, known_revisions, migrate


def prepare_update(settings: Settings) -> str:
    """Back the database up and try this release's migration on a copy; return what to tell.

    What runs is not touched: it may be the release before.

    Raises:
        StorageRefused: This release cannot take the database over; the sentence says why.
    """
    path = database_path(settings.database)
    if not path.exists():
        return ""
    copy, contents = copy_of(path)
    if contents.schema == SCHEMA_HEAD:
        return f"Backup: {copy}\n"
    with tempfile.TemporaryDirectory(prefix="elcaro-") as folder:
        trial = Path(folder) / path.name
        shutil.copyfile(copy, trial)
        with closing(connect(trial)) as connection:
            migrate(connection, trial)
    step = f"from schema {contents.schema} to {SCHEMA_HEAD}"
    return f"Backup: {copy}\nThe database will be brought {step}; it was tried on a copy.\n"


def step_back(settings: Settings) -> str:
    """Bring the database one schema back, for the release before; return what to tell.

    Raises:
        StorageRefused: It is running, or the schema cannot be undone; nothing was changed.
    """
    refuse_while_running(settings)
    path = database_path(settings.database)
    if not path.exists():
        raise StorageRefused(f"{path}: there is no database")
    revisions = known_revisions()
    with closing(connect(path)) as connection:
        schema = current_revision(connection)
        older = dict(pairwise(revisions)).get(schema or "")
        if older is None:
            raise StorageRefused(f"{path}: schema {schema} cannot be undone; restore a backup from before the update")
        copy, _ = copy_of(path)
        migrate(connection, path, older)
    return f"Backup: {copy}\nThe database has schema {older} now; install the release before and start it.\n"
