"""The adapter against the simulated venue, over the wire."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from exchanges.hyperliquid import HLExchange
from exchanges.transport import Network
from models.enums import (
    AccountType,
    InstrumentStatus,
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
    AdjustMargin,
    AmendOrder,
    CancelAll,
    CancelOrder,
    Noop,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetProtection,
)
from models.unified import Fill, Instrument, Order, Position
from sandbox.faults import KINDS
from sandbox.hyperliquid import people
from tests.exchanges.hyperliquid_kit import (
    CLOID,
    STOP_CLOID,
    TAKE_PROFIT_CLOID,
    Simulation,
    adapter,
    order,
    simulation,
)

# what needs patience, does nothing by itself, or holds the whole address back
OTHER_FAULTS = {"slow_body", "ws_drop", "stale", "patch", "too_many", "late", "late_hang"}
QUICK_FAULTS = [name for name in KINDS if name not in OTHER_FAULTS and not name.startswith(("hang_", "delay_"))]
TRADER = people.address_of(people.TRADER_KEY)


class Room:
    """One account on a simulated venue, and the venue's own list of markets."""

    def __init__(self, simulated: Simulation, network: Network, markets: dict[str, Instrument]) -> None:
        self.simulated = simulated
        self.network = network
        self.exchange = simulated.account(network)
        self.btc = markets["BTC"]
        self.tesla = markets["xyz:TSLA"]

    async def do(self, action: Any) -> Any:
        return await self.simulated.do(self.exchange, action)

    async def buy(self, market: Instrument | None = None, size: str = "0.01", **changes: Any) -> Any:
        """Buy at the market's price, by a limit that takes it."""
        fields: dict[str, Any] = {"order_type": OrderType.MARKET, "price": Decimal(66000), "size": Decimal(size)}
        return await self.do(order(market or self.btc, **{**fields, **changes}))

    def as_account(self, key: str, **values: str) -> HLExchange:
        return adapter(self.simulated.url, self.network, key=key, **values)  # type: ignore[arg-type]


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with simulation() as (simulated, network):
        markets = await simulated.account(network).get_instruments()
        simulated.asked.clear()
        yield Room(simulated, network, {market.native_symbol: market for market in markets})


async def test_every_dex_is_listed_with_the_ids_that_orders_use(room: Room) -> None:
    markets = await room.exchange.get_instruments()
    venue_ids = {market.native_symbol: room.simulated.venue.assets.id_of(market.native_symbol) for market in markets}
    assert {market.native_symbol: market.asset_id for market in markets} == venue_ids
    assert room.tesla.dex == "xyz"
    assert room.tesla.isolated_only
    assert room.btc.status is InstrumentStatus.TRADING


async def test_market_order_fills_and_becomes_a_position(room: Room) -> None:
    (ack,) = await room.buy()
    (position,) = await room.exchange.get_positions()
    assert ack.kind is AckKind.FILLED
    assert ack.filled_size == Decimal("0.01")
    assert (position.symbol, position.side, position.size) == ("BTCUSDT", PositionSide.LONG, Decimal("0.01"))
    assert position.entry_price == ack.average_price
    assert position.account_type is AccountType.PAPER
    assert position.as_of is not None


async def test_resting_order_is_found_amended_and_cancelled(room: Room) -> None:
    (placed,) = await room.do(order(room.btc, price=Decimal(50000)))
    found = await room.exchange.find_order(room.btc, client_order_id=CLOID)
    assert found is not None
    assert (found.order_id, found.status, found.price) == (placed.order_id, OrderStatus.OPEN, Decimal(50000))
    new = order(room.btc, price=Decimal(51000), size=Decimal("0.02"))
    (amended,) = await room.do(
        AmendOrder(instrument=room.btc, order_id=placed.order_id, client_order_id=CLOID, replacement=new)
    )
    (only,) = await room.exchange.get_open_orders()
    assert amended.kind is AckKind.ACCEPTED
    assert (only.order_id, only.price, only.size) == (amended.order_id, Decimal(51000), Decimal("0.02"))
    assert only.order_id != placed.order_id
    by_old_id = await room.exchange.find_order(room.btc, client_order_id=CLOID, order_id="999999999999")
    assert by_old_id is not None
    assert by_old_id.order_id == amended.order_id
    (cancelled,) = await room.do(CancelOrder(instrument=room.btc, order_id=only.order_id, client_order_id=CLOID))
    assert cancelled.kind is AckKind.ACCEPTED
    assert await room.exchange.get_open_orders() == []
    (again,) = await room.do(CancelOrder(instrument=room.btc, order_id=None, client_order_id=CLOID))
    assert (again.kind, again.code) == (AckKind.REJECTED, "order_not_found")


async def test_entry_and_protection_go_out_together(room: Room) -> None:
    entry = order(
        room.btc,
        price=Decimal(50000),
        protection=Protection(take_profit=Decimal(70000), stop_loss=Decimal(45000)),
        protection_client_ids=(TAKE_PROFIT_CLOID, STOP_CLOID),
    )
    acks = await room.do(entry)
    orders = {o.client_order_id: o for o in await room.exchange.get_open_orders()}
    assert [ack.kind for ack in acks] == [AckKind.ACCEPTED] * 3
    assert set(orders) == {CLOID, TAKE_PROFIT_CLOID, STOP_CLOID}
    assert orders[STOP_CLOID].parent_order_id == orders[CLOID].order_id
    assert orders[STOP_CLOID].order_type is OrderType.STOP_MARKET
    assert (orders[CLOID].take_profit, orders[CLOID].stop_loss) == (Decimal(70000), Decimal(45000))
    assert len([request for request in room.simulated.asked if request["path"] == "/exchange"]) == 1


async def test_stop_of_an_entry_closes_what_it_filled(room: Room) -> None:
    await room.buy(protection=Protection(stop_loss=Decimal(55000)), protection_client_ids=(STOP_CLOID,))
    room.simulated.set_price("BTC", "54000")
    assert await room.exchange.get_positions() == []
    stop = await room.exchange.find_order(room.btc, client_order_id=STOP_CLOID)
    assert stop is not None
    assert stop.status is OrderStatus.FILLED


async def test_position_protection_is_set_replaced_and_removed(room: Room) -> None:
    await room.buy()

    def protect(stop: Decimal, replaced: tuple[CancelOrder, ...] = ()) -> SetProtection:
        return SetProtection(
            instrument=room.btc,
            position_side=PositionSide.LONG,
            position_size=Decimal("0.01"),
            protection=Protection(stop_loss=stop),
            replaced=replaced,
        )

    (first,) = await room.do(protect(Decimal(55000)))
    (stop,) = await room.exchange.get_open_orders()
    assert first.kind is AckKind.ACCEPTED
    assert (stop.closes_position, stop.trigger_price) == (True, Decimal(55000))
    old = CancelOrder(instrument=room.btc, order_id=stop.order_id, is_trigger=True)
    await room.do(protect(Decimal(56000), (old,)))
    await room.do(CancelAll(instrument=room.btc, orders=(old,)))
    (newer,) = await room.exchange.get_open_orders()
    assert newer.trigger_price == Decimal(56000)
    (removed,) = await room.do(
        protect(Decimal(0), (CancelOrder(instrument=room.btc, order_id=newer.order_id, is_trigger=True),))
    )
    assert removed.kind is AckKind.ACCEPTED
    assert await room.exchange.get_open_orders() == []


async def test_reduce_only_close_leaves_no_position(room: Room) -> None:
    await room.buy()
    await room.do(
        order(
            room.btc,
            side=OrderSide.SELL,
            order_type=OrderType.MARKET,
            price=Decimal(54000),
            reduce_only=True,
            closes_position=True,
            client_order_id=STOP_CLOID,
        )
    )
    assert await room.exchange.get_positions() == []
    (result,) = await room.exchange.get_closed_pnl()
    fills = await room.exchange.get_fills()
    assert (result.side, result.size) == (PositionSide.LONG, Decimal("0.01"))
    assert [fill.side for fill in fills] == [OrderSide.SELL, OrderSide.BUY]
    assert result.pnl == fills[0].realized_pnl - fills[0].fee  # type: ignore[operator]
    assert await room.exchange.get_closed_pnl(room.tesla) == []


async def test_positions_of_builders_dexes_are_not_missed(room: Room) -> None:
    await room.do(SetLeverage(instrument=room.tesla, leverage=Decimal(3)))
    (ack,) = await room.buy(room.tesla, "1", price=Decimal(275))
    await room.buy(client_order_id=STOP_CLOID)
    positions = {position.native_symbol for position in await room.exchange.get_positions()}
    assert ack.kind is AckKind.FILLED
    assert positions == {"BTC", "xyz:TSLA"}
    assert [p.native_symbol for p in await room.exchange.get_positions(room.tesla)] == ["xyz:TSLA"]


async def test_open_orders_of_builders_dexes_are_not_missed(room: Room) -> None:
    await room.do(order(room.tesla, price=Decimal(200), size=Decimal(1)))
    assert [o.native_symbol for o in await room.exchange.get_open_orders()] == ["xyz:TSLA"]


async def test_everything_is_asked_about_the_master_and_never_about_the_agent(room: Room) -> None:
    exchange = room.exchange
    await exchange.get_balance()
    await exchange.get_positions()
    await exchange.get_open_orders()
    await exchange.find_order(room.btc, client_order_id=CLOID)
    await exchange.get_order_history()
    await exchange.get_fills()
    await exchange.get_closed_pnl()
    await exchange.get_funding()
    await exchange.get_leverage(room.btc)
    await exchange.get_fee_rates()
    await exchange.get_account_state(room.btc)
    users = {request.get("user", TRADER) for request in room.simulated.asked}
    assert users == {TRADER}


async def test_master_is_asked_from_the_venue_where_it_is_not_given(room: Room) -> None:
    await room.buy()
    exchange = room.as_account(people.TRADER_AGENT_KEY, account_address="")
    assert len(await exchange.get_positions()) == 1
    assert len(await exchange.get_positions()) == 1
    assert [request["type"] for request in room.simulated.asked if request["path"] == "/info"].count("userRole") == 1


async def test_agent_of_nobody_reads_nothing_instead_of_emptiness(room: Room) -> None:
    exchange = room.as_account(people.UNKNOWN_KEY, account_address="")
    with pytest.raises(Unavailable):
        await exchange.get_positions()


async def test_balance_of_an_ordinary_account_is_in_its_perps_account(room: Room) -> None:
    balance = await room.exchange.get_balance()
    assert balance.equity == people.MONEY
    assert [coin.total for coin in balance.coins] == [Decimal(500)]


async def test_balance_of_a_unified_account_is_found_in_its_spot_wallet(room: Room) -> None:
    address = people.address_of(people.UNIFIED_KEY)
    exchange = room.as_account(people.UNIFIED_KEY, account_address=address)
    balance = await exchange.get_balance()
    state = await exchange.get_account_state()
    assert balance.equity == people.MONEY
    assert state.is_unified
    assert state.position_mode is PositionMode.ONE_WAY


async def test_sub_account_is_traded_and_read_by_its_own_address(room: Room) -> None:
    room.exchange = room.as_account(people.TRADER_AGENT_KEY, account_address=TRADER, vault_address=people.SUB_ACCOUNT)
    (ack,) = await room.buy()
    assert ack.kind is AckKind.FILLED
    assert len(await room.exchange.get_positions()) == 1
    assert await room.simulated.account(room.network).get_positions() == []
    assert (await room.exchange.get_balance()).wallet is not None


async def test_leverage_and_margin_mode_are_set_together(room: Room) -> None:
    await room.do(SetLeverage(instrument=room.btc, leverage=Decimal(7), margin_mode=MarginMode.CROSS))
    assert await room.exchange.get_leverage(room.btc) == 7
    await room.do(SetMarginMode(instrument=room.btc, leverage=Decimal(7), margin_mode=MarginMode.ISOLATED))
    assert (await room.exchange.get_account_state(room.btc)).margin_mode is MarginMode.ISOLATED
    await room.buy()
    (before,) = await room.exchange.get_positions()
    (added,) = await room.do(AdjustMargin(instrument=room.btc, position_side=PositionSide.LONG, amount=Decimal("12.5")))
    (after,) = await room.exchange.get_positions()
    assert added.kind is AckKind.ACCEPTED
    assert after.margin_used is not None
    assert before.margin_used is not None
    assert after.margin_used - before.margin_used == Decimal("12.5")
    (refused,) = await room.do(SetLeverage(instrument=room.btc, leverage=Decimal(7), margin_mode=MarginMode.CROSS))
    assert (refused.kind, refused.code) == (AckKind.REJECTED, "margin_mode_locked")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": Decimal("60000.123456")}, "price_off_grid"),
        ({"size": Decimal("0.0001"), "price": Decimal(50000)}, "below_min_notional"),
        ({"size": Decimal(100)}, "insufficient_margin"),
        ({"side": OrderSide.SELL, "reduce_only": True}, "reduce_only_rejected"),
        ({"price": Decimal(66000), "time_in_force": TimeInForce.POST_ONLY}, "post_only_would_take"),
        ({"price": Decimal(50000), "time_in_force": TimeInForce.IOC}, "no_liquidity"),
    ],
)
async def test_refusals_are_definite_and_named(room: Room, changes: dict[str, Any], code: str) -> None:
    (ack,) = await room.do(order(room.btc, **changes))
    assert (ack.kind, ack.code) == (AckKind.REJECTED, code)


async def test_key_of_nobody_is_refused_at_once(room: Room) -> None:
    room.exchange = room.as_account(people.UNKNOWN_KEY)
    (ack,) = await room.do(order(room.btc))
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "key_invalid")


async def test_noop_with_the_same_nonce_kills_what_is_still_on_its_way(room: Room) -> None:
    stamp = room.simulated.stamp()
    late = room.exchange.sign(order(room.btc, price=Decimal(50000)), stamp)
    (killed,) = await room.exchange.send(room.exchange.sign(Noop(), stamp))
    (ack,) = await room.exchange.send(late)
    assert killed.kind is AckKind.ACCEPTED
    assert (ack.kind, ack.code) == (AckKind.UNKNOWN, "nonce_spent")
    assert await room.exchange.find_order(room.btc, client_order_id=CLOID) is None


async def test_noop_after_the_order_was_taken_says_that_the_nonce_is_spent(room: Room) -> None:
    stamp = room.simulated.stamp()
    await room.exchange.send(room.exchange.sign(order(room.btc, price=Decimal(50000)), stamp))
    (ack,) = await room.exchange.send(room.exchange.sign(Noop(), stamp))
    assert (ack.kind, ack.code) == (AckKind.UNKNOWN, "nonce_spent")
    assert await room.exchange.find_order(room.btc, client_order_id=CLOID) is not None


async def test_request_after_its_fence_is_refused_for_good(room: Room) -> None:
    stamp = dataclasses.replace(room.simulated.stamp(), fence_ms=room.exchange.venue_time_ms() - 1000)
    (ack,) = await room.exchange.send(room.exchange.sign(order(room.btc), stamp))
    assert (ack.kind, ack.code) == (AckKind.REJECTED, "request_expired")


@pytest.mark.parametrize("kind", QUICK_FAULTS)
async def test_every_broken_answer_is_unknown_and_the_venue_knows_the_truth(room: Room, kind: str) -> None:
    room.simulated.fault(kind, "POST /exchange*")
    stamp = room.simulated.stamp()
    placing = room.exchange.sign(order(room.btc, price=Decimal(50000)), stamp)
    (ack,) = await room.exchange.send(placing)
    found = await room.exchange.find_order(room.btc, client_order_id=CLOID)
    (noop,) = await room.exchange.send(room.exchange.sign(Noop(), stamp))
    was_carried_out = KINDS[kind].processed
    assert ack.kind is AckKind.UNKNOWN
    assert (found is not None) == was_carried_out
    assert noop.kind is (AckKind.UNKNOWN if was_carried_out else AckKind.ACCEPTED)


async def test_order_that_never_was_is_a_complete_miss(room: Room) -> None:
    assert await room.exchange.find_order(room.btc, client_order_id=CLOID) is None
    asked = [request["type"] for request in room.simulated.asked]
    assert asked[0] == "orderStatus"
    assert sorted(asked[1:]) == ["frontendOpenOrders", "historicalOrders"]


async def test_filled_order_is_found_with_what_it_cost(room: Room) -> None:
    (ack,) = await room.buy()
    found = await room.exchange.find_order(room.btc, client_order_id=CLOID)
    assert found is not None
    assert (found.status, found.filled_size) == (OrderStatus.FILLED, Decimal("0.01"))
    assert found.average_price == ack.average_price


async def test_history_holds_each_closed_order_once_in_its_last_state(room: Room) -> None:
    await room.buy()
    await room.do(order(room.btc, price=Decimal(50000), client_order_id=STOP_CLOID))
    await room.do(CancelOrder(instrument=room.btc, order_id=None, client_order_id=STOP_CLOID))
    await room.do(order(room.btc, price=Decimal(50000), client_order_id=TAKE_PROFIT_CLOID))
    history = await room.exchange.get_order_history()
    assert {o.client_order_id: o.status for o in history} == {
        CLOID: OrderStatus.FILLED,
        STOP_CLOID: OrderStatus.CANCELLED,
    }
    assert await room.exchange.get_order_history(room.tesla) == []
    assert len(await room.exchange.get_order_history(limit=1)) == 1


async def test_prices_of_all_dexes_are_fetched_once_for_all_accounts(room: Room) -> None:
    other = room.simulated.account(room.network)
    tickers = await room.exchange.get_tickers()
    again = await other.get_ticker(room.btc)
    assert {"BTCUSDT", "xyz:TSLA"} <= {ticker.symbol for ticker in tickers}
    assert again.mark_price is not None
    asked = [request["type"] for request in room.simulated.asked]
    assert asked.count("metaAndAssetCtxs") == len(await room.exchange._market.dexes())


async def test_candles_come_oldest_first(room: Room) -> None:
    candles = await room.exchange.get_candles(room.btc, "5m", limit=10)
    assert len(candles) == 10
    assert candles == sorted(candles, key=lambda candle: candle.opened_at)


async def test_fees_of_builders_dexes_are_double(room: Room) -> None:
    main, builder = [await room.exchange.get_fee_rates(market) for market in (room.btc, room.tesla)]
    assert builder.taker == 2 * main.taker > 0


async def test_clock_is_set_by_the_venue(room: Room) -> None:
    moment = await room.exchange.get_server_time()
    assert abs(room.exchange.venue_time_ms() - moment.timestamp() * 1000) < 1000


async def test_agents_key_may_trade_and_not_withdraw(room: Room) -> None:
    info = await room.exchange.get_key_info()
    assert (info.can_trade, info.can_withdraw, info.is_master_key, info.label) == (True, False, False, "bot")
    assert info.expires_at is not None


async def test_wallets_own_key_is_told_apart(room: Room) -> None:
    info = await room.as_account(people.TRADER_KEY, account_address=TRADER).get_key_info()
    assert (info.is_master_key, info.can_withdraw) == (True, True)


@pytest.mark.parametrize(
    ("key", "values", "code"),
    [
        (people.UNKNOWN_KEY, {"account_address": ""}, "key_invalid"),
        (people.TRADER_AGENT_KEY, {"account_address": "0x" + "77" * 20}, "key_of_another_account"),
        (people.TRADER_AGENT_KEY, {"vault_address": people.address_of(people.UNIFIED_KEY)}, "vault_not_yours"),
    ],
)
async def test_key_that_does_not_fit_is_refused(room: Room, key: str, values: dict[str, str], code: str) -> None:
    exchange = room.as_account(key, **{"account_address": TRADER, **values})
    with pytest.raises(Rejected) as error:
        await exchange.get_key_info()
    assert error.value.code == code


async def test_expired_agent_is_refused(room: Room) -> None:
    with pytest.raises(Rejected):
        await room.as_account(people.EXPIRED_AGENT_KEY, account_address=TRADER).get_key_info()


@pytest.mark.parametrize("vault", [people.VAULT, people.SUB_ACCOUNT])
async def test_own_vault_and_sub_account_are_taken(room: Room, vault: str) -> None:
    exchange = room.as_account(people.TRADER_AGENT_KEY, account_address=TRADER, vault_address=vault)
    assert (await exchange.get_key_info()).can_trade


async def test_stream_begins_with_a_gap_and_tells_orders_fills_and_positions(room: Room) -> None:
    async with contextlib.aclosing(room.exchange.stream([room.btc])) as events:
        assert (await anext(events)).is_gap
        await room.buy()
        orders: list[Order] = []
        fills: list[Fill] = []
        positions: list[Position] = []
        async with asyncio.timeout(10):
            while not (orders and fills and positions):
                event = await anext(events)
                orders += event.orders
                fills += event.fills
                positions += event.positions
    assert orders[-1].client_order_id == CLOID
    assert fills[0].size == Decimal("0.01")
    assert positions[-1].symbol == "BTCUSDT"


async def test_stream_comes_back_and_tells_the_gap(room: Room) -> None:
    async with contextlib.aclosing(room.exchange.stream([room.btc])) as events, asyncio.timeout(10):
        assert (await anext(events)).is_gap
        await room.simulated.world.drop_sockets()
        while not (await anext(events)).is_gap:
            pass


async def test_eleventh_account_is_told_to_poll(room: Room) -> None:
    streams = []
    for number in range(10):
        exchange = room.as_account(people.TRADER_AGENT_KEY, account_address=f"0x{number + 1:040x}")
        streams.append(exchange.stream([]))
        assert (await anext(streams[-1])).is_gap
    late = room.exchange.stream([])
    with pytest.raises(Unavailable) as error:
        await anext(late)
    assert error.value.code == "no_stream_slot"
    await streams.pop().aclose()
    again = room.exchange.stream([])
    assert (await anext(again)).is_gap
    for stream in [*streams, again]:
        await stream.aclose()
