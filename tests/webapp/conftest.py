"""Fixtures of the web app's room."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.webapp.rig import Person, Rig, running_web_app


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    """A running web app on a frozen world."""
    async with running_web_app(sandbox, tmp_path) as running:
        yield running


@pytest.fixture
async def owner(rig: Rig) -> Person:
    """The owner, logged in."""
    return await rig.login()
