"""Plans of targets and conditions that hold: stored once, told once, never overwritten blindly."""

from dataclasses import replace
from decimal import Decimal

from db import Direction, Message, PlacedTarget, PlanState, Store, TargetPlan
from models.account import Account
from models.enums import AccountType, PositionSide
from models.ticket import Target

D = Decimal
PAPER = Account(user_id=7, exchange="bybit", account_type=AccountType.PAPER)
PLAN = TargetPlan(
    account=PAPER,
    cause="confirm:x:0",
    symbol="BTCUSDT",
    side=PositionSide.LONG,
    targets=(Target(price=D(61000), size=D("0.5")), Target(price=D(62000), size=D("0.5"))),
    has_stop=True,
)
ORDER = PlacedTarget(number=0, size=D("0.5"), cause="confirm:x:0:target0", order_id="o-1")


def told(key: str) -> Message:
    return Message(chat_id=7, body={"kind": "test"}, key=key)


async def test_plan_of_a_cause_is_stored_once(store: Store) -> None:
    first = await store.targets.add(PLAN)
    again = await store.targets.add(replace(PLAN, symbol="ETHUSDT"))
    assert again == first
    assert (first.account, first.targets, first.state) == (PAPER, PLAN.targets, PlanState.WAITING)


async def test_plans_progress_is_kept_with_its_message(store: Store) -> None:
    stored = await store.targets.add(PLAN)
    armed = replace(stored, state=PlanState.ARMED, placed=(ORDER,), armed_size=D(1))
    assert await store.targets.save(armed, told("a")) is not None
    (read,) = await store.targets.active()
    assert (read.placed, read.armed_size, read.state) == ((ORDER,), D(1), PlanState.ARMED)
    assert [message.key for message in await store.outbox.due()] == ["a"]


async def test_plan_that_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    stored = await store.targets.add(PLAN)
    await store.targets.save(replace(stored, moves=1))
    assert await store.targets.save(replace(stored, moves=2), told("b")) is None
    assert [plan.moves for plan in await store.targets.active()] == [1]
    assert await store.outbox.due() == []


async def test_finished_plan_is_not_active(store: Store) -> None:
    stored = await store.targets.add(PLAN)
    await store.targets.save(replace(stored, state=PlanState.DONE))
    assert await store.targets.active() == []
    assert await store.targets.of_cause(PLAN.cause) is not None


def test_target_reached_counts_those_before_it() -> None:
    second = replace(ORDER, number=1, hit_by="f-1")
    assert replace(PLAN, placed=(ORDER, second)).hits == 2
    assert replace(PLAN, placed=(ORDER,)).hits == 0


async def test_condition_is_news_once_until_it_ends_or_grows(store: Store) -> None:
    assert await store.conditions.begin("near:BTC", 1, told("1"))
    assert not await store.conditions.begin("near:BTC", 1, told("2"))
    assert await store.conditions.begin("near:BTC", 2, told("3"))
    assert await store.conditions.held("near:") == {"near:BTC": 2}
    assert await store.conditions.end("near:BTC", told("4"))
    assert not await store.conditions.end("near:BTC", told("5"))
    assert await store.conditions.begin("near:BTC", 1)
    assert [message.key for message in await store.outbox.due()] == ["1", "3", "4"]


async def test_alert_fires_once_with_its_message(store: Store) -> None:
    number = await store.alerts.add(
        7,
        exchange="bybit",
        account_type=AccountType.PAPER,
        symbol="BTCUSDT",
        direction=Direction.ABOVE,
        price=D(70000),
    )
    assert await store.alerts.fire(number, told("alert"))
    assert not await store.alerts.fire(number, told("again"))
    assert [message.key for message in await store.outbox.due()] == ["alert"]
