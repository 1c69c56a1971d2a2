"""A value that is fetched once for many: but nobody waits behind what may wait longer."""

import asyncio
import time

from exchanges.hyperliquid_market import Cached
from exchanges.pacing import Purpose, read_purpose, reading_for


async def test_person_does_not_wait_for_what_the_background_waits_for() -> None:
    is_asked, venue_has_time = asyncio.Event(), asyncio.Event()
    asked: list[Purpose] = []

    async def load() -> str:
        asked.append(read_purpose())
        is_asked.set()
        if read_purpose() is Purpose.SYNC:
            await venue_has_time.wait()
        return read_purpose().value

    value = Cached(load, ttl_s=60, monotonic=time.monotonic)
    with reading_for(Purpose.SYNC):
        background = asyncio.create_task(value.get())
    async with asyncio.timeout(5):
        await is_asked.wait()
        assert set(await asyncio.gather(value.get(), value.get())) == {"read"}
    venue_has_time.set()
    assert await background == "sync"
    assert await value.get() == "read"  # what was asked for earlier is not newer because it came later
    assert asked == [Purpose.SYNC, Purpose.READ]
