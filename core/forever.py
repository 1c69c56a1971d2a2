"""The loop of everything that works in the background: wait, do a round, and never end because one round failed."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterable

from core.clock import Clock, wait_for_event
from db import Job, Store

logger = logging.getLogger(__name__)

Step = Callable[[], Awaitable[object]]


async def _at_once() -> None:
    """Wait for nothing."""


async def for_ever(name: str, work: Step, *, wait: Step, after_failure: Step = _at_once) -> None:
    """Wait and work in turns until cancelled.

    Args:
        name: What the log calls a round that failed.
        work: One round.
        wait: Returns when the next round is due.
        after_failure: Waits, besides, after a round that failed.
    """
    while True:
        await wait()
        try:
            await work()
        except Exception:
            logger.exception("%s: round failed", name)
            await after_failure()


def holding(store: Store, job: Job, work: Step, *, otherwise: Step = _at_once) -> Step:
    """Return a round that is done only by the one process that holds a job."""

    async def step() -> None:
        await (work() if await store.processes.hold(job) else otherwise())

    return step


def every(clock: Clock, seconds: float, *, first: Iterable[float] = ()) -> Step:
    """Return a wait of so many seconds; of the `first` ones before."""
    pauses = itertools.chain(first, itertools.repeat(seconds))

    async def wait() -> None:
        await clock.sleep(next(pauses))

    return wait


def ring(clock: Clock, bell: asyncio.Event, seconds: Callable[[], float]) -> Step:
    """Return a wait for a bell, which ends after so many seconds all the same."""

    async def wait() -> None:
        await wait_for_event(clock, bell, seconds())
        bell.clear()

    return wait
