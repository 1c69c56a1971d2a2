"""A value that is fetched once for many: but nobody waits behind what may wait longer."""

import asyncio
import time

from exchanges.hyperliquid_market import Cached
from exchanges.pacing import Purpose, read_purpose, reading_for


async def test_person_does_not_wait_for_what_the_background_waits_for() -> None:
    venue_has_time = asyncio.Event()
    asked: list[Purpose] = []

    async def load() -> str:
        asked.append(read_purpose())
        if read_purpose() is Purpose.SYNC:
            await venue_has_time.wait()
        return read_purpose().value

    value = Cached(load, ttl_s=60, monotonic=time.monotonic)
    with reading_for(Purpose.SYNC):
        background = asyncio.create_task(value.get())
    while not asked:
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await asyncio.gather(value.get(), value.get()) == ["read", "read"]
    venue_has_time.set()
    assert await background == "sync"
    assert await value.get() == "read"  # what was asked for earlier is not newer because it came later
    assert asked == [Purpose.SYNC, Purpose.READ]
