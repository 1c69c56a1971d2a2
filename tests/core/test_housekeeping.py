"""What is done now and then: reconcile what is left, remember how far the journal is, forget what is old."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import SystemClock, wait_for_event
from core.housekeeping import Housekeeper
from core.news import News
from core.recovery import RECONCILING
from db import Direction, Message, Role, TradingState, Update
from models.enums import AccountType
from tests.core.desk_kit import Room, open_room
from tests.core.test_orders_recovery import connect_account

PAPER = AccountType.PAPER
WEEK_S = 7 * 24 * 3600


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        yield opened


async def test_account_whose_venue_comes_back_may_open_again(room: Room) -> None:
    await connect_account(room)
    await room.store.trading.restrict(str(room.account), RECONCILING, TradingState.REDUCING)
    keeper = Housekeeper(room.store, room.recovery, clock=room.clock)
    room.venue.is_reachable = False
    await room.clock.run(keeper.reconcile_left_over())
    assert await room.store.trading.state_of(room.account) is TradingState.REDUCING
    room.venue.is_reachable = True
    await room.clock.run(keeper.reconcile_left_over())
    assert await room.store.trading.state_of(room.account) is TradingState.ACTIVE


async def test_account_whose_venue_was_away_for_a_moment_at_the_start_waits_moments(room: Room) -> None:
    await connect_account(room)
    await room.store.trading.restrict(str(room.account), RECONCILING, TradingState.REDUCING)
    running = asyncio.ensure_future(Housekeeper(room.store, room.recovery, clock=room.clock).run())
    await room.clock.advance(3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await room.store.trading.state_of(room.account) is TradingState.ACTIVE


async def test_what_is_finished_and_old_is_forgotten_and_what_waits_is_kept(room: Room) -> None:
    updates = [
        Update(bot_id=1, update_id=n, kind="message", from_id=7, payload="{}", received_ms=room.clock.now_ms())
        for n in (1, 2)
    ]
    await room.store.inbox.add(updates)
    await room.store.inbox.done(1, 1)
    sent = await room.store.outbox.add(Message(chat_id=7, body={}, key="sent"))
    await room.store.outbox.add(Message(chat_id=7, body={}, key="waiting"))
    assert sent is not None
    await room.store.outbox.sent(sent, message_id=1)
    token = await room.store.confirmations.create(7, "order", {})
    await room.clock.advance(WEEK_S + 1)
    await room.clock.run(Housekeeper(room.store, room.recovery, clock=room.clock).tidy())
    assert await room.store.inbox.pending(1) == [updates[1]]
    assert await room.store.outbox.find("sent") is None
    assert await room.store.outbox.find("waiting") is not None
    assert await room.store.confirmations.peek(token, 7) is None


async def test_alerts_that_fired_and_conditions_that_nobody_ended_are_forgotten(room: Room) -> None:
    store = room.store
    one, two = [
        await store.alerts.add(
            7, exchange="bybit", account_type=PAPER, symbol="BTCUSDT", direction=Direction.ABOVE, price=price, note=""
        )
        for price in (Decimal(1), Decimal(2))
    ]
    assert await store.alerts.fire(one)
    await store.conditions.begin("old", 1)
    for _ in range(4):
        await room.clock.advance(25 * 24 * 3600)
    await store.conditions.begin("new", 1)
    await room.clock.run(Housekeeper(store, room.recovery, clock=room.clock).tidy())
    assert [alert.id for alert in await store.alerts.waiting()] == [two]
    assert await store.conditions.held() == {"new": 1}
    left = await room.store.writer.run(lambda tx: tx.sql.execute("SELECT count(*) FROM price_alerts").fetchone()[0])
    assert left == 1


async def test_person_who_asked_to_go_is_deleted_once_nothing_is_unresolved(room: Room) -> None:
    await room.buy()
    await room.store.writer.run(lambda tx: tx.sql.execute("UPDATE users SET delete_requested_ms=1").rowcount)
    await room.clock.run(Housekeeper(room.store, room.recovery, clock=room.clock).tidy())
    user = await room.store.users.get(room.account.user_id)
    assert user is not None
    assert user.role is Role.DELETED


async def test_round_that_fails_does_not_end_the_loop(room: Room) -> None:
    keeper = Housekeeper(room.store, room.recovery, clock=room.clock)
    rounds: list[int] = []

    async def break_down() -> None:
        rounds.append(1)
        raise RuntimeError("a bug")

    keeper.reconcile_left_over = break_down  # type: ignore[method-assign]
    running = asyncio.ensure_future(keeper.run())
    await room.clock.advance(100)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(rounds) > 3


async def test_waiting_ends_with_the_event_or_with_the_time(room: Room) -> None:
    event = asyncio.Event()
    assert not await room.clock.run(wait_for_event(room.clock, event, 5))
    assert room.clock.monotonic() == 5
    event.set()
    assert await wait_for_event(SystemClock(), event, 5)


async def test_news_wakes_everybody_who_waits(room: Room) -> None:
    news = News()

    async def three_wait() -> list[bool]:
        waits = [asyncio.ensure_future(news.wait(room.clock, 60)) for _ in range(3)]
        await room.clock.sleep(1)
        news.ring()
        return list(await asyncio.gather(*waits))

    assert await room.clock.run(three_wait()) == [True] * 3
    assert room.clock.monotonic() == 1
