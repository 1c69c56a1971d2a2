"""What a broken network may do to an order: N rows."""

import asyncio
import resource
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from db import LegState
from models.enums import Outcome
from models.errors import LimitExceeded, NotSent, Unavailable
from tests.faults import wires
from tests.faults.rows import Case, Rows
from tests.faults.stage import CREATE, FIRST, READS, SECOND, SIZE, THIRD, Stage

N = Rows()
MARKETS = {"BTCUSDT": "0.01", "ETHUSDT": "0.2", "SOLUSDT": "2", "DOGEUSDT": "2000"}
INTENTS = 40


async def is_found(stage: Stage, cause: str = FIRST, *, within_s: float = 3) -> None:
    """The order that nobody answered for is found, as what it is, and was sent once."""
    assert await stage.resolved(within_s=within_s + 15) <= within_s
    assert await stage.state(cause) is LegState.FILLED
    assert stage.counts == (1, 1)
    await stage.time.advance(5)  # for so long its sender may still be the one who tells
    news = [body for body in await stage.news() if body["kind"] == "order_settled"]
    assert news[-1]["result"]["outcome"] == "filled"


async def is_absent(stage: Stage, cause: str = FIRST) -> None:
    """The order that never reached the venue is proven absent, and was not sent again."""
    assert await stage.resolved() <= 25
    assert await stage.state(cause) is LegState.ABSENT
    assert stage.counts == (1, 0)
    [news] = [body for body in await stage.news() if body["kind"] == "order_settled"]
    assert news["result"]["error_code"] == "not_placed"


@N.row("N1")
async def refused_connection_sends_nothing_and_is_tried_again(stage: Stage) -> None:
    first, second = await stage.request(FIRST), await stage.request(SECOND)
    nowhere = await stage.client_at(wires.closed_port())
    started = stage.time.monotonic()
    result = await stage.send(first, FIRST, client=nowhere)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "unreachable")
    assert stage.time.monotonic() - started <= 5
    assert (await stage.leg(FIRST)).attempts == 3

    fresh = await stage.client_at(stage.sandbox.url(stage.exchange))
    await stage.sandbox.refuse(stage.exchange)

    async def come_back() -> None:
        await stage.time.sleep(0.5)
        await stage.sandbox.listen(stage.exchange)

    back = asyncio.create_task(come_back())
    result = await stage.send(second, SECOND, client=fresh)
    await back
    assert result.outcome is Outcome.FILLED
    assert stage.counts == (1, 1)
    assert stage.orders()[0].client_order_id == stage.id_of(SECOND)


@N.row("N2")
async def name_that_nobody_knows_sends_nothing(stage: Stage) -> None:
    result = await stage.send(await stage.request(), client=await stage.client_at(wires.UNRESOLVABLE))
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "unreachable")
    assert await stage.state() is LegState.REJECTED
    assert stage.counts == (0, 0)


@N.row("N3")
async def connection_that_is_never_made_is_not_unknown(stage: Stage) -> None:
    request = await stage.request()
    with wires.black_hole() as url, stage.impatient_threads():
        result = await stage.send(request, client=await stage.client_at(url))
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "unreachable")
    assert "UNKNOWN" not in [event.to_state for event in await stage.events()]
    assert stage.counts == (0, 0)


@N.row("N4")
async def connection_that_is_not_the_venues_carries_nothing(stage: Stage) -> None:
    request = await stage.request()
    async with wires.impostor(stage.folder) as place:
        result = await stage.send(request, client=await stage.client_at(place.url))
        assert (result.outcome, result.error_code) == (Outcome.REJECTED, "tls_failed")
        assert place.bytes == b""
    assert await stage.alarms() == ["insecure_connection"]
    assert stage.counts == (0, 0)


@N.row("N4", via=("unified",))
async def handshake_that_stalls_carries_nothing(stage: Stage) -> None:
    request = await stage.request()
    async with wires.stalled_handshake() as place:
        result = await stage.send(request, client=await stage.client_at(place.url))
        assert result.outcome in {Outcome.REJECTED, Outcome.UNKNOWN}
        assert b"POST" not in place.bytes
        await stage.resolved()
    assert stage.counts == (0, 0)


@N.row("N5")
async def reset_before_the_venue_read_anything_ends_in_proven_absence(stage: Stage) -> None:
    stage.fault("reset_before")
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await is_absent(stage)


@N.row("N6")
async def reset_after_execution_is_found(stage: Stage) -> None:
    stage.fault("reset_after")
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await is_found(stage)


@N.row("N6", on=("bybit",))
async def order_that_is_found_before_it_filled_is_told_of_once(stage: Stage) -> None:
    await stage.mute_streams()
    stage.engine.core.ack_delay_ms = 600
    stage.fault("reset_after")
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await stage.resolved()
    await stage.time.advance(10)
    [told] = [body for body in await stage.news() if body["kind"] == "order_settled"]
    assert told["result"]["outcome"] == "filled"


@N.row("N7")
async def close_without_an_answer_is_found(stage: Stage) -> None:
    stage.fault("close_after")
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await is_found(stage)


@N.row("N8")
async def answer_that_comes_too_late_is_found(stage: Stage) -> None:
    stage.fault("delay_after", delay_after_s=30)
    started = stage.time.monotonic()
    assert (await stage.buy()).outcome in {Outcome.UNKNOWN, Outcome.FILLED}  # a stream may have told meanwhile
    assert 7 <= stage.time.monotonic() - started < 25  # given up at the deadline, not when the answer comes
    assert await stage.resolved() <= 3
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@N.row("N9")
async def answer_that_trickles_holds_up_nobody_else(stage: Stage) -> None:
    stage.fault("slow_body")
    other = "hyperliquid" if stage.exchange == "bybit" else "bybit"
    buying = asyncio.create_task(stage.buying())
    await stage.time.until(lambda: bool(stage.posts()))
    balance = await stage.time.run(stage.runtime.backend.get_balance(stage.account.user_id, other))
    assert balance.equity is not None
    assert not buying.done()
    assert (await stage.time.run(buying)).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    await stage.resolved()
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@N.row("N10")
async def cut_off_answer_is_found(stage: Stage) -> None:
    for number, kind in enumerate(("truncated", "truncated_chunked")):
        stage.fault(kind)
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        assert await stage.resolved() <= 3
        assert await stage.state(f"tg:1:{number}:0") is LegState.FILLED
    assert stage.counts == (2, 2)


@N.row("N11")
async def answer_that_is_no_answer_is_found(stage: Stage) -> None:
    kinds = ("invalid_json", "null", "list", "object", "empty")
    for number, kind in enumerate(kinds):
        stage.fault(kind)
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        assert await stage.resolved() <= 3
        assert await stage.state(f"tg:1:{number}:0") is LegState.FILLED
    assert stage.counts == (len(kinds), len(kinds))
    # a stream may tell of an order before it is looked up, and it then counts as none that was unknown
    assert set(await stage.alarms()) - {"many_orders_unknown"} == {"answer_not_understood"}


@N.row("N12")
async def page_of_a_proxy_that_kept_the_order_back_ends_in_absence(stage: Stage) -> None:
    for number, status in enumerate((502, 503, 504)):
        stage.fault("html_before", status=status)
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        await stage.resolved()
        assert await stage.state(f"tg:1:{number}:0") is LegState.ABSENT
    assert stage.counts == (3, 0)


@N.row("N13")
async def page_of_a_proxy_says_nothing_about_the_order(stage: Stage) -> None:
    faults = (
        ("html_after", 502, LegState.FILLED),
        ("html_after", 200, LegState.FILLED),
        ("html_before", 200, LegState.ABSENT),
    )
    for number, (kind, status, truth) in enumerate(faults):
        stage.fault(kind, status=status, message="maintenance")
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        await stage.resolved()
        assert await stage.state(f"tg:1:{number}:0") is truth
    assert stage.counts == (3, 2)


@N.row("N14")
async def answer_without_end_fills_no_memory(stage: Stage) -> None:
    stage.time.patience_s = 2
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, kind in enumerate(("huge_body", "gzip_bomb")):
        stage.fault(kind)
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        await stage.resolved()
        assert await stage.state(f"tg:1:{number}:0") is LegState.FILLED
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 50 * 1024
    assert stage.counts == (2, 2)


@N.row("N15")
async def too_many_requests_is_looked_up_and_not_sent_again(stage: Stage) -> None:
    stage.fault("too_many", retry_after_s=3)
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await is_absent(stage)


@N.row("N16", on=("bybit",))
async def refused_address_is_left_alone_for_ten_minutes(stage: Stage) -> None:
    other = await stage.instrument("ETHUSDT")
    request = await stage.request(SECOND, instrument=other, size="0.1")
    first = await stage.request(FIRST)
    stage.fault("forbidden", "*", count=None)
    assert (await stage.send(first)).outcome is Outcome.UNKNOWN
    assert "access_refused" in await stage.alarms()
    with pytest.raises(NotSent) as refusal:
        await stage.send(request, SECOND)
    assert refusal.value.code == "venue_busy"
    asked = len(stage.asked())
    await stage.time.advance(590, step_s=5)
    assert await stage.state() is LegState.UNKNOWN
    assert len(stage.posts()) == 1
    assert len(stage.asked()) - asked <= 590 / 2
    stage.heal()
    await stage.resolved()
    assert await stage.state() is LegState.ABSENT


@N.row("N17")
async def redirect_is_not_followed(stage: Stage) -> None:
    for number, status in enumerate((301, 302, 307, 308)):
        stage.fault("redirect", status=status)
        assert (await stage.buy(f"tg:1:{number}:0")).outcome is Outcome.UNKNOWN
        await stage.resolved()
        assert await stage.state(f"tg:1:{number}:0") is LegState.ABSENT
    assert stage.counts == (4, 0)
    assert stage.asked("/redirected") == []
    assert set(await stage.alarms()) == {"redirected"}


@N.row("N18")
async def order_that_arrives_after_its_client_gave_up_is_found(stage: Stage) -> None:
    # the noop that would kill a HyperLiquid order in flight does not get through here
    stage.fault("reset_before", "POST /exchange noop", count=None)
    stage.fault("late", process_later_s=4)
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await is_found(stage, within_s=8)


@N.row("N19")
async def order_that_arrives_after_its_fence_is_refused(stage: Stage) -> None:
    stage.fault("reset_before", "POST /exchange noop", count=None)
    stage.fault("late", process_later_s=20)
    asked_at = stage.time.monotonic()
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await stage.resolved()
    assert stage.time.monotonic() - asked_at >= 19
    assert await stage.state() is LegState.ABSENT
    await stage.time.advance(30)
    assert stage.counts == (1, 0)


@N.row("N20")
async def outage_of_ten_minutes_brings_no_verdict(stage: Stage) -> None:
    request = await stage.request()
    stage.fault("reset_after")
    stage.fault("reset_before", "*", count=None)
    assert (await stage.send(request)).outcome is Outcome.UNKNOWN
    await stage.time.advance(65)
    assert await stage.kinds() == ["order_unknown"]
    assert await stage.alarms() == []
    await stage.time.advance(245, step_s=5)
    assert await stage.alarms() == ["still_unknown"]
    await stage.time.advance(290, step_s=5)
    assert await stage.state() is LegState.UNKNOWN
    stage.heal()
    assert await stage.resolved() <= 20
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@N.row("N21")
async def look_ups_that_fail_are_not_misses(stage: Stage) -> None:
    request = await stage.request()
    stage.fault("reset_after")
    stage.fault("error_before", READS[stage.exchange], count=None)
    assert (await stage.send(request)).outcome is Outcome.UNKNOWN
    await stage.time.advance(120)
    assert await stage.state() is LegState.UNKNOWN
    stage.heal()
    assert await stage.resolved() <= 20
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@N.row("N22")
async def flapping_network_doubles_and_loses_nothing(stage: Stage) -> None:
    markets = [(await stage.instrument(symbol), size) for symbol, size in MARKETS.items()]
    requests = []
    for number in range(INTENTS):
        instrument, size = markets[number % len(markets)]
        requests.append(await stage.request(f"tg:1:{number}:0", instrument=instrument, size=size))
    for kind in ("reset_before", "reset_after"):
        stage.fault(kind, probability=0.25, seed=7, count=None)
    stage.fault("reset_before", READS[stage.exchange], probability=0.5, seed=8, count=None)
    taken = 0
    for number, request in enumerate(requests):
        try:
            await stage.send(request, f"tg:1:{number}:0")
            taken += 1
        except LimitExceeded:  # the market has an order that is still being checked
            await stage.time.advance(1)
    stage.heal()
    assert await stage.resolved(within_s=60) <= 60
    legs = [leg for n in range(INTENTS) for leg in await stage.legs(f"tg:1:{n}:0")]
    assert len(legs) == taken == len(stage.posts())
    filled = {leg.client_order_id for leg in legs if leg.state is LegState.FILLED}
    assert filled == {order.client_order_id for order in stage.orders()}
    assert {(leg.state, leg.code) for leg in legs} == {(LegState.FILLED, ""), (LegState.ABSENT, "not_placed")}
    assert 0 < len(filled) < taken
    assert (await stage.alarms()).count("many_orders_unknown") == 1


@N.row("N23")
async def kept_connection_that_is_dead_is_not_used_for_a_second_try(stage: Stage) -> None:
    cutter = wires.Cutter(urlsplit(stage.sandbox.url(stage.exchange)).port or 0)
    async with cutter.open() as url:
        client, request = await stage.client_at(url), await stage.request()
        await stage.time.run(client.get_ticker(request.instrument))  # a connection that is kept
        cutter.word = CREATE[stage.exchange].rsplit(" ", 1)[0 if stage.exchange == "hyperliquid" else 1].encode()
        result = await stage.send(request, client=client)
        assert (result.outcome, cutter.cut) == (Outcome.UNKNOWN, 1)
        await stage.resolved()
        assert cutter.cut == 1
    assert await stage.state() is LegState.ABSENT
    assert stage.counts == (0, 0)


@N.row("N24")
async def stream_that_breaks_and_repeats_itself_counts_every_fill_once(stage: Stage) -> None:
    await stage.buy(FIRST)
    await stage.time.advance(20)
    stage.sandbox.world.behaviour.replay_executions = 10
    limit = {"order_type": "limit", "price": stage.price(-1)}
    assert (await stage.buy(SECOND, **limit)).outcome is Outcome.ACCEPTED
    await stage.sandbox.world.drop_sockets(stage.exchange)
    stage.move_price(-2)
    await stage.time.advance(120)
    await stage.sandbox.world.drop_sockets(stage.exchange)
    await stage.time.advance(120)
    leg = await stage.leg(SECOND)
    assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(SIZE))
    told = [body["result"]["client_order_id"] for body in await stage.news() if body["kind"] == "order_settled"]
    assert told.count(stage.id_of(SECOND)) == 1
    stored = await stage.time.run(stage.runtime.store.fills.fills(stage.account))
    assert len(stored) == len(stage.engine.fills(stage.venue_account))
    assert sum(fill.size for fill in stored) == stage.size()


@N.row("N25", on=("bybit",))
async def answer_from_a_cache_is_not_believed(stage: Stage) -> None:
    backend, user = stage.runtime.backend, stage.account.user_id
    await stage.buy(FIRST)
    assert len(await stage.time.run(backend.get_positions(user, "BTCUSDT", "bybit"))) == 1
    await stage.time.advance(60)
    stage.fault("stale", "GET /v5/position/list", count=None)
    with pytest.raises(Unavailable):
        await stage.time.run(backend.get_positions(user, "BTCUSDT", "bybit"))
    with pytest.raises(Unavailable):
        await stage.close(SECOND)
    stage.heal()
    assert (await stage.close(THIRD)).outcome is Outcome.FILLED


@pytest.mark.parametrize("case", N.parameters())
async def test_row(case: Case, stage: Stage) -> None:
    await case.play(stage)
