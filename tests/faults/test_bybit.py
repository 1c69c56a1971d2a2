"""What Bybit may answer, and what it proves: B rows. The first ones hold for HyperLiquid's words too."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import LegState
from models.enums import Outcome
from models.errors import TradingError
from models.requests import BatchOrders, CancelOrder
from sandbox.engine import OrderSpec, PositionMode, Side
from sandbox.engine import OrderType as EngineOrderType
from tests.faults.rows import Case, Rows
from tests.faults.stage import FIRST, READS, SECOND, SIZE, STREAMS, THIRD, Stage
from tests.world import USER

B = Rows()
BYBIT = ("bybit",)

AMBIGUOUS: dict[str, tuple[dict[str, Any], ...]] = {
    "bybit": tuple({"code": code} for code in (10016, 429, 10006, 10429, 170007, 170146, 170032)),
    "hyperliquid": ({"message": "Internal error"}, {"message": "Service overloaded, try later"}),
}
UNHEARD_OF: dict[str, tuple[dict[str, Any], ...]] = {
    "bybit": ({"code": 999999}, {"code": "110007"}),
    "hyperliquid": ({"message": "The moon is in the wrong house"},),
}
REFUSED: dict[str, tuple[tuple[dict[str, Any], str], ...]] = {
    "bybit": (
        ({"code": 110007}, "insufficient_margin"),
        ({"code": 110094}, "below_min_notional"),
        ({"code": 170131}, "insufficient_margin"),
    ),
    "hyperliquid": (
        ({"message": "Insufficient margin to place order. asset=0"}, "insufficient_margin"),
        ({"message": "Order must have minimum value of $10. asset=0"}, "below_min_notional"),
    ),
}


def cause(number: int) -> str:
    return f"tg:1:{number}:0"


async def each_is_looked_up(stage: Stage, faults: tuple[dict[str, Any], ...]) -> None:
    """Whether an order with such an answer exists is found out, whatever the answer was called."""
    number = 0
    for fault in faults:
        for kind, truth in (("code_after", LegState.FILLED), ("code_before", LegState.ABSENT)):
            number += 1
            stage.fault(kind, **fault)
            assert (await stage.buy(cause(number))).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
            await stage.resolved()
            assert await stage.state(cause(number)) is truth, fault
    assert stage.counts == (number, number // 2)


@B.row("B1")
async def servers_time_out_proves_nothing(stage: Stage) -> None:
    await each_is_looked_up(stage, ({"code": 10000, "message": "Server Timeout"},))


@B.row("B2")
async def ambiguous_code_proves_nothing(stage: Stage) -> None:
    await each_is_looked_up(stage, AMBIGUOUS[stage.exchange])


@B.row("B3", on=BYBIT)
async def clock_that_is_off_is_a_refusal_and_teaches_the_time(stage: Stage) -> None:
    request = await stage.request()
    stage.sandbox.world.behaviour.clock_skew_ms = 20_000
    result = await stage.send(request)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "clock_skew")
    assert stage.counts == (1, 0)
    assert (await stage.buy(SECOND)).outcome is Outcome.FILLED
    for leg in (await stage.leg(FIRST), await stage.leg(SECOND)):
        assert (leg.fence_ms or 0) - (leg.timestamp_ms or 0) == 5000


@B.row("B4", on=BYBIT)
async def duplicate_id_means_that_the_order_may_be_ours(stage: Stage) -> None:
    for number, code in enumerate((110072, 170141)):
        stage.fault("code_after", code=code)
        assert (await stage.buy(cause(number))).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
        await stage.resolved()
        assert await stage.state(cause(number)) is LegState.FILLED
    assert stage.counts == (2, 2)
    assert await stage.alarms() == []


@B.row("B4", on=BYBIT)
async def other_order_under_our_id_halts_the_account(stage: Stage) -> None:
    await stage.buy(FIRST)
    size = Decimal("0.005")
    stage.engine.place(
        stage.venue_account,
        OrderSpec(
            symbol=stage.native,
            side=Side.SELL,
            type=EngineOrderType.MARKET,
            size=size,
            client_order_id=stage.id_of(SECOND),
        ),
    )
    result = await stage.buy(SECOND)
    assert result.outcome is Outcome.UNKNOWN
    await stage.time.advance(10)
    assert await stage.state(SECOND) is LegState.UNKNOWN
    assert await stage.alarms() == ["id_collision"]
    with pytest.raises(TradingError) as refusal:
        await stage.buy(THIRD, symbol="ETHUSDT", size="0.1")
    assert refusal.value.code == "trading_halted"
    assert (await stage.close(cause(9))).outcome is Outcome.FILLED
    assert stage.size() == 0


@B.row("B5", on=BYBIT)
async def invalid_duplicate_request_is_looked_up(stage: Stage) -> None:
    await each_is_looked_up(stage, ({"code": 10014},))


@B.row("B6")
async def answer_in_unknown_words_is_looked_up_and_told_to_the_operator(stage: Stage) -> None:
    await each_is_looked_up(stage, UNHEARD_OF[stage.exchange])
    assert set(await stage.alarms()) == {"answer_not_understood"}


@B.row("B7")
async def documented_refusal_is_one(stage: Stage) -> None:
    for number, (fault, word) in enumerate(REFUSED[stage.exchange]):
        stage.fault("code_before", **fault)
        result = await stage.buy(cause(number))
        assert (result.outcome, result.error_code) == (Outcome.REJECTED, word)
        assert result.size == Decimal(SIZE)
    assert stage.counts == (len(REFUSED[stage.exchange]), 0)
    await stage.time.advance(30)
    assert len(stage.posts()) == len(REFUSED[stage.exchange])


@B.row("B8")
async def acknowledged_order_that_nobody_fills_opened_nothing(stage: Stage) -> None:
    stage.thin_book()
    result = await stage.buy()
    assert result.outcome is Outcome.REJECTED
    assert result.filled_size == 0
    assert result.error_code in {"not_filled", "no_liquidity"}
    assert stage.size() == 0


@B.row("B9")
async def order_that_fills_in_part_is_what_it_filled(stage: Stage) -> None:
    price = stage.price(0)
    stage.thin_book(asks=((str(price), "0.003"),))
    stop = str(stage.price(-5))
    result = await stage.buy(stop_loss=stop)
    assert (result.outcome, result.filled_size) == (Outcome.FILLED, Decimal("0.003"))
    assert await stage.state() in {LegState.CANCELLED, LegState.FILLED}
    assert stage.size() == Decimal("0.003")
    if stage.exchange == "hyperliquid":  # where a stop dies with an entry that did not fill whole
        assert "protection_failed" in result.warnings
        await stage.time.advance(60)
        assert "naked" in await stage.kinds()
        return
    stage.sandbox.world.market.free_book(stage.venue, stage.native)
    stage.move_price(-6)
    await stage.time.advance(5)
    assert stage.size() == 0


@B.row("B10", on=BYBIT)
async def order_that_only_the_history_knows_is_found(stage: Stage) -> None:
    stage.fault("reset_after")
    stage.sandbox.world.behaviour.mute_streams = True
    stage.sandbox.world.behaviour.realtime_cleared_ms = stage.sandbox.world.clock.now_ms() + 3_600_000
    assert (await stage.buy()).outcome is Outcome.UNKNOWN
    await stage.resolved(within_s=5)
    assert await stage.state() is LegState.FILLED
    assert stage.asked("GET /v5/order/history")


@B.row("B11")
async def answer_about_something_else_is_looked_up(stage: Stage) -> None:
    stage.fault("wrong_echo")
    assert (await stage.buy()).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    await stage.resolved()
    leg = await stage.leg()
    assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(SIZE))
    assert stage.counts == (1, 1)


LIES: dict[str, tuple[dict[str, str], ...]] = {
    "bybit": ({"cumExecQty": "NaN"}, {"avgPrice": "1e309"}, {"qty": "-1"}, {"symbol": "ETHUSDT"}),
    "hyperliquid": ({"origSz": "NaN"}, {"limitPx": "1e309"}, {"sz": "-1"}, {"coin": "ETH"}),
}


@B.row("B11")
async def numbers_that_cannot_be_are_not_written_down(stage: Stage) -> None:
    stage.sandbox.world.behaviour.mute_streams = True
    for number, lie in enumerate(LIES[stage.exchange]):
        request = await stage.request(cause(number))
        stage.fault("reset_after")
        stage.fault("reset_before", "POST /exchange noop", count=None)
        stage.fault("patch", READS[stage.exchange], patch=lie, count=None)
        await stage.send(request, cause(number))
        await stage.time.advance(30)
        leg = await stage.leg(cause(number))
        assert leg.filled_size in {0, Decimal(SIZE)}
        assert leg.state in {LegState.UNKNOWN, LegState.FILLED}, lie
        stage.heal()
        await stage.resolved()
        leg = await stage.leg(cause(number))
        assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(SIZE))
        assert leg.average_price is None or abs(leg.average_price / stage.price(0) - 1) < Decimal("0.02")


@B.row("B11", on=("hyperliquid",))
async def fill_that_cannot_be_is_looked_up(stage: Stage) -> None:
    for number, lie in enumerate(({"totalSz": "NaN"}, {"totalSz": "-1"}, {"avgPx": "1e999999999"})):
        stage.fault("patch", patch=lie)
        await stage.buy(cause(number))
        await stage.resolved()
        leg = await stage.leg(cause(number))
        assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(SIZE))


@B.row("B12")
async def order_that_shows_late_is_not_held_to_be_absent(stage: Stage) -> None:
    stage.sandbox.world.behaviour.mute_streams = True
    stage.sandbox.world.behaviour.realtime_lag_ms = 8_000
    stage.sandbox.world.behaviour.history_lag_ms = 8_000
    stage.sandbox.hyperliquid.behaviour.lag_ms = 8_000
    stage.fault("reset_after")
    await stage.buy()
    await stage.resolved()
    assert LegState.ABSENT not in [event.to_state for event in await stage.events()]
    assert await stage.state() is LegState.FILLED


@B.row("B13", on=BYBIT)
async def order_for_the_wrong_position_mode_is_asked_for_anew(stage: Stage) -> None:
    request = await stage.request()
    stage.engine.set_position_mode(stage.venue_account, PositionMode.HEDGE)
    result = await stage.send(request)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "bad_request")
    assert (await stage.buy(SECOND)).outcome is Outcome.FILLED
    assert stage.counts == (2, 1)
    assert stage.id_of(FIRST) != stage.id_of(SECOND)


@B.row("B14", on=BYBIT)
async def setting_that_is_so_already_is_done(stage: Stage) -> None:
    backend = stage.runtime.backend
    stage.fault("code_before", "POST /v5/position/set-leverage", code=110043, message="leverage not modified")
    result = await stage.time.run(backend.set_leverage(USER, "BTCUSDT", 10, "bybit", cause=FIRST))
    assert result.success
    await stage.buy(SECOND)
    stage.fault("code_before", "POST /v5/position/trading-stop", code=34040, message="not modified")
    stop = stage.price(-5)
    result = await stage.time.run(
        backend.set_protection(USER, "BTCUSDT", stop_loss=stop, exchange="bybit", cause=THIRD)
    )
    assert result.success


LEVERAGE = {"bybit": "POST /v5/position/set-leverage", "hyperliquid": "POST /exchange updateLeverage"}


@B.row("B15")
async def entry_waits_for_a_leverage_that_is_certain(stage: Stage) -> None:
    for number, (kind, is_set) in enumerate((("reset_after", True), ("reset_before", False))):
        stage.fault(kind, LEVERAGE[stage.exchange])
        result = await stage.buy(cause(number), leverage=7 + number)
        assert not result.success
        await stage.resolved()
        assert stage.counts == (0, 0)
        [leg] = await stage.legs(f"{cause(number)}:leverage")
        assert leg.state is (LegState.ACKED if is_set else LegState.ABSENT)
    assert (await stage.buy(cause(5), leverage=7)).outcome is Outcome.FILLED
    assert stage.engine.leverage(stage.venue_account, stage.native) == 7


@B.row("B16")
async def cancel_of_an_order_that_fills_meanwhile_does_not_hide_the_fill(stage: Stage) -> None:
    placed = await stage.buy(order_type="limit", price=stage.price(-1))
    cancel = CancelOrder(
        instrument=await stage.instrument(), order_id=placed.order_id, client_order_id=placed.client_order_id
    )
    stage.move_price(-2)
    result = await stage.send(cancel, SECOND)
    assert result.outcome is Outcome.REJECTED
    assert result.error_code in {"order_not_found", "order_done"}
    await stage.time.advance(20)
    assert await stage.state() is LegState.FILLED
    told = [b["result"]["outcome"] for b in await stage.news() if b["kind"] == "order_settled"]
    assert told == ["filled"]


@B.row("B17")
async def entry_whose_protection_is_refused_is_not_made(stage: Stage) -> None:
    request = await stage.request(stop=str(stage.price(-1)))
    stage.move_price(-3)
    result = await stage.send(request)
    assert result.outcome in {Outcome.REJECTED, Outcome.FILLED}
    if stage.exchange == "bybit":
        assert (result.outcome, stage.counts) == (Outcome.REJECTED, (1, 0))
        assert stage.size() == 0
    else:  # where a stop that is due already fires at once
        await stage.time.advance(2)
        assert stage.size() == 0


@B.row("B18")
async def closing_what_the_stop_has_closed_is_told_plainly(stage: Stage) -> None:
    await stage.buy(stop_loss=str(stage.price(-2)))
    close = await stage.request(SECOND, side=Side.SELL, reduce_only=True, closes_position=True)
    stage.move_price(-4)
    await stage.time.advance(2)
    assert stage.size() == 0
    result = await stage.send(close, SECOND)
    assert result.outcome is Outcome.REJECTED
    assert result.error_code in {"position_closed", "reduce_only_rejected"}
    with pytest.raises(TradingError) as refusal:
        await stage.close(THIRD)
    assert refusal.value.code == "no_position"
    assert stage.size() == 0


MARKETS = {"BTCUSDT": "0.01", "ETHUSDT": "0.2", "SOLUSDT": "2", "DOGEUSDT": "2000", "XRPUSDT": "200"}


@B.row("B19")
async def every_item_of_a_batch_has_an_outcome_of_its_own(stage: Stage) -> None:
    orders = []
    for number, (symbol, size) in enumerate(MARKETS.items()):
        await stage.buy(cause(number), symbol=symbol, size=size)
        instrument = await stage.instrument(symbol)
        close_id = stage.id_of("close", number)
        closing: dict[str, Any] = {"side": Side.SELL, "reduce_only": True, "size": size, "client_order_id": close_id}
        orders.append(await stage.request("close", instrument=instrument, **closing))
    await stage.close("one", symbol="ETHUSDT")
    batch = BatchOrders(orders=tuple(orders))
    client = await stage.client()
    results = await stage.time.run(stage.desk.submit_batch(stage.account, batch, cause="close", sender=client))
    outcomes = {order.instrument.symbol: result.outcome for order, result in zip(orders, results, strict=True)}
    assert outcomes.pop("ETHUSDT") is Outcome.REJECTED
    assert set(outcomes.values()) <= {Outcome.ACCEPTED, Outcome.FILLED}
    await stage.time.advance(20)
    states = {leg.symbol: leg.state for leg in await stage.legs("close")}
    assert states.pop("ETHUSDT") is LegState.REJECTED
    assert set(states.values()) == {LegState.FILLED}


@B.row("B19")
async def batch_with_an_item_missing_in_the_answer_is_looked_up_item_by_item(stage: Stage) -> None:
    orders = []
    for number, (symbol, size) in enumerate(MARKETS.items()):
        instrument = await stage.instrument(symbol)
        orders.append(
            await stage.request(FIRST, instrument=instrument, size=size, client_order_id=stage.id_of(FIRST, number))
        )
    short: dict[str, Any] = {"list": []} if stage.exchange == "bybit" else {"statuses": [{"error": "?"}]}
    stage.fault("patch", "POST *", body=orders[0].client_order_id, patch=short)
    batch, client = BatchOrders(orders=tuple(orders)), await stage.client()
    await stage.time.run(stage.desk.submit_batch(stage.account, batch, cause=FIRST, sender=client))
    await stage.resolved()
    assert {leg.state for leg in await stage.legs(FIRST)} == {LegState.FILLED}
    assert len(stage.orders()) == len(MARKETS)


@B.row("B20", on=BYBIT)
async def key_that_went_bad_is_not_tried_again_and_again(stage: Stage) -> None:
    await stage.buy(FIRST)
    stage.sandbox.world.behaviour.mute_streams = True
    request, other = await stage.request(SECOND), await stage.request(THIRD)
    stage.fault("reset_after")
    stage.fault("code_before", "*", code=33004, message="Your api key has expired.", count=None)
    assert (await stage.send(request, SECOND)).outcome in {Outcome.UNKNOWN, Outcome.FILLED}
    with pytest.raises(TradingError) as refusal:
        await stage.send(other, THIRD)
    assert refusal.value.code == "unresolved_order"
    seen = max(record.seq for record in stage.asked())
    await stage.time.advance(600, step_s=5)
    assert await stage.state(SECOND) is LegState.UNKNOWN
    # a stream that had not connected yet goes on trying to: that shows no key
    asked = [record for record in stage.asked(after=seen) if record.operation != STREAMS["bybit"]]
    assert len(asked) <= 6 * 10  # every job once a minute, not every few seconds
    stage.heal()
    await stage.resolved(within_s=90)
    assert await stage.state(SECOND) is LegState.FILLED


@B.row("B21")
async def market_that_was_delisted_can_still_be_left(stage: Stage) -> None:
    await stage.buy(FIRST)
    stage.sandbox.delist(stage.native, venue=stage.venue)
    result = await stage.buy(SECOND)
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, "market_closed")
    assert (await stage.close(THIRD)).outcome is Outcome.FILLED
    assert stage.size() == 0


@B.row("B22", on=BYBIT)
async def outage_of_more_than_a_day_needs_executions_as_proof(stage: Stage) -> None:
    request = await stage.request()
    stage.fault("reset_before", "*", count=None)
    assert (await stage.send(request)).outcome is Outcome.UNKNOWN
    await stage.time.advance(timedelta(hours=25).total_seconds(), step_s=600)
    assert await stage.state() is LegState.UNKNOWN
    stage.heal()
    seen = max(record.seq for record in stage.asked())
    await stage.resolved(within_s=120)
    assert await stage.state() is LegState.ABSENT
    assert [r for r in stage.asked("GET /v5/execution/list", after=seen) if "startTime" in r.body]
    assert stage.counts == (1, 0)


@B.row("B23")
async def two_orders_of_one_second_are_two(stage: Stage) -> None:
    both = asyncio.gather(stage.buying(FIRST), stage.buying(SECOND))
    results = await stage.time.run(both)
    assert [result.outcome for result in results] == [Outcome.FILLED, Outcome.FILLED]
    assert {order.client_order_id for order in stage.orders()} == {stage.id_of(FIRST), stage.id_of(SECOND)}
    assert stage.counts == (2, 2)


@B.row("B24")
async def trades_by_hand_are_followed_and_not_taken_for_ours(stage: Stage) -> None:
    await stage.buy(FIRST)
    await stage.time.advance(20)
    stage.by_hand(Side.BUY, "0.02")
    await stage.time.advance(40)
    [stored] = await stage.time.run(stage.runtime.store.positions.of_account(stage.account))
    assert stored.position.size == Decimal("0.03") == stage.size()
    assert [body["event"]["reason"] for body in await stage.news() if body["kind"] == "position_changed"] == [
        "elsewhere"
    ]
    leg = await stage.leg()
    assert (leg.state, leg.filled_size) == (LegState.FILLED, Decimal(SIZE))
    assert len(await stage.time.run(stage.runtime.store.journal.recent(USER))) == 1


@pytest.mark.parametrize("case", B.parameters())
async def test_row(case: Case, stage: Stage) -> None:
    await case.play(stage)
