"""The books add up, whatever happens: properties of the engine under random trading."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.clock import Clock
from sandbox.engine import (
    ZERO,
    Engine,
    LedgerKind,
    MarginMode,
    OrderSpec,
    OrderType,
    PositionIdx,
    PositionMode,
    Protection,
    RefusedError,
    Side,
    StopKind,
    TimeInForce,
    Trigger,
    Venue,
)
from sandbox.market import Market

START = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
CASH = {LedgerKind.DEPOSIT, LedgerKind.REALISED, LedgerKind.FEE, LedgerKind.FUNDING, LedgerKind.INSURANCE}
TINY = Decimal("0.000000001")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens; the numbers are read as each action needs them."""

    action: str
    a: int
    b: int
    flag: bool


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["market", "limit", "stop", "protect", "close", "cancel", "price", "time", "leverage"]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


class Trader:
    """Does random things in one account and checks the books after each."""

    def __init__(self, venue: Venue, margin_mode: MarginMode, position_mode: PositionMode) -> None:
        self.clock = Clock(frozen_at=START)
        self.market = Market(clock=self.clock)
        self.engine = Engine(venue=venue, market=self.market)
        self.symbol = {Venue.BYBIT: "ETHUSDT", Venue.HYPERLIQUID: "ETH", Venue.OKX: "ETH-USDT-SWAP"}[venue]
        self.coin = "USDC" if venue is Venue.HYPERLIQUID else "USDT"
        self.hedge = position_mode is PositionMode.HEDGE
        self.market.set_price("ETH", Decimal(3000))
        self.engine.open_account(
            "a", deposits={self.coin: Decimal(10_000)}, margin_mode=margin_mode, position_mode=position_mode
        )

    def do(self, step: Step) -> None:
        """Carry one step out; the venue may refuse it."""
        with suppress(RefusedError):
            getattr(self, f"_{step.action}")(step)
        self.engine.step()

    def _spec(self, step: Step, **fields: object) -> OrderSpec:
        side = Side.BUY if step.flag else Side.SELL
        idx = PositionIdx.ONE_WAY
        if self.hedge:
            idx = PositionIdx.LONG if step.b % 2 else PositionIdx.SHORT
            opens = (idx is PositionIdx.LONG) == (side is Side.BUY)
            fields.setdefault("reduce_only", not opens)
        size = Decimal(step.a % 900 + 1) / 100
        base: dict[str, object] = {"symbol": self.symbol, "side": side, "size": size, "position_idx": idx}
        return OrderSpec(**{"type": OrderType.MARKET, **base, **fields})  # type: ignore[arg-type]

    def _price_near(self, step: Step) -> Decimal:
        last = self.market.quote(self.engine.venue, self.symbol).last
        return (last * (Decimal(9_500 + step.b % 1_000) / 10_000)).quantize(Decimal("0.1"))

    def _market(self, step: Step) -> None:
        protection = None
        if step.b % 3 == 0:
            last = self.market.quote(self.engine.venue, self.symbol).last
            away = Decimal("0.98") if step.flag else Decimal("1.02")
            protection = Protection(trigger_price=(last * away).quantize(Decimal("0.1")))
        self.engine.place("a", self._spec(step, stop_loss=protection))

    def _limit(self, step: Step) -> None:
        tif = list(TimeInForce)[step.b % 4]
        spec = self._spec(step, type=OrderType.LIMIT, price=self._price_near(step), time_in_force=tif)
        self.engine.place("a", spec)

    def _stop(self, step: Step) -> None:
        trigger = Trigger(price=self._price_near(step))
        self.engine.place("a", self._spec(step, trigger=trigger, stop=StopKind.STOP))

    def _protect(self, step: Step) -> None:
        for view in self.engine.positions("a"):
            side, mark = view.position.side, view.mark_price
            assert side is not None
            away = mark * Decimal(step.b % 400 + 10) / 10_000
            size = None if step.flag else self.engine.instruments[self.symbol].floor_size(abs(view.position.size) / 2)
            profit, loss = ((mark + sign * away).quantize(Decimal("0.1")) for sign in (side.sign, -side.sign))
            self.engine.set_protection(
                "a",
                self.symbol,
                view.position.idx,
                take_profit=Protection(trigger_price=profit, size=size),
                stop_loss=Protection(trigger_price=loss, size=size),
            )

    def _close(self, step: Step) -> None:
        self.engine.place("a", self._spec(step, reduce_only=True))

    def _cancel(self, step: Step) -> None:
        opened = self.engine.open_orders("a")
        if opened:
            self.engine.cancel("a", opened[step.a % len(opened)].order_id)

    def _price(self, step: Step) -> None:
        last = self.market.quote(self.engine.venue, self.symbol).last
        factor = Decimal(9_000 + step.a % 2_000) / 10_000
        self.market.set_price("ETH", max(Decimal(10), (last * factor).quantize(Decimal("0.1"))))

    def _time(self, step: Step) -> None:
        self.clock.advance_ms(step.a * 3_600)

    def _leverage(self, step: Step) -> None:
        self.engine.set_leverage("a", self.symbol, Decimal(step.a % 25 + 1))

    # The truth, counted another way than the engine counts

    def check(self) -> None:
        """Every invariant of the books."""
        self.check_cash()
        self.check_equity()
        self.check_positions()
        self.check_orders()

    def amounts(self, *kinds: LedgerKind) -> Decimal:
        """Sum of the ledger's money lines of these kinds."""
        return sum((line.amount or ZERO for line in self.engine.ledger.lines() if line.kind in kinds), ZERO)

    def check_cash(self) -> None:
        """The wallet is the sum of the ledger."""
        assert self.engine.account_view("a").wallet == self.amounts(*CASH)
        assert self.amounts(LedgerKind.FEE) == -sum((fill.fee for fill in self.engine.fills("a")), ZERO)
        assert self.amounts(LedgerKind.FUNDING) == sum((p.amount for p in self.engine.fundings("a")), ZERO)

    def check_equity(self) -> None:
        """Equity = deposits + what all trades brought at today's price - fees + funding (+ insurance)."""
        mark = self.market.quote(self.engine.venue, self.symbol).mark
        fills = self.engine.fills("a")
        traded = sum((fill.side.sign * fill.size * (mark - fill.price) for fill in fills), ZERO)
        others = self.amounts(LedgerKind.DEPOSIT, LedgerKind.FEE, LedgerKind.FUNDING, LedgerKind.INSURANCE)
        assert abs(self.engine.account_view("a").equity - (others + traded)) < TINY

    def check_positions(self) -> None:
        """A position is the sum of its executions, and a hedge side never turns over."""
        for idx in PositionIdx:
            position = self.engine.position("a", self.symbol, idx).position
            fills = [fill for fill in self.engine.fills("a") if fill.position_idx is idx]
            assert position.size == sum((fill.side.sign * fill.size for fill in fills), ZERO)
        if self.hedge:
            assert self.engine.position("a", self.symbol, PositionIdx.LONG).position.size >= 0
            assert self.engine.position("a", self.symbol, PositionIdx.SHORT).position.size <= 0

    def check_orders(self) -> None:
        """No order executes more than its size; reduce-only ones only close; open means something is left."""
        closed = {fill.order_id: fill for fill in self.engine.fills("a")}
        for order in self.engine.orders("a"):
            assert ZERO <= order.filled_size <= order.size or order.spec.whole_position
            if order.spec.reduce_only and order.order_id in closed:
                fill = closed[order.order_id]
                assert fill.closed_size == fill.size
        opened = self.engine.open_orders("a")
        assert all(order.remaining > 0 for order in opened)
        assert {order.order_id for order in opened} == {o.order_id for o in self.engine.orders("a") if o.is_open}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    STEPS,
    st.sampled_from(
        [
            (Venue.BYBIT, MarginMode.CROSS, PositionMode.ONE_WAY),
            (Venue.BYBIT, MarginMode.ISOLATED, PositionMode.ONE_WAY),
            (Venue.BYBIT, MarginMode.CROSS, PositionMode.HEDGE),
            (Venue.HYPERLIQUID, MarginMode.CROSS, PositionMode.ONE_WAY),
            (Venue.OKX, MarginMode.CROSS, PositionMode.HEDGE),
        ]
    ),
)
def test_the_books_add_up_after_every_step(steps: list[Step], setting: tuple[Venue, MarginMode, PositionMode]) -> None:
    trader = Trader(*setting)
    for step in steps:
        trader.do(step)
        trader.check()


@settings(max_examples=30, deadline=None)
@given(st.integers(-60, 60), st.integers(2, 25), st.booleans())
def test_an_isolated_position_never_loses_more_than_its_collateral_and_fees(
    move_percent: int, leverage: int, long: bool
) -> None:
    trader = Trader(Venue.BYBIT, MarginMode.ISOLATED, PositionMode.ONE_WAY)
    trader.engine.set_leverage("a", trader.symbol, Decimal(leverage)) if leverage != 10 else None
    side = Side.BUY if long else Side.SELL
    trader.engine.place("a", OrderSpec(symbol=trader.symbol, side=side, type=OrderType.MARKET, size=Decimal(1)))
    collateral = trader.engine.positions("a")[0].initial_margin
    trader.market.set_price("ETH", Decimal(3000) * (100 + move_percent) / 100)
    trader.engine.step()
    fees = sum((fill.fee for fill in trader.engine.fills("a")), ZERO)
    assert trader.engine.account_view("a").equity >= Decimal(10_000) - collateral - fees - TINY
    trader.check()


@settings(max_examples=30, deadline=None)
@given(st.integers(-90, 300), st.booleans())
def test_a_cross_account_never_ends_in_debt(move_percent: int, long: bool) -> None:
    trader = Trader(Venue.HYPERLIQUID, MarginMode.CROSS, PositionMode.ONE_WAY)
    side = Side.BUY if long else Side.SELL
    spec = OrderSpec(symbol=trader.symbol, side=side, type=OrderType.MARKET, size=Decimal(50))
    trader.engine.place("a", spec)
    trader.market.set_price("ETH", Decimal(3000) * (100 + move_percent) / 100)
    trader.engine.step()
    assert trader.engine.account_view("a").equity >= 0
    trader.check()


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(
        [
            (Venue.BYBIT, MarginMode.CROSS),
            (Venue.BYBIT, MarginMode.ISOLATED),
            (Venue.HYPERLIQUID, MarginMode.CROSS),
            (Venue.OKX, MarginMode.CROSS),
        ]
    ),
    st.integers(20, 60),
    st.sampled_from([5, 10, 20]),
    st.booleans(),
)
def test_a_position_is_taken_over_at_its_liquidation_price(
    setting: tuple[Venue, MarginMode], size: int, leverage: int, long: bool
) -> None:
    for beyond, is_open in ((Decimal("-0.001"), True), (Decimal("0.001"), False)):
        trader = Trader(*setting, PositionMode.ONE_WAY)
        side = Side.BUY if long else Side.SELL
        with suppress(RefusedError):  # set like this already
            trader.engine.set_leverage("a", trader.symbol, Decimal(leverage))
        spec = OrderSpec(symbol=trader.symbol, side=side, type=OrderType.MARKET, size=Decimal(size) / 4)
        trader.engine.place("a", spec)
        (view,) = trader.engine.positions("a")
        if view.liquidation_price is None:
            return
        trader.market.set_price("ETH", view.liquidation_price * (1 - side.sign * beyond))
        trader.engine.step()
        assert bool(trader.engine.positions("a")) is is_open
        trader.check()
