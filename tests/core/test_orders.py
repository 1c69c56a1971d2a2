"""The one door: what is sent, how often, and what is said about it."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from db import LegState
from models.enums import OrderStatus, OrderType, Outcome, TimeInForce
from models.errors import BadOrder, LimitExceeded, NoCredentials, NotSent, Rejected, TradingError
from models.requests import Action, BatchOrders, CancelOrder, Protection, SetLeverage, SignedRequest, Stamp
from tests.core.desk_kit import Room, open_room
from tests.core.venue_fake import Network, instrument, noop_count, order_posts, order_request

EXECUTED = {Network.OK, Network.LATE, Network.ANSWER_LOST, Network.RAISES_EXECUTED, Network.HANGS}
ANSWERED = {Network.OK: Outcome.FILLED, Network.ANSWER_REFUSES: Outcome.REJECTED, Network.REFUSED: Outcome.REJECTED}
NOT_PLACED = {Network.ANSWER_REFUSES: LegState.REJECTED, Network.REFUSED: LegState.REJECTED}


@pytest.fixture(params=["bybit", "hyperliquid"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
async def bybit(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("mood", list(Network))
async def test_every_network_outcome_ends_in_the_truth_with_one_order_at_most(room: Room, mood: Network) -> None:
    room.venue.moods = [mood] * (3 if mood is Network.REFUSED else 1)

    result = await room.buy()
    expected = ANSWERED.get(mood, Outcome.UNKNOWN)
    assert result.outcome is expected
    await room.resolve()

    truth = [id for id in room.venue.executions if id == room.id_of("tg:1:1:buy")]
    is_late_but_fenced_off = mood is Network.LATE and room.exchange == "hyperliquid"  # the noop came first
    is_placed = mood in EXECUTED and not is_late_but_fenced_off
    assert len(truth) == (1 if is_placed else 0)
    wanted = LegState.FILLED if is_placed else NOT_PLACED.get(mood, LegState.ABSENT)
    assert await room.state() is wanted
    assert order_posts(room.venue) == (0 if mood is Network.REFUSED else 1)


async def test_market_order_that_was_only_acknowledged_is_reported_with_its_fill(bybit: Room) -> None:
    result = await bybit.buy()
    assert result.outcome is Outcome.FILLED
    assert (result.filled_size, result.average_price) == (Decimal(1), Decimal(60000))
    assert result.success
    assert result.reference == "A1"


async def test_acknowledged_order_that_the_venue_rejects_afterwards_is_never_called_placed(bybit: Room) -> None:
    bybit.venue.status_of_market_orders = OrderStatus.CANCELLED
    result = await bybit.buy()
    assert result.outcome is Outcome.REJECTED
    assert result.error_code == "not_filled"


@pytest.mark.parametrize("error", [Rejected("the key was taken back"), NoCredentials("no keys any more")], ids=repr)
async def test_order_that_was_taken_is_no_error_when_it_cannot_be_looked_up(bybit: Room, error: TradingError) -> None:
    async def find_nothing(*_: object, **__: object) -> None:
        raise error

    bybit.client.find_order = find_nothing  # type: ignore[method-assign]
    assert (await bybit.buy()).outcome is Outcome.ACCEPTED


async def test_repeat_that_cannot_be_signed_is_a_refusal_like_the_try_before_it(bybit: Room) -> None:
    real_sign, signed = bybit.client.sign, list[object]()

    def sign_once(action: Action, stamp: Stamp) -> SignedRequest:
        signed.append(stamp)
        if len(signed) > 1:
            raise NotSent("the clock went wrong", code="clock_skew")
        return real_sign(action, stamp)

    bybit.client.sign = sign_once  # type: ignore[method-assign]
    bybit.venue.moods = [Network.REFUSED]
    result = await bybit.buy()
    assert (result.outcome, len(signed)) == (Outcome.REJECTED, 2)
    assert await bybit.state() is LegState.REJECTED


async def test_resting_order_is_accepted_and_says_nothing_about_fills(bybit: Room) -> None:
    result = await bybit.buy(order_type=OrderType.LIMIT, price=Decimal(50000), time_in_force=TimeInForce.GTC)
    assert result.outcome is Outcome.ACCEPTED
    assert result.filled_size is None


async def test_same_cause_returns_what_is_recorded_and_sends_nothing(room: Room) -> None:
    first = await room.buy()
    again = await room.buy()
    assert again.outcome is first.outcome is Outcome.FILLED
    assert again.order_id == first.order_id
    assert order_posts(room.venue) == 1


async def test_same_cause_with_another_price_seen_is_the_same_request(room: Room) -> None:
    await room.buy(price=Decimal(61000))
    again = await room.buy(price=Decimal(62000))
    assert again.outcome is Outcome.FILLED
    assert order_posts(room.venue) == 1


async def test_same_cause_with_another_size_is_refused(room: Room) -> None:
    await room.buy()
    with pytest.raises(NotSent) as refusal:
        await room.buy(size=Decimal(2))
    assert refusal.value.code == "cause_conflict"
    assert order_posts(room.venue) == 1


async def test_simultaneous_submits_of_one_cause_send_once(room: Room) -> None:
    async def twice() -> list[Outcome]:
        request = order_request(room.id_of("c"), room.exchange)
        submits = [room.desk.submit(room.account, request, cause="c", sender=room.client) for _ in range(5)]
        return [result.outcome for result in await asyncio.gather(*submits)]

    await room.clock.run(twice())
    assert order_posts(room.venue) == 1


async def test_connection_refused_twice_is_tried_again_under_the_same_id(room: Room) -> None:
    room.venue.moods = [Network.REFUSED, Network.REFUSED]
    result = await room.buy()
    assert result.outcome is Outcome.FILLED
    assert room.venue.executions == [room.id_of("tg:1:1:buy")]
    leg = await room.leg()
    assert leg.attempts == 3


async def test_second_try_repeats_the_bytes_where_a_nonce_was_taken_and_the_id_everywhere(room: Room) -> None:
    seen: list[SignedRequest] = []
    room.venue.spy = seen.append
    room.venue.moods = [Network.REFUSED]
    await room.buy()
    first, second = seen
    assert first.action == second.action
    assert (first.body == second.body) is (room.exchange == "hyperliquid")
    assert first.stamp.nonce == second.stamp.nonce


async def test_unreachable_venue_is_reported_as_not_sent(room: Room) -> None:
    room.venue.is_reachable = False
    result = await room.buy()
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "venue_unreachable")
    assert room.venue.posts == []
    assert room.clock.monotonic() < 5


async def test_nothing_opens_on_a_market_whose_last_order_is_unknown(room: Room) -> None:
    room.venue.moods = [Network.ANSWER_LOST]
    await room.buy("a")
    with pytest.raises(LimitExceeded) as refusal:
        await room.buy("b")
    assert refusal.value.code == "unresolved_order"
    assert refusal.value.fields["reference"] == "A1"
    assert order_posts(room.venue) == 1


async def test_other_markets_stay_open_while_one_order_is_unknown(room: Room) -> None:
    room.venue.moods = [Network.ANSWER_LOST]
    await room.buy("a")
    result = await room.buy("b", instrument=instrument(room.exchange, "ETHUSDT"))
    assert result.outcome is Outcome.FILLED


async def test_closing_and_cancelling_pass_while_an_order_is_unknown(room: Room) -> None:
    room.venue.moods = [Network.ANSWER_LOST]
    await room.buy("a")
    closed = await room.buy("b", reduce_only=True, closes_position=True)
    assert closed.outcome is Outcome.FILLED
    cancel = CancelOrder(instrument=instrument(room.exchange), order_id="v9")
    result = await room.clock.run(room.desk.submit(room.account, cancel, cause="c", sender=room.client))
    assert result.error_code == "order_not_found"


async def test_orders_of_one_process_on_one_market_queue_instead_of_refusing_each_other(room: Room) -> None:
    async def three() -> list[Outcome]:
        requests = [(cause, order_request(room.id_of(cause), room.exchange)) for cause in "abc"]
        submits = [room.desk.submit(room.account, r, cause=c, sender=room.client) for c, r in requests]
        return [result.outcome for result in await asyncio.gather(*submits)]

    assert await room.clock.run(three()) == [Outcome.FILLED] * 3


async def test_cancelled_caller_does_not_stop_the_order(room: Room) -> None:
    async def give_up_at_once() -> None:
        request = order_request(room.id_of("c"), room.exchange)
        task = asyncio.ensure_future(room.desk.submit(room.account, request, cause="c", sender=room.client))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await room.desk.drain()

    await room.clock.run(give_up_at_once())
    assert order_posts(room.venue) == 1
    assert await room.state("c") is LegState.FILLED


async def test_request_is_on_disk_before_its_first_byte_leaves(room: Room) -> None:
    seen: list[tuple[str, str]] = []

    def look(request: object) -> None:
        sql = room.store.writer._sql  # the writer is idle: it has answered
        seen.append(sql.execute("SELECT l.state,t.body_sha256 FROM legs l JOIN attempts t ON t.leg_id=l.id").fetchone())
        assert seen[-1] == ("SENDING", request.sha256)  # type: ignore[attr-defined]

    room.venue.spy = look
    await room.buy()
    assert len(seen) == 1


async def test_process_that_slept_past_the_fence_sends_nothing(room: Room) -> None:
    real_sign = room.client.sign

    def slow_sign(action: object, stamp: object) -> object:
        signed = real_sign(action, stamp)  # type: ignore[arg-type]
        room.venue.clock_ahead_ms = 60_000
        return signed

    room.client.sign = slow_sign  # type: ignore[method-assign, assignment]
    result = await room.buy()
    assert result.outcome is Outcome.REJECTED
    assert room.venue.posts == []


async def test_settle_waits_for_the_truth(room: Room) -> None:
    room.venue.moods = [Network.ANSWER_LOST]
    unknown = await room.buy()
    assert unknown.outcome is Outcome.UNKNOWN
    assert unknown.reference is not None
    assert not unknown.success

    running = asyncio.ensure_future(room.resolver.run())
    settled = await room.clock.run(room.desk.settle(unknown.reference, 30))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert settled.outcome is Outcome.FILLED


async def test_settle_refuses_a_reference_that_names_nothing(room: Room) -> None:
    for reference in ("A99", "hello", "A1x"):
        with pytest.raises(BadOrder):
            await room.clock.run(room.desk.settle(reference, 1))


async def test_protection_that_failed_is_a_warning_beside_the_entry(tmp_path: Path) -> None:
    async with open_room(tmp_path, "hyperliquid") as room:
        result = await room.buy(
            protection=Protection(take_profit=Decimal(70000), stop_loss=Decimal(50000)),
            protection_client_ids=(room.id_of("tg:1:1:buy", 1), room.id_of("tg:1:1:buy", 2)),
        )
        legs = await room.store.journal.of_cause("tg:1:1:buy")
        assert result.outcome is Outcome.FILLED
        assert [leg.part for leg in legs] == ["entry", "take_profit", "stop_loss"]
        assert [leg.state for leg in legs] == [LegState.FILLED, LegState.ACKED, LegState.ACKED]


async def test_answer_with_a_leg_too_few_leaves_every_leg_unknown(tmp_path: Path) -> None:
    async with open_room(tmp_path, "hyperliquid") as room:
        ids = tuple(room.id_of("c", n) for n in range(3))
        orders = tuple(
            order_request(id, "hyperliquid", instrument=instrument("hyperliquid", symbol))
            for id, symbol in zip(ids, ("BTCUSDT", "ETHUSDT", "SOLUSDT"), strict=True)
        )
        real_answer = room.client._answer
        room.client._answer = lambda request: real_answer(request)[:2]  # type: ignore[method-assign]
        work = room.desk.submit_batch(room.account, BatchOrders(orders=orders), cause="c", sender=room.client)
        results = await room.clock.run(work)
        assert [result.outcome for result in results] == [Outcome.UNKNOWN] * 3
        await room.resolve()
        assert [leg.state for leg in await room.store.journal.of_cause("c")] == [LegState.FILLED] * 3


async def test_leverage_whose_answer_was_lost_is_read_back(room: Room) -> None:
    room.venue.moods = [Network.ANSWER_LOST]
    action = SetLeverage(instrument=instrument(room.exchange), leverage=Decimal(5))
    result = await room.clock.run(room.desk.submit(room.account, action, cause="c", sender=room.client))
    assert result.outcome is Outcome.UNKNOWN
    with pytest.raises(LimitExceeded):
        await room.buy("entry")
    await room.resolve()
    assert await room.state("c") is LegState.ACKED


async def test_leverage_that_never_arrived_is_found_not_set(room: Room) -> None:
    room.venue.moods = [Network.LOST]
    action = SetLeverage(instrument=instrument(room.exchange), leverage=Decimal(5))
    await room.clock.run(room.desk.submit(room.account, action, cause="c", sender=room.client))
    await room.resolve()
    assert await room.state("c") is LegState.ABSENT


async def test_desk_that_is_stopping_sends_nothing_new(room: Room) -> None:
    await room.desk.drain()
    with pytest.raises(LimitExceeded):
        await room.buy()
    assert room.venue.posts == []


async def test_client_id_of_another_order_is_refused(room: Room) -> None:
    await room.buy("a")
    request = order_request(room.id_of("a"), room.exchange)
    with pytest.raises(BadOrder) as refusal:
        await room.clock.run(room.desk.submit(room.account, request, cause="b", sender=room.client))
    assert refusal.value.code == "client_order_id_used"
    assert noop_count(room.venue) == 0
