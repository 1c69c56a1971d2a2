"""A whole order room on a virtual clock: store, desk, resolver and a fake venue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from core.emergency import EmergencyLog
from core.herald import Herald
from core.ids import client_order_id, use_id_key
from core.news import News
from core.orders import OrderDesk
from core.recovery import Recovery
from core.resolver import Resolver
from db import Job, Leg, LegState, Store
from exchanges.base import AccountVenue
from models.account import Account
from models.instrument import Instrument
from models.requests import OrderResult
from tests.core.venue_fake import FakeClient, FakeVenue, account, instrument, order_request
from tests.core.virtual_clock import VirtualClock

OPERATOR = 99


@dataclass
class Room:
    """What a test of orders needs."""

    clock: VirtualClock
    store: Store
    venue: FakeVenue
    client: FakeClient
    desk: OrderDesk
    resolver: Resolver
    recovery: Recovery
    emergency: EmergencyLog
    account: Account
    is_dead: bool = False

    @property
    def exchange(self) -> str:
        return self.venue.exchange

    def id_of(self, cause: str, leg: int = 0) -> str:
        return client_order_id(self.exchange, self.account, cause, leg)

    async def buy(self, cause: str = "tg:1:1:buy", **changes: Any) -> OrderResult:
        """Submit a market buy of 1 BTC."""
        request = order_request(self.id_of(cause), self.exchange, **changes)
        return await self.clock.run(self.desk.submit(self.account, request, cause=cause, sender=self.client))

    async def resolve(self, *, limit_s: float = 3600) -> float:
        """Let the resolver work until nothing is unresolved; return how long that took."""
        started = self.clock.monotonic()
        while await self.store.journal.unresolved():
            assert await self.store.processes.hold(Job.RESOLVER)
            await self.clock.run(self.resolver.look_once())
            await self.clock.advance(0.25)
            assert self.clock.monotonic() - started < limit_s, "still unresolved"
        return self.clock.monotonic() - started

    async def leg(self, cause: str = "tg:1:1:buy") -> Leg:
        return (await self.store.journal.of_cause(cause))[0]

    async def state(self, cause: str = "tg:1:1:buy") -> LegState:
        return (await self.leg(cause)).state

    async def messages(self) -> list[str]:
        return [str(message.body["kind"]) for message in await self.store.outbox.due()]


@asynccontextmanager
async def open_room(
    directory: Path, exchange: str = "bybit", *, venue: FakeVenue | None = None, clock: VirtualClock | None = None
) -> AsyncIterator[Room]:
    """Open a room on a database file, which may hold an earlier life."""
    use_id_key("1:test")
    clock = clock or VirtualClock()
    store = await Store.open(f"sqlite+aiosqlite:///{directory / 'elcaro.db'}", role="bot", now_ms=clock.now_ms)
    clock.watch(store)
    venue = venue or FakeVenue(exchange, clock)
    client, news, herald = FakeClient(venue), News(), Herald(OPERATOR, begun_ms=clock.now_ms())

    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, client)

    async def find_instrument(_: Account, native_symbol: str) -> Instrument | None:
        return instrument(exchange, native_symbol)

    emergency = EmergencyLog(directory / "emergency.log")
    emergency.reserve()
    desk = OrderDesk(store, emergency, clock=clock, news=news)
    resolver = Resolver(store, clients, herald, clock=clock, news=news)
    desk.on_unknown = resolver.wake
    recovery = Recovery(store, clients, resolver, find_instrument, emergency, herald=herald, clock=clock)
    room = Room(clock, store, venue, client, desk, resolver, recovery, emergency, account(exchange))
    try:
        yield room
    finally:
        if not room.is_dead:
            await clock.run(desk.drain())
            await store.close()


async def kill(room: Room) -> None:
    """End a room's process as SIGKILL would: nothing is finished, nothing is said, the kernel frees its lock."""
    room.is_dead = True
    me = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not me]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await room.store.reader.close()
    room.store.writer.close()
    assert room.store._lock is not None
    room.store._lock.release()
