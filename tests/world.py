"""A whole ElCaro without Telegram, on a simulated world, for tests of everything between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from core.config import Settings, load_settings
from core.runtime import Runtime, open_runtime
from exchanges.transport import Network
from sandbox.server import Sandbox

USER = 100_000_001
_GENEROUS = 100
"""Rate budgets are this much larger: tests ask in seconds what people ask in hours."""


def settings_for(sandbox: Sandbox, folder: Path, **overrides: object) -> Settings:
    """Return the settings that start.sh would give a process in this sandbox."""
    told = sandbox.announcement()
    return load_settings(
        None,
        **{
            "elcaro_mode": "sandbox",
            "elcaro_data_dir": folder / "data",
            "elcaro_log_dir": folder / "logs",
            "telegram_token": told["telegram_token"],
            "telegram_api_url": told["telegram_url"],
            "telegram_link": told["chat_url"],
            "paper_venues": told["paper_venues"],
            **overrides,
        },
    )


@asynccontextmanager
async def elcaro(sandbox: Sandbox, folder: Path, *, use_unified: str = "true") -> AsyncIterator[Runtime]:
    """Open everything that the bot opens."""
    settings = settings_for(sandbox, folder, use_unified=use_unified)
    async with open_runtime(settings, role="bot", network=Network(share=_GENEROUS), with_jobs=False) as runtime:
        yield runtime
