"""Clocks that are wrong, unknown or jump: C rows. Fences and stamps go by the venue's time, not by this machine's."""

import pytest

from core.checkup import check_venues
from db import LegState
from models.enums import OrderSide, Outcome
from models.errors import LimitExceeded, TradingError
from tests.faults.rows import Case, Rows
from tests.faults.stage import FIRST, READS, SECOND, Stage

C = Rows()
HOUR_MS = 3_600_000


def shift_venue(stage: Stage, milliseconds: int) -> None:
    """Put the venue's clock this far ahead of this machine's."""
    if stage.exchange == "bybit":
        stage.sandbox.world.behaviour.clock_skew_ms = milliseconds
    elif milliseconds > 0:
        stage.sandbox.world.clock.advance_ms(milliseconds)
    else:
        stage.time.skew_ms = -milliseconds


@C.row("C1")
async def clock_that_is_a_second_ahead_is_made_up_for(stage: Stage) -> None:
    shift_venue(stage, -900)
    assert (await stage.buy()).outcome is Outcome.FILLED
    assert stage.counts == (1, 1)
    assert await stage.alarms() == []


@C.row("C2")
async def clock_that_is_seconds_behind_is_made_up_for(stage: Stage) -> None:
    shift_venue(stage, 6_000)
    assert (await stage.buy()).outcome is Outcome.FILLED
    assert stage.counts == (1, 1)


@C.row("C3")
async def venue_whose_time_is_unknown_gets_no_order(stage: Stage) -> None:
    stage.fault("error_before", READS[stage.exchange], count=None)
    with pytest.raises(TradingError):
        await stage.buy(FIRST)
    assert stage.counts == (0, 0)
    stage.heal()
    stage.fault("error_before", "GET /v5/market/time", count=None)  # every other answer tells it too
    if stage.path == "unified":
        assert (await stage.buy(SECOND)).outcome is Outcome.FILLED
        assert (await stage.close("c")).outcome is Outcome.FILLED


@C.row("C3")
async def venue_that_never_told_its_time_lets_only_risk_be_lowered(stage: Stage) -> None:
    await stage.buy(FIRST)
    opening = await stage.request(SECOND)
    closing = await stage.request("c", side=OrderSide.SELL, reduce_only=True, closes_position=True)
    stranger = await stage.client_at(stage.sandbox.url(stage.exchange), knows_the_time=False)
    stage.fault("reset_before", READS[stage.exchange], count=None)
    with pytest.raises(LimitExceeded) as refusal:
        await stage.send(opening, SECOND, client=stranger)
    assert refusal.value.code == "unreachable"
    assert await stage.legs(SECOND) == []
    assert len(stage.posts()) == 1
    assert (await stage.send(closing, "c", client=stranger)).outcome is not Outcome.REJECTED
    assert stage.size() == 0
    stage.heal()
    await stage.resolved()
    assert (await stage.send(opening, SECOND, client=stranger)).outcome is Outcome.FILLED


@C.row("C4")
async def clock_that_steps_ahead_proves_no_absence(stage: Stage) -> None:
    request = await stage.request()
    stage.fault("reset_before", "POST /exchange noop", count=None)
    stage.fault("reset_before")
    assert (await stage.send(request)).outcome is Outcome.UNKNOWN
    stage.time.skew_ms = HOUR_MS
    await stage.time.advance(12)
    assert await stage.state() is LegState.UNKNOWN
    await stage.resolved()
    assert await stage.state() is LegState.ABSENT
    assert stage.counts == (1, 0)


@C.row("C5")
async def clock_that_drifts_is_followed_and_told(stage: Stage) -> None:
    await stage.buy("first")
    for minute in range(1, 6):
        shift_venue(stage, 300 * minute if stage.exchange == "bybit" else 300)
        await stage.time.advance(60, step_s=2)
        assert (await stage.buy(f"tg:1:{minute}:0")).outcome is Outcome.FILLED
    assert stage.counts == (6, 6)
    if stage.exchange == "bybit":
        stage.sandbox.world.behaviour.clock_skew_ms = 5_000
        found = await stage.time.run(check_venues(stage.runtime.store, stage.runtime.clients))
        assert {"clock_off", "clock_wrong"} & {finding.code for finding in found}


@C.row("C5", on=("bybit",), via=("unified",))
async def clocks_that_part_open_nothing_until_the_time_is_told_again(stage: Stage) -> None:
    await stage.buy(FIRST)
    opening = await stage.request(SECOND)
    closing = await stage.request("c", side=OrderSide.SELL, reduce_only=True, closes_position=True)
    await stage.mute_streams()
    shift_venue(stage, 3_000)
    await stage.time.run((await stage.client()).get_server_time())
    stage.fault("reset_before", READS[stage.exchange], count=None)
    await stage.time.advance(120)
    with pytest.raises(LimitExceeded) as refusal:
        await stage.send(opening, SECOND)
    assert refusal.value.code == "unreachable"
    assert len(stage.posts()) == 1
    assert (await stage.send(closing, "c")).outcome is not Outcome.REJECTED
    stage.heal()
    await stage.resolved()
    assert (await stage.send(opening, SECOND)).outcome is Outcome.FILLED


@pytest.mark.parametrize("case", C.parameters())
async def test_row(case: Case, stage: Stage) -> None:
    await case.play(stage)
