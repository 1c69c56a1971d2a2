"""What was earned, as words, pictures and files, and whether all of it is the same."""

import csv
import io
from decimal import Decimal

import pytest

from sandbox import demo
from sandbox.telegram.records import Message
from telegram_ui.texts import Texts
from tests.chat.rig import Phone, Rig

D = Decimal


def files(rig: Rig) -> list[Message]:
    """Return the messages with files that the owner got, oldest first."""
    return [m for m in rig.state.messages[demo.OWNER_ID].values() if m.file is not None]


def text_of(message: Message) -> str:
    assert message.file is not None
    return message.file.data.decode()


async def trades(rig: Rig, owner: Phone) -> None:
    """Buy ETH and sell it at a gain."""
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.1 sl 2900")
    await owner.taps("✅")
    rig.sandbox.set_price("ETHUSDT", 3050)
    await owner.says("/close ETH")
    await owner.taps("✅")


async def test_chart_shows_what_is_held_in_words_too(rig: Rig, owner: Phone) -> None:
    await owner.says("/sl BTC 10%")
    await owner.taps("✅")
    await owner.says("/chart BTC 15m")
    (message,) = files(rig)
    caption = message.content.text
    assert message.file is not None
    assert message.file.is_photo
    assert "BTCUSDT · 15m · Bybit · 🟡 PAPER" in caption
    assert all(word in caption for word in ("LONG", "Entry", "Stop", "Now"))


async def test_chart_changes_in_its_place(rig: Rig, owner: Phone) -> None:
    await owner.says("/chart ETH")
    await owner.taps("4h")
    (message,) = files(rig)
    assert "ETHUSDT · 4h" in message.content.text
    assert "No position here." in message.content.text


@pytest.mark.parametrize(("text", "answer"), [("/chart", "Which market?"), ("/chart BTC 7h", "A candle can be")])
async def test_chart_that_cannot_be_is_refused(owner: Phone, text: str, answer: str) -> None:
    assert answer in (await owner.says(text)).text


async def test_picture_of_a_closed_trade_says_what_history_says(rig: Rig, owner: Phone) -> None:
    await trades(rig, owner)
    listed = await owner.says("/history")
    await owner.taps("🖼 1")
    (message,) = files(rig)
    first = listed.text.split("1. ")[1].split("\n")
    assert "ETHUSDT · 🟢 LONG · 0.1" in message.content.text
    assert first[1] in message.content.text
    assert first[2].split(" · ")[0].removeprefix("▲ ") in message.content.text


async def test_curve_says_what_profit_says(rig: Rig, owner: Phone) -> None:
    await trades(rig, owner)
    total = next(line for line in (await owner.says("/pnl month")).text.splitlines() if line.startswith("Total"))
    await owner.taps("Curve")
    (message,) = files(rig)
    assert total in message.content.text
    assert "Deepest fall" in message.content.text


async def test_exported_trades_add_up_to_profit(rig: Rig, owner: Phone) -> None:
    await trades(rig, owner)
    shown = (await owner.says("/pnl day")).text
    await owner.says("/export trades day")
    (message,) = files(rig)
    rows = list(csv.DictReader(io.StringIO(text_of(message))))
    assert rows
    assert {row["symbol"] for row in rows} >= {"ETHUSDT"}
    total = sum(D(row["pnl"]) for row in rows)
    assert f"Trades {'+' if total > 0 else '−'}{abs(total):.2f}" in shown
    assert f"{len(rows)} row" in message.content.text


@pytest.mark.parametrize("table", ["fills", "funding"])
async def test_other_tables_are_exported(rig: Rig, owner: Phone, table: str) -> None:
    await trades(rig, owner)
    await owner.says(f"/export {table} all")
    (message,) = files(rig)
    header = text_of(message).splitlines()[0]
    assert header.startswith("exchange,account_type,")
    assert message.file is not None
    assert message.file.name.startswith(f"elcaro-{table}-all-")


async def test_everything_is_a_period(owner: Phone) -> None:
    assert "all time" in (await owner.says("/pnl all")).text
    assert "The stretch is day, week, month or all." in (await owner.says("/pnl year")).text


async def test_accounts_are_compared_with_their_venues(owner: Phone) -> None:
    report = await owner.says("/sync")
    assert "Compared with the venues" in report.text
    assert "Bybit · 🟡 PAPER" in report.text
    assert "HyperLiquid · 🟡 PAPER" in report.text


async def test_owner_sees_what_was_done(owner: Phone) -> None:
    assert "What was done lately" in (await owner.says("/audit")).text


async def test_results_of_several_accounts_are_told_one_by_one(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    await trades(rig, owner)
    shown = await owner.says("/pnl month all")
    assert all(name in shown.text for name in ("Bybit", "HyperLiquid", "OKX"))
    assert "ETHUSDT" in (await owner.taps("HyperLiquid")).text
    rig.sandbox.fault("error_before", venue="bybit", match="*", count=None)
    await owner.says("/history all")
    assert all(word in owner.last().text for word in ("ETHUSDT", "This is not zero"))
    await owner.says("/export trades week all")
    caption = files(rig)[-1].content.text
    assert all(word in caption for word in ("Bybit", "This is not zero"))


async def test_file_adds_up_with_profit_where_results_leave_opening_fees_out(rig: Rig, owner: Phone) -> None:
    await owner.says("/exchange hyperliquid")
    await trades(rig, owner)
    await owner.says("/export trades month")
    rows = list(csv.DictReader(io.StringIO(text_of(files(rig)[-1]))))
    whole = sum((D(row["pnl"]) for row in rows), D(0))
    assert any(row["kind"] == "opening_fee" and row["symbol"] == "ETHUSDT" for row in rows)
    told = next(line for line in (await owner.says("/pnl month")).text.splitlines() if line.startswith("Trades"))
    assert told.split(" · ")[0] == "Trades " + Texts("en").signed_money(whole)
