"""What becomes of an order is told once: by whoever sent it, or by the notice, whichever has it first."""

import asyncio
import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from core.herald import Herald
from core.sync import AccountSync
from exchanges.base import AccountEvent, AccountVenue
from models.account import Account
from models.enums import OrderStatus, Outcome
from tests.core.desk_kit import OPERATOR, Room, open_room
from tests.core.venue_fake import order_request

CAUSE = "tg:1:1:buy"


def syncing(room: Room) -> AccountSync:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, room.client)

    return AccountSync(room.store, clients, Herald(OPERATOR), clock=room.clock)


async def stream_tells(room: Room, sync: AccountSync, *, after_s: float, filled: str, status: OrderStatus) -> None:
    """Let the private stream tell of the order some time after it was sent."""
    await room.clock.sleep(after_s)
    order = room.venue.orders[room.id_of(CAUSE)]
    size = Decimal(filled)
    now = dataclasses.replace(order, status=status, filled_size=size, average_price=Decimal(60000))
    await sync.apply(room.account, AccountEvent(orders=(now,)))


async def sent(room: Room) -> int:
    """Send what the outbox has to send by now; return how many say what became of an order."""
    due = await room.store.outbox.due()
    for message in due:
        await room.store.outbox.sent(message.id, None)
    return sum(message.body["kind"] in {"order_settled", "order_partly_filled"} for message in due)


@pytest.mark.parametrize("exchange", ["bybit", "hyperliquid"])
@pytest.mark.parametrize("after_s", [0.01, 0.5, 0.99, 1.01, 1.2, 1.54, 1.56, 3.0, 4.99, 5.01, 20.0])
async def test_fill_that_the_stream_tells_is_told_once_whenever_it_comes(
    tmp_path: Path, exchange: str, after_s: float
) -> None:
    async with open_room(tmp_path, exchange) as room:
        room.venue.status_of_market_orders = OrderStatus.OPEN
        room.venue.forgets_listings = True  # so that nobody but the stream knows
        sync = syncing(room)
        part = stream_tells(room, sync, after_s=after_s / 2, filled="0.4", status=OrderStatus.PARTIALLY_FILLED)
        whole = stream_tells(room, sync, after_s=after_s, filled="1", status=OrderStatus.FILLED)
        streaming = asyncio.gather(part, whole)
        result = await room.buy(CAUSE)
        told = [result.outcome is Outcome.FILLED and result.filled_size == 1]
        while not streaming.done() or len(told) < 30:
            told.append(await sent(room) == 1)
            await room.clock.advance(1)
        assert sum(told) == 1
        await streaming


async def test_fill_is_told_by_the_notice_when_whoever_sent_the_order_is_gone(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        room.venue.status_of_market_orders = OrderStatus.OPEN
        room.venue.forgets_listings = True
        sync = syncing(room)
        request = order_request(room.id_of(CAUSE))
        sending = asyncio.ensure_future(room.desk.submit(room.account, request, cause=CAUSE, sender=room.client))
        await room.clock.advance(0.1)
        for task in (*room.desk._tasks, sending):
            task.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await room.clock.run(stream_tells(room, sync, after_s=0.2, filled="1", status=OrderStatus.FILLED))
        assert await sent(room) == 0
        await room.clock.advance(6)
        assert await sent(room) == 1


async def test_what_is_due_to_be_sent_is_taken_over_by_nobody(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        outbox = room.store.outbox
        assert await outbox.take_over("k", 1)
        assert not await outbox.take_over("k", 1)
        await room.buy(CAUSE)
        assert await sent(room) == 0
