"""When venues or Telegram fail around an order: what is sent stays one, what is said stays true."""

from pathlib import Path

import pytest
from telegram import Update

from db import LegState, LegUpdate
from sandbox.server import Sandbox
from tests.chat.rig import Phone, Rig, Shown, eventually, running_bot


async def test_lost_answer_is_told_as_being_checked_and_then_as_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path, with_jobs=True) as rig:
        await rig.owner.says("/buy BTC 200$ sl 2%")
        sandbox.fault("reset_after", match="POST /v5/order/create")
        shown = await rig.owner.taps("✅")
        assert "Being checked" in shown.text or "✅ Bought" in shown.text
        await eventually(lambda: "✅ Bought" in rig.owner.messages()[-1].text)
        assert rig.owner.messages()[-1].message_id == shown.message_id
        assert rig.sent_to_bybit() == 1


async def test_order_that_never_arrived_is_not_sent_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with running_bot(sandbox, tmp_path) as rig:
        await rig.owner.says("/buy BTC 200$ sl 2%")
        sandbox.fault("close_before", match="POST /v5/order/create")
        shown = await rig.owner.taps("✅")
        assert "Being checked" in shown.text
        assert "✅ Bought" not in shown.text
        assert rig.sent_to_bybit() == 1


@pytest.mark.parametrize("use_unified", ["true", "false"])
async def test_both_paths_trade_alike(sandbox: Sandbox, tmp_path: Path, use_unified: str) -> None:
    async with running_bot(sandbox, tmp_path, use_unified=use_unified) as rig:
        owner = rig.owner
        await owner.says("/buy BTC 200$ 5x sl 2% tp 4%")
        assert "✅ Bought" in (await owner.taps("✅")).text
        assert "Equity" in (await owner.says("/balance")).text
        await owner.says("/close BTC")
        assert "✅ Sold" in (await owner.taps("✅")).text
        assert "No open positions." in (await owner.says("/positions")).text
        assert rig.sent_to_bybit() == 2


async def test_venues_refusal_changes_nothing_and_says_why(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    rig.sandbox.fault("code_before", match="POST /v5/order/create", code=110007, message="ab not enough")
    shown = await owner.taps("✅")
    assert "❌ Not done" in shown.text
    assert "not enough free margin" in shown.text
    assert "Nothing changed" in shown.text


async def test_telegram_that_loses_the_answer_gets_it_again(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    rig.sandbox.fault("error_before", venue="telegram", match="*editMessageText*", count=2)
    await owner.taps("✅")
    await eventually(lambda: "✅ Bought" in owner.messages()[-1].text)
    assert rig.sent_to_bybit() == 1


async def test_several_targets_stand_as_orders_that_reduce(rig: Rig, owner: Phone) -> None:
    await owner.says("/close BTC")
    await owner.taps("✅")
    await owner.says("/buy BTC 500$ sl 2% tp 3%,6%")
    await owner.taps("✅")
    listed = await owner.says("/orders")
    assert listed.text.count("reduces only") >= 2


async def test_closing_works_while_prices_cannot_be_read(rig: Rig, owner: Phone) -> None:
    await owner.says("/close BTC")
    rig.sandbox.fault("error_before", match="GET /v5/market/tickers*", count=None)
    assert "✅ Sold" in (await owner.taps("✅")).text


async def test_opening_is_refused_while_prices_cannot_be_read(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    rig.sandbox.fault("error_before", match="GET /v5/market/tickers*", count=None)
    shown = await owner.taps("✅")
    assert "⚠️" in shown.text
    assert "Nothing was sent." in shown.text
    assert rig.sent_to_bybit() == 0


async def test_what_is_said_to_be_undone_stays_undone(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    rig.sandbox.fault("error_before", match="GET /v5/market/tickers*", count=None)
    assert "Nothing was sent." in (await owner.presses(preview.message_id, data)).text
    rig.sandbox.world.faults.remove()
    await owner.presses(preview.message_id, data)
    assert owner.note() == "Already done."
    tap = stored_tap(rig, preview, rig.state.updates.next_id - 2)
    await rig.app.intake._handle(tap)  # whose process ended before anybody was told
    assert "Nothing was sent" in owner.messages()[-1].text
    assert rig.sent_to_bybit() == 0


async def test_second_tap_never_says_that_a_sent_order_was_not(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    done = await owner.presses(preview.message_id, data)
    assert "✅ Bought" in done.text
    rig.sandbox.fault("error_before", match="GET /v5/market/tickers*", count=None)
    again = await owner.presses(preview.message_id, data)
    assert again.text == done.text
    assert owner.note() == "Already done."


@pytest.mark.parametrize("text", ["/buy BTC 200$ sl 2%", "/close BTC", "/lev BTC 7", "/sl BTC 10%"])
async def test_tap_that_is_answered_again_after_a_crash_tells_what_was_done(rig: Rig, owner: Phone, text: str) -> None:
    preview = await owner.says(text)
    first = await owner.taps("✅")
    assert first.text.startswith("✅")
    sent = rig.sent_to_bybit("")
    await rig.app.intake._handle(stored_tap(rig, preview, rig.state.updates.next_id - 1))
    assert owner.messages()[-1].text.splitlines()[0] == first.text.splitlines()[0]
    assert rig.sent_to_bybit("") == sent


async def test_tap_that_ended_the_process_again_and_again_tells_what_is_known(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    tap = stored_tap(rig, preview, rig.state.updates.next_id)
    await rig.app.intake._give_up(tap)
    assert "Nothing was sent" in owner.messages()[-1].text
    assert rig.sent_to_bybit() == 0

    preview = await owner.says("/buy BTC 300$ sl 2%")
    await owner.taps("✅")
    await rig.app.intake._give_up(stored_tap(rig, preview, rig.state.updates.next_id))
    assert owner.messages()[-1].text.startswith("✅ Bought")
    assert rig.sent_to_bybit() == 1


async def test_message_that_ended_the_process_again_and_again_is_told(rig: Rig, owner: Phone) -> None:
    await owner.says("/status")
    user = {"id": owner.user_id, "is_bot": False, "first_name": "Owner"}
    chat = {"id": owner.user_id, "type": "private", "first_name": "Owner"}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": user, "text": "/buy BTC 200$"}
    await rig.app.intake._give_up(Update.de_json({"update_id": 1, "message": message}, rig.app.bot))
    assert "Something went wrong" in owner.messages()[-1].text


async def test_preview_that_telegram_loses_is_shown_all_the_same(rig: Rig, owner: Phone) -> None:
    rig.sandbox.fault("error_before", venue="telegram", match="*sendMessage*", count=1)
    await owner.says("/buy BTC 200$ sl 2%")
    await eventually(lambda: any("✅" in label for label in owner.last().buttons))
    assert "✅ Bought" in (await owner.taps("✅")).text


async def test_truth_that_is_known_before_the_doubt_is_shown_is_shown_instead(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    rig.sandbox.fault("reset_after", match="POST /v5/order/create")
    assert "Being checked" in (await owner.taps("✅")).text
    store, [leg] = rig.runtime.store, await rig.runtime.store.journal.unresolved()
    filled = LegUpdate(state=LegState.FILLED, evidence="a stream", filled_size=leg.size)
    await store.journal.update(leg.id, lambda _: filled)
    await rig.app.intake._handle(stored_tap(rig, preview, rig.state.updates.next_id - 1))
    assert "✅ Bought" in owner.last().text


def stored_tap(rig: Rig, preview: Shown, update_id: int) -> Update:
    """Return the tap as the inbox keeps it until it is answered."""
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    user = {"id": rig.owner.user_id, "is_bot": False, "first_name": "Owner"}
    chat = {"id": rig.owner.user_id, "type": "private", "first_name": "Owner"}
    message = {"message_id": preview.message_id, "date": 1_790_000_000, "chat": chat, "text": "x"}
    query = {"id": "1", "from": user, "chat_instance": "1", "data": data, "message": message}
    return Update.de_json({"update_id": update_id, "callback_query": query}, rig.app.bot)
