"""Several targets with a moving stop, on simulated venues: placed for what is filled, followed through fills."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.frozen_orders import frozen_order, place_frozen
from core.runtime import Runtime
from core.target_keeper import MOVING_STOP, TargetKeeper
from core.targets import with_hits
from core.ticket import parse_ticket
from db import PlacedTarget, PlanState, TargetPlan
from models.account import Account
from models.enums import AccountType, Outcome, PositionSide
from models.order import Order
from models.position import Position
from models.requests import OrderResult
from models.unified import OrderSide
from sandbox.server import Sandbox
from tests.core.test_sync import NOON
from tests.core.venue_fake import account, fill
from tests.world import USER, elcaro

D = Decimal
CAUSE = "confirm:ladder:0"
VENUES = pytest.mark.parametrize("venue", ["bybit", "hyperliquid"])


@dataclass(frozen=True, slots=True)
class Desk:
    """A running ElCaro at one venue, where ETH costs what the test says."""

    sandbox: Sandbox
    runtime: Runtime
    account: Account

    async def buys(self, text: str, cause: str = CAUSE) -> OrderResult:
        ticket = parse_ticket(text, OrderSide.BUY)
        preview = await self.runtime.backend.preview_order(USER, ticket, self.account.exchange, "paper")
        return await place_frozen(self.runtime.backend, USER, frozen_order(preview), cause)

    async def market_goes_to(self, price: str) -> None:
        """Move the market, let the venues act on it, look at the account, and let the keeper work."""
        self.sandbox.set_price("ETHUSDT", D(price))
        await self.sandbox.advance(1)
        await self.looks()

    async def looks(self) -> None:
        self.runtime.clients.forget(self.account)  # an adapter remembers open orders for a moment
        await self.runtime.jobs.sync.sync(self.account)
        keeper = self.runtime.jobs.care.targets
        keeper._not_before.clear()
        await keeper.look_once()

    async def position(self) -> Position | None:
        found = await self.runtime.backend.get_positions(USER, "ETHUSDT", self.account.exchange, "paper")
        return found[0] if found else None

    async def stop(self) -> Decimal | None:
        position = await self.position()
        return position.stop_loss if position else None

    async def targets(self) -> list[Order]:
        found = await self.runtime.backend.get_orders(USER, "ETHUSDT", self.account.exchange, "paper")
        return sorted((o for o in found if o.order_type.is_take_profit), key=lambda o: o.trigger_price or D(0))

    def sent(self) -> int:
        """Return how many requests that could change something reached the venues."""
        records = self.sandbox.world.journal.find()
        return sum(r.operation.startswith("POST") and "/info" not in r.operation for r in records)

    async def plan(self) -> TargetPlan:
        plan = await self.runtime.store.targets.of_cause(CAUSE)
        assert plan is not None
        return plan

    async def told(self) -> list[str]:
        return [str(message.body["kind"]) for message in await self.runtime.store.outbox.due(limit=1000)]


@pytest.fixture
async def desk(sandbox: Sandbox, tmp_path: Path, venue: str) -> AsyncIterator[Desk]:
    sandbox.set_price("ETHUSDT", D(3000))
    async with elcaro(sandbox, tmp_path) as runtime:
        account = Account(user_id=USER, exchange=venue, account_type=AccountType.PAPER)
        opened = Desk(sandbox, runtime, account)
        await runtime.backend.get_balance(USER, venue, "paper")
        await runtime.jobs.sync.sync(account)
        yield opened


@pytest.mark.parametrize("venue", ["bybit", "hyperliquid", "okx"])
async def test_targets_share_the_filled_size_and_the_stop_follows_them(desk: Desk) -> None:
    result = await desk.buys("ETH 0.3 sl 2900 tp 3100,3200,3300")
    assert (result.outcome, result.warnings) == (Outcome.FILLED, ())
    assert [(order.trigger_price, order.size) for order in await desk.targets()] == [
        (D(3100), D("0.1")),
        (D(3200), D("0.1")),
        (D(3300), D("0.1")),
    ]
    assert await desk.stop() == D(2900)

    await desk.market_goes_to("3110")
    position = await desk.position()
    assert position is not None
    assert position.size == D("0.2")
    assert position.stop_loss is not None
    assert position.entry_price < position.stop_loss < position.entry_price * D("1.01")

    await desk.market_goes_to("3210")
    assert await desk.stop() == D(3100)
    assert (await desk.told()).count("stop_moved") == 2

    await desk.market_goes_to("3310")
    assert await desk.position() is None
    assert (await desk.plan()).hits == 3


@VENUES
async def test_plan_ends_with_its_position(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.target_keeper._SEEN_LATER_MS", -60_000)
    await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
    await desk.looks()
    assert (await desk.plan()).state is PlanState.ARMED
    await desk.runtime.backend.close_position(USER, "ETHUSDT", None, desk.account.exchange, "paper")
    await desk.looks()
    assert (await desk.plan()).state is PlanState.DONE


@VENUES
async def test_targets_of_a_resting_entry_are_placed_when_it_fills(desk: Desk) -> None:
    result = await desk.buys("ETH 0.2 @ 2950 sl 2900 tp 3100,3200")
    assert (result.outcome, result.warnings) == (Outcome.ACCEPTED, ("targets_later",))
    await desk.looks()
    assert (await desk.plan()).state is PlanState.WAITING
    await desk.market_goes_to("2940")
    await desk.looks()
    assert [order.size for order in await desk.targets()] == [D("0.1"), D("0.1")]


@VENUES
async def test_plan_survives_a_restart_and_moves_the_stop_once(desk: Desk, tmp_path: Path) -> None:
    await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
    await desk.market_goes_to("3110")
    stop = await desk.stop()
    sent = desk.sent()
    for _ in range(3):
        await desk.looks()
    assert await desk.stop() == stop
    assert desk.sent() == sent
    assert (await desk.told()).count("stop_moved") == 1


class _Killed(BaseException):
    """Ends a process wherever it is."""


class _DiesBeforeItMoves(TargetKeeper):
    async def _set_stop(self, plan: TargetPlan, price: Decimal) -> OrderResult:
        raise _Killed


class _DiesAfterItMoved(TargetKeeper):
    async def _set_stop(self, plan: TargetPlan, price: Decimal) -> OrderResult:
        await super()._set_stop(plan, price)
        raise _Killed


@VENUES
@pytest.mark.parametrize("dying", [_DiesBeforeItMoves, _DiesAfterItMoved])
async def test_stop_is_moved_once_though_the_process_ends_at_the_target(
    sandbox: Sandbox, tmp_path: Path, venue: str, dying: type[TargetKeeper]
) -> None:
    sandbox.set_price("ETHUSDT", D(3000))
    where = Account(user_id=USER, exchange=venue, account_type=AccountType.PAPER)
    async with elcaro(sandbox, tmp_path) as runtime:
        desk = Desk(sandbox, runtime, where)
        await runtime.jobs.sync.sync(where)
        await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
        await desk.looks()
        sandbox.set_price("ETHUSDT", D(3110))
        await sandbox.advance(1)
        runtime.clients.forget(where)
        await runtime.jobs.sync.sync(where)
        with pytest.raises(_Killed):
            await dying(runtime.store, runtime.backend).look_once()
    sent = Desk(sandbox, runtime, where).sent()
    async with elcaro(sandbox, tmp_path) as runtime:
        desk = Desk(sandbox, runtime, where)
        for _ in range(3):
            await desk.looks()
        assert (await desk.plan()).moves == 1
        stop = await desk.stop()
        assert stop is not None
        assert D(3000) <= stop < D(3020)
        assert (desk.sent() - sent == 0) is (dying is _DiesAfterItMoved)
        assert (await desk.told()).count("stop_moved") == 1


@VENUES
async def test_stop_is_never_loosened_nor_brought_back(desk: Desk) -> None:
    await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
    venue = desk.account.exchange
    await desk.runtime.backend.set_protection(USER, "ETHUSDT", stop_loss=D(0), exchange=venue, account_type="paper")
    await desk.market_goes_to("3110")
    assert await desk.stop() is None
    assert (await desk.plan()).moves == 1
    assert "stop_moved" not in await desk.told()


@VENUES
async def test_stop_stays_where_it_is_for_those_who_want_that(desk: Desk) -> None:
    await desk.runtime.store.settings.put(USER, MOVING_STOP, False)
    await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
    await desk.market_goes_to("3110")
    assert await desk.stop() == D(2900)


@VENUES
async def test_stop_that_would_fire_at_once_waits_and_is_told(desk: Desk) -> None:
    await desk.buys("ETH 0.2 sl 2900 tp 3100,3200")
    desk.sandbox.set_price("ETHUSDT", D(3110))
    await desk.sandbox.advance(1)
    await desk.market_goes_to("2960")
    assert await desk.stop() == D(2900)
    assert "stop_waits" in await desk.told()
    await desk.market_goes_to("3050")
    stop = await desk.stop()
    assert stop is not None
    assert stop > D(2990)


@VENUES
async def test_target_that_the_market_has_passed_is_taken_at_once(desk: Desk) -> None:
    await desk.buys("ETH 0.2 @ 2950 sl 2900 tp 3100,3200")
    await desk.looks()
    desk.sandbox.set_price("ETHUSDT", D(2940))
    await desk.sandbox.advance(1)
    await desk.market_goes_to("3150")
    await desk.looks()
    position = await desk.position()
    assert position is not None
    assert position.size == D("0.1")
    assert [order.trigger_price for order in await desk.targets()] == [D(3200)]


@pytest.mark.parametrize("venue", ["bybit"])
async def test_refused_targets_are_told_once(desk: Desk) -> None:
    await desk.buys("ETH 0.2 @ 2950 sl 2900 tp 3100,3200")
    await desk.looks()
    desk.sandbox.fault("code_before", match="POST /v5/position/trading-stop", code=110061, count=2)
    await desk.market_goes_to("2940")
    await desk.looks()
    assert (await desk.told()).count("targets_missing") == 1


def test_target_is_reached_by_an_order_that_came_from_its_own() -> None:
    placed = PlacedTarget(number=0, size=D(1), cause="c", order_id="algo-1")
    plan = TargetPlan(
        account=account("okx"), cause="c", symbol="BTCUSDT", side=PositionSide.LONG, targets=(), has_stop=True
    )
    fills = [fill(None, "okx", at=NOON, order_id="order-9", fill_id="f-2"), fill(None, at=NOON, order_id="order-9")]
    assert with_hits(replace(plan, placed=(placed,)), fills, {}).hits == 0
    seen = with_hits(replace(plan, placed=(placed,)), fills, {"order-9": "algo-1"})
    assert seen.placed[0].hit_by == "f-None"
