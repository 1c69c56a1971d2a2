"""A folder for one world of the lab."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, where there is such a place: every commit waits for its disk, and dies with its process."""
    place = tempfile.mkdtemp(prefix="chaos-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    yield Path(place)
    shutil.rmtree(place)
