"""A running bot for every test of the chat."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.chat.rig import Phone, Rig, running_bot


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    """The whole bot, with an owner, on a world whose time stands still."""
    async with running_bot(sandbox, tmp_path) as running:
        yield running


@pytest.fixture
def owner(rig: Rig) -> Phone:
    """The owner's phone."""
    return rig.owner
