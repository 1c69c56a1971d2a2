"""What is watched over is told once while it holds, again when it is worse, and not at all when it is well."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from core.dangers import nearness, wanted_stop
from core.digest import DIGEST, DigestMaker, digest_wish
from core.key_watch import ENDING_DAYS, KeyWatch, ending_level
from core.vault import open_vault
from core.watchman import Watchman
from exchanges.base import AccountVenue
from models.account import Account
from models.enums import OrderSide, OrderStatus, OrderType, PositionSide
from models.errors import Rejected
from models.fill import ClosedPnl, FundingPayment
from models.order import Order
from models.position import Position
from models.requests import Protection, SetProtection
from models.values import from_millis
from models.venue import KeyInfo
from tests.core.desk_kit import Room, open_room
from tests.core.test_sync import position
from tests.core.venue_fake import instrument

D = Decimal


class Client:
    """As much of an account's client as the watchers use, over a fake venue."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.orders: list[Order] = []
        self.key = KeyInfo(
            is_valid=True, can_trade=True, can_withdraw=False, is_read_only=False, bound_ips=None, expires_at=None
        )
        self.refusal: Rejected | None = None

    async def get_positions(self, instrument: object = None) -> list[Position]:
        return list(self._room.venue.positions)

    async def get_open_orders(self, instrument: object = None) -> list[Order]:
        return self.orders

    async def get_key_info(self) -> KeyInfo:
        if self.refusal is not None:
            raise self.refusal
        return self.key


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, "hyperliquid") as opened:
        await open_vault(opened.store, tmp_path, None)
        await opened.store.credentials.put(opened.account, {"private_key": "demo"})
        yield opened


@pytest.fixture
def client(room: Room) -> Client:
    return Client(room)


@pytest.fixture
def watchman(room: Room, client: Client) -> Watchman:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, client)

    return Watchman(room.store, clients, clock=room.clock)


async def looks(room: Room, watchman: Watchman, *positions: Position, after_s: float = 1) -> list[str]:
    """Take a snapshot, look, and return what waits to be told."""
    await room.clock.advance(after_s)
    room.venue.positions = list(positions)
    as_of = from_millis(room.clock.now_ms())
    await room.store.positions.replace(room.account, positions, as_of)
    await watchman.look_once()
    return [kind for kind in await room.messages() if kind != "order_settled"]


def near(mark: str) -> Position:
    return dataclasses.replace(position(), liquidation_price=D(50000), mark_price=D(mark), stop_loss=D(51000))


@pytest.mark.parametrize(
    ("mark", "level"), [("60000", 0), ("56000", 0), ("55000", 1), ("52000", 2), ("50900", 3), ("49000", 3)]
)
def test_nearness_grows_with_the_way_that_is_used_up(mark: str, level: int) -> None:
    assert nearness(near(mark)) == level


def test_nearness_of_a_short_counts_upwards() -> None:
    short = dataclasses.replace(near("60000"), side=PositionSide.SHORT, liquidation_price=D(70000))
    assert nearness(dataclasses.replace(short, mark_price=D(66000))) == 1
    assert nearness(dataclasses.replace(short, mark_price=D(60000))) == 0


def test_position_without_a_liquidation_price_is_not_near_it() -> None:
    assert nearness(dataclasses.replace(near("50100"), liquidation_price=None)) == 0


async def test_near_liquidation_is_told_once_per_level_and_again_after_relief(room: Room, watchman: Watchman) -> None:
    assert await looks(room, watchman, near("60000")) == []
    assert await looks(room, watchman, near("55000")) == ["liquidation_near"]
    assert await looks(room, watchman, near("54900")) == ["liquidation_near"]
    assert await looks(room, watchman, near("52000")) == ["liquidation_near"] * 2
    assert await looks(room, watchman, near("60000")) == ["liquidation_near"] * 2
    assert await looks(room, watchman, near("55000")) == ["liquidation_near"] * 3


async def test_old_snapshot_alarms_nobody(room: Room, watchman: Watchman) -> None:
    await looks(room, watchman, near("60000"))
    await room.clock.advance(61)
    room.venue.positions = [near("50100")]
    await watchman.look_once()
    assert await room.messages() == []


async def buy_with_stop(room: Room) -> None:
    await room.buy(protection=Protection(stop_loss=D(59000)), protection_client_ids=(room.id_of("tg:1:1:buy", 1),))


async def test_missing_stop_that_was_asked_for_is_told_after_a_moment(room: Room, watchman: Watchman) -> None:
    await buy_with_stop(room)
    assert await looks(room, watchman, position()) == []
    assert await looks(room, watchman, position(), after_s=31) == ["naked"]
    assert await looks(room, watchman, position(), after_s=31) == ["naked"]


async def test_stop_that_stands_as_an_order_is_seen(room: Room, watchman: Watchman, client: Client) -> None:
    await buy_with_stop(room)
    client.orders = [stop_order()]
    for _ in range(3):
        assert await looks(room, watchman, position(), after_s=31) == []


def stop_order() -> Order:
    return Order(
        exchange="hyperliquid",
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        order_id="o-1",
        client_order_id=None,
        side=OrderSide.SELL,
        order_type=OrderType.STOP_MARKET,
        status=OrderStatus.UNTRIGGERED,
        size=D(1),
        trigger_price=D(59000),
        reduce_only=True,
    )


async def test_position_whose_owner_wants_no_stop_is_left_alone(room: Room, watchman: Watchman) -> None:
    await room.buy()
    for _ in range(3):
        assert await looks(room, watchman, position(), after_s=31) == []


async def test_no_trade_without_a_stop_holds_for_positions_from_elsewhere(room: Room, watchman: Watchman) -> None:
    await room.store.settings.put(room.account.user_id, "requires_stop", True)
    await looks(room, watchman, position())
    assert await looks(room, watchman, position(), after_s=31) == ["naked"]
    assert await looks(room, watchman, dataclasses.replace(position(), stop_loss=D(59000))) == ["naked"]
    await looks(room, watchman, position())
    assert await looks(room, watchman, position(), after_s=31) == ["naked"] * 2


async def test_last_word_about_a_stop_counts(room: Room) -> None:
    async def is_wanted() -> bool:
        return wanted_stop(await room.store.journal.of_market(room.account, "BTCUSDT"))

    assert not await is_wanted()
    await buy_with_stop(room)
    assert await is_wanted()
    removed = SetProtection(
        instrument=instrument("hyperliquid"),
        position_side=PositionSide.LONG,
        position_size=D(1),
        protection=Protection(stop_loss=D(0)),
    )
    await room.clock.run(room.desk.submit(room.account, removed, cause="tg:1:2:sl", sender=room.client))
    assert not await is_wanted()


async def test_silence_of_an_account_is_told_and_its_return_too(room: Room, watchman: Watchman) -> None:
    await looks(room, watchman)
    await room.clock.advance(200)
    await watchman.look_once()
    await watchman.look_once()
    assert await room.messages() == ["account_silent"]
    assert await looks(room, watchman) == ["account_silent", "account_back"]


async def test_program_that_was_away_does_not_blame_the_venue(room: Room, watchman: Watchman, client: Client) -> None:
    await looks(room, watchman)
    await room.clock.advance(3600)

    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, client)

    await Watchman(room.store, clients, clock=room.clock).look_once()
    assert await room.messages() == []


def payment(room: Room, number: int, amount: str) -> FundingPayment:
    return FundingPayment(
        exchange="hyperliquid",
        symbol="BTCUSDT",
        native_symbol="BTC",
        payment_id=str(number),
        amount=D(amount),
        currency="USDC",
        rate=D("0.0001"),
        size=D(1),
        paid_at=from_millis(room.clock.now_ms()),
    )


async def test_funding_is_told_at_most_once_in_eight_hours(room: Room, watchman: Watchman) -> None:
    await looks(room, watchman)
    for hour in range(1, 28):
        await room.clock.advance(3600)
        await room.store.fills.add_funding(room.account, [payment(room, hour, "-0.5")])
        await looks(room, watchman)
    bodies = [message.body for message in await room.store.outbox.due()]
    funding = [body for body in bodies if body["kind"] == "funding"]
    assert [body["count"] for body in funding] == [1, 1, 8, 8, 8]
    assert all(D(body["total"]) == D("-0.5") * body["count"] for body in funding)


def keys_of(room: Room, client: Client) -> KeyWatch:
    async def clients(_: Account) -> AccountVenue:
        return cast(AccountVenue, client)

    return KeyWatch(room.store, clients, clock=room.clock)


def test_key_is_nearer_its_end_with_every_step() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    key = KeyInfo(
        is_valid=True, can_trade=True, can_withdraw=False, is_read_only=False, bound_ips=None, expires_at=None
    )
    ends = [dataclasses.replace(key, expires_at=now + timedelta(days=days)) for days in (30, *ENDING_DAYS)]
    assert [ending_level(end, now) for end in ends] == [0, 1, 2, 3, 4]
    assert ending_level(key, now) == 0


async def test_end_of_a_key_is_told_step_by_step(room: Room, client: Client) -> None:
    keys, now = keys_of(room, client), from_millis(room.clock.now_ms())
    client.key = dataclasses.replace(client.key, expires_at=now + timedelta(days=8))
    await keys.look_once()
    await room.clock.advance(3600)
    await keys.look_once()
    assert await room.messages() == ["key_ending"]
    await room.clock.advance(48 * 3600)
    await keys.look_once()
    assert await room.messages() == ["key_ending"] * 2


async def test_revoked_key_is_told_once_until_it_works_again(room: Room, client: Client) -> None:
    keys = keys_of(room, client)
    client.refusal = Rejected("gone", code="key_invalid")
    for _ in range(2):
        await keys.look_once()
        await room.clock.advance(3600)
    assert await room.messages() == ["key_refused"]
    client.refusal = None
    await keys.look_once()
    await room.clock.advance(3600)
    client.refusal = Rejected("gone", code="key_invalid")
    await keys.look_once()
    assert await room.messages() == ["key_refused"] * 2


def closed(room: Room, pnl: str, *, at: datetime) -> ClosedPnl:
    return ClosedPnl(
        exchange="hyperliquid",
        symbol="BTCUSDT",
        native_symbol="BTC",
        order_id=f"o{pnl}",
        side=PositionSide.LONG,
        size=D(1),
        entry_price=D(60000),
        exit_price=D(61000),
        pnl=D(pnl),
        fees=D(1),
        closed_at=at,
    )


async def test_daily_summary_comes_once_at_its_hour(room: Room) -> None:
    store, user_id = room.store, room.account.user_id
    digests, now = DigestMaker(store, clock=room.clock), from_millis(room.clock.now_ms())
    hour = (now + timedelta(hours=2)).hour
    end = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    await store.settings.put(user_id, DIGEST, digest_wish(hour, now))
    for pnl, at in (("10", end - timedelta(hours=1)), ("-4", end - timedelta(hours=23)), ("99", end)):
        await store.fills.add_closed_pnl(room.account, [closed(room, pnl, at=at)])
    assert await digests.look_once() == 0
    await room.clock.advance((end - now).total_seconds() + 400)
    assert [await digests.look_once() for _ in range(2)] == [1, 0]
    (message,) = await store.outbox.due()
    (row,) = message.body["accounts"]
    assert (row["trades"], row["wins"], row["pnl"], row["fees"]) == (2, 1, "6", "2")


def test_summary_of_an_hour_that_has_passed_begins_tomorrow() -> None:
    at_noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert digest_wish(9, at_noon)["from"] == "2026-01-02"
    assert digest_wish(13, at_noon)["from"] == "2026-01-01"
