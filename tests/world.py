"""A whole ElCaro without Telegram, on a simulated world, for tests of everything between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core.config import Settings, load_settings
from core.runtime import Runtime, open_runtime
from exchanges.pacing import SHARES, Gate, Purpose
from exchanges.transport import Network
from models.enums import AccountType
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


def gate_of(runtime: Runtime) -> Gate:
    """Return what paces the requests to HyperLiquid."""
    market: Any = runtime.clients.market("hyperliquid", AccountType.PAPER)
    gate: Gate = market.info.transport.gate
    return gate


def spent(runtime: Runtime) -> float:
    """Return the weight that HyperLiquid was asked for in the last minute."""
    gate = gate_of(runtime)
    return gate.pacer.used(gate.monotonic()) * gate.pacer._venue.limit.weight


def use_up_what_reads_may(runtime: Runtime) -> None:
    """Leave nothing of HyperLiquid's budget to what only looks."""
    gate = gate_of(runtime)
    weight = gate.pacer._venue.limit.weight
    gate.pacer.charge(gate.monotonic(), int(SHARES[Purpose.READ] * weight - spent(runtime)) + 1)
