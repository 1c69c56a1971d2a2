"""From a line of text, or a few taps, to an order at the venue: exactly one, or none."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import Role
from sandbox import demo
from sandbox.clock import Clock
from sandbox.server import Sandbox
from sandbox.telegram import people
from tests.chat.rig import Phone, Rig, eventually, running_bot


async def test_confirmed_order_reaches_the_venue_once(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ 5x sl 2% tp 4%")
    assert "Nothing is sent until you confirm" in preview.text
    assert "PAPER" in preview.text
    assert rig.sent_to_bybit() == 0
    done = await owner.taps("✅")
    assert done.message_id == preview.message_id
    assert "✅ Bought" in done.text
    assert "PAPER" in done.text
    assert rig.sent_to_bybit() == 1


async def test_five_taps_at_once_send_one_order(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    handled = rig.app.intake.handled
    for _ in range(5):
        people.press(rig.state, owner.user_id, preview.message_id, data, stale=True)
    await eventually(lambda: rig.app.intake.handled == handled + 5)
    assert rig.sent_to_bybit() == 1
    assert owner.note() == "Already done."


async def test_tap_delivered_twice_sends_one_order(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    await owner.taps("✅")
    rig.state.updates.redeliver(3, times=3)
    await owner.says("/whoami")
    assert rig.sent_to_bybit() == 1


async def test_tap_that_was_refused_stays_refused_when_a_crash_brings_it_back(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    await owner.says("/pause")
    refused = (await owner.presses(preview.message_id, data)).text
    assert "paused" in refused
    await owner.says("/resume")
    # told, and then the process ended before it wrote down that the tap was handled
    await rig.runtime.store.writer.run(lambda tx: tx.sql.execute("DELETE FROM inbox").rowcount)
    rig.state.updates.redeliver(2)
    await owner.says("/whoami")
    assert rig.sent_to_bybit() == 0
    assert refused in [shown.text for shown in owner.messages()]


async def test_cancelled_preview_sends_nothing_even_when_confirmed_later(rig: Rig, owner: Phone) -> None:
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    assert "Cancelled" in (await owner.taps("Cancel")).text
    await owner.presses(preview.message_id, data)
    assert rig.sent_to_bybit() == 0


async def test_expired_confirmation_sends_nothing(rig: Rig, owner: Phone) -> None:
    token = await rig.runtime.store.confirmations.create(owner.user_id, "close", {}, lifetime_s=-1)
    preview = await owner.says("/whoami")
    shown = await owner.presses(preview.message_id, f"ok|{token}")
    assert "has expired" in shown.text
    assert rig.sent_to_bybit() == 0


@pytest.mark.parametrize(
    "data", ["ok|forged", "ok|", "ok", "cl|bybit", "cl|a|b|c|d|e", "pos|||", "who|٣", "\x00", "zzz|1"]
)
async def test_forged_button_does_nothing(rig: Rig, owner: Phone, data: str) -> None:
    shown = await owner.says("/whoami")
    await owner.presses(shown.message_id, data)
    assert "too old" in owner.note() + owner.last().text
    assert rig.sent_to_bybit() == 0


async def test_somebody_elses_confirmation_cannot_be_pressed(rig: Rig, owner: Phone) -> None:
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.TRADER)
    preview = await owner.says("/buy BTC 200$ sl 2%")
    data = next(data for text, data in preview.buttons.items() if "✅" in text)
    own = await rig.stranger.says("/whoami")
    await rig.stranger.presses(own.message_id, data)
    assert "too old" in rig.stranger.note()
    assert rig.sent_to_bybit() == 0


async def test_price_that_moved_is_shown_again_before_anything_is_sent(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("BTCUSDT", 60000)
    await owner.says("/buy BTC 200$ sl 2%")
    rig.sandbox.set_price("BTCUSDT", 61000)
    again = await owner.taps("✅")
    assert "has moved by +1.6" in again.text
    assert rig.sent_to_bybit() == 0
    assert "✅ Bought" in (await owner.taps("✅")).text
    assert rig.sent_to_bybit() == 1


REFUSED = {
    "/buy": "Which market?",
    "/buy BTC": "How much?",
    "/buy BTC abc": "do not understand “abc”",
    "/buy BTC -1": "“-1” is not a number",
    "/buy BTC NaN": "is not a number",
    "/buy BTC 1e999": "is not a number",
    "/buy BTC 0": "must be above zero",
    "/buy BTC ١٢٣": "is not a number",
    "/buy BTC 1,000$": "more than one way",
    "/buy NOSUCHCOIN 100$": "no market “NOSUCHCOIN”",
    "/buy BTC 1$": "smallest",
    "/buy BTC 100$ 1000x": "everage",
    "/buy BTC 100$ sl 99999999": "stop is on the wrong side",
    "/buy " + "9" * 4000: "too long",
    "/close NOSUCHCOIN": "no market",
    "/close BTC 200%": "more than the whole position",
    "/lev BTC": "leverage",
    "/lev BTC 1000": "Leverage here goes",
    "/sl BTC": "number is missing",
    "/price": "Which market?",
    "/pnl yesterday": "day, week, month or all",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:24])
async def test_bad_input_gets_one_sentence_and_an_example(rig: Rig, owner: Phone, text: str) -> None:
    shown = await owner.says(text)
    assert REFUSED[text] in shown.text
    assert "For example: /" in shown.text
    assert "Nothing was sent." in shown.text
    assert "Traceback" not in shown.text
    assert rig.sent_to_bybit() == 0


@pytest.mark.parametrize(
    ("text", "level"), [("/buy BTC 100$ sl 2", "The stop"), ("/sell BTC 100$ sl 2% tp 4", "A target")]
)
async def test_level_without_its_per_cent_sign_is_warned_of(owner: Phone, text: str, level: str) -> None:
    assert f"⚠️ {level} is further than half the price away" in (await owner.says(text)).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/long btc 0.01", "in this market: the order makes it larger"),
        ("/long btc 0.01 3x", "The open position gets this leverage, too"),
        ("/short btc 0.004", "the other way: the order makes it smaller"),
        ("/short btc 0.01", "the other way: the order closes it."),
        ("/short btc 0.015 sl 5%", "closes it and opens the rest this way"),
    ],
)
async def test_preview_says_what_an_order_does_to_the_position_that_is_open(
    owner: Phone, text: str, words: str
) -> None:
    shown = (await owner.says(text)).text
    assert words in shown
    assert ("No stop" in shown) is (text.startswith("/long"))


async def test_order_in_a_market_without_a_position_says_nothing_of_one(owner: Phone) -> None:
    assert "position" not in (await owner.says("/long eth 0.1 3x")).text


async def test_line_without_a_command_is_an_order_too(owner: Phone) -> None:
    assert "Sell 0.5 ETH at 4,000" in (await owner.says("шорт eth 0,5 @ 4000")).text


async def test_order_that_waited_says_so(tmp_path: Path) -> None:
    two_minutes_ago = datetime.now(UTC) - timedelta(minutes=2)
    async with Sandbox(clock=Clock(frozen_at=two_minutes_ago)) as sandbox, running_bot(sandbox, tmp_path) as rig:
        assert "the prices below are of now" in (await rig.owner.says("/buy BTC 200$ sl 2%")).text


async def test_test_trade_needs_one_tap_and_one_confirmation(rig: Rig, owner: Phone) -> None:
    await owner.says("/start")
    await owner.taps("Open a test trade")
    assert "✅ Bought" in (await owner.taps("✅")).text
    assert rig.sent_to_bybit() == 1


async def test_panel_does_what_a_line_does(rig: Rig, owner: Phone) -> None:
    panel = await owner.says("/trade")
    await owner.taps("Size")
    await owner.taps("250$")
    await owner.taps("Leverage")
    shown = await owner.says("7x")
    assert "long BTC 250$ 7x sl 2%" in shown.text
    await owner.taps("Short")
    assert "short BTC 250$ 7x sl 2%" in owner.last().text
    await owner.taps("Preview")
    assert "✅ Sold" in (await owner.taps("✅")).text
    assert rig.sent_to_bybit() == 1
    assert panel.message_id <= owner.last().message_id


async def test_panel_refuses_a_value_and_asks_again(owner: Phone) -> None:
    await owner.says("/trade")
    await owner.taps("Size")
    assert "“-5” is not a number" in (await owner.says("-5")).text


async def test_part_of_a_position_is_closed_and_the_rest_stays(rig: Rig, owner: Phone) -> None:
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    preview = await owner.taps("Close 50%")
    assert "Close 0.005" in preview.text
    assert "✅ Sold 0.005" in (await owner.taps("✅")).text
    assert "LONG 0.005" in (await owner.says("/positions")).text


async def test_whole_position_is_closed_by_name(owner: Phone) -> None:
    await owner.says("/close BTC")
    await owner.taps("✅")
    assert "No open positions." in (await owner.says("/positions")).text


async def test_every_position_is_closed_by_one_word_and_one_tap(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy ETH 0.5")
    await owner.taps("✅")
    listed = await owner.says("/positions")
    assert "Close all positions" in listed.buttons
    preview = await owner.says("/close all")
    assert "Close 2 positions?" in preview.text
    assert "BTCUSDT · 🟢 LONG" in preview.text
    done = await owner.taps("✅")
    assert done.text.count("✅ Sold") == 2
    assert "No open positions." in (await owner.says("/close all")).text
    assert "is paused" not in (await owner.says("/status")).text


async def test_button_of_a_closed_position_says_so(owner: Phone) -> None:
    await owner.says("/positions")
    card = await owner.taps("BTCUSDT")
    await owner.says("/close BTC")
    await owner.taps("✅")
    close = next(data for text, data in card.buttons.items() if "100%" in text)
    assert "This position is closed." in (await owner.presses(card.message_id, close)).text


async def test_unreachable_venue_is_never_shown_as_nothing(rig: Rig, owner: Phone) -> None:
    await rig.sandbox.refuse("bybit")
    for text in ("/positions", "/balance", "/orders"):
        shown = await owner.says(text)
        assert "cannot be reached" in shown.text or "This is not zero" in shown.text
        assert "No open" not in shown.text
    await rig.sandbox.listen("bybit")


async def test_users_do_not_wait_for_each_other(rig: Rig, owner: Phone) -> None:
    await rig.runtime.store.users.set_role(demo.STRANGER_ID, Role.TRADER)
    rig.sandbox.fault("delay_before", match="GET /v5/account/wallet-balance", count=1, delay_before_s=5)
    slow = asyncio.create_task(owner.says("/balance"))
    await eventually(lambda: rig.sandbox.world.faults.applied)
    shown = await rig.stranger.says("/whoami")
    assert "You are" in shown.text
    await rig.sandbox.advance(5)
    await slow
