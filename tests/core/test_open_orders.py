"""The open order that an id means: one cheap look-up for ids of the venue's and ours, the list for everybody else's."""

import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from core.open_orders import find_open_order
from exchanges.base import AccountVenue
from models.enums import OrderType, TimeInForce
from models.errors import BadOrder
from models.instrument import Instrument
from models.order import Order
from tests.core.desk_kit import Room, open_room
from tests.core.venue_fake import FakeClient, FakeVenue, instrument

FOREIGN = "made-in-the-app"


class Counting(FakeClient):
    """A client whose venue numbers its orders; it counts how often the list was asked for."""

    def __init__(self, venue: FakeVenue) -> None:
        super().__init__(venue)
        self.lists = 0

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        self.lists += 1
        return await super().get_open_orders(instrument)

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        if order_id is not None and not order_id.removeprefix("v").isdigit():
            raise BadOrder("order_id: expected digits", code="bad_order_id")
        return await super().find_order(instrument, client_order_id=client_order_id, order_id=order_id)


@pytest.fixture(params=["bybit", "hyperliquid"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, request.param) as opened:
        await opened.buy("rest", order_type=OrderType.LIMIT, price=Decimal(50_000), time_in_force=TimeInForce.GTC)
        yield opened


async def found(room: Room, order_id: str) -> tuple[str, int]:
    """Return the venue's id of the order that an id means, and how often the list was asked for."""
    client = Counting(room.venue)
    order = await find_open_order(cast(AccountVenue, client), instrument(room.exchange), order_id)
    return order.order_id, client.lists


async def test_order_is_found_by_either_id_without_its_list(room: Room) -> None:
    assert await found(room, "v1") == ("v1", 0)
    assert await found(room, room.id_of("rest")) == ("v1", 0)


async def test_order_that_somebody_else_named_is_found_in_the_list(room: Room) -> None:
    order = room.venue.orders.pop(room.id_of("rest"))
    room.venue.orders[FOREIGN] = dataclasses.replace(order, client_order_id=FOREIGN)
    room.venue.listed_at[FOREIGN] = 0.0
    assert await found(room, FOREIGN) == ("v1", 1)


async def test_order_that_is_closed_or_unknown_is_not_open(room: Room) -> None:
    await room.buy("filled")
    for order_id in (room.id_of("filled"), "v2", "v9", FOREIGN):
        with pytest.raises(BadOrder) as refused:
            await found(room, order_id)
        assert refused.value.code == "order_not_open"
