"""`./start.sh --doctor`: one line a check, what to do where something is wrong, and an exit code for scripts."""

from collections.abc import Sequence

from core.checkup import check_journal, check_venues
from core.config import ConfigError, Settings, load_settings
from core.runtime import open_runtime
from db import StorageRefused
from models.finding import Finding, Verdict, fail, warn
from ops.installation import check_installation
from ops.telegram import check_telegram
from ops.words import sentence_of

_MAY_OPEN = "database"
"""The finding without which the database is not opened: opening would change it, or fail."""
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
    try:
        async with open_runtime(settings, role="tool") as runtime:
            return [*await check_journal(runtime.store), *await check_venues(runtime.store, runtime.clients)]
    except (StorageRefused, ConfigError) as e:
        return [fail("refused", sentence=e)]


def report(findings: Sequence[Finding]) -> str:
    """Return the lines to print."""
    return "".join(f"{finding.verdict.upper():{_WIDTH}}  {sentence_of(finding)}\n" for finding in findings)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 1 where something does not work or is not safe, else 0."""
    return int(any(finding.verdict is Verdict.FAIL for finding in findings))
