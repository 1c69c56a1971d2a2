"""What is changed of an open position, over a path to a venue that is a fake."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

import pytest

from core.accounts import Accounts
from core.managing import Managing
from exchanges.base import AccountVenue, PublicMarket
from models.account import Account
from models.enums import AccountType, OrderSide, OrderType, Outcome, PositionSide, TimeInForce
from models.instrument import Instrument
from models.position import Position
from models.requests import SetProtection
from models.venue import Credentials
from tests.core.desk_kit import Room, open_room
from tests.core.venue_fake import instrument


class OnePath:
    """A path to the room's venue."""

    name: Literal["unified"] = "unified"

    def __init__(self, room: Room) -> None:
        self._room = room

    async def account(self, account: Account) -> AccountVenue:
        return cast(AccountVenue, self._room.client)

    def open(self, credentials: Credentials) -> AccountVenue:
        return cast(AccountVenue, self._room.client)

    def market(self, exchange: str, account_type: AccountType) -> PublicMarket:
        return cast(PublicMarket, self._room.client)

    async def instruments(self, exchange: str, account_type: AccountType) -> Sequence[Instrument]:
        return [instrument(exchange)]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, "hyperliquid") as opened:
        yield opened


async def test_stop_that_stands_is_no_error_when_the_old_one_cannot_be_cancelled(room: Room) -> None:
    managing = Managing(OnePath(room), accounts=lambda: Accounts(is_sandbox=True), desk=lambda: room.desk)
    room.venue.positions = [
        Position(
            exchange="hyperliquid",
            symbol="BTCUSDT",
            native_symbol="BTCUSDT",
            side=PositionSide.LONG,
            size=Decimal(1),
            entry_price=Decimal(60000),
            mark_price=Decimal(60000),
            notional=Decimal(60000),
            unrealized_pnl=Decimal(0),
        )
    ]
    await room.buy(
        "old stop",
        side=OrderSide.SELL,
        order_type=OrderType.STOP_MARKET,
        trigger_price=Decimal(55000),
        reduce_only=True,
        time_in_force=TimeInForce.GTC,
    )

    def stop_the_process(_: object) -> None:
        room.desk._closing.set()

    room.venue.spy = stop_the_process
    result = await room.clock.run(
        managing.set_protection(
            7, "BTCUSDT", stop_loss=Decimal(58000), exchange="hyperliquid", account_type="paper", cause="c"
        )
    )
    assert result.outcome is Outcome.ACCEPTED
    assert [type(action) for action in room.venue.posts[1:]] == [SetProtection]


async def test_order_of_a_market_that_is_not_listed_keeps_no_other_from_being_cancelled(room: Room) -> None:
    for cause, symbol in (("a", "NEWUSDT"), ("b", "BTCUSDT")):
        await room.buy(
            cause,
            instrument=instrument("hyperliquid", symbol),
            order_type=OrderType.LIMIT,
            price=Decimal(50000),
            time_in_force=TimeInForce.GTC,
        )
    managing = Managing(OnePath(room), accounts=lambda: Accounts(is_sandbox=True), desk=lambda: room.desk)
    work = managing.cancel_all_orders(7, exchange="hyperliquid", account_type="paper", cause="c")
    results = await room.clock.run(work)
    assert [(result.symbol, result.success) for result in results] == [("NEWUSDT", False), ("BTCUSDT", True)]
    assert [order.symbol for order in await room.client.get_open_orders()] == ["NEWUSDT"]
