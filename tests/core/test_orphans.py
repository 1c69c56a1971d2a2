"""Protection that protects nothing is cancelled, and nothing else is."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from core.orphans import Orphans
from core.ports import CancelOrder
from core.vault import open_vault
from db import LegState
from exchanges.base import AccountVenue
from models.account import Account
from models.enums import AccountType, OrderSide, OrderType, Outcome, TimeInForce
from models.requests import OrderResult
from models.values import from_millis
from tests.core.desk_kit import Room, open_room
from tests.core.test_sync import position

CAUSE = "tg:1:1:stop"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, "hyperliquid") as opened:
        await open_vault(opened.store, tmp_path, None)
        await opened.store.credentials.put(opened.account, {"private_key": "demo"})
        yield opened


class Canceller:
    """The trading function that cancels one order; it notes which."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    async def __call__(self, user_id: int, symbol: str, order_id: str, **_: Any) -> OrderResult:
        self.cancelled.append(order_id)
        return OrderResult(
            outcome=Outcome.ACCEPTED, exchange="hyperliquid", account_type=AccountType.PAPER, symbol=symbol
        )


@pytest.fixture
def canceller() -> Canceller:
    return Canceller()


@pytest.fixture
def orphans(room: Room, canceller: Canceller) -> Orphans:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, room.client)

    return Orphans(room.store, clients, cast(CancelOrder, canceller), clock=room.clock)


async def place_stop(room: Room) -> None:
    await room.buy(
        CAUSE,
        side=OrderSide.SELL,
        order_type=OrderType.STOP_MARKET,
        time_in_force=TimeInForce.GTC,
        trigger_price=position().entry_price - 1000,
        reduce_only=True,
    )


async def look(room: Room, orphans: Orphans, *positions: object) -> int:
    """Take a snapshot, then look for orphans."""
    await room.clock.advance(1)
    as_of = from_millis(room.clock.now_ms())
    await room.store.positions.replace(room.account, cast(Any, positions), as_of)
    return await orphans.look_once()


async def test_orphan_is_cancelled_once_two_snapshots_show_nothing(
    room: Room, orphans: Orphans, canceller: Canceller
) -> None:
    await place_stop(room)
    assert await look(room, orphans) == 0
    assert await look(room, orphans) == 1
    assert canceller.cancelled == [room.id_of(CAUSE)]
    assert await room.messages() == ["orphan_cancelled"]


async def test_protection_of_a_position_stays(room: Room, orphans: Orphans, canceller: Canceller) -> None:
    await place_stop(room)
    for _ in range(3):
        assert await look(room, orphans, position()) == 0
    assert canceller.cancelled == []


async def test_same_snapshot_seen_twice_proves_nothing(room: Room, orphans: Orphans, canceller: Canceller) -> None:
    await place_stop(room)
    await look(room, orphans)
    assert await orphans.look_once() == 0
    assert canceller.cancelled == []


async def test_position_that_the_venue_shows_now_keeps_its_stop(
    room: Room, orphans: Orphans, canceller: Canceller
) -> None:
    await place_stop(room)
    room.venue.positions = [position()]
    for _ in range(3):
        assert await look(room, orphans) == 0
    assert canceller.cancelled == []


async def test_stop_beside_an_entry_that_waits_stays(room: Room, orphans: Orphans, canceller: Canceller) -> None:
    await place_stop(room)
    await room.buy(
        "tg:1:2:entry", order_type=OrderType.LIMIT, time_in_force=TimeInForce.GTC, price=position().entry_price
    )
    assert await room.state("tg:1:2:entry") in {LegState.ACKED, LegState.WORKING}
    for _ in range(3):
        assert await look(room, orphans) == 0
    assert canceller.cancelled == []


async def test_order_that_was_made_elsewhere_is_left_alone(room: Room, orphans: Orphans, canceller: Canceller) -> None:
    await place_stop(room)
    own = room.venue.orders.pop(room.id_of(CAUSE))
    room.venue.orders["theirs"] = dataclasses.replace(own, client_order_id="theirs", order_id="x")
    for _ in range(3):
        assert await look(room, orphans) == 0
    assert canceller.cancelled == []


async def test_venue_that_does_not_answer_is_asked_again(room: Room, orphans: Orphans, canceller: Canceller) -> None:
    await place_stop(room)
    await look(room, orphans)
    room.venue.is_reachable = False
    assert await look(room, orphans) == 0
    room.venue.is_reachable = True
    assert await look(room, orphans) == 1
