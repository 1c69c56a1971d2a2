"""The background loop goes on whatever one round does, waits as told, and works only where it holds the job."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import db
from core.clock import SystemClock
from core.forever import every, for_ever, holding, ring
from db import Job


class Enough(BaseException):
    """Ends a loop that never ends."""


class Clock(SystemClock):
    """Notes how long it was slept, and takes no time over it."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def rounds(*outcomes: BaseException | None) -> Iterator[BaseException | None]:
    yield from outcomes
    yield Enough()


async def test_failing_round_ends_nothing_and_is_followed_by_its_pause() -> None:
    clock, outcomes = Clock(), rounds(None, RuntimeError("a round failed"), None)

    async def work() -> None:
        if (outcome := next(outcomes)) is not None:
            raise outcome

    with pytest.raises(Enough):
        await for_ever("test", work, wait=every(clock, 5.0, first=(1.0, 2.0)), after_failure=every(clock, 60.0))
    assert clock.slept == [1.0, 2.0, 60.0, 5.0, 5.0]


async def test_bell_ends_a_wait_once() -> None:
    bell = asyncio.Event()
    wait = ring(SystemClock(), bell, lambda: 30.0)
    bell.set()
    async with asyncio.timeout(5):
        await wait()
    assert not bell.is_set()


async def test_only_the_holder_of_the_job_works(tmp_path: Path) -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("work")

    async def otherwise() -> None:
        done.append("wait")

    store = await db.open_database(f"sqlite+aiosqlite:///{tmp_path / 'elcaro.db'}")
    other = await type(store).open(f"sqlite+aiosqlite:///{tmp_path / 'elcaro.db'}")
    await holding(store, Job.RECONCILER, work, otherwise=otherwise)()
    await holding(other, Job.RECONCILER, work, otherwise=otherwise)()
    await other.close()
    await db.close_database()
    assert done == ["work", "wait"]
