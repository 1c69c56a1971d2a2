"""UNKNOWN ends by evidence, and by nothing else. Time here is virtual."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.by_hand import settle_by_hand
from core.fences import MISSES_NEEDED, NextStep, Watch, next_step, settled_in_s
from core.herald import Herald
from core.news import News
from core.outcomes import by_order
from db import Job, LegState, StaleLease, Step
from models.enums import OrderSide, OrderStatus, OrderType, Outcome, TimeInForce
from models.errors import BadOrder, LimitExceeded
from models.requests import CancelAll, CancelOrder
from tests.core.desk_kit import OPERATOR, Room, open_room
from tests.core.venue_fake import Network, account, instrument, noop_count, order_posts

DAY_S = 24 * 3600


@pytest.fixture
async def bybit(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        yield opened


@pytest.fixture
async def hyperliquid(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, "hyperliquid") as opened:
        yield opened


async def test_order_whose_answer_was_lost_is_found_at_once(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    assert await bybit.resolve() < 1
    assert await bybit.state() is LegState.FILLED


async def test_order_that_never_arrived_is_absent_after_fence_settling_and_three_misses(bybit: Room) -> None:
    bybit.venue.moods = [Network.LOST]
    await bybit.buy()
    took_s = await bybit.resolve()
    assert 5 + 10 + 2 * 2 <= took_s <= 25
    assert await bybit.state() is LegState.ABSENT


async def test_order_that_arrives_late_within_its_fence_is_found(bybit: Room) -> None:
    bybit.venue.moods = [Network.LATE]
    await bybit.buy()
    await bybit.resolve()
    assert await bybit.state() is LegState.FILLED


async def test_order_that_arrives_after_its_fence_is_refused_by_the_venue_and_absent(bybit: Room) -> None:
    bybit.venue.moods = [Network.TOO_LATE]
    await bybit.buy()
    await bybit.resolve()
    await bybit.clock.advance(30)
    assert bybit.venue.executions == []
    assert await bybit.state() is LegState.ABSENT


async def test_listing_that_lags_is_not_absence(bybit: Room) -> None:
    bybit.venue.listing_lag_s = 14.0
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    await bybit.resolve()
    assert await bybit.state() is LegState.FILLED


async def test_venue_that_does_not_answer_for_ten_minutes_leaves_the_order_unknown(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    bybit.venue.is_reachable = False
    running = asyncio.ensure_future(bybit.resolver.run())
    await bybit.clock.advance(600)
    assert await bybit.state() is LegState.UNKNOWN
    told = {(m.chat_id, m.body["kind"]) for m in await bybit.store.outbox.due()}
    assert told == {(7, "order_unknown"), (OPERATOR, "operator_page")}

    bybit.venue.is_reachable = True
    await bybit.clock.advance(20)
    assert await bybit.state() is LegState.FILLED
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_failed_looks_never_add_up_to_absence(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    bybit.venue.is_reachable = False
    for _ in range(20):
        await bybit.store.processes.hold(Job.RESOLVER)
        await bybit.clock.run(bybit.resolver.look_once())
        await bybit.clock.advance(15)
    assert await bybit.state() is LegState.UNKNOWN


async def test_venue_clock_decides_whether_the_fence_is_passed(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    bybit.venue.forgets_listings = True
    await bybit.buy()
    bybit.venue.clock_ahead_ms = -60_000  # our clock went on, the venue's did not
    for _ in range(20):
        await bybit.store.processes.hold(Job.RESOLVER)
        await bybit.clock.run(bybit.resolver.look_once())
        await bybit.clock.advance(2)
    assert await bybit.state() is LegState.UNKNOWN


async def test_noop_on_the_same_nonce_proves_absence_at_once(hyperliquid: Room) -> None:
    hyperliquid.venue.moods = [Network.LOST]
    await hyperliquid.buy()
    assert await hyperliquid.resolve() < 5
    assert await hyperliquid.state() is LegState.ABSENT
    assert noop_count(hyperliquid.venue) == 1


async def test_late_order_after_the_noop_is_dead_for_good(hyperliquid: Room) -> None:
    hyperliquid.venue.moods = [Network.LATE]
    await hyperliquid.buy()
    await hyperliquid.resolve()
    await hyperliquid.clock.advance(60)
    assert hyperliquid.venue.executions == []
    assert await hyperliquid.state() is LegState.ABSENT


async def test_noop_that_finds_the_nonce_spent_leads_to_the_order(hyperliquid: Room) -> None:
    hyperliquid.venue.listing_lag_s = 3.0
    hyperliquid.venue.moods = [Network.ANSWER_LOST]
    await hyperliquid.buy()
    await hyperliquid.resolve()
    assert await hyperliquid.state() is LegState.FILLED
    assert order_posts(hyperliquid.venue) == 1


async def test_noop_whose_own_answer_is_lost_still_ends_in_absence(hyperliquid: Room) -> None:
    hyperliquid.venue.moods = [Network.LOST, Network.ANSWER_LOST]
    await hyperliquid.buy()
    await hyperliquid.resolve()
    assert await hyperliquid.state() is LegState.ABSENT


async def test_noop_that_never_arrived_proves_nothing(hyperliquid: Room) -> None:
    hyperliquid.venue.late_s = 8.0
    hyperliquid.venue.moods = [Network.LATE, *[Network.REFUSED, Network.LOST] * 5]
    await hyperliquid.buy()
    await hyperliquid.resolve()
    assert await hyperliquid.state() is LegState.FILLED
    assert len(hyperliquid.venue.executions) == 1


async def test_every_noop_is_journalled_before_it_is_sent(hyperliquid: Room) -> None:
    hyperliquid.venue.moods = [Network.LOST]
    await hyperliquid.buy()
    await hyperliquid.resolve()
    rows = hyperliquid.store.writer._sql.execute("SELECT purpose,nonce FROM attempts ORDER BY no").fetchall()
    assert [purpose for purpose, _ in rows] == ["send", "noop"]
    assert rows[0][1] == rows[1][1]


@pytest.mark.parametrize("our_clock_ahead_s", [0, 30 * 3600, -30 * 3600])
async def test_order_gone_from_the_listings_after_a_day_is_told_by_its_executions(
    bybit: Room, our_clock_ahead_s: int
) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    bybit.venue.clock_ahead_ms = -1000 * our_clock_ahead_s
    await bybit.buy()
    bybit.venue.is_reachable = False
    await bybit.clock.advance(DAY_S + 3600)
    bybit.venue.is_reachable = True
    bybit.venue.forgets_listings = True
    await bybit.resolve()
    leg = await bybit.leg()
    assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(1))


async def test_order_gone_from_the_listings_after_a_day_that_never_executed_is_absent(bybit: Room) -> None:
    bybit.venue.moods = [Network.LOST]
    await bybit.buy()
    bybit.venue.is_reachable = False
    await bybit.clock.advance(DAY_S + 3600)
    bybit.venue.is_reachable = True
    await bybit.resolve()
    events = await bybit.store.journal.events((await bybit.leg()).id)
    assert (events[-1].to_state, events[-1].evidence) == (LegState.ABSENT, "listed nowhere and never executed")


async def test_order_under_our_id_that_is_not_ours_halts_the_account(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    client_id = bybit.id_of("tg:1:1:buy")
    bybit.venue.orders[client_id] = dataclasses.replace(bybit.venue.orders[client_id], side=OrderSide.SELL)
    await bybit.store.processes.hold(Job.RESOLVER)
    await bybit.clock.run(bybit.resolver.look_once())
    assert await bybit.state() is LegState.UNKNOWN
    assert "operator_page" in await bybit.messages()
    with pytest.raises(LimitExceeded) as refusal:
        await bybit.buy("other", instrument=instrument(symbol="ETHUSDT"))
    assert refusal.value.fields["reason"] == "id_collision"


async def test_user_is_told_once_what_became_of_an_unknown_order(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    await bybit.resolve()
    message, *rest = await bybit.store.outbox.due()
    assert rest == []
    assert message.body["kind"] == "order_settled"
    assert message.body["result"]["outcome"] == "filled"


async def test_acknowledged_order_that_is_never_seen_is_absent_and_pages_the_operator(bybit: Room) -> None:
    bybit.venue.forgets_listings = True
    await bybit.buy()
    running = asyncio.ensure_future(bybit.resolver.run())
    await bybit.clock.advance(60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await bybit.state() is LegState.ABSENT
    assert "operator_page" in await bybit.messages()


async def test_late_evidence_wins_over_absence_and_pages_the_operator(bybit: Room) -> None:
    bybit.venue.moods = [Network.LOST]
    await bybit.buy()
    await bybit.resolve()
    await bybit.buy("other", instrument=instrument(symbol="ETHUSDT"))
    late = dataclasses.replace(bybit.venue.orders[bybit.id_of("other")], order_id="late", symbol="BTCUSDT")
    leg = await bybit.leg()
    step = await bybit.store.journal.update(leg.id, by_order(late))
    assert step is not None
    assert step.after.state is LegState.FILLED


async def test_cancel_whose_answer_was_lost_is_read_from_the_order(bybit: Room) -> None:
    await bybit.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    bybit.venue.moods = [Network.ANSWER_LOST]
    cancel = CancelOrder(instrument=instrument(), order_id="v1", client_order_id=bybit.id_of("tg:1:1:buy"))
    await bybit.clock.run(bybit.desk.submit(bybit.account, cancel, cause="x", sender=bybit.client))
    await bybit.resolve()
    assert await bybit.state("x") is LegState.ACKED


async def test_cancel_all_that_never_arrived_is_found_undone(bybit: Room) -> None:
    await bybit.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    bybit.venue.moods = [Network.LOST]
    cancel = CancelOrder(instrument=instrument(), order_id="v1")
    action = CancelAll(instrument=instrument(), orders=(cancel,))
    await bybit.clock.run(bybit.desk.submit(bybit.account, action, cause="x", sender=bybit.client))
    await bybit.resolve()
    assert await bybit.state("x") is LegState.ABSENT


async def test_process_that_lost_the_job_writes_nothing(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    leg = await bybit.leg()
    with pytest.raises(StaleLease):
        await bybit.store.journal.update(leg.id, lambda _: None, lease=Job.RESOLVER)


async def test_hung_sender_is_cut_off_and_the_order_found(bybit: Room) -> None:
    bybit.venue.moods = [Network.HANGS]
    await bybit.buy()
    assert bybit.clock.monotonic() < 15
    await bybit.resolve()
    assert await bybit.state() is LegState.FILLED


async def test_person_settles_an_order_that_nothing_else_can(bybit: Room) -> None:
    bybit.venue.moods = [Network.LOST]
    await bybit.buy()
    settle = {"filled_size": Decimal(0), "by_user_id": OPERATOR}
    for reference, words in (("A99", "looked at the order history"), ("A1", "hm")):
        with pytest.raises(BadOrder):
            await settle_by_hand(bybit.store, News(), reference, words=words, **settle)  # type: ignore[arg-type]
    words = "not in the order history of the venue's app"
    result = await settle_by_hand(bybit.store, News(), "A1", words=words, **settle)  # type: ignore[arg-type]
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "settled_by_hand")
    assert [(entry.actor_id, entry.subject) for entry in await bybit.store.audit.latest()] == [(OPERATOR, "A1")]
    with pytest.raises(BadOrder):
        await settle_by_hand(bybit.store, News(), "A1", words=words, **settle)  # type: ignore[arg-type]
    assert (await bybit.buy("next")).outcome is Outcome.FILLED


async def test_order_that_was_found_open_and_could_not_execute_is_told_to_its_end(bybit: Room) -> None:
    bybit.venue.status_of_market_orders = OrderStatus.OPEN
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    await bybit.resolve()
    before, herald = await bybit.leg(), Herald()
    dead = dataclasses.replace(before, state=LegState.CANCELLED, code="not_filled")
    assert before.state is LegState.WORKING
    assert herald.progressed(Step(before=before, after=dead, evidence="order: cancelled")) is not None
    taken_back = dataclasses.replace(dead, code="cancelled")
    assert herald.progressed(Step(before=before, after=taken_back, evidence="order: cancelled")) is None


def test_the_first_look_that_can_prove_absence_is_not_late() -> None:
    watch = Watch(looks=5, proves_at=100.0)
    watch.plan(99.5, age_s=15)
    assert watch.due == 100.0
    watch.plan(100.0, age_s=15)
    assert watch.due == 102.0


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.REJECTED])
async def test_order_found_dead_is_not_called_absent(bybit: Room, status: OrderStatus) -> None:
    bybit.venue.status_of_market_orders = status
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    await bybit.resolve()
    assert await bybit.state() is LegState[status.name]


def test_misses_count_only_when_spaced_and_after_the_fence() -> None:
    watch = Watch()
    watch.missed(0.0, counts=False)
    watch.missed(1.0, counts=True)
    watch.missed(2.0, counts=True)
    watch.missed(3.0, counts=True)
    assert watch.misses == 2


def test_fence_needs_settling_unless_the_nonce_is_spent() -> None:
    assert settled_in_s(Watch(), now=0, venue_now_ms=14_999, fence_ms=5000) == pytest.approx(0.001)
    assert settled_in_s(Watch(), now=0, venue_now_ms=15_000, fence_ms=5000) == 0
    assert settled_in_s(Watch(nonce_spent_at=0), now=9, venue_now_ms=0, fence_ms=5000) == 1
    assert settled_in_s(Watch(nonce_spent_at=0), now=10, venue_now_ms=0, fence_ms=5000) == 0


@pytest.mark.parametrize(
    ("misses", "age_s", "can_spend", "step"),
    [
        (0, 1, True, NextStep.SPEND_NONCE),
        (0, 1, False, NextStep.LOOK_AGAIN),
        (MISSES_NEEDED - 1, 30, False, NextStep.LOOK_AGAIN),
        (MISSES_NEEDED, 30, False, NextStep.ABSENT),
        (MISSES_NEEDED, DAY_S + 1, False, NextStep.CHECK_EXECUTIONS),
    ],
)
def test_next_step_after_a_miss(misses: int, age_s: float, can_spend: bool, step: NextStep) -> None:
    watch = Watch(misses=misses)
    assert next_step(watch, now=0.0, age_s=age_s, can_spend_nonce=can_spend) is step


async def test_operator_is_told_of_each_venue_where_many_outcomes_become_unknown(bybit: Room) -> None:
    bybit.venue.moods = [Network.ANSWER_LOST]
    await bybit.buy()
    leg = await bybit.leg()
    for n, exchange in enumerate(("bybit", "bybit", "hyperliquid")):
        many = [dataclasses.replace(leg, id=100 + n, account=account(exchange)) for _ in range(5)]
        await bybit.resolver._notice_many(many)
    pages = [message.body for message in await bybit.store.outbox.due() if message.body["kind"] == "operator_page"]
    assert [page["what"] for page in pages] == ["many_orders_unknown"] * 2
