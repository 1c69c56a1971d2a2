"""`./start.sh --doctor`: one line a check, what to do where something is wrong, and an exit code for scripts."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.checkup import check_journal, check_polling, check_venues
from core.config import ConfigError, Settings, load_settings
from core.runtime import open_runtime
from core.vault import KEY_FILE
from db import StorageRefused
from models.finding import Finding, Verdict, fail, warn
from ops.installation import check_installation
from ops.telegram import check_telegram
from ops.words import sentence_of
from storage.backups import back_up
from storage.location import database_path

_MAY_OPEN = "database"
"""The finding without which the database is not opened: it would fail."""
_WIDTH = max(len(verdict) for verdict in Verdict)


async def examine() -> list[Finding]:
    """Look at everything; whatever is wrong is a finding, never an error."""
    try:
        settings = load_settings()
    except ConfigError as e:
        return [fail("refused", sentence=e)]
    try:
        found = check_installation(settings)
    except StorageRefused as e:
        return [fail("refused", sentence=e)]
    if settings.is_sandbox and not settings.paper_venues:
        return [*found, warn("no_sandbox")]
    found += await check_telegram(settings)
    if any(finding.code == _MAY_OPEN for finding in found):
        found += await _with_database(settings)
    return found


async def _with_database(settings: Settings) -> list[Finding]:
    """Look at what only an open database tells, in a copy: opening notes a start, and may create a key."""
    place = database_path(settings.database).parent
    with tempfile.TemporaryDirectory(prefix="elcaro-doctor-") as folder:
        try:
            copy = await asyncio.to_thread(_copied, settings, Path(folder))
            async with open_runtime(copy, role="tool") as runtime:
                store = runtime.store
                told = [*await check_polling(store), *await check_journal(store)]
                return [*told, *await check_venues(store, runtime.clients)]
        except (StorageRefused, ConfigError) as e:
            return [fail("refused", sentence=str(e).replace(folder, str(place)))]


def _copied(settings: Settings, folder: Path) -> Settings:
    """Return the settings of a copy; the key itself stays where it is."""
    database = database_path(settings.database)
    back_up(database, folder / database.name)
    if (key := (database.parent / KEY_FILE).absolute()).exists():
        (folder / KEY_FILE).symlink_to(key)
    address = f"sqlite+aiosqlite:///{folder / database.name}"
    return settings.model_copy(update={"database_url": address, "elcaro_data_dir": folder})


def report(findings: Sequence[Finding]) -> str:
    """Return the lines to print."""
    return "".join(f"{finding.verdict.upper():{_WIDTH}}  {sentence_of(finding)}\n" for finding in findings)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 where something does not work or is not safe, else 0."""
    return int(any(finding.verdict is Verdict.FAIL for finding in findings))
