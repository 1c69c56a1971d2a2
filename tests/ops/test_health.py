"""What a process measures of itself: how late its loop runs, whether its database answers, which loops still turn."""

import asyncio
import time
from pathlib import Path

import pytest

from core.health import DATABASE_LIMIT_S, LOOP_LIMIT_S, Pulse, Sign, overdue
from storage.errors import StorageUnavailable
from storage.store import Store


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class BrokenStore(Store):
    """A database whose writes fail, as on a full disk, or never end."""

    def __init__(self, *, hangs: bool = False) -> None:
        self._hangs = hangs

    async def probe(self) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        raise StorageUnavailable("database: disk full", code="disk_full")


def names(pulse: Pulse) -> list[str]:
    return overdue(pulse.signs)


def test_age_over_its_limit_is_overdue() -> None:
    signs = [Sign(name=str(age), age_s=lambda age=age: age, limit_s=2.0) for age in (-1.0, 2.0, 2.1)]  # type: ignore[misc]
    assert overdue(signs) == ["2.1"]


async def test_healthy_process_shows_no_sign_of_trouble(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/elcaro.db")
    async with Pulse(store).measured() as pulse:
        await pulse.probe()
        assert names(pulse) == []
        assert pulse.is_writable
    await store.close()


async def test_loop_that_stood_still_is_noticed_once(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/elcaro.db")
    async with Pulse(store).measured() as pulse:
        await asyncio.sleep(0)
        time.sleep(LOOP_LIMIT_S + 0.5)  # noqa: ASYNC251 - the fault that is tested
        await asyncio.sleep(0.01)
        assert names(pulse) == ["event loop"]
        assert names(pulse) == [], "it runs again"
    await store.close()


async def test_full_disk_is_told_and_is_no_reason_to_restart() -> None:
    clock = Clock()
    pulse = Pulse(BrokenStore(), monotonic=clock)
    clock.now += DATABASE_LIMIT_S + 1
    assert names(pulse) == ["database"]
    await pulse.probe()
    assert names(pulse) == [], "it answered; closing still works, a restart would end that"
    assert not pulse.is_writable


async def test_database_that_never_answers_is_a_reason_to_restart() -> None:
    clock = Clock()
    pulse = Pulse(BrokenStore(hangs=True), monotonic=clock)
    probing = asyncio.create_task(pulse.probe())
    await asyncio.sleep(0)
    clock.now += DATABASE_LIMIT_S + 1
    assert names(pulse) == ["database"]
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing


def test_loop_that_never_went_round_counts_from_the_start() -> None:
    clock = Clock()
    sign = Pulse(BrokenStore(), monotonic=clock).beating("resolver", lambda: 0.0, limit_s=10)
    assert overdue([sign]) == []
    clock.now += 11
    assert overdue([sign]) == ["resolver"]


def test_loop_that_goes_round_is_well() -> None:
    clock = Clock()
    sign = Pulse(BrokenStore(), monotonic=clock).beating("resolver", lambda: clock.now - 3, limit_s=10)
    clock.now += 1000
    assert overdue([sign]) == []
