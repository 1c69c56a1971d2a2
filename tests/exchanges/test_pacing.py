"""Who may send when, with a clock that only moves when told."""

import asyncio

import pytest

from exchanges.pacing import (
    BAN_S,
    Cost,
    Gate,
    Limit,
    Pacer,
    Purpose,
    Window,
    only_looks,
    read_purpose,
    reading_for,
    reads_for,
)
from models.errors import NotSent

LIMIT = Limit(weight=100, window_s=5)


def spend_all(pacer: Pacer, purpose: Purpose, now: float = 0.0) -> int:
    """Return how many requests of a purpose go out at one moment."""
    cost, count = Cost(purpose=purpose), 0
    while pacer.venue_wait_s(cost, now) == 0:
        count += 1
    return count


def test_window_never_holds_more_than_its_limit() -> None:
    window = Window(Limit(weight=10, window_s=1))
    sent: list[float] = []
    now = 0.0
    while len(sent) < 60:
        wait = window.wait_s(now, 1)
        if wait == 0:
            window.spend(now, 1)
            sent.append(now)
        now += max(wait, 0.003)
    for moment in sent:
        assert sum(moment <= other < moment + 1 for other in sent) <= 10


def test_wait_is_as_long_as_it_says() -> None:
    window = Window(Limit(weight=3, window_s=2))
    for _ in range(3):
        window.spend(10.0, 1)
    wait = window.wait_s(10.5, 1)
    assert window.wait_s(10.5 + wait, 1) == 0
    assert 0 < wait <= 2


def test_request_heavier_than_the_limit_goes_out_when_nothing_else_does() -> None:
    window = Window(Limit(weight=10, window_s=1))
    assert window.wait_s(0.0, 60) == 0
    window.spend(0.0, 60)
    assert window.wait_s(0.5, 60) > 0
    assert window.wait_s(2.1, 60) == 0


@pytest.mark.parametrize(
    ("purpose", "count"),
    [(Purpose.SYNC, 40), (Purpose.READ, 80), (Purpose.WRITE, 90), (Purpose.EXIT, 100), (Purpose.LOOKUP, 100)],
)
def test_purpose_uses_its_share_of_the_budget(purpose: Purpose, count: int) -> None:
    assert spend_all(Pacer(LIMIT), purpose) == count


def test_reads_leave_room_for_orders_and_orders_for_exits() -> None:
    pacer = Pacer(LIMIT)
    counts = [spend_all(pacer, purpose) for purpose in (Purpose.SYNC, Purpose.READ, Purpose.WRITE, Purpose.LOOKUP)]
    assert counts == [40, 40, 10, 10]


def test_process_uses_only_its_share() -> None:
    assert spend_all(Pacer(LIMIT, share=0.5), Purpose.LOOKUP) == 50


def test_budget_comes_back() -> None:
    pacer = Pacer(LIMIT)
    spend_all(pacer, Purpose.LOOKUP)
    assert spend_all(pacer, Purpose.LOOKUP, now=LIMIT.window_s + 0.3) == 100


def test_charge_on_top_is_counted() -> None:
    pacer = Pacer(LIMIT)
    pacer.charge(0.0, 40)
    assert spend_all(pacer, Purpose.LOOKUP) == 60


@pytest.mark.parametrize("purpose", [Purpose.WRITE, Purpose.READ, Purpose.SYNC])
def test_venue_that_is_left_alone_gets_nothing_new(purpose: Purpose) -> None:
    pacer = Pacer(LIMIT)
    pacer.leave_alone(50.0)
    with pytest.raises(NotSent) as caught:
        pacer.venue_wait_s(Cost(purpose=purpose), 50.0 + BAN_S - 1)
    assert caught.value.code == "venue_busy"
    assert pacer.venue_wait_s(Cost(purpose=purpose), 50.0 + BAN_S) == 0


@pytest.mark.parametrize("purpose", [Purpose.EXIT, Purpose.LOOKUP])
def test_exits_and_lookups_trickle_to_a_venue_that_is_left_alone(purpose: Purpose) -> None:
    pacer = Pacer(LIMIT)
    pacer.leave_alone(0.0)
    cost = Cost(purpose=purpose)
    assert pacer.venue_wait_s(cost, 1.0) == 0
    wait = pacer.venue_wait_s(cost, 1.0)
    assert wait > 0
    assert pacer.venue_wait_s(cost, 1.0 + wait) == 0


def bucket(name: str, weight: int = 1) -> Cost:
    return Cost(purpose=Purpose.WRITE, bucket=name, bucket_limit=Limit(weight=10, window_s=1), bucket_weight=weight)


def test_accounts_have_budgets_of_their_own() -> None:
    pacer = Pacer(LIMIT)
    assert [pacer.bucket_wait_s(bucket("a"), 0.0) for _ in range(10)] == [0.0] * 10
    assert pacer.bucket_wait_s(bucket("a"), 0.0) > 0
    assert pacer.bucket_wait_s(bucket("b"), 0.0) == 0


def test_batch_counts_every_order() -> None:
    pacer = Pacer(LIMIT)
    assert pacer.bucket_wait_s(bucket("a", weight=8), 0.0) == 0
    assert pacer.bucket_wait_s(bucket("a", weight=3), 0.0) > 0


def test_pause_holds_one_account_or_all() -> None:
    pacer = Pacer(LIMIT)
    pacer.bucket_wait_s(bucket("a"), 0.0)
    pacer.pause(7.0, bucket="a")
    assert pacer.bucket_wait_s(bucket("a"), 2.0) == 5.0
    assert pacer.bucket_wait_s(bucket("b"), 2.0) == 0
    pacer.pause(9.0)
    assert pacer.venue_wait_s(bucket("b"), 2.0) == 7.0


def test_limit_that_the_venue_states_replaces_ours() -> None:
    pacer = Pacer(LIMIT)
    pacer.bucket_wait_s(bucket("a"), 0.0)
    pacer.learn("a", Limit(weight=2, window_s=1), 0.0)
    assert [pacer.bucket_wait_s(bucket("a"), 0.0) > 0 for _ in range(3)] == [False, False, True]


def test_buckets_of_idle_accounts_are_forgotten() -> None:
    pacer = Pacer(LIMIT)
    for number in range(5000):
        pacer.bucket_wait_s(bucket(str(number)), now=float(number))
    assert len(pacer._buckets) < 5000


class Time:
    """A clock that jumps to the end of every sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def gate_at(limit: Limit = LIMIT) -> tuple[Gate, Time]:
    time = Time()
    return Gate(Pacer(limit), monotonic=lambda: time.now, sleep=time.sleep), time


async def test_gate_lets_through_without_waiting_while_there_is_budget() -> None:
    gate, time = gate_at()
    for _ in range(75):
        await gate.enter(Cost(purpose=Purpose.READ))
    assert time.slept == []


async def test_gate_waits_until_there_is_budget() -> None:
    gate, time = gate_at(Limit(weight=4, window_s=1))
    for _ in range(10):
        await gate.enter(Cost(purpose=Purpose.LOOKUP))
    assert time.now >= 2


async def test_gate_keeps_the_order_of_an_account() -> None:
    gate, _ = gate_at(Limit(weight=1000, window_s=1))
    passed: list[int] = []

    async def enter(number: int) -> None:
        await gate.enter(bucket("a"), patience_s=100)
        passed.append(number)

    await asyncio.gather(*(enter(number) for number in range(40)))
    assert passed == list(range(40))


async def test_gate_does_not_hold_one_account_for_another() -> None:
    gate, time = gate_at(Limit(weight=1000, window_s=1))
    for _ in range(10):
        await gate.enter(bucket("a"))
    await gate.enter(bucket("b"))
    assert time.slept == []


async def test_gate_tells_how_long_a_wait_it_refuses_would_be() -> None:
    gate, time = gate_at(Limit(weight=1, window_s=60))
    await gate.enter(Cost(purpose=Purpose.LOOKUP))
    with pytest.raises(NotSent) as caught:
        await gate.enter(Cost(purpose=Purpose.READ))
    assert caught.value.code == "venue_busy"
    assert caught.value.fields["retry_after_s"] > 5
    assert time.slept == []


def test_reads_count_for_what_they_are_made_for() -> None:
    assert read_purpose() is Purpose.READ
    with reading_for(Purpose.SYNC):
        assert read_purpose() is Purpose.SYNC
    assert read_purpose() is Purpose.READ


@pytest.mark.parametrize(
    ("outside", "inside", "counts_for"),
    [
        (Purpose.READ, Purpose.WRITE, Purpose.WRITE),
        (Purpose.SYNC, Purpose.EXIT, Purpose.EXIT),
        (Purpose.EXIT, Purpose.WRITE, Purpose.EXIT),
    ],
)
async def test_function_counts_for_the_more_important_of_its_own_and_its_callers_purpose(
    outside: Purpose, inside: Purpose, counts_for: Purpose
) -> None:
    @reads_for(inside)
    async def function() -> tuple[Purpose, bool]:
        return read_purpose(), only_looks()

    with reading_for(outside, is_look=True):
        assert await function() == (counts_for, False)


def test_only_reads_that_say_so_are_looks() -> None:
    assert not only_looks()
    for purpose in Purpose:
        with reading_for(purpose):
            assert not only_looks()
    with reading_for(Purpose.EXIT, is_look=True):
        assert only_looks()


async def test_glance_never_costs_anything() -> None:
    gate, time = gate_at(Limit(weight=10, window_s=60))
    with pytest.raises(NotSent) as caught:
        await gate.enter(Cost(purpose=Purpose.GLANCE, bucket="a", bucket_limit=LIMIT))
    assert (caught.value.code, gate.pacer.used(0), time.slept) == ("venue_busy", 0, [])
