"""Order per person, nobody waiting for anybody else, memory bounded."""

import asyncio

from telegram_app.lanes import Lanes


async def test_one_persons_items_are_worked_in_order() -> None:
    seen: list[int] = []

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        seen.append(item)

    lanes = Lanes(work)
    for item in range(10):
        assert lanes.put(1, item)
    await lanes.drain(5)
    assert seen == list(range(10))


async def test_people_do_not_wait_for_each_other() -> None:
    gate = asyncio.Event()
    seen: list[str] = []

    async def work(item: str) -> None:
        if item == "slow":
            await gate.wait()
        seen.append(item)

    lanes = Lanes(work)
    lanes.put(1, "slow")
    lanes.put(2, "quick")
    await asyncio.sleep(0.01)
    assert seen == ["quick"]
    gate.set()
    await lanes.drain(5)
    assert seen == ["quick", "slow"]


async def test_full_lane_refuses_and_other_lanes_do_not() -> None:
    gate = asyncio.Event()

    async def work(_: int) -> None:
        await gate.wait()

    lanes = Lanes(work, max_pending=3)
    assert [lanes.put(1, n) for n in range(5)] == [True, True, True, False, False]
    assert lanes.put(2, 0)
    gate.set()
    await lanes.drain(5)


async def test_only_so_many_people_are_served_at_once() -> None:
    busy = most = 0

    async def work(_: int) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        busy -= 1

    lanes = Lanes(work, max_at_once=4)
    for person in range(40):
        lanes.put(person, person)
    await lanes.drain(5)
    assert most == 4


async def test_lane_is_gone_when_it_is_empty() -> None:
    async def work(_: int) -> None:
        return

    lanes = Lanes(work)
    lanes.put(1, 1)
    await lanes.drain(5)
    assert lanes.busy == 0


async def test_drain_gives_up_on_what_hangs() -> None:
    async def work(_: int) -> None:
        await asyncio.Event().wait()

    lanes = Lanes(work)
    lanes.put(1, 1)
    await lanes.drain(0.01)
    assert lanes.busy == 0
