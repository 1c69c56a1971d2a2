"""`./start.sh --backup` and `--restore FILE`."""

from datetime import UTC, datetime
from pathlib import Path

from core.backups import backup_name, backups_folder
from core.config import Settings
from core.recovery import RESTORED
from core.vault import KEY_FILE
from launcher.instance import find_all
from storage.backups import Contents, back_up, restore
from storage.errors import StorageRefused
from storage.location import database_path
from storage.processes import RoleLock

_ROLES = ("bot", "webapp")


def take_backup(settings: Settings) -> str:
    """Copy the database as it is, in use or not; return what to tell.

    Raises:
        StorageRefused: It could not be done; the sentence says why.
    """
    path = database_path(settings.database)
    if not path.exists():
        raise StorageRefused(f"{path}: there is no database yet, so there is nothing to back up")
    copy, contents = copy_of(path)
    return (
        f"Backup: {copy} ({_told(contents)}), checked by opening it.\n"
        f"The key file {path.parent / KEY_FILE} is not in it: keep a copy of that elsewhere, "
        "because without it the exchange keys in a backup cannot be opened, and with it anybody can.\n"
    )


def copy_of(database: Path) -> tuple[Path, Contents]:
    """Copy a database into the folder of its backups, without opening it as a program would.

    Raises:
        StorageRefused: The copy could not be written.
    """
    folder = backups_folder(database.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as e:
        raise StorageRefused(f"{folder}: cannot be made ({e.strerror}); fix its owner") from e
    copy = folder / backup_name(datetime.now(UTC))
    return copy, back_up(database, copy)


def refuse_while_running(settings: Settings) -> None:
    """Refuse while any process has the database.

    Raises:
        StorageRefused: Says how to stop it.
    """
    folder = database_path(settings.database).parent
    if find_all() or any(not RoleLock(folder, role).is_free() for role in _ROLES):
        raise StorageRefused("ElCaro is running; stop it first: ./start.sh --stop (or systemctl stop elcaro-bot)")


def put_back(settings: Settings, name: str) -> str:
    """Put a backup in place of the database; return what to tell.

    Raises:
        StorageRefused: Something runs, or the backup is not whole; nothing was changed.
    """
    copy, path = Path(name), database_path(settings.database)
    if not copy.is_file():
        raise StorageRefused(f"{name}: there is no such file; backups lie in {path.parent / 'backups'}")
    refuse_while_running(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = restore(copy, path, reason=RESTORED)
    before = f"What was there is kept as {kept}.\n" if kept else ""
    return (
        f"Restored {path} from {copy}.\n{before}"
        "Trading is halted for everybody. Start ElCaro: it compares every account with its venue and takes in the "
        "orders it does not know. Look at /status and /positions, then the owner resumes trading in /people.\n"
    )


def _told(contents: Contents) -> str:
    rows = contents.rows
    return f"schema {contents.schema}, {rows['users']} people, {rows['accounts']} accounts, {rows['legs']} orders"
