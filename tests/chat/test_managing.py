"""What is open, and what can be done with it."""

import pytest

from exchanges.registry import EXCHANGES
from sandbox import demo
from tests.chat.rig import Phone, Rig
from tests.world import use_up_what_reads_may


async def test_resting_order_is_listed_and_cancelled(rig: Rig, owner: Phone) -> None:
    await owner.says("/short ETH 0.5 @ 4000")
    await owner.taps("✅")
    assert "Sell 0.5 ETHUSDT · limit" in (await owner.says("/orders")).text
    assert "Sell 0.5 ETHUSDT" in (await owner.taps("✖ 1")).text
    assert "✅ Done" in (await owner.taps("✅")).text
    assert "No open orders." in (await owner.says("/orders")).text


async def test_all_orders_are_cancelled_after_a_question(rig: Rig, owner: Phone) -> None:
    for price in ("4000", "4100"):
        await owner.says(f"/short ETH 0.5 @ {price}")
        await owner.taps("✅")
    await owner.says("/cancel")
    assert "Cancel all 2 open orders?" in (await owner.taps("Cancel all orders")).text
    assert "No orders are open any more." in (await owner.taps("✅")).text


async def test_positions_and_orders_of_every_venue_are_in_one_list(rig: Rig, owner: Phone) -> None:
    shown = await owner.says("/positions all")
    assert shown.text.count("BTCUSDT") == len(EXCHANGES)
    assert shown.text.count("🟡 PAPER") == len(EXCHANGES)
    only = await owner.taps("HyperLiquid")
    assert only.text.count("BTCUSDT") == 1
    assert "HyperLiquid · 🟡 PAPER" in only.text
    for venue in ("hyperliquid", "bybit"):
        await owner.says(f"/exchange {venue}")
        await owner.says("/short ETH 0.5 @ 4000")
        await owner.taps("✅")
    await owner.says("/orders")
    assert owner.last().text.count("Sell 0.5 ETHUSDT") == 1
    assert (await owner.taps("All")).text.count("Sell 0.5 ETHUSDT") == 2
    assert "Cancel 2 entry orders?" in (await owner.taps("Cancel entries")).text
    assert "2 entry orders cancelled" in (await owner.taps("✅")).text


async def test_button_of_a_cancelled_order_says_so(rig: Rig, owner: Phone) -> None:
    await owner.says("/short ETH 0.5 @ 4000")
    await owner.taps("✅")
    listed = await owner.says("/orders")
    cancel = listed.buttons["✖ 1"]
    await owner.taps("✖ 1")
    await owner.taps("✅")
    assert "not open any more" in (await owner.presses(listed.message_id, cancel)).text


async def test_stop_is_set_and_removed_from_the_card(rig: Rig, owner: Phone) -> None:
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    await owner.taps("Stop…")
    plan = await owner.says("10%")
    assert "Stop at" in plan.text
    assert "−10.00\u00a0% from the entry" in plan.text
    await owner.taps("✅")
    assert "No stop" not in (await owner.says("/positions")).text
    await owner.says("/sl BTC 0")
    assert "Remove the stop" in owner.last().text
    await owner.taps("✅")
    assert "No stop" in (await owner.says("/positions")).text


async def test_stop_that_would_fire_at_once_is_refused(owner: Phone) -> None:
    assert "would fire at once" in (await owner.says("/sl BTC 99999")).text
    assert "would fire at once" in (await owner.says("/tp BTC 10000")).text


async def test_way_back_from_a_refusal_leads_to_the_card(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("BTCUSDT", 30_000)
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    assert "would fire at once" in (await owner.taps("Breakeven")).text
    assert "Entry" in (await owner.taps("Back")).text


async def test_question_is_closed_by_cancel(owner: Phone) -> None:
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    await owner.taps("Stop…")
    assert "Nothing was changed" in (await owner.says("/cancel")).text
    assert "I did not understand" in (await owner.says("50000")).text


async def test_breakeven_covers_the_fees(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("BTCUSDT", 70000)
    plan = await owner.says("/be BTC")
    assert "Stop at" in plan.text
    await owner.taps("✅")
    assert "No stop" not in (await owner.says("/positions")).text


async def test_leverage_is_changed_after_a_confirmation(owner: Phone) -> None:
    await owner.says("/leverage BTC 7x")
    assert "✅ Done" in (await owner.taps("✅")).text
    assert "7×" in (await owner.says("/positions")).text


async def test_pause_stops_new_trades_and_not_closing(rig: Rig, owner: Phone) -> None:
    await owner.says("/pause")
    shown = await owner.says("/buy BTC 200$ sl 2%")
    assert "Only closing works now" in shown.text
    assert rig.sent_to_bybit() == 0
    await owner.says("/close BTC")
    assert "✅ Sold" in (await owner.taps("✅")).text
    assert "Resumed" in (await owner.says("/resume")).text
    await owner.says("/buy BTC 200$ sl 2%")
    assert "✅ Bought" in (await owner.taps("✅")).text


async def test_panic_closes_everything_everywhere_and_pauses(rig: Rig, owner: Phone) -> None:
    await owner.says("/short ETH 0.5 @ 4000")
    await owner.taps("✅")
    plan = await owner.says("/panic")
    assert f"{len(EXCHANGES)} positions and 1 order" in plan.text
    report = await owner.taps("✅")
    assert "Everything is closed" in report.text
    assert report.text.count("✅ Sold") == len(EXCHANGES)
    assert report.text.count("No orders are open any more.") == len(EXCHANGES)
    assert "No open positions." in (await owner.says("/positions")).text
    assert "Only closing works now" in (await owner.says("/buy BTC 200$ sl 2%")).text


async def test_panic_leaves_the_stop_of_a_position_that_it_could_not_close(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    for order in ("/sl BTC 40000", "/short ETH 0.5 @ 4000"):
        await owner.says(order)
        await owner.taps("✅")
    rig.sandbox.fault("error_before", venue="hyperliquid", match="POST /exchange order*", count=None)
    await owner.says("/panic")
    assert "Not everything is closed" in (await owner.taps("✅")).text
    left = (await owner.says("/orders")).text
    assert ("BTCUSDT" in left, "ETHUSDT" in left) == (True, False)


async def test_whoever_wants_out_is_never_told_that_the_venue_is_busy(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    await owner.says("/positions")
    card = await owner.taps("BTCUSDT")
    use_up_what_reads_may(rig.runtime)
    assert "is busy" in (await owner.says("/balance")).text
    for button in ("50%", "Stop", "Trailing"):
        data = next(data for label, data in card.buttons.items() if button in label)
        assert "is busy" not in (await owner.presses(card.message_id, data)).text, button
    for command in ("/sl BTC 40000", "/tp BTC 90000", "/be BTC", "/trail BTC 2%", "/close BTC", "/panic"):
        assert "is busy" not in (await owner.says(command)).text, command
    report = (await owner.taps("✅")).text
    assert report.count("✅ Sold") == len(EXCHANGES)


async def test_way_out_is_bounded_by_the_price_of_now(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    await owner.says("/positions")
    await owner.taps("BTCUSDT")
    await owner.says("/buy BTC 0.01")  # a preview, which lets prices be pushed
    await owner.says("/panic")
    rig.sandbox.set_price("BTC", 40000)
    assert (await owner.taps("✅")).text.count("✅ Sold") == len(EXCHANGES)


async def test_panic_works_while_paused(owner: Phone) -> None:
    await owner.says("/pause")
    await owner.says("/panic")
    assert "Everything is closed" in (await owner.taps("✅")).text


async def test_panic_reports_a_venue_that_does_not_answer(rig: Rig, owner: Phone) -> None:
    await rig.sandbox.refuse("hyperliquid")
    await owner.says("/panic")
    report = await owner.taps("✅")
    assert "Not everything is closed" in report.text
    assert "cannot be reached" in report.text
    await rig.sandbox.listen("hyperliquid")


async def test_venue_is_chosen_by_button_and_everything_follows(owner: Phone) -> None:
    await owner.says("/exchange")
    await owner.taps("HyperLiquid")
    assert "HyperLiquid · 🟡 PAPER" in (await owner.says("/balance")).text
    await owner.says("/buy ETH 100$ sl 2%")
    assert "✅ Bought" in (await owner.taps("✅")).text
    assert "ETHUSDT 🟢 LONG" in (await owner.says("/positions")).text


@pytest.mark.parametrize(("code", "word"), [("ru", "Баланс"), ("uk", "Капітал"), ("en", "Equity")])
async def test_language_is_chosen_and_kept(owner: Phone, code: str, word: str) -> None:
    await owner.says(f"/lang {code}")
    assert word in (await owner.says("/balance")).text


async def test_phones_keyboard_works_in_every_language(owner: Phone) -> None:
    assert "Balance" in (await owner.says("Balance")).text
    assert "Balance" in (await owner.says("Баланс")).text


async def test_setting_is_changed_shown_and_kept_to(rig: Rig, owner: Phone) -> None:
    await owner.says("/settings")
    await owner.taps("Leverage at most")
    assert "Leverage at most: 5×" in (await owner.says("5x")).text
    assert "Your limit is leverage 5; this would run at 10" in (await owner.says("/buy BTC 200$ 10x sl 2%")).text
    await owner.says("/settings")
    await owner.taps("No trade without a stop")
    assert "No trade without a stop: on" in owner.last().text
    assert "no trade without a stop" in (await owner.says("/buy BTC 200$")).text
    assert rig.sent_to_bybit() == 0


async def test_wrong_setting_is_refused_with_a_sentence(owner: Phone) -> None:
    await owner.says("/settings")
    await owner.taps("Time zone")
    assert "no time zone “Mars”" in (await owner.says("Mars")).text
    await owner.taps("Menu")
    await owner.says("/settings")
    await owner.taps("Time zone")
    assert "Europe/Kyiv" in (await owner.says("Europe/Kyiv")).text
    assert "EET" in (await owner.says("/balance")).text


async def test_real_money_needs_the_word_written_out(rig: Rig, owner: Phone) -> None:
    await owner.says("/settings")
    await owner.taps("Real money")
    assert "Real money: off" in (await owner.says("yes")).text
    await owner.taps("Real money")
    assert "Real money: on" in (await owner.says("REAL")).text


async def test_status_and_history_answer(owner: Phone) -> None:
    assert "Path to the venues: unified" in (await owner.says("/status")).text
    assert "Closed trades" in (await owner.says("/history")).text
    assert "Profit and loss" in (await owner.says("/pnl month")).text
    assert str(demo.OWNER_ID) in (await owner.says("/whoami")).text
    assert "/long" in (await owner.says("/help")).text
