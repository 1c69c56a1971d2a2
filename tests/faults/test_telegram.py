"""What Telegram may do to a command and to its answer: T rows. None of it moves money twice, or stops it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.checkup import check_polling
from db import LegState
from models.enums import Outcome
from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.faults import Fault, FaultKind
from tests.faults.chatting import ORDER, Chat, button, chatting
from tests.faults.rows import Case, Play, Rows
from tests.faults.stage import FIRST, Scene

T = Rows()
MONTH_S = 30 * 24 * 3600


def row(name: str, *, via: tuple[str, ...] = ("unified",)) -> Callable[[Play], Play]:
    """Telegram's rows are the same wherever the order goes: one venue, and where one is sent both paths."""
    return T.row(name, on=("bybit",), via=via)


BOTH_PATHS = ("unified", "legacy")


def arm(chat: Chat, kind: FaultKind, method: str = "*", **fields: Any) -> None:
    chat.state.faults.arm(Fault(kind=kind, method=method, **{"times": None, **fields}))


async def stored(chat: Chat) -> list[tuple[int, str]]:
    """Return the number and state of every update in the inbox."""
    query = text("SELECT update_id,state FROM inbox ORDER BY update_id")
    rows = await chat.stage.time.run(chat.stage.runtime.store.reader.all(query))
    return [(int(number), str(state)) for number, state in map(tuple, rows)]


@row("T1", via=BOTH_PATHS)
async def update_that_comes_ten_times_acts_once(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        await chat.presses(shown, data)
        chat.state.updates.redeliver(2, times=10)
        await stage.time.advance(5)
        assert chat.sent() == 1
        updates = await stored(chat)
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        chat.state.updates.redeliver(2, times=10)
        await stage.time.advance(5)
        assert chat.sent() == 1
        assert await stored(chat) == updates
        assert {state for _, state in updates} == {"DONE"}
        await stage.check()


@row("T2")
async def cancel_before_its_order_cancels_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown = await chat.says("/cancel all")
        assert not any("✅" in label for label in shown.buttons)
        shown = await chat.says(ORDER)
        assert button(shown)
        assert chat.sent() == 0


@row("T3")
async def numbers_that_start_again_lose_and_repeat_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        await chat.presses(shown, data)
        await stage.time.advance(60)
        chat.state.updates.next_id = 5
        assert "100000001" in (await chat.says("/whoami")).text
        chat.state.updates.redeliver(3)
        await stage.time.advance(5)
        assert chat.sent() == 1


@row("T4", via=BOTH_PATHS)
async def five_taps_are_one_order(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()

        def tap() -> None:
            for _ in range(5):
                chat.press(shown, data)

        await chat.hears(tap, answers=5)
        assert chat.sent() == 1
        assert len([o for o in stage.orders() if o.spec.trigger is None]) == 1
        assert chat.owner.note() == "Already done."


@row("T5")
async def confirmation_that_comes_too_late_sends_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        await stage.time.advance(61)
        assert "expired" in (await chat.presses(shown, data)).text
        shown, data = await chat.preview()
        stage.move_price(3)
        again = await chat.presses(shown, data)
        assert "The price has moved" in again.text
        assert chat.sent() == 0
        assert "Bought" in (await chat.presses(again, button(again))).text
        assert chat.sent() == 1


@row("T6")
async def confirm_and_cancel_at_once_have_one_winner(scene: Scene, folder: Path, case: Case) -> None:
    for number, labels in enumerate((("✅", "Cancel"), ("Cancel", "✅"))):
        (folder / str(number)).mkdir()
        async with scene.product(folder / str(number), case.exchange, case.path) as stage, chatting(stage) as chat:
            before = chat.sent()
            shown = await chat.says(ORDER)

            def tap(shown: Any = shown, labels: Any = labels, chat: Chat = chat) -> None:
                for label in labels:
                    chat.press(shown, button(shown, label))

            await chat.hears(tap, answers=2)
            won = "Bought" in chat.owner.last().text
            assert chat.sent() - before == int(won)
            assert won or "Cancelled" in chat.owner.last().text


@row("T7")
async def button_of_last_month_does_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        await stage.time.advance(MONTH_S, step_s=MONTH_S / 30)
        await chat.presses(shown, data)
        assert "expired" in chat.owner.last().text or "too old" in chat.owner.note()
        assert chat.sent() == 0


@row("T8")
async def what_nobody_wrote_to_the_bot_triggers_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/whoami")
        before = len(chat.owner.messages())
        mine = next(m for m in chat.state.messages[demo.OWNER_ID].values() if m.sender_id == demo.OWNER_ID)
        people.edit_text(chat.state, demo.OWNER_ID, mine.message_id, ORDER)
        written = {**chat.state.view(mine), "text": ORDER}
        user = chat.state.users[demo.STRANGER_ID].to_dict()
        origin = {"type": "user", "date": 1_700_000_000, "sender_user": user}
        channel = {"id": -1001, "type": "channel", "title": "signals"}
        for kind, body in (
            ("message", {**written, "forward_origin": origin}),
            ("message", {**written, "via_bot": {"id": 9, "is_bot": True, "first_name": "b"}}),
            ("message", {**written, "sender_chat": channel}),
            ("channel_post", {**written, "chat": channel}),
        ):
            chat.state.updates.allowed = None
            chat.state.updates.push(kind, body)
        await stage.time.advance(5)
        answers = [message.text for message in chat.owner.messages()[before:]]
        sayings = ("that you write yourself", "I do not follow edits")
        assert all(any(words in text for words in sayings) for text in answers), answers
        assert chat.sent() == 0


@row("T9", via=BOTH_PATHS)
async def flood_control_holds_up_messages_and_not_orders(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        for method in ("sendMessage", "editMessageText"):
            arm(chat, FaultKind.TOO_MANY_REQUESTS, method, retry_after=35)
        chat.press(shown, data)
        await stage.time.until(lambda: chat.sent() == 1)
        await stage.mute_streams()
        stage.fault("reset_after")
        assert (await stage.buy("other", symbol="ETHUSDT", size="0.1")).outcome is Outcome.UNKNOWN
        await stage.time.advance(600, step_s=10)
        assert await stage.state("other") is LegState.FILLED
        chat.state.faults.clear()
        await stage.time.advance(400, step_s=5)
        told = [m.text for m in chat.owner.messages()]
        assert sum("Bought" in words for words in told) == 2
        assert chat.sent() == 2


@row("T10")
async def second_poller_is_told_of_and_doubles_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        arm(chat, FaultKind.CONFLICT, "getUpdates")
        await stage.time.advance(30)
        chat.press(shown, data)
        await stage.mute_streams()
        stage.fault("reset_after")
        assert (await stage.buy("other", symbol="ETHUSDT", size="0.1")).outcome is Outcome.UNKNOWN
        await stage.time.advance(20)
        assert await stage.state("other") is LegState.FILLED
        assert [finding.code for finding in chat.app.intake.findings()] == ["polling_conflict"]
        assert chat.sent() == 1
        assert [finding.code for finding in await check_polling(stage.runtime.store)] == ["polling_conflict"]
        chat.state.faults.clear()
        await stage.time.until(lambda: chat.sent() == 2)
        await stage.time.advance(60)
        assert chat.sent() == 2
        status = (await chat.says("/status")).text
        assert "Another program reads this bot's messages. Stop the other one" in status


@row("T11")
async def command_that_waited_is_shown_anew_and_not_carried_out(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
        arm(chat, FaultKind.SERVER_ERROR, "getUpdates")
        await stage.time.advance(30)
        people.send_text(chat.state, demo.OWNER_ID, ORDER)
        await stage.time.advance(1800, step_s=15)
        handled = chat.app.intake.handled
        chat.state.faults.clear()
        await stage.time.until(lambda: chat.app.intake.handled > handled)
        assert "You wrote this at" in chat.owner.last().text
        assert chat.sent() == 0


@row("T12", via=BOTH_PATHS)
async def truth_is_found_while_telegram_is_away_and_told_when_it_is_back(
    scene: Scene, folder: Path, case: Case
) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
        arm(chat, FaultKind.DROP_BEFORE)
        await stage.mute_streams()
        stage.fault("reset_after")
        assert (await stage.buy()).outcome is Outcome.UNKNOWN
        await stage.time.advance(300, step_s=5)
        assert await stage.state() is LegState.FILLED
        chat.state.faults.clear()
        await stage.time.advance(300, step_s=5)
        told = [m.text for m in chat.owner.messages() if "Bought" in m.text]
        assert len(told) == 1
        assert stage.counts == (1, 1)


@row("T13")
async def blocked_bot_goes_on_trading(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
        people.set_blocked(chat.state, demo.OWNER_ID, blocked=True)
        await stage.mute_streams()
        stage.fault("reset_after")
        assert (await stage.buy()).outcome is Outcome.UNKNOWN
        await stage.time.advance(30)
        assert await stage.state() is LegState.FILLED
        query = text("SELECT DISTINCT state FROM outbox")
        states = await stage.time.run(stage.runtime.store.reader.all(query))
        assert {state for (state,) in states} == {"DEAD"}
        assert (await stage.buy("again")).outcome is Outcome.FILLED


@row("T14")
async def tap_that_cannot_be_acknowledged_counts_all_the_same(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()

        def tap() -> None:
            chat.press(shown, data)
            chat.state.presses.clear()

        assert "Bought" in (await chat.hears(tap)).text
        assert chat.sent() == 1
        refused = [
            call for call in chat.state.calls if call["method"] == "answerCallbackQuery" and "too old" in str(call)
        ]
        assert refused


@row("T15")
async def webhook_that_somebody_set_for_the_token_is_ended_and_gets_nothing(
    scene: Scene, folder: Path, case: Case
) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
        chat.state.updates.set_webhook("https://127.0.0.1:1/", "")
        people.send_text(chat.state, demo.OWNER_ID, "/whoami")
        await stage.time.advance(60)
        assert chat.state.updates.webhook_url == ""
        assert "100000001" in chat.owner.last().text
        assert chat.app.intake.findings() == []


@row("T16")
async def bot_whose_token_was_revoked_goes_on_guarding(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await chat.says("/start")
        arm(chat, FaultKind.UNAUTHORIZED)
        await stage.mute_streams()
        stage.fault("reset_after")
        assert (await stage.buy(FIRST)).outcome is Outcome.UNKNOWN
        await stage.time.advance(300, step_s=5)
        assert await stage.state() is LegState.FILLED
        chat.state.faults.clear()
        await stage.time.advance(120, step_s=5)
        assert "100000001" in (await chat.says("/whoami")).text


@pytest.mark.parametrize("case", T.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(scene, folder, case)
