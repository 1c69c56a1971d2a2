"""The owner's switch between the paths: at once, for both processes, remembered, refused where it is not understood."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.backend import name_of, path_of, select_backend
from core.flag import Rollout, parse_rollout
from core.rollout import RolloutSwitch
from core.runtime import Runtime
from core.shadow import Shadow, differences
from models.errors import BadOrder, Unavailable
from sandbox.server import Sandbox
from tests.chat.rig import Rig, running_bot
from tests.world import USER, elcaro


@pytest.fixture
async def runtime(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with elcaro(sandbox, tmp_path) as opened:
        yield opened


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_bot(sandbox, tmp_path) as running:
        yield running


async def path_in_use(runtime: Runtime) -> str:
    """Return which path an order of the user takes now."""
    result = await runtime.backend.place_order(USER, "BTC", "buy", "market", "0.001", exchange="bybit")
    assert result.success
    with closing(sqlite3.connect(runtime.store.path)) as connection:
        return str(connection.execute("SELECT sender FROM attempts ORDER BY leg_id DESC LIMIT 1").fetchone()[0])


@pytest.mark.parametrize(
    ("text", "rollout"),
    [
        ("true", Rollout(100)),
        ("OFF", Rollout(0)),
        ("25%", Rollout(25)),
        ("101, 102", Rollout(0, frozenset({101, 102}))),
    ],
)
def test_rollout_is_read_and_written_alike(text: str, rollout: Rollout) -> None:
    assert parse_rollout(text) == rollout
    assert parse_rollout(rollout.words) == rollout


def test_share_of_users_is_as_large_as_it_says_and_only_grows() -> None:
    users = range(100_000, 110_000)
    quarter = {user for user in users if Rollout(25).covers(user)}
    half = {user for user in users if Rollout(50).covers(user)}
    assert 2300 < len(quarter) < 2700
    assert quarter < half, "nobody changes path when the share grows, but those who join"


async def test_choice_takes_effect_without_a_restart_and_is_remembered(runtime: Runtime, sandbox: Sandbox) -> None:
    assert await path_in_use(runtime) == "unified"
    await runtime.jobs.rollout.choose(USER, "false")
    assert await path_in_use(runtime) == "legacy"
    assert runtime.path_name == "legacy"
    other_process = RolloutSwitch(runtime.store)
    assert (await other_process.load()).rollout == Rollout(0)
    await runtime.jobs.rollout.choose(USER, None)
    assert await path_in_use(runtime) == "unified"


async def test_streams_follow_the_choice(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.streaming._LOOK_EVERY_S", 0.01)
    await runtime.backend.get_balance(USER, exchange="bybit")
    streams = runtime.jobs.streams
    running = asyncio.create_task(streams.run())
    async with asyncio.timeout(20):
        while not streams.heard:  # noqa: ASYNC110 - a stream that opens raises no event
            await asyncio.sleep(0.01)
        await runtime.jobs.rollout.choose(USER, "false")
        while streams.followed:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await runtime.jobs.rollout.choose(USER, "true")
        while not streams.heard:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert streams.followed == []


async def test_latest_choice_of_several_owners_counts(runtime: Runtime) -> None:
    await runtime.jobs.rollout.choose(USER, "false")
    await runtime.jobs.rollout.choose(USER + 1, "25%")
    assert runtime.path_name == "25%"
    assert name_of(Rollout(0, frozenset({7_000}))) == "7000"


async def test_words_that_are_no_rollout_change_nothing(runtime: Runtime) -> None:
    with pytest.raises(BadOrder) as error:
        await runtime.jobs.rollout.choose(USER, "perhaps")
    assert error.value.code == "bad_rollout"
    assert runtime.jobs.rollout.choice.rollout is None


async def test_owner_chooses_in_the_chat_and_status_shows_it(rig: Rig) -> None:
    shown = await rig.owner.says("/rollout")
    assert "unified" in shown.text
    shown = await rig.owner.says("/rollout 25%")
    assert "25%" in shown.text
    assert "25%" in (await rig.owner.says("/status")).text
    await rig.owner.taps("Legacy")
    assert rig.runtime.path_name == "legacy"
    assert (await rig.owner.says("/rollout nonsense")).text.startswith("⚠️")


async def test_nobody_else_may_choose(rig: Rig) -> None:
    await rig.stranger.says("/rollout false")
    assert rig.runtime.jobs.rollout.choice.rollout is None


async def test_shadow_finds_nothing_where_both_paths_agree(runtime: Runtime) -> None:
    compared = Shadow(lambda: True)
    for exchange in ("bybit", "hyperliquid"):
        own, other = path_of(USER, Rollout(100)), path_of(USER, Rollout(0))
        for name in ("get_balance", "get_positions", "get_orders"):
            answer = await getattr(own, name)(USER, exchange=exchange)
            compared.compare(name, answer, lambda n=name, e=exchange, o=other: getattr(o, n)(USER, exchange=e))  # type: ignore[misc]
            await compared.settle()
    assert (compared.compared, compared.differed) == (6, 0)


async def test_shadow_asks_the_other_path_only_when_wanted(runtime: Runtime) -> None:
    wanted: list[bool] = []
    shadow = Shadow(lambda: bool(wanted))
    backend = select_backend(runtime.settings, runtime.jobs.rollout.rollout, shadow)
    await backend.get_positions(USER, exchange="bybit")
    await shadow.settle()
    assert shadow.compared == 0
    wanted.append(True)
    await backend.get_positions(USER, exchange="bybit")
    await shadow.settle()
    assert shadow.compared == 1


async def test_venue_with_one_path_has_nothing_to_compare(runtime: Runtime) -> None:
    shadow = Shadow(lambda: True)
    backend = select_backend(runtime.settings, runtime.jobs.rollout.rollout, shadow)
    assert await backend.get_positions(USER, exchange="okx")
    await shadow.settle()
    assert (shadow.compared, shadow.differed) == (0, 0)


async def test_failure_of_the_other_path_is_counted_and_disturbs_nobody() -> None:
    shadow = Shadow(lambda: True)

    async def broken() -> None:
        raise Unavailable("no answer", code="no_answer")

    shadow.compare("get_balance", {"equity": "1"}, broken)
    await shadow.settle()
    assert (shadow.compared, shadow.differed) == (0, 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ({"size": "1", "as_of": "a"}, {"size": "1", "as_of": "b"}, []),
        ({"mark_price": "100.0"}, {"mark_price": "100.5"}, []),
        ({"size": "1"}, {"size": "2"}, ["size: '1', '2'"]),
        ({"size": "1"}, {}, ["size: '1', None"]),
        ([{"symbol": "A"}, {"symbol": "B"}], [{"symbol": "B"}, {"symbol": "A"}], []),
        ([1], [1, 2], [": 1 rows, 2 rows"]),
        ({"side": "long"}, {"side": "short"}, ["side: 'long', 'short'"]),
        ({"size": Decimal(1)}, {"size": "1.0"}, []),
    ],
)
def test_differences_are_those_that_matter(ours: Any, theirs: Any, found: list[str]) -> None:
    assert differences(ours, theirs) == found
