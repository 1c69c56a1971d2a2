"""What every venue's adapter does alike. Runs over the registry, against the sandbox, over the wire."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from exchanges.base import AccountEvent
from exchanges.spec import Capability, ExchangeSpec
from exchanges.transport import Network
from models.enums import (
    AccountType,
    MarginMode,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    TimeInForce,
)
from models.errors import Rejected, Unavailable
from models.requests import (
    AckKind,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Protection,
    SetLeverage,
    SetProtection,
)
from models.unified import Order
from sandbox.faults import KINDS
from sandbox.server import Sandbox
from tests.exchanges.contract import IMPATIENT, PRICE, SPECS, Desk, adapter, rig_of


@pytest.fixture(params=SPECS, ids=lambda spec: spec.key)
async def desk(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Desk]:
    """A clean account with 10,000 dollars, at every venue in turn; BTC stands at `PRICE`."""
    spec: ExchangeSpec = request.param
    sandbox.set_price("BTCUSDT", PRICE)
    values = rig_of(spec).open_account(sandbox, "contract")
    async with Network() as network:
        markets = await adapter(spec, sandbox, network, values).get_instruments()
        (btc,) = [market for market in markets if market.symbol == "BTCUSDT"]
        yield Desk(spec, sandbox, network, btc, values)


# Reading


async def test_markets_have_names_of_their_own(desk: Desk) -> None:
    markets = await desk.exchange.get_instruments()
    assert {market.exchange for market in markets} == {desk.spec.key}
    for name in ("symbol", "native_symbol"):
        assert [text for text, count in Counter(getattr(m, name) for m in markets).items() if count > 1] == []
    assert all(market.size_step > 0 and market.min_size > 0 for market in markets)


async def test_market_tells_price_history_and_time(desk: Desk) -> None:
    ticker = await desk.exchange.get_ticker(desk.btc)
    candles = await desk.exchange.get_candles(desk.btc, "1h", limit=5)
    tickers = {found.symbol: found for found in await desk.exchange.get_tickers()}
    assert ticker.symbol == "BTCUSDT"
    assert ticker.reference_price is not None
    assert abs(ticker.reference_price - PRICE) < PRICE / 100
    assert tickers["BTCUSDT"].reference_price == ticker.reference_price
    assert [candle.opened_at for candle in candles] == sorted(candle.opened_at for candle in candles)
    assert len(candles) == 5
    assert abs(await desk.exchange.get_server_time() - ticker.as_of) < timedelta(seconds=5)


async def test_new_account_has_money_and_nothing_else(desk: Desk) -> None:
    balance = await desk.exchange.get_balance()
    assert balance.equity == Decimal(10_000)
    assert balance.available == Decimal(10_000)
    assert (balance.exchange, balance.account_type) == (desk.spec.key, AccountType.PAPER)
    assert balance.as_of is not None
    for read in (
        desk.exchange.get_positions,
        desk.exchange.get_open_orders,
        desk.exchange.get_order_history,
        desk.exchange.get_fills,
        desk.exchange.get_closed_pnl,
        desk.exchange.get_funding,
    ):
        assert await read() == []


async def test_account_describes_itself(desk: Desk) -> None:
    state = await desk.exchange.get_account_state(desk.btc)
    fees = await desk.exchange.get_fee_rates(desk.btc)
    key = await desk.exchange.get_key_info()
    assert state.position_mode is PositionMode.ONE_WAY
    assert 0 <= fees.maker <= fees.taker < Decimal("0.01")
    assert (key.is_valid, key.can_trade, key.is_master_key) == (True, True, False)


async def test_unknown_key_is_refused_by_name(desk: Desk) -> None:
    with pytest.raises(Rejected) as caught:
        await desk.stranger().get_key_info()
    assert caught.value.code in desk.rig.refused_words


async def test_unknown_key_moves_nothing(desk: Desk) -> None:
    stranger = desk.stranger()
    desk.exchange = stranger
    assert (await desk.buy()).kind is AckKind.REJECTED


@pytest.mark.parametrize("kind", ["reset_after", "close_before", "html_before", "truncated", "invalid_json", "null"])
async def test_failed_read_is_never_an_empty_list(desk: Desk, kind: str) -> None:
    await desk.buy()
    for operation in desk.rig.read_operations:
        desk.sandbox.fault(kind, match=operation, count=None)
    with pytest.raises(Unavailable):
        await desk.exchange.get_positions()


# Trading


async def test_market_order_becomes_a_position_and_a_fill(desk: Desk) -> None:
    order = desk.order(size="0.02")
    (ack,) = await desk.do(order)
    position, found, (fill,) = await desk.position(), await desk.find(order), await desk.exchange.get_fills()
    assert ack.kind in {AckKind.ACCEPTED, AckKind.FILLED}
    assert (position.symbol, position.side, position.size) == ("BTCUSDT", PositionSide.LONG, Decimal("0.02"))
    assert (position.account_type, position.is_hedge) == (AccountType.PAPER, False)
    assert position.as_of is not None
    assert found is not None
    assert (found.status, found.filled_size) == (OrderStatus.FILLED, Decimal("0.02"))
    assert found.client_order_id == order.client_order_id
    assert (fill.side, fill.size, fill.order_id) == (OrderSide.BUY, Decimal("0.02"), found.order_id)
    assert fill.price == position.entry_price
    assert fill.fee is not None
    assert fill.fee > 0


async def test_short_is_the_mirror_of_a_long(desk: Desk) -> None:
    await desk.do(desk.order(OrderSide.SELL, "0.02"))
    position = await desk.position()
    assert (position.side, position.size) == (PositionSide.SHORT, Decimal("0.02"))


async def test_profit_of_a_position_has_the_right_sign(desk: Desk) -> None:
    await desk.buy("0.1")
    desk.sandbox.set_price("BTCUSDT", PRICE + 1000)
    position, balance = await desk.position(), await desk.exchange.get_balance()
    assert position.unrealized_pnl is not None
    assert abs(position.unrealized_pnl - 100) < 5
    assert balance.equity > 10_050


async def test_limit_order_rests_is_changed_and_cancelled(desk: Desk) -> None:
    order, ack = await desk.rest()
    (resting,) = await desk.exchange.get_open_orders()
    assert ack.kind is AckKind.ACCEPTED
    assert (resting.order_id, resting.client_order_id) == (ack.order_id, order.client_order_id)
    assert (resting.order_type, resting.price, resting.size) == (OrderType.LIMIT, Decimal(50000), Decimal("0.01"))
    assert (resting.status, resting.time_in_force) == (OrderStatus.OPEN, TimeInForce.GTC)

    amend = AmendOrder(
        instrument=desk.btc,
        order_id=ack.order_id,
        client_order_id=order.client_order_id,
        price=Decimal(51000),
        replacement=desk.order(order_type=OrderType.LIMIT, price=51000),
    )
    (amended,) = await desk.do(amend)
    (changed,) = await desk.exchange.get_open_orders(desk.btc)
    assert (amended.kind, changed.price) == (AckKind.ACCEPTED, Decimal(51000))

    (cancelled,) = await desk.do(CancelOrder(instrument=desk.btc, order_id=changed.order_id))
    assert cancelled.kind is AckKind.ACCEPTED
    assert await desk.exchange.get_open_orders() == []
    history = await desk.exchange.get_order_history()
    assert {found.status for found in history} == {OrderStatus.CANCELLED}


async def test_change_to_what_an_order_is_already_is_no_failure(desk: Desk) -> None:
    order, ack = await desk.rest()
    amend = AmendOrder(
        instrument=desk.btc,
        order_id=ack.order_id,
        client_order_id=order.client_order_id,
        price=Decimal(50000),
        replacement=order,
    )
    (amended,) = await desk.do(amend)
    (found,) = await desk.exchange.get_open_orders(desk.btc)
    assert (amended.kind, found.price, found.size) == (AckKind.ACCEPTED, Decimal(50000), Decimal("0.01"))


async def test_cancelled_order_is_still_found(desk: Desk) -> None:
    order, ack = await desk.rest()
    await desk.do(CancelOrder(instrument=desk.btc, order_id=ack.order_id, client_order_id=order.client_order_id))
    found = await desk.find(order)
    assert found is not None
    assert (found.status, found.filled_size) == (OrderStatus.CANCELLED, Decimal(0))


async def test_cancel_of_what_is_gone_says_so(desk: Desk) -> None:
    order, ack = await desk.rest()
    cancel = CancelOrder(instrument=desk.btc, order_id=ack.order_id, client_order_id=order.client_order_id)
    await desk.do(cancel)
    (again,) = await desk.do(cancel)
    assert again.kind is AckKind.REJECTED
    assert again.code in {"order_not_found", "order_done"}


async def test_orders_of_a_market_are_cancelled_at_once(desk: Desk) -> None:
    rested = [await desk.rest(price) for price in (50000, 50500, 51000)]
    orders = tuple(
        CancelOrder(instrument=desk.btc, order_id=ack.order_id, client_order_id=order.client_order_id)
        for order, ack in rested
    )
    acks = await desk.do(CancelAll(instrument=desk.btc, orders=orders))
    assert {ack.kind for ack in acks} == {AckKind.ACCEPTED}
    assert await desk.exchange.get_open_orders() == []


async def test_orders_of_a_batch_have_outcomes_of_their_own(desk: Desk) -> None:
    good, bad = desk.order(order_type=OrderType.LIMIT, price=50000), desk.order(size="10")
    acks = await desk.do(BatchOrders(orders=(good, bad)))
    assert [ack.kind for ack in acks] == [AckKind.ACCEPTED, AckKind.REJECTED]
    assert [order.client_order_id for order in await desk.exchange.get_open_orders()] == [good.client_order_id]


async def test_conditional_order_waits_and_fires(desk: Desk) -> None:
    order = desk.order(order_type=OrderType.STOP_MARKET, trigger_price=61000)
    (ack,) = await desk.do(order)
    (waiting,) = await desk.exchange.get_open_orders()
    assert ack.kind is AckKind.ACCEPTED
    assert (waiting.status, waiting.trigger_price) == (OrderStatus.UNTRIGGERED, Decimal(61000))
    desk.sandbox.set_price("BTCUSDT", 61100)
    await desk.sandbox.advance(1)
    assert (await desk.position()).size == Decimal("0.01")
    assert await desk.exchange.get_open_orders(desk.btc) == []


async def test_position_is_closed_whatever_it_has_become(desk: Desk) -> None:
    await desk.buy("0.03")
    closing = desk.order(OrderSide.SELL, "0.03", reduce_only=True, closes_position=True)
    (ack,) = await desk.do(closing)
    assert ack.kind in {AckKind.ACCEPTED, AckKind.FILLED}
    assert await desk.exchange.get_positions() == []
    fills = await desk.exchange.get_fills()
    assert sum(fill.size for fill in fills if fill.side is OrderSide.SELL) == Decimal("0.03")


async def test_close_never_opens_the_other_side(desk: Desk) -> None:
    await desk.buy("0.01")
    await desk.do(desk.order(OrderSide.SELL, "0.05", reduce_only=True))
    assert [position for position in await desk.exchange.get_positions() if position.side is PositionSide.SHORT] == []


async def test_close_of_nothing_is_refused(desk: Desk) -> None:
    (ack,) = await desk.do(desk.order(OrderSide.SELL, "0.01", reduce_only=True))
    assert ack.kind is AckKind.REJECTED
    assert await desk.exchange.get_positions() == []


async def test_leverage_is_set_read_back_and_may_be_set_again(desk: Desk) -> None:
    setting = SetLeverage(instrument=desk.btc, leverage=Decimal(7), margin_mode=MarginMode.CROSS)
    for _ in range(2):
        (ack,) = await desk.do(setting)
        assert ack.kind is AckKind.ACCEPTED
    assert await desk.exchange.get_leverage(desk.btc) == 7
    await desk.buy()
    assert (await desk.position()).leverage == 7


async def protection_prices(desk: Desk) -> set[Decimal | None]:
    """Return stop and target of the only position, wherever the venue keeps them."""
    position = await desk.position()
    orders: list[Order] = await desk.exchange.get_open_orders()
    held = {position.take_profit, position.stop_loss}
    return (held | {order.trigger_price for order in orders}) - {None}


async def test_entry_carries_its_protection(desk: Desk) -> None:
    protection = Protection(stop_loss=Decimal(58000), take_profit=Decimal(63000))
    assert (await desk.buy(protection=protection)).kind in {AckKind.ACCEPTED, AckKind.FILLED}
    assert await protection_prices(desk) == {Decimal(58000), Decimal(63000)}


async def test_protection_closes_the_position(desk: Desk) -> None:
    await desk.buy(protection=Protection(stop_loss=Decimal(58000), take_profit=Decimal(63000)))
    desk.sandbox.set_price("BTCUSDT", 57900)
    await desk.sandbox.advance(1)
    assert await desk.exchange.get_positions() == []
    assert await desk.exchange.get_open_orders() == []


async def test_protection_is_set_on_a_position(desk: Desk) -> None:
    await desk.buy()
    action = SetProtection(
        instrument=desk.btc,
        position_side=PositionSide.LONG,
        position_size=Decimal("0.01"),
        protection=Protection(stop_loss=Decimal(59000)),
        client_ids=() if desk.spec.can(Capability.POSITION_PROTECTION) else (desk.client_id(),),
    )
    acks = await desk.do(action)
    assert {ack.kind for ack in acks} == {AckKind.ACCEPTED}
    assert await protection_prices(desk) == {Decimal(59000)}


async def test_stop_is_moved_and_a_target_that_is_reached_is_told_as_one(desk: Desk) -> None:
    await desk.buy(protection=Protection(stop_loss=Decimal(58000), take_profit=Decimal(63000)))
    has_own_orders = not desk.spec.can(Capability.POSITION_PROTECTION)
    replaced = tuple(
        CancelOrder(instrument=desk.btc, order_id=order.order_id, is_trigger=True)
        for order in await desk.exchange.get_open_orders()
        if has_own_orders and order.order_type is OrderType.STOP_MARKET
    )
    move = SetProtection(
        instrument=desk.btc,
        position_side=PositionSide.LONG,
        position_size=Decimal("0.01"),
        protection=Protection(stop_loss=Decimal(59000)),
        client_ids=(desk.client_id(),) if has_own_orders else (),
        replaced=replaced,
    )
    assert {ack.kind for ack in await desk.do(move)} == {AckKind.ACCEPTED}
    if replaced:  # the new one stands before the old one goes
        await desk.do(CancelAll(instrument=desk.btc, orders=replaced))
    assert await protection_prices(desk) == {Decimal(59000), Decimal(63000)}

    desk.sandbox.set_price("BTCUSDT", 63100)
    await desk.sandbox.advance(1)
    (closing,) = [fill for fill in await desk.exchange.get_fills() if fill.side is OrderSide.SELL]
    (order,) = [o for o in await desk.exchange.get_order_history() if o.order_id == closing.order_id]
    assert await desk.exchange.get_positions() == []
    assert (order.order_type, order.status) == (OrderType.TAKE_PROFIT_MARKET, OrderStatus.FILLED)
    assert (order.trigger_price, order.reduce_only) == (Decimal(63000), True)


# Refusals and lost answers


async def test_order_beyond_the_money_is_refused_with_our_word(desk: Desk) -> None:
    (ack,) = await desk.do(desk.order(size="10"))
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "insufficient_margin")
    assert await desk.exchange.get_positions() == []


async def test_order_that_nobody_sent_is_a_complete_miss(desk: Desk) -> None:
    assert await desk.find(desk.order()) is None


LOOKED_UP_LATER = {"too_many", "forbidden"}  # after these the venue is left alone for a while
NOT_ANSWERS = {"ws_drop", "stale", "patch", "delay_before", "delay_after"}
LATE, LATE_LOOKS = {"late", "late_hang"}, 20  # the venue acts on these seconds after the client has given up
LOST = sorted(set(KINDS) - NOT_ANSWERS)


DETAILS: dict[str, dict[str, Any]] = {
    "slow_body": {"delay_after_s": 0.3},
    "redirect": {"location": "/elsewhere"},
    # after the client gave up, and long before the fence: a busy machine takes its time too
    **{kind: {"process_later_s": 2.0} for kind in LATE},
}


@pytest.mark.parametrize("kind", LOST)
async def test_lost_answer_is_unknown_after_one_post_and_the_truth_is_found(desk: Desk, kind: str) -> None:
    desk.sandbox.fault(kind, match=desk.rig.order_operation, **DETAILS.get(kind, {}))
    order = desk.order()
    async with Network(timeout=IMPATIENT) as hurried:
        (ack,) = await desk.do(order, over=hurried)
    assert ack.kind is AckKind.UNKNOWN
    assert desk.posts() == 1
    if kind in LOOKED_UP_LATER:
        return
    found = await desk.find_in_time(order, LATE_LOOKS if kind in LATE else 1)
    assert (found is not None) == KINDS[kind].processed
    assert desk.posts() == 1
    assert len(await desk.exchange.get_positions()) == KINDS[kind].processed


async def test_answer_that_only_took_its_time_is_believed(desk: Desk) -> None:
    desk.sandbox.fault("delay_after", match=desk.rig.order_operation, delay_after_s=0.0)
    assert (await desk.buy()).kind in {AckKind.ACCEPTED, AckKind.FILLED}


async def test_venue_that_is_not_there_got_nothing(desk: Desk) -> None:
    order = desk.order()
    await desk.exchange.get_server_time()
    await desk.sandbox.refuse(desk.spec.key)
    async with Network() as fresh:  # without a connection that is still open
        values = desk.rig.open_account(desk.sandbox, "other")
        desk.exchange = adapter(desk.spec, desk.sandbox, fresh, values)
        (ack,) = await desk.do(order)
    assert ack.kind is AckKind.NOT_SENT
    assert desk.posts() == 0


async def test_lookup_that_fails_is_no_miss(desk: Desk) -> None:
    desk.sandbox.fault("close_before", match="*", venue=desk.spec.key, count=None)
    with pytest.raises(Unavailable):
        await desk.find(desk.order())


async def test_every_attempt_is_one_post(desk: Desk) -> None:
    for _ in range(5):
        await desk.buy()
    assert desk.posts() == 5


# The stream


async def test_stream_starts_with_a_gap_and_tells_of_a_fill(desk: Desk) -> None:
    async with contextlib.aclosing(events(desk)) as stream:
        assert (await anext(stream)).is_gap
        await desk.buy()
        async with asyncio.timeout(5):
            event = await anext(stream)
            while not event.fills:
                event = await anext(stream)
    assert [fill.size for fill in event.fills] == [Decimal("0.01")]


async def test_lost_stream_comes_back_with_a_gap(desk: Desk) -> None:
    async with contextlib.aclosing(events(desk)) as stream:
        assert (await anext(stream)).is_gap
        desk.sandbox.fault("ws_drop", match="*", venue=desk.spec.key)
        await desk.exchange.get_server_time()
        async with asyncio.timeout(5):
            while not (await anext(stream)).is_gap:
                pass


async def events(desk: Desk) -> AsyncGenerator[AccountEvent]:
    """Yield the account's stream, closable."""
    stream = desk.exchange.stream([desk.btc])
    async for event in stream:
        yield event
