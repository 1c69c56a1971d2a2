"""Starting, stopping and dying with an order on its way, in real processes."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.ops.bot_process import BotProcess, bot_process, eventually

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]


@pytest.fixture
async def world() -> AsyncIterator[Sandbox]:
    """A sandbox whose time runs."""
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def bot(world: Sandbox, tmp_path: Path) -> AsyncIterator[BotProcess]:
    async with bot_process(world, tmp_path, WATCHDOG_USEC="900000") as made:
        yield made


def legs(bot: BotProcess) -> list[tuple[str, str]]:
    return [(str(kind), str(state)) for kind, state in bot.rows("SELECT kind,state FROM legs ORDER BY id")]


async def test_service_says_when_it_is_ready_well_and_ending(bot: BotProcess) -> None:
    await bot.start()
    heard: list[str] = []
    while heard.count("WATCHDOG=1") < 3:
        heard += await bot.manager.next()
    assert await bot.stop() == 0
    heard += bot.manager.heard()
    assert "STOPPING=1" in heard
    assert not any(line.startswith("STATUS=not well") for line in heard)


async def test_interrupt_ends_it_as_well(bot: BotProcess) -> None:
    await bot.start()
    assert await bot.stop(signal.SIGINT) == 0


async def test_order_under_way_is_finished_before_a_stop(bot: BotProcess) -> None:
    await bot.start()
    bot.sandbox.fault("delay_before", match="POST /v5/order/create", delay_before_s=2.0)
    preview = await bot.orders("/long BTC 100$")
    await eventually(lambda: bot.order_requests() == 1)
    assert await bot.stop() == 0
    assert bot.order_requests() == 1
    assert [state for _, state in legs(bot)] == ["FILLED"]
    told = next(shown for shown in bot.messages() if shown.message_id == preview.message_id)
    assert told.text != preview.text, "the owner read what became of it"


async def test_order_under_way_when_killed_is_found_by_the_next_start(bot: BotProcess) -> None:
    await bot.start()
    bot.sandbox.fault("delay_after", match="POST /v5/order/create", delay_after_s=5.0)
    await bot.orders("/long BTC 100$")
    await eventually(lambda: bot.order_requests() == 1)
    await bot.stop(signal.SIGKILL)
    assert [state for _, state in legs(bot)] == ["SENDING"]
    await bot.start()
    await eventually(lambda: [state for _, state in legs(bot)] == ["FILLED"])
    assert bot.order_requests() == 1, "it was looked up, not sent again"


async def test_frozen_process_is_silent(bot: BotProcess) -> None:
    await bot.start()
    await bot.manager.next()
    bot.suspend(is_on=True)
    bot.manager.heard()
    with pytest.raises(TimeoutError):
        await bot.manager.next(within_s=1.5)
    bot.suspend(is_on=False)
    assert await bot.stop() == 0


async def test_silent_telegram_does_not_keep_the_rest_from_running(bot: BotProcess) -> None:
    await bot.sandbox.refuse("telegram")
    await bot.start()
    await bot.sandbox.listen("telegram")
    assert (await bot.says("/start")).text
    assert await bot.stop() == 0
