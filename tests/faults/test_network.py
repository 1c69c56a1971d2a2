"""What a broken network may do to an order: N rows."""

import pytest

from db import LegState
from models.enums import Outcome
from tests.faults.rows import Case, Rows
from tests.faults.stage import Stage

N = Rows()


@N.row("N6")
async def reset_after_execution_is_found_and_never_sent_again(stage: Stage) -> None:
    stage.fault("reset_after")
    result = await stage.buy()
    assert result.outcome is Outcome.UNKNOWN
    assert await stage.resolved() <= 3
    assert await stage.state() is LegState.FILLED
    assert (len(stage.posts()), len(stage.orders())) == (1, 1)
    assert await stage.kinds() == ["order_settled"]


@N.row("N5")
async def reset_before(stage: Stage) -> None:
    stage.fault("reset_before")
    result = await stage.buy()
    assert result.outcome is Outcome.UNKNOWN
    assert await stage.resolved() <= 25
    assert await stage.state() is LegState.ABSENT
    assert (len(stage.posts()), len(stage.orders())) == (1, 0)


@pytest.mark.parametrize("case", N.parameters())
async def test_row(case: Case, stage: Stage) -> None:
    await case.play(stage)
