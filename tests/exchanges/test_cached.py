"""A value that is fetched once for many: but nobody waits behind what may wait longer."""

import asyncio
import time
from datetime import UTC, datetime
from typing import cast

from exchanges.hyperliquid_market import Cached
from exchanges.okx_http import Answer, OkxHttp
from exchanges.okx_market import Contracts
from exchanges.pacing import Purpose, read_purpose, reading_for
from tests.exchanges.okx_kit import BTC, okx_rows


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


class BusyVenue:
    """As much of a client as a table of contracts needs; the background waits for its turn."""

    def __init__(self) -> None:
        self.transport = self.gate = self
        self.monotonic = time.monotonic
        self.is_asked, self.has_time = asyncio.Event(), asyncio.Event()

    async def read(self, *_: object, **__: object) -> Answer:
        self.is_asked.set()
        if read_purpose() is Purpose.SYNC:
            await self.has_time.wait()
        return Answer(rows=okx_rows("http_get_public_instruments"), as_of=datetime.now(UTC))


async def test_person_does_not_wait_for_the_contracts_that_the_background_waits_for() -> None:
    venue, contracts = BusyVenue(), Contracts()
    wanted, http = [BTC.native_symbol], cast(OkxHttp, venue)
    with reading_for(Purpose.SYNC):
        background = asyncio.create_task(contracts.sizes(http, wanted))
    async with asyncio.timeout(5):
        await venue.is_asked.wait()
        assert BTC.native_symbol in await contracts.sizes(http, wanted)
        venue.has_time.set()
        assert BTC.native_symbol in await background
