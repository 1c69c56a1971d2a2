"""The stage of every row, and what holds in all of them."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.rows import Case
from tests.faults.stage import Scene, Stage, opened_scene, staged

_IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for one product; in memory where there is such a place, because every commit waits for its disk."""
    place = tempfile.mkdtemp(prefix="faults-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    yield Path(place)
    shutil.rmtree(place)


@pytest.fixture
async def stage(case: Case, folder: Path) -> AsyncIterator[Stage]:
    """A product on the case's venue and path; what must hold in every row is checked when the row is over."""
    async with staged(folder, case.exchange, case.path, **case.options) as opened:
        yield opened
        await opened.check()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A world in which the test opens products itself, one after the other or two at once."""
    async with opened_scene() as opened:
        yield opened
