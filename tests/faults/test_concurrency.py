"""Two processes, two hands, two hundred people: X rows."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from db import LegState, StorageRefused
from models.account import Account
from models.enums import AccountType, Outcome
from models.errors import TradingError
from tests.faults.lives import buy, life, live_on
from tests.faults.rows import Case, Rows
from tests.faults.stage import FIRST, READS, SECOND, Scene

X = Rows()
PEOPLE = 12


@X.row("X1", on=("bybit",), via=("unified",))
async def second_process_of_a_role_does_not_start(scene: Scene, folder: Path, case: Case) -> None:
    for role in ("bot", "webapp"):
        async with life(scene.settings(folder, "unified"), live_on(), role=role) as first:
            assert await first.says() == "ready"
            with pytest.raises(StorageRefused, match="stop it first"):
                async with scene.product(folder, "bybit", "unified", role=role):
                    pass


@X.row("X1")
async def one_command_through_two_processes_is_one_order(scene: Scene, folder: Path, case: Case) -> None:
    causes = [f"tg:1:{number}:0" for number in range(3)]
    deeds = [buy(case.exchange, cause, waits=True) for cause in causes]
    async with life(scene.settings(folder, case.path), *deeds, role="webapp") as other:
        assert await other.says() == "ready"
        async with scene.product(folder, case.exchange, case.path) as stage:
            for number, cause in enumerate(causes, 1):
                ours = asyncio.create_task(stage.buying(cause))
                other.tell()
                theirs, mine = await other.says(), await ours
                assert {theirs[0], mine.outcome} <= {"filled", "accepted", "unknown"}
                await stage.resolved()
                assert await stage.state(cause) is LegState.FILLED
                assert stage.counts == (number, number)


@X.row("X2", on=("bybit",))
async def two_hosts_with_one_token_send_one_order(scene: Scene, folder: Path, case: Case) -> None:
    for host, outcomes in (("a", {Outcome.FILLED}), ("b", {Outcome.UNKNOWN, Outcome.FILLED})):
        (folder / host).mkdir()
        async with scene.product(folder / host, case.exchange, case.path) as stage:
            assert (await stage.buy()).outcome in outcomes
            await stage.resolved()
            assert await stage.state() is LegState.FILLED
            assert len(stage.orders()) == 1


@X.row("X3", on=("bybit",))
async def process_that_slept_before_the_first_byte_sends_nothing(scene: Scene, folder: Path, case: Case) -> None:
    settings = scene.settings(folder, case.path, failpoint="K5:stop")
    async with life(settings, buy(case.exchange, FIRST), role="webapp", fence_s=0.1) as sleeper:
        assert await sleeper.says() == "ready"
        await sleeper.asleep()
        await asyncio.sleep(0.2)  # longer than the venue takes the request, by every clock
        async with scene.product(folder, case.exchange, case.path) as stage:
            assert await stage.state() is LegState.SENDING  # its owner lives
            os.kill(sleeper.pid, signal.SIGCONT)
            outcome, code, _ = await sleeper.says()
            assert (outcome, code) == ("rejected", "stale")
            await stage.time.advance(30)
            assert await stage.state() is LegState.REJECTED
            assert stage.counts == (0, 0)


@X.row("X3")
async def what_a_sleeper_left_is_looked_up_by_the_other(scene: Scene, folder: Path, case: Case) -> None:
    settings = scene.settings(folder, case.path, failpoint="K8:stop")
    async with life(settings, buy(case.exchange, FIRST), role="webapp", with_jobs=False) as sleeper:
        assert await sleeper.says() == "ready"
        await sleeper.asleep()  # with its answer
        async with scene.product(folder, case.exchange, case.path) as stage:
            await stage.time.advance(20)
            await stage.resolved()
            assert await stage.state() is LegState.FILLED
            os.kill(sleeper.pid, signal.SIGCONT)
            assert (await sleeper.says())[0] == "filled"
            assert await stage.state() is LegState.FILLED
            assert stage.counts == (1, 1)


@X.row("X4")
async def stop_and_hand_at_the_same_moment_close_once(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        await stage.buy(stop_loss=str(stage.price(-2)))
        stage.fault("delay_before", delay_before_s=0.05)
        closing = asyncio.create_task(stage.closing(SECOND))
        await stage.time.until(lambda: len(stage.posts()) == 2)
        stage.move_price(-3)
        result = await stage.time.run(closing)
        await stage.resolved()
        assert stage.size() == 0
        if not result.success:
            assert result.error_code in {"position_closed", "reduce_only_rejected", "bad_request"}


@X.row("X5")
async def order_on_a_market_that_is_being_checked_waits(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        first, second = await stage.request(FIRST), await stage.request(SECOND)
        await stage.mute_streams()
        stage.fault("reset_after")
        stage.fault("error_before", READS[case.exchange], count=None)
        assert (await stage.send(first, FIRST)).outcome is Outcome.UNKNOWN
        with pytest.raises(TradingError) as refusal:
            await stage.send(second, SECOND)
        assert refusal.value.code == "unresolved_order"
        stage.heal()
        await stage.resolved()
        assert (await stage.send(second, SECOND)).outcome is Outcome.FILLED
        assert stage.counts == (2, 2)


@X.row("X6")
async def two_taps_through_two_doors_are_two_orders_and_both_known(scene: Scene, folder: Path, case: Case) -> None:
    deed = buy(case.exchange, "web:1:key", waits=True)
    async with life(scene.settings(folder, case.path), deed, role="webapp") as other:
        assert await other.says() == "ready"
        async with scene.product(folder, case.exchange, case.path) as stage:
            ours = asyncio.create_task(stage.buying(FIRST))
            other.tell()
            answers = await asyncio.gather(other.says(), ours, return_exceptions=True)
            await stage.resolved()
            legs = [*await stage.legs(FIRST), *await stage.legs("web:1:key")]
            assert len(legs) == len(stage.posts()) == len(stage.orders()) >= 1
            assert len(answers) == 2


@X.row("X7")
async def signal_to_many_people_is_one_order_each(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        users = list(range(7001, 7001 + PEOPLE))
        names = {user: await stage.time.run(stage.give_keys(user)) for user in users}
        stage.fault("reset_after", probability=0.2, seed=3, count=None)
        sending = [stage.buying(f"sig:1:{user}", user_id=user) for user in users]
        results = await stage.time.run(asyncio.gather(*sending, return_exceptions=True))
        assert all(not isinstance(result, BaseException) for result in results)
        stage.heal()
        await stage.resolved()
        assert len(stage.posts()) == PEOPLE
        for user in users:
            account = Account(user_id=user, exchange=case.exchange, account_type=AccountType.PAPER)
            [leg] = await stage.time.run(stage.runtime.store.journal.in_state(*LegState, account=account))
            assert leg.state is LegState.FILLED
            assert len(stage.engine.orders(names[user])) == 1


@pytest.mark.parametrize("case", X.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(scene, folder, case)
