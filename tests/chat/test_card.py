"""What can be done from a position's card beside stop, target and closing all of it."""

from decimal import Decimal

import pytest

from core.levels import level_price
from core.phrases import parse_level
from models.errors import BadOrder
from tests.chat.rig import Phone, Rig, eventually
from tests.core.test_sync import position
from tests.core.venue_fake import instrument

D = Decimal


async def opens_card(owner: Phone, symbol: str = "BTCUSDT") -> None:
    await owner.says("/positions")
    await owner.taps(symbol)


async def test_card_follows_the_market_until_something_else_stands_there(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    for price, said in (("61000", "61,000"), ("62000", "62,000")):
        rig.sandbox.set_price("BTCUSDT", price)
        await rig.sandbox.advance(1)
        await rig.app.live.look_once()
        assert f"now {said}" in owner.last().text or f"→ now {said}" in owner.last().text
    await owner.taps("Stop…")
    question = owner.last().text
    rig.sandbox.set_price("BTCUSDT", "63000")
    await rig.app.live.look_once()
    assert owner.last().text == question


async def test_card_that_cannot_be_drawn_says_that_it_is_stale(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    assert "· live" in owner.last().text
    fault = rig.sandbox.fault("error_before", venue="bybit", match="*position*", count=None)
    await rig.sandbox.advance(5)
    await rig.app.live.look_once()
    assert "· stale" in owner.last().text
    rig.sandbox.world.faults.remove(fault)
    await rig.app.live.look_once()
    assert "· live" in owner.last().text


async def test_card_gives_way_to_a_newer_one_and_says_so(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    first = owner.last().message_id
    await owner.says("/buy BTC 200$ sl 2%")
    await opens_card(owner)
    await rig.app.live.look_once()
    shown = {message.message_id: message.text for message in owner.messages()}
    assert "· stale" in shown[first]
    assert "seconds left" in shown[first + 2]
    assert "· live" in owner.last().text


async def test_pinned_card_follows_the_market_beside_others(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    handled = rig.app.intake.handled
    pinned = (await owner.taps("📌 Pin")).message_id
    await eventually(lambda: rig.app.intake.handled == handled + 2)  # Telegram tells of what was pinned too
    assert any(call["method"] == "pinChatMessage" for call in rig.state.calls)
    await opens_card(owner)
    rig.sandbox.set_price("BTCUSDT", "61000")
    await rig.sandbox.advance(5)
    await rig.app.live.look_once()
    shown = {message.message_id: message.text for message in owner.messages()}
    assert ("now 61,000" in shown[pinned], "· live" in shown[pinned]) == (True, True)
    assert sum(call["method"] == "pinChatMessage" for call in rig.state.calls) == 1


async def test_preview_counts_down_until_it_is_answered(rig: Rig, owner: Phone) -> None:
    await owner.says("/buy BTC 200$ sl 2%")
    await rig.app.live.look_once()
    assert "seconds left" in owner.last().text
    assert "✅ Bought" in (await owner.taps("✅")).text
    await rig.app.live.look_once()
    assert "✅ Bought" in owner.last().text


async def test_trailing_stop_is_set_from_the_card_and_taken_away(owner: Phone) -> None:
    await opens_card(owner)
    await owner.taps("Trailing…")
    assert "Trailing stop" in (await owner.says("2%")).text
    assert "✅ Done" in (await owner.taps("✅")).text
    assert "Trailing" in (await owner.says("/positions")).text
    await owner.says("/trail BTC 0")
    assert "Remove the trailing stop" in owner.last().text
    await owner.taps("✅")
    assert "No stop" in (await owner.says("/positions")).text


async def test_venue_without_trailing_stops_says_so(owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    await opens_card(owner)
    assert "no trailing stops of its own" in (await owner.taps("Trailing…")).text
    assert "no trailing stops of its own" in (await owner.says("/trail BTC 2%")).text


async def test_distance_beyond_the_price_is_refused(owner: Phone) -> None:
    assert "further than the price itself" in (await owner.says("/trail BTC 9999999")).text


@pytest.mark.parametrize(("text", "part"), [("40%", "40% of it"), ("0.004", "40% of it")])
async def test_any_part_is_closed(owner: Phone, text: str, part: str) -> None:
    await opens_card(owner)
    await owner.taps("Close…")
    preview = await owner.says(text)
    assert "Close 0.004" in preview.text
    assert part in preview.text
    assert "✅ Sold 0.004 BTCUSDT" in (await owner.taps("✅")).text


async def test_wrong_part_is_asked_again(owner: Phone) -> None:
    await opens_card(owner)
    await owner.taps("Close…")
    assert "more than the whole position" in (await owner.says("140%")).text
    assert "Close 0.004" in (await owner.says("40%")).text


async def test_position_grows_in_its_own_account(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    await owner.taps("Add…")
    await rig.runtime.store.settings.put(owner.user_id, "exchange", "hyperliquid")
    preview = await owner.says("0.01")
    assert "Buy 0.01 BTC" in preview.text
    assert "Bybit · 🟡 PAPER" in preview.text
    assert "✅ Bought 0.01 BTCUSDT" in (await owner.taps("✅")).text
    await owner.says("/exchange bybit")
    assert "LONG 0.02" in (await owner.says("/positions")).text


async def test_position_is_reversed_in_two_reported_steps(rig: Rig, owner: Phone) -> None:
    await owner.says("/sl BTC 10%")
    await owner.taps("✅")
    await opens_card(owner)
    plan = await owner.taps("Reverse")
    assert "1. Close 0.01 BTCUSDT" in plan.text
    assert "2. Sell 0.01 BTC" in plan.text
    assert "Stop ≈" in plan.text
    done = await owner.taps("✅")
    assert done.text.count("✅ Sold 0.01 BTCUSDT") == 2
    listed = await owner.says("/positions")
    assert "SHORT 0.01" in listed.text
    assert "No stop" not in listed.text


async def test_side_that_was_not_closed_is_not_opened(rig: Rig, owner: Phone) -> None:
    await opens_card(owner)
    await owner.taps("Reverse")
    rig.sandbox.fault("code_before", match="POST /v5/order/create", code=110007, message="no")
    done = await owner.taps("✅")
    assert done.text.count("❌ Not done") == 1
    assert "LONG 0.01" in (await owner.says("/positions")).text


async def test_reversal_respects_no_trade_without_a_stop(rig: Rig, owner: Phone) -> None:
    await rig.runtime.store.settings.put(owner.user_id, "requires_stop", True)
    await opens_card(owner)
    assert "no trade without a stop" in (await owner.taps("Reverse")).text


def test_level_by_return_counts_in_margin() -> None:
    level = parse_level("20% roi")
    assert level is not None
    held = position(leverage=D(10))
    assert level_price(held, instrument(), level, is_stop=True) == D(58800)
    assert level_price(held, instrument(), level, is_stop=False) == D(61200)
    with pytest.raises(BadOrder, match="leverage"):
        level_price(position(leverage=None), instrument(), level, is_stop=True)
