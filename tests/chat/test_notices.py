"""News from the venues to the phone: told once, with buttons that act, as loudly as was chosen."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from models.account import Account
from models.enums import AccountType
from sandbox import demo
from sandbox.server import Sandbox
from tests.chat.rig import Phone, Rig, running_bot

BYBIT = Account(user_id=demo.OWNER_ID, exchange="bybit", account_type=AccountType.PAPER)


@pytest.fixture
async def rig(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_bot(sandbox, tmp_path) as running:
        await running.owner.says("/balance")
        await running.runtime.jobs.sync.sync(BYBIT)
        yield running


@pytest.fixture
def owner(rig: Rig) -> Phone:
    return rig.owner


async def moves(rig: Rig, symbol: str, price: str) -> None:
    """Move a market, look at the account, and send what there is to tell."""
    rig.sandbox.set_price(symbol, Decimal(price))
    await rig.sandbox.advance(1)
    rig.runtime.clients.forget(BYBIT)
    await rig.runtime.jobs.sync.sync(BYBIT)
    await rig.app.outbox.drain()


async def test_stop_that_fires_is_told_once_with_a_way_on(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.1 sl 2900")
    await owner.taps("✅")
    await moves(rig, "ETHUSDT", "3000")
    await moves(rig, "ETHUSDT", "2890")
    await moves(rig, "ETHUSDT", "2880")
    told = [shown for shown in owner.messages() if "Closed by its stop" in shown.text]
    assert len(told) == 1
    assert "ETHUSDT · 🟢 LONG · Bybit · 🟡 PAPER" in told[0].text
    assert "Trade again" in told[0].buttons


async def test_partial_fill_and_fill_of_a_resting_order_are_told(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.2 @ 2950 sl 2900")
    await owner.taps("✅")
    await rig.runtime.jobs.sync.sync(BYBIT)
    await moves(rig, "ETHUSDT", "2940")
    told = owner.last()
    assert "News of your order" in told.text
    assert "✅ Bought 0.2 ETHUSDT" in told.text
    assert told.buttons["Set stop"] == "sl|bybit|paper|ETHUSDT|long"
    assert told.buttons["Close"] == "cl|bybit|paper|ETHUSDT|long|100"


async def test_buttons_of_news_act_on_their_position(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.2 @ 2950 sl 2900")
    await owner.taps("✅")
    await rig.runtime.jobs.sync.sync(BYBIT)
    await moves(rig, "ETHUSDT", "2940")
    assert "Close 0.2" in (await owner.taps("Close")).text
    assert "✅ Sold 0.2 ETHUSDT" in (await owner.taps("✅")).text


async def test_kind_of_news_that_was_switched_off_is_not_told(rig: Rig, owner: Phone) -> None:
    await owner.says("/notify")
    await owner.taps("Orders that fill")
    assert "🔕 Orders that fill: without sound" in owner.last().text
    await owner.taps("Orders that fill")
    assert "Orders that fill: off" in owner.last().text
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.2 @ 2950 sl 2900")
    await owner.taps("✅")
    await rig.runtime.jobs.sync.sync(BYBIT)
    before = len(owner.messages())
    await moves(rig, "ETHUSDT", "2940")
    assert len(owner.messages()) == before


async def test_account_is_made_quiet_by_a_tap(owner: Phone) -> None:
    await owner.says("/notify")
    await owner.taps("Bybit PAPER")
    assert "Bybit · 🟡 PAPER · without sound" in owner.last().text
    await owner.taps("Bybit PAPER")
    assert "Bybit · 🟡 PAPER · off" in owner.last().text
    await owner.taps("Bybit PAPER")
    assert "Bybit · 🟡 PAPER · on" in owner.last().text


async def test_hour_of_the_summary_is_chosen(owner: Phone) -> None:
    await owner.says("/notify")
    await owner.taps("Daily summary")
    assert "“25” is no hour of the day" in (await owner.says("25")).text
    await owner.taps("Menu")
    await owner.says("/notify")
    await owner.taps("Daily summary")
    assert "Daily summary: 21:00" in (await owner.says("21")).text
    await owner.taps("Daily summary")
    assert "Daily summary: none" in (await owner.says("off")).text


async def test_alert_fires_once(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("BTCUSDT", 60000)
    assert "when BTCUSDT is above 70,000" in (await owner.says("/alert BTC > 70000 sell some")).text
    prices = rig.runtime.jobs.care.prices
    assert await prices.look_once() == 0
    rig.sandbox.set_price("BTCUSDT", 70010)
    assert [await prices.look_once() for _ in range(2)] == [1, 0]
    await rig.app.outbox.drain()
    assert "🔔 BTCUSDT is above 70,000" in owner.last().text
    assert "sell some" in owner.last().text
    assert "None waits." in (await owner.says("/alerts")).text


async def test_alert_is_listed_and_removed(rig: Rig, owner: Phone) -> None:
    rig.sandbox.set_price("BTCUSDT", 60000)
    await owner.says("/alert BTC 55000")
    await owner.says("/alert BTC 55000")
    listed = (await owner.says("/alerts")).text
    assert ("1. BTCUSDT ↓ 55,000" in listed, "2." in listed) == (True, False)
    assert "None waits." in (await owner.taps("✖ 1")).text
    assert "The price is there already" in (await owner.says("/alert BTC > 50000")).text


async def test_muting_says_until_when(owner: Phone, rig: Rig) -> None:
    rig.sandbox.set_price("ETHUSDT", 3000)
    await owner.says("/buy ETH 0.2 @ 2950 sl 2900")
    await owner.taps("✅")
    await rig.runtime.jobs.sync.sync(BYBIT)
    await moves(rig, "ETHUSDT", "2940")
    await owner.taps("Mute for 1 h")
    assert "Quiet until" in owner.note()
    assert "Muted until" in (await owner.says("/notify")).text
