"""Looks at what lies on this machine: settings, files, packages, disk, database. Changes nothing."""

import os
import platform
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.backups import backups_folder
from core.checkup import backup_findings
from core.config import ENV_FILE, Settings
from core.version import VERSION
from launcher.instance import find
from launcher.ports import is_free
from models.finding import Finding, fail, ok, warn
from storage.location import database_path
from storage.migrate import SCHEMA_HEAD, current_revision, known_revisions
from storage.processes import RoleLock

_GB = 1 << 30
_DISK_FAIL_GB = 0.2
_DISK_WARN_GB = 1.0
_LOCK = Path("requirements.lock")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(\s*;)?", re.MULTILINE)


def check_installation(settings: Settings) -> list[Finding]:
    """Look at everything that needs no network and no open database."""
    return [finding for check in _CHECKS for finding in check(settings)]


def _settings(settings: Settings) -> Iterator[Finding]:
    yield ok("settings", mode=settings.elcaro_mode)
    if not ENV_FILE.is_file():
        yield warn("no_env_file")


def _folders(settings: Settings) -> Iterator[Finding]:
    """What the next start writes to must be a folder that this user may write in."""
    for folder in (settings.elcaro_data_dir, settings.elcaro_log_dir):
        place = _existing(folder)
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            yield fail("not_writable_folder", path=folder)


def _permissions(settings: Settings) -> Iterator[Finding]:
    """Nobody but the owner may read settings, keys and records."""
    data = settings.elcaro_data_dir
    for path, wanted in ((ENV_FILE, "600"), (data, "700"), (data / "kek.key", "600"), (data / "elcaro.db", "600")):
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if path.is_dir() and not mode & 0o022:  # the files in it guard themselves
            continue
        if mode & 0o077:
            yield fail("file_shared", path=path, mode=f"{mode:o}", wanted=wanted)


def _versions(_settings: Settings) -> Iterator[Finding]:
    names = sorted(_differing(_LOCK.read_text(encoding="utf-8")))
    if names:
        yield warn("packages_differ", names=", ".join(names[:5]) + (" …" if len(names) > 5 else ""))
    else:
        yield ok("versions", release=VERSION, python=platform.python_version())


def _differing(lock: str) -> Iterator[str]:
    for name, wanted, has_condition in _PIN.findall(lock):
        try:
            if version(name) != wanted:
                yield name
        except PackageNotFoundError:
            if not has_condition:  # a pin with a condition is for another system or Python
                yield name


def _disk(settings: Settings) -> Iterator[Finding]:
    place = _existing(settings.elcaro_data_dir)
    free = shutil.disk_usage(place).free / _GB
    said = {"free": f"{free:.1f}", "path": place}
    if free < _DISK_FAIL_GB:
        yield fail("disk_full", **said)
    else:
        yield warn("disk_low", **said) if free < _DISK_WARN_GB else ok("disk", **said)


def _database(settings: Settings) -> Iterator[Finding]:
    path = database_path(settings.database)
    if not path.exists():
        yield ok("no_database")
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            problem = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            schema = current_revision(connection) if problem == "ok" else None
    except sqlite3.Error as e:
        problem, schema = str(e), None
    if problem != "ok":
        yield fail("database_damaged", path=path, problem=problem.replace("\n", " "))
    elif schema is not None and schema not in known_revisions():
        yield fail("database_newer", path=path, schema=schema)
    elif schema != SCHEMA_HEAD:
        yield ok("database_older", schema=schema or "—", wanted=SCHEMA_HEAD)
    else:
        yield ok("database", schema=schema)


def _process(settings: Settings) -> Iterator[Finding]:
    running = find()
    data = database_path(settings.database).parent
    if running is not None or not RoleLock(data, "bot").is_free():
        yield ok("running", who="by ./start.sh" if running else "as a service")
        return
    yield ok("not_running")
    if settings.webapp_port and not is_free(settings.webapp_port, settings.webapp_host):
        yield warn("port_taken", port=settings.webapp_port)


def _backups(settings: Settings) -> Iterator[Finding]:
    path = database_path(settings.database)
    if not path.exists():
        return
    yield from backup_findings(backups_folder(path.parent), datetime.now(UTC))


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _settings,
    _folders,
    _permissions,
    _versions,
    _disk,
    _process,
    _database,
    _backups,
)
