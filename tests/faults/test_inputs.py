"""What people may write where a number or a market belongs: I rows. Nothing is guessed, nothing doubtful is sent."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.faults.chatting import Chat, button, chatting
from tests.faults.rows import Case, Play, Rows
from tests.faults.stage import Scene

I = Rows()  # noqa: E741 - the group's letter

SIZES = {
    "I1": ("NaN", "nan", "inf", "-inf", "sNaN"),
    "I2": ("1e309", "1e3", "1E999999", "9" * 4000),
    "I3": ("-5", "-0", "+5", "0", "0.000"),
    "I4": ("١٢٣", "１２３", "²", "½"),
    "I5": ("1,000", "1.000,5", "1 000", "1'000", "1_000"),
    "I6": ("0x10", "5\u200b", "0.01 ETH", "5;", "0.01.1"),
}
MARKETS = (
    "A" * 3000,
    "../../etc/passwd",
    "BTC'; DROP TABLE legs;--",
    "ВTC",
    "ＢＴＣ",
    "🚀",
    "<b>BTC</b>",
    "BTC\u202eTDSU",
)


def row(name: str) -> Callable[[Play], Play]:
    """What is written is read before anything knows where it goes."""
    return I.row(name, on=("bybit",), via=("unified",))


async def is_refused(chat: Chat, words: str) -> None:
    """An order in these words is not even shown for confirmation, and the answer is short."""
    shown = await chat.says(words)
    assert not any("✅" in label for label in shown.buttons), words[:60]
    assert len(shown.text) < 600


def sizes(name: str) -> Play:
    async def play(scene: Scene, folder: Path, case: Case) -> None:
        async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
            for size in SIZES[name]:
                await is_refused(chat, f"/buy BTC {size}")
            assert chat.sent() == 0

    return play


for group in SIZES:
    row(group)(sizes(group))


@row("I7")
async def number_that_is_shown_is_the_number_that_is_sent(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown = await chat.says(f"/buy BTC 0.0129999 @ {stage.price(-1)}.33333")
        await chat.presses(shown, button(shown))
        sent = json.loads(stage.posts()[0].body)
        assert Decimal(sent["qty"]) == Decimal("0.012")
        assert sent["qty"] in shown.text
        assert f"{Decimal(sent['price']):,}".rstrip("0").rstrip(".") in shown.text


@row("I8")
async def market_that_is_none_is_not_found_and_not_repeated_at_length(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        for market in MARKETS:
            await is_refused(chat, f"/buy {market} 200$")
        assert chat.sent() == 0
        assert await stage.legs() == []


@row("I10")
async def stop_and_target_on_the_wrong_side_are_refused(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        above, below, tenfold = stage.price(5), stage.price(-5), stage.price(900)
        for words in (f"sl {above} tp {below}", f"tp {below}", f"sl {above}"):
            await is_refused(chat, f"/buy BTC 200$ {words}")
        await is_refused(chat, f"/buy BTC 0.01 @ {tenfold}")
        assert chat.sent() == 0


@pytest.mark.parametrize("case", I.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(scene, folder, case)
