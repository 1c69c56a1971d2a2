"""The stage of every row, and what holds in all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.rows import Case
from tests.faults.stage import Stage, staged


@pytest.fixture
async def stage(case: Case, tmp_path: Path) -> AsyncIterator[Stage]:
    """A product on the case's venue and path; what must hold in every row is checked when the row is over."""
    async with staged(tmp_path, case.exchange, case.path) as opened:
        yield opened
        await opened.check()
