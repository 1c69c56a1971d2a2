"""Fixtures of the web app's room."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.server import Sandbox
from tests.conftest import frozen_sandbox
from tests.webapp.rig import UNHURRIED, Person, Rig, running_web_app


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    """A running web app on a frozen world."""
    async with running_web_app(sandbox, tmp_path) as running:
        yield running


@pytest.fixture
async def owner(rig: Rig) -> Person:
    """The owner, logged in."""
    return await rig.login()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def calm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """One web app for a whole module, whose tests leave no trace in it; its tests run in the module's loop."""
    folder = tmp_path_factory.mktemp("calm")
    async with frozen_sandbox() as sandbox, running_web_app(sandbox, folder, limits=UNHURRIED) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def visitor(calm: Rig) -> Person:
    """The owner of that web app, logged in."""
    return await calm.login()
