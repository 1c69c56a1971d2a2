"""What HyperLiquid's nonces, deadlines, batches and limits do to an order: H rows."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from core.key_intake import connect
from core.keys import credentials_of
from db import LegState
from models.enums import OrderType, Outcome
from models.errors import NotSent, TradingError, Unavailable
from models.requests import Protection
from sandbox.hyperliquid.admin import turn_knobs
from tests.faults.rows import Case, Play, Rows
from tests.faults.stage import FIRST, SECOND, SIZE, THIRD, Stage
from tests.world import USER

H = Rows()
HYPERLIQUID = ("hyperliquid",)
NOOP = "POST /exchange noop"
DAY_MS = 24 * 3600 * 1000


def row(name: str, **options: Any) -> Callable[[Play], Play]:
    return H.row(name, on=HYPERLIQUID, **options)


def noops(stage: Stage) -> int:
    return len([record for record in stage.asked() if record.operation == NOOP])


@row("H1")
async def order_whose_answer_was_lost_is_found_under_the_master(stage: Stage) -> None:
    stage.fault("hang_after")
    assert (await stage.buy()).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    await stage.resolved()
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@row("H2")
async def order_that_is_lost_is_killed_by_its_own_nonce(stage: Stage) -> None:
    stage.fault("late", process_later_s=30)
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    assert await stage.resolved() < 5
    assert await stage.state() is LegState.ABSENT
    assert noops(stage) == 1
    await stage.time.advance(60)
    assert stage.counts == (1, 0)
    assert stage.size() == 0


@row("H3")
async def spent_nonce_means_look_on(stage: Stage) -> None:
    stage.sandbox.hyperliquid.behaviour.lag_ms = 3_000
    await stage.mute_streams()
    stage.fault("reset_after")
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await stage.resolved()
    assert await stage.state() is LegState.FILLED
    assert noops(stage) >= 1
    assert stage.counts == (1, 1)


@row("H3")
async def nonce_that_an_earlier_noop_spent_ends_in_absence(stage: Stage) -> None:
    stage.fault("reset_before")
    stage.fault("reset_after", NOOP)
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    assert await stage.resolved() <= 25
    assert await stage.state() is LegState.ABSENT
    assert noops(stage) == 2
    assert stage.counts == (1, 0)


@row("H4")
async def same_bytes_twice_are_one_order(stage: Stage) -> None:
    await stage.buy()
    [post] = stage.posts()
    async with aiohttp.ClientSession() as session:

        async def again() -> Any:
            async with session.post(f"{stage.sandbox.hyperliquid_url}/exchange", data=post.body) as answer:
                return await answer.json(content_type=None)

        assert "duplicate nonce" in str(await stage.time.run(again()))
    assert len(stage.orders()) == 1
    assert await stage.state() is LegState.FILLED


@row("H4")
async def duplicate_nonce_is_no_refusal(stage: Stage) -> None:
    stage.fault("code_after", message="Invalid nonce: duplicate nonce 1")
    assert (await stage.buy()).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    await stage.resolved()
    assert await stage.state() is LegState.FILLED
    assert stage.counts == (1, 1)


@row("H5", share=1000)
async def orders_of_one_moment_have_nonces_of_their_own(stage: Stage) -> None:
    many = 60 if stage.path == "unified" else 20
    stage.time.patience_s = 1
    instrument, price = await stage.instrument(), stage.price(-10)
    wish: dict[str, Any] = {"instrument": instrument, "order_type": OrderType.LIMIT, "price": price}
    requests = [await stage.request(f"many:{n}", **wish) for n in range(many)]
    client = await stage.client()

    async def send(numbers: range) -> list[Outcome]:
        sent = [stage.desk.submit(stage.account, requests[n], cause=f"many:{n}", sender=client) for n in numbers]
        return [result.outcome for result in await asyncio.gather(*sent)]

    outcomes = await stage.time.run(asyncio.gather(*(send(range(task, many, 4)) for task in range(4))))
    assert {outcome for part in outcomes for outcome in part} == {Outcome.ACCEPTED}
    nonces = [json.loads(record.body)["nonce"] for record in stage.posts()]
    assert len(set(nonces)) == many
    assert stage.counts == (many, many)


@row("H6")
async def clock_that_steps_back_makes_no_nonce_twice(stage: Stage) -> None:
    await stage.buy(FIRST)
    stage.time.skew_ms = -10_000
    assert (await stage.buy(SECOND)).outcome is Outcome.FILLED
    first, second = await stage.leg(FIRST), await stage.leg(SECOND)
    assert first.nonce is not None
    assert second.nonce == first.nonce + 1


@row("H7")
async def clock_that_is_days_off_sends_nothing(stage: Stage) -> None:
    for number, days in enumerate((3, -3)):
        request = await stage.request(f"tg:1:{number}:0")
        stage.time.skew_ms = days * DAY_MS
        with pytest.raises(NotSent) as refusal:
            await stage.send(request, f"tg:1:{number}:0")
        assert refusal.value.code == "clock_skew"
        stage.time.skew_ms = 0
    assert stage.counts == (0, 0)
    assert (await stage.buy(THIRD)).outcome is Outcome.FILLED


@row("H8")
async def request_past_its_deadline_is_refused_for_good(stage: Stage) -> None:
    used = stage.sandbox.hyperliquid.address_budget.used
    stage.fault("reset_before", NOOP, count=None)
    stage.fault("late", process_later_s=15)
    before = used(stage.venue_account)
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await stage.resolved()
    assert await stage.state() is LegState.ABSENT
    assert stage.counts == (1, 0)
    assert used(stage.venue_account) - before >= 5  # what a late request costs there


@row("H9")
async def refusal_of_a_whole_request_is_one_of_each_leg(stage: Stage) -> None:
    protection = Protection(stop_loss=stage.price(-5), take_profit=stage.price(5))
    for number, (text, state) in enumerate(
        (
            ("User or API Wallet 0x0000000000000000000000000000000000000001 does not exist.", LegState.REJECTED),
            ("Something that nobody documented", LegState.ABSENT),
        )
    ):
        cause = f"tg:1:{number}:0"
        ids = (stage.id_of(cause, 1), stage.id_of(cause, 2))
        request = await stage.request(cause, protection=protection, protection_client_ids=ids)
        stage.fault("code_before", message=text)
        await stage.send(request, cause)
        await stage.resolved()
        assert [leg.state for leg in await stage.legs(cause)] == [state] * 3
    assert stage.counts == (2, 0)


@row("H10")
async def answer_of_another_length_is_looked_up_leg_by_leg(stage: Stage) -> None:
    protection = Protection(stop_loss=stage.price(-5), take_profit=stage.price(5))
    statuses: tuple[list[Any], ...] = (["success"], [{"resting": {"oid": n}} for n in range(5)])
    for number, answer in enumerate(statuses):
        cause = f"tg:1:{number}:0"
        ids = (stage.id_of(cause, 1), stage.id_of(cause, 2))
        request = await stage.request(cause, protection=protection, protection_client_ids=ids)
        stage.fault("patch", patch={"statuses": answer})
        await stage.send(request, cause)
        await stage.resolved()
        entry, *children = await stage.legs(cause)
        assert entry.state is LegState.FILLED
        assert [leg.state for leg in children] == [LegState.WORKING, LegState.WORKING]
    assert stage.counts == (2, 6)


@row("H11")
async def entry_whose_target_is_refused_is_told_of_and_watched(stage: Stage) -> None:
    protection = Protection(stop_loss=None, take_profit=stage.price(5))
    request = await stage.request(protection=protection, protection_client_ids=(stage.id_of(FIRST, 1),))
    refused = {"error": "Invalid TP/SL price. asset=0"}
    size, price = SIZE, str(stage.price(0))
    filled = {"filled": {"oid": 1, "totalSz": size, "avgPx": price}}
    stage.fault("patch", patch={"statuses": [filled, refused]})
    result = await stage.send(request)
    assert result.outcome is Outcome.FILLED
    assert "protection_failed" in result.warnings
    entry, target = await stage.legs()
    assert (entry.state, target.state) == (LegState.FILLED, LegState.REJECTED)


@row("H12")
async def agent_that_is_gone_is_a_refusal_that_asks_for_another_key(stage: Stage) -> None:
    request = await stage.request()
    venue = stage.sandbox.hyperliquid
    agents = [agent for agent in venue.registry.agents() if agent.master != stage.venue_account]
    venue.registry.restore(holders=venue.registry.holders(), agents=agents)
    result = await stage.send(request)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "key_invalid")
    assert stage.counts == (1, 0)
    await stage.time.advance(120)
    assert len(stage.posts()) == 1


@row("H13")
async def questions_are_asked_about_the_master_never_about_the_agent(stage: Stage) -> None:
    stage.fault("reset_after")
    await stage.buy()
    await stage.resolved()
    await stage.close()
    await stage.time.advance(60)
    about = [json.loads(record.body) for record in stage.asked("POST /info") if '"user"' in record.body]
    assert {q["user"].lower() for q in about if q["type"] != "userRole"} == {stage.venue_account}
    assert len(about) > 5


@row("H14")
async def exhausted_account_can_still_close(stage: Stage) -> None:
    await stage.buy(FIRST)
    used = stage.sandbox.hyperliquid.address_budget.used(stage.venue_account)
    volume = int(stage.sandbox.hyperliquid.volume(stage.venue_account))
    turn_knobs(stage.sandbox.hyperliquid, {"address_requests": used - volume})
    result = await stage.buy(SECOND)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "venue_busy")
    asked = len(stage.asked("POST /exchange"))
    await stage.time.advance(60)
    assert len(stage.asked("POST /exchange")) == asked  # nothing is tried again by itself
    assert (await stage.close(THIRD)).outcome is Outcome.FILLED
    assert stage.size() == 0


@row("H15", via=("unified",), share=0.2)
async def look_ups_have_a_part_of_the_budget_that_reads_cannot_take(stage: Stage) -> None:
    request = await stage.request()
    stage.fault("reset_after")
    await stage.mute_streams()
    assert (await stage.send(request)).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    balance = stage.runtime.backend.get_balance

    async def greedy() -> int:
        refused = 0
        for _ in range(40):
            try:
                await balance(USER, "hyperliquid")
            except Unavailable as e:
                refused += e.code == "venue_busy"
        return refused

    reading = asyncio.create_task(greedy())
    await stage.resolved(within_s=30)
    assert await stage.state() is LegState.FILLED
    assert await stage.time.run(reading, limit_s=600) > 0


@row("H16")
async def amended_order_goes_on_under_its_new_number(stage: Stage) -> None:
    placed, price = await stage.buy(order_type="limit", price=stage.price(-5)), stage.price(-4)
    amended = await stage.time.run(
        stage.runtime.backend.amend_order(
            USER, "BTCUSDT", str(placed.order_id), price=price, exchange="hyperliquid", cause=SECOND
        )
    )
    assert amended.success
    await stage.time.advance(60)
    assert await stage.state() is LegState.WORKING
    open_orders = stage.engine.open_orders(stage.venue_account)
    assert [order.client_order_id for order in open_orders] == [stage.id_of(FIRST)]
    assert open_orders[0].price == price
    assert open_orders[0].order_id == (await stage.leg()).order_id != placed.order_id
    assert len(stage.posts()) == 1


@row("H17")
async def order_that_was_taken_and_exists_nowhere_is_absent_in_the_end(stage: Stage) -> None:
    stage.sandbox.hyperliquid.behaviour.drops_builder_cloids = True
    listed = await stage.time.run(stage.runtime.instruments.of("hyperliquid", stage.account.account_type))
    instrument = next(row for row in listed if row.dex)
    await stage.send(await stage.request(instrument=instrument, size="1"))
    await stage.time.advance(60)
    assert await stage.state() is LegState.ABSENT
    assert await stage.alarms() == ["acknowledged_but_never_found"]
    assert len(stage.posts()) == 1


@row("H18")
async def what_is_sent_is_what_was_shown(stage: Stage) -> None:
    price = Decimal("51234.56789")
    request = await stage.request(order_type=OrderType.LIMIT, price=price, size="0.0123456789")
    await stage.send(request)
    [order] = json.loads(stage.posts()[0].body)["action"]["orders"]
    assert Decimal(order["p"]) == request.price == Decimal("51234")
    assert Decimal(order["s"]) == request.size == Decimal("0.01234")


@row("H19")
async def chain_that_stands_still_brings_no_verdict_but_by_the_fence(stage: Stage) -> None:
    for number, (halted_s, truth) in enumerate(((14, LegState.UNKNOWN), (60, LegState.ABSENT))):
        cause = f"tg:1:{number}:0"
        request = await stage.request(cause)
        stage.sandbox.hyperliquid.behaviour.halted = True
        sent_at = stage.time.monotonic()
        with stage.impatient_threads():
            assert (await stage.send(request, cause)).outcome is Outcome.UNKNOWN
        await stage.time.advance(sent_at + halted_s - stage.time.monotonic())
        assert await stage.state(cause) is truth
        stage.sandbox.hyperliquid.behaviour.halted = False
        await stage.resolved()
        is_there = any(order.client_order_id == stage.id_of(cause) for order in stage.orders())
        assert (await stage.state(cause) is LegState.FILLED) == is_there
    assert len(stage.posts()) == 2


@row("H20")
async def vault_of_somebody_else_is_refused_with_the_key(stage: Stage) -> None:
    credentials = await stage.time.run(credentials_of(stage.account, stage.runtime.settings))
    values = {**credentials.values, "vault_address": "0x" + "77" * 20}
    with pytest.raises(TradingError):
        await stage.time.run(connect(stage.account, values, stage.runtime.backend.check_key))
    kept = await stage.time.run(credentials_of(stage.account, stage.runtime.settings))
    assert "vault_address" not in kept.values


@pytest.mark.parametrize("case", H.parameters())
async def test_row(case: Case, stage: Stage) -> None:
    await case.play(stage)
