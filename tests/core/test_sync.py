"""Positions and fills follow the venue, each thing told once, and nothing lost to an error."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from core.account_events import EventKind, Reason, account_events
from core.herald import Herald
from core.sync import AccountSync, DriftKind, SyncReport
from db import LegState, NewFill, Origin
from exchanges.base import AccountEvent, AccountVenue
from models.account import Account
from models.enums import FillKind, OrderSide, OrderStatus, OrderType, PositionSide, TimeInForce
from models.errors import Unavailable
from models.instrument import Instrument
from models.order import Order
from models.position import Position
from models.values import from_millis
from tests.core.desk_kit import OPERATOR, Room, open_room
from tests.core.venue_fake import FakeClient, FakeVenue, fill

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def position(size: str = "1", **changes: Any) -> Position:
    row = Position(
        exchange="bybit",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        side=PositionSide.LONG,
        size=Decimal(size),
        entry_price=Decimal(60000),
        mark_price=Decimal(60000),
        notional=Decimal(60000) * Decimal(size),
        unrealized_pnl=Decimal(0),
    )
    return dataclasses.replace(row, **changes)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        yield opened


@pytest.fixture
def sync(room: Room) -> AccountSync:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, room.client)

    return AccountSync(room.store, clients, Herald(OPERATOR), clock=room.clock)


async def look(room: Room, sync: AccountSync, *, is_full: bool = True) -> SyncReport:
    await room.clock.advance(1)
    return await room.clock.run(sync.sync(room.account, is_full=is_full))


async def stored(room: Room) -> list[Position]:
    return [row.position for row in await room.store.positions.of_account(room.account)]


async def test_first_look_stores_what_is_there_and_tells_nobody(room: Room, sync: AccountSync) -> None:
    room.venue.positions = [position()]
    report = await look(room, sync)
    assert report.events == ()
    assert await stored(room) == [position()]
    assert await room.messages() == []


async def test_position_opened_elsewhere_is_told_once(room: Room, sync: AccountSync) -> None:
    await look(room, sync)
    room.venue.positions = [position()]
    room.venue.fills = [fill(None, at=from_millis(room.clock.now_ms()), fill_id="x")]
    (event,) = (await look(room, sync)).events
    assert (event.kind, event.reason, event.price) == (EventKind.OPENED, Reason.ELSEWHERE, Decimal(60000))
    assert (await look(room, sync)).events == ()
    assert await room.messages() == ["position_opened"]


async def test_position_opened_by_our_own_order_is_no_news(room: Room, sync: AccountSync) -> None:
    await look(room, sync)
    await room.buy()
    room.venue.positions = [position()]
    (event,) = (await look(room, sync)).events
    assert event.reason is Reason.OURS
    assert await room.messages() == []


async def test_own_order_whose_fill_is_not_listed_yet_is_no_surprise(room: Room, sync: AccountSync) -> None:
    await look(room, sync)
    await room.buy()
    room.venue.fills.clear()
    room.venue.positions = [position()]
    (event,) = (await look(room, sync)).events
    assert event.reason is Reason.OURS


class Waiting(FakeClient):
    """A client that waits for its turn to ask for positions as long as it is told."""

    def __init__(self, venue: FakeVenue) -> None:
        super().__init__(venue)
        self.turn = asyncio.Event()

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        await self.turn.wait()
        return await super().get_positions(instrument)


def sync_of(room: Room, client: FakeClient) -> AccountSync:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, client)

    return AccountSync(room.store, clients, Herald(OPERATOR), clock=room.clock)


async def test_person_does_not_wait_for_the_background_that_waits_for_its_turn(room: Room, sync: AccountSync) -> None:
    await look(room, sync)
    clients = [Waiting(room.venue), FakeClient(room.venue)]

    async def client_of(_: Account) -> AccountVenue:
        return cast(AccountVenue, clients.pop(0))

    both, waiting = AccountSync(room.store, client_of, Herald(OPERATOR), clock=room.clock), cast(Waiting, clients[0])
    background = asyncio.ensure_future(both.sync(room.account))
    await asyncio.sleep(0)
    room.venue.positions = [position()]
    async with asyncio.timeout(5):
        (event,) = (await look(room, both)).events
        waiting.turn.set()
        (late,) = await room.clock.run(gathered([background]))
    assert (event.kind, late.events) == (EventKind.OPENED, ())
    assert await room.messages() == ["position_opened"]


async def test_two_who_look_at_once_tell_a_change_once(room: Room, sync: AccountSync) -> None:
    await look(room, sync)
    client = Waiting(room.venue)
    both = sync_of(room, client)
    room.venue.positions = [position()]
    looks = []
    for _ in range(2):
        await room.clock.advance(1)
        looks.append(asyncio.ensure_future(both.sync(room.account)))
        await asyncio.sleep(0)
    client.turn.set()
    reports = await room.clock.run(gathered(looks))
    assert sum(len(report.events) for report in reports) == 1
    assert await room.messages() == ["position_opened"]


async def gathered(looks: Sequence[asyncio.Future[SyncReport]]) -> list[SyncReport]:
    return await asyncio.gather(*looks)


async def test_error_deletes_nothing(room: Room, sync: AccountSync) -> None:
    room.venue.positions = [position()]
    await look(room, sync)
    room.venue.is_reachable = False
    with pytest.raises(Unavailable):
        await look(room, sync)
    assert await stored(room) == [position()]


async def test_position_that_is_gone_is_removed_by_a_complete_snapshot(room: Room, sync: AccountSync) -> None:
    room.venue.positions = [position()]
    await look(room, sync)
    room.venue.positions = []
    (event,) = (await look(room, sync)).events
    assert (event.kind, event.reason) == (EventKind.CLOSED, Reason.UNEXPLAINED)
    assert await stored(room) == []


async def test_older_snapshot_changes_nothing(room: Room) -> None:
    await room.store.positions.replace(room.account, [position()], NOON)
    assert not await room.store.positions.replace(room.account, [], NOON - timedelta(seconds=1))
    assert await stored(room) == [position()]


async def test_long_and_short_of_one_market_stand_beside_each_other(room: Room) -> None:
    both = [position(is_hedge=True), position(side=PositionSide.SHORT, is_hedge=True)]
    await room.store.positions.replace(room.account, both, NOON)
    assert await stored(room) == both


async def test_fill_is_counted_once_by_whichever_way_it_comes(room: Room, sync: AccountSync) -> None:
    row = fill(None, at=from_millis(room.clock.now_ms()), fill_id="x")
    room.venue.fills = [row]
    await look(room, sync)
    await room.clock.run(sync.apply(room.account, AccountEvent(fills=(row, row))))
    await look(room, sync)
    assert await room.store.fills.fills(room.account) == [row]


async def test_fill_told_by_the_stream_explains_the_next_snapshot(room: Room, sync: AccountSync) -> None:
    room.venue.positions = [position()]
    await look(room, sync)
    await room.clock.advance(1)
    row = fill(None, at=from_millis(room.clock.now_ms()), fill_id="x", side=OrderSide.SELL, kind=FillKind.LIQUIDATION)
    await room.clock.run(sync.apply(room.account, AccountEvent(fills=(row,))))
    room.venue.positions = []
    (event,) = (await look(room, sync)).events
    assert event.reason is Reason.LIQUIDATION


async def test_resting_order_that_filled_is_told_and_followed(room: Room, sync: AccountSync) -> None:
    await room.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    await look(room, sync)
    assert await room.state() is LegState.WORKING
    client_id = room.id_of("tg:1:1:buy")
    filled = dataclasses.replace(
        room.venue.orders[client_id], status=OrderStatus.FILLED, filled_size=Decimal(1), average_price=Decimal(50000)
    )
    room.venue.orders[client_id] = filled
    await look(room, sync, is_full=False)
    assert await room.state() is LegState.FILLED
    assert await room.messages() == ["order_settled"]


async def test_order_of_ours_told_by_the_stream_moves_its_leg(room: Room, sync: AccountSync) -> None:
    await room.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    order = dataclasses.replace(
        room.venue.orders[room.id_of("tg:1:1:buy")], status=OrderStatus.PARTIALLY_FILLED, filled_size=Decimal("0.3")
    )
    await room.clock.run(sync.apply(room.account, AccountEvent(orders=(order,))))
    leg = await room.leg()
    assert (leg.state, leg.filled_size) == (LegState.PARTIAL, Decimal("0.3"))


async def test_order_of_ours_without_a_leg_is_drift(room: Room, sync: AccountSync) -> None:
    stray = await room.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    assert stray.client_order_id is not None
    unknown_id = room.id_of("never journalled")
    order = room.venue.orders[stray.client_order_id]
    room.venue.orders[unknown_id] = dataclasses.replace(order, client_order_id=unknown_id)
    (drift,) = (await look(room, sync)).drift
    assert (drift.kind, drift.subject) == (DriftKind.UNKNOWN_ORDER, unknown_id)


async def test_open_order_that_is_found_nowhere_is_drift_and_stays(room: Room, sync: AccountSync) -> None:
    await room.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    await look(room, sync)
    room.venue.orders.clear()
    (drift,) = (await look(room, sync)).drift
    assert drift.kind is DriftKind.LOST_ORDER
    assert await room.state() is LegState.WORKING


async def test_account_that_does_not_answer_does_not_hold_up_the_others(room: Room, sync: AccountSync) -> None:
    account_id = await room.store.accounts.id_of(room.account)
    sql = "INSERT INTO credentials VALUES(?,'api_key',x'00',0)"
    await room.store.writer.run(lambda tx: tx.sql.execute(sql, (account_id,)).rowcount)
    room.venue.is_reachable = False
    assert await room.clock.run(sync.sync_due()) == []
    assert await room.clock.run(sync.sync_due()) == []
    room.venue.is_reachable = True
    sync.hint(room.account)
    (report,) = await room.clock.run(sync.sync_due())
    assert report.is_full


def order_of(order_id: str, order_type: OrderType) -> Order:
    return Order(
        exchange="bybit",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        order_id=order_id,
        client_order_id=None,
        side=OrderSide.SELL,
        order_type=order_type,
        status=OrderStatus.FILLED,
        size=Decimal(1),
        reduce_only=True,
    )


@pytest.mark.parametrize(
    ("order_type", "kind", "origin", "reason"),
    [
        (OrderType.STOP_MARKET, FillKind.TRADE, Origin.ELSEWHERE, Reason.STOP_LOSS),
        (OrderType.STOP_MARKET, FillKind.TRADE, Origin.OURS, Reason.STOP_LOSS),
        (OrderType.TAKE_PROFIT_LIMIT, FillKind.TRADE, Origin.ELSEWHERE, Reason.TAKE_PROFIT),
        (OrderType.TRAILING_STOP, FillKind.TRADE, Origin.ELSEWHERE, Reason.TRAILING_STOP),
        (OrderType.MARKET, FillKind.TRADE, Origin.ELSEWHERE, Reason.ELSEWHERE),
        (OrderType.MARKET, FillKind.TRADE, Origin.OURS, Reason.OURS),
        (OrderType.MARKET, FillKind.LIQUIDATION, Origin.ELSEWHERE, Reason.LIQUIDATION),
        (OrderType.MARKET, FillKind.AUTO_DELEVERAGE, Origin.ELSEWHERE, Reason.AUTO_DELEVERAGE),
    ],
)
def test_reason_of_a_close(order_type: OrderType, kind: FillKind, origin: Origin, reason: Reason) -> None:
    row = fill("c", at=NOON, side=OrderSide.SELL, kind=kind, order_id="o1", realized_pnl=Decimal(5))
    new = NewFill(fill=row, origin=origin, leg_id=None)
    (event,) = account_events([position()], [], [new], {"o1": order_of("o1", order_type)})
    assert (event.kind, event.reason, event.realized_pnl) == (EventKind.CLOSED, reason, Decimal(5))


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        ([], [position()], [EventKind.OPENED]),
        ([position("1")], [position("0.4")], [EventKind.CHANGED]),
        ([position()], [position(side=PositionSide.SHORT)], [EventKind.CLOSED, EventKind.OPENED]),
        ([position()], [position(mark_price=Decimal(1))], []),
    ],
)
def test_events_tell_sizes_not_prices(before: list[Position], after: list[Position], kinds: list[EventKind]) -> None:
    assert [event.kind for event in account_events(before, after, [], {})] == kinds


def test_position_that_came_and_went_between_two_looks_is_told_by_what_closed_it() -> None:
    opened = NewFill(fill=fill("a", at=NOON), origin=Origin.OURS, leg_id=1)
    stopped = fill("b", at=NOON, side=OrderSide.SELL, order_id="stop-1", fill_id="x", realized_pnl=Decimal(-5))
    closed = NewFill(fill=stopped, origin=Origin.OURS, leg_id=2)
    (event,) = account_events([], [], [opened, closed], {}, own_exits={"stop-1": Reason.STOP_LOSS})
    assert (event.kind, event.reason, event.side) == (EventKind.CLOSED, Reason.STOP_LOSS, PositionSide.LONG)
    assert (event.size_before, event.realized_pnl, event.position) == (Decimal(1), Decimal(-5), None)
    assert account_events([], [], [opened, closed], {}) == []
