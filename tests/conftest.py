"""Fixtures for all rooms: a simulated world in this process, and one in a process of its own."""

import asyncio
import fcntl
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from sandbox.clock import Clock
from sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 20
_MEMORY = Path("/dev/shm")  # Linux's file system in memory
_ROOM = 4 << 30


def pytest_configure() -> None:
    """Keep the tests' files in memory where there is room: every commit of a database waits for the disk.

    No example of a property has a deadline: how long one takes says how busy the machine is.
    """
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run while no other test of this kind does, in whatever process: it starts a whole product and counts seconds."""
    with (tmp_path_factory.getbasetemp().parent / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A world whose time stands still until ``await sandbox.advance(seconds)``; orders execute at once.

    Addresses: ``bybit_url``, ``bybit_ws_url``, ``hyperliquid_url``, ``telegram_url``, ``control_url``. Shortcuts:
    ``set_price("BTCUSDT", 60000)``, ``fault("reset_after", match="POST /v5/order/create")``, ``new_bybit_account()``.
    The truth: ``sandbox.world.bybit`` and ``.hyperliquid`` (engines), ``sandbox.world.journal`` (requests).
    """
    async with frozen_sandbox() as running:
        yield running


def frozen_sandbox() -> Sandbox:
    """Return a world whose time stands still, to be entered."""
    return Sandbox(clock=Clock(frozen_at=datetime.now(UTC)))


class SandboxProcess:
    """A sandbox in its own process; ``urls`` is what it announced, ``bybit_url`` and the like are attributes too."""

    def __init__(self, process: asyncio.subprocess.Process, announcement: dict[str, Any]) -> None:
        self.process = process
        self.urls = announcement
        self.bybit_url: str = announcement["bybit_url"]
        self.bybit_ws_url: str = announcement["bybit_ws_url"]
        self.hyperliquid_url: str = announcement["hyperliquid_url"]
        self.telegram_url: str = announcement["telegram_url"]
        self.control_url: str = announcement["control_url"]


async def start_sandbox(*options: str) -> SandboxProcess:
    """Start ``python -m sandbox`` on free ports and wait until it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "--port-base",
        "0",
        *options,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
    return SandboxProcess(process, json.loads(line))


async def stop_sandbox(running: SandboxProcess) -> int:
    """End the process and return its exit code."""
    with suppress(ProcessLookupError):
        running.process.terminate()
    return await asyncio.wait_for(running.process.wait(), READY_SECONDS)


@pytest.fixture
async def sandbox_process() -> AsyncIterator[SandboxProcess]:
    """A sandbox in a process of its own, with running time; drive it over ``control_url``."""
    running = await start_sandbox()
    try:
        yield running
    finally:
        await stop_sandbox(running)
