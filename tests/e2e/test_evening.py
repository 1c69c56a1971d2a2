"""An evening of a trader, on every venue and in every language; each number is compared with the venue's own books."""

import asyncio
import os
import re
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest

from core.exporting import OPENING_FEE
from core.summary import Summary
from sandbox import demo
from sandbox.server import Sandbox
from telegram_ui.texts import LANGUAGES, Texts
from tests.chat.rig import running_bot
from tests.e2e.chat import CHROMIUM, DESKTOP, chromium, open_chat
from tests.e2e.evening import Evening
from tests.e2e.looks import cut_buttons, overflowing

pytestmark = [pytest.mark.timeout(120)]
D = Decimal
VENUES = ("bybit", "hyperliquid")
TRADED = ("ETHUSDT", "SOLUSDT")
NAMES = {
    *("BTC", "BTCUSDT", "LTC", "LTCUSDT", "SOL", "ETH", "ETHUSDT", "SOLUSDT", "XRP", "XRPUSDT"),
    *("USD", "USDC", "USDT", "UTC"),
    *(
        "Bybit",
        "bybit",
        "ElCaro",
        "HyperLiquid",
        "hyperliquid",
        "OKX",
        "all",
        "LONG",
        "SHORT",
        "PAPER",
        "long",
        "short",
        "risk",
        "roi",
        "buy",
    ),
}
"""Words that are the same in every language."""
PHONE = (390, 844)
_BEFORE_LANGUAGE = 2
"""Messages from before a language was chosen."""


async def arrives(e: Evening) -> None:
    """The first minute: a greeting, a language, a venue."""
    await e.says("/start")
    await e.says(f"/lang {e.t.language}")
    await e.says(f"/exchange {e.venue}")
    await e.says("/balance", e.t.money(e.books.account_view(e.uid).equity))
    await e.says("/price ETH", "ETHUSDT")
    await e.says("/help", "/panic")


async def mistypes(e: Evening) -> None:
    """What is wrong is answered by a sentence, and nothing is sent."""
    before = e.fills()
    for text in ("/long", "/long btc", "/long qqqq 5$", "/long eth 1,000.5.5", "/sl eth", "/close ETH 200%", "…"):
        await e.says(text)
    await e.says("/lev ETH 5000")
    await e.says("/long ETH 100000000$ sl 2%")
    assert e.fills() == before


async def opens_by_ticket(e: Evening) -> None:
    """A long with a stop and two targets, confirmed twice: one order."""
    t = e.t
    await e.says("/long ETH 0.5 5x sl 2900 tp 3100,3200", t.size(D("0.5")), t.price(D(2900)), t.price(D(3100)), "5×")
    message_id, data = e.button("ok")
    before = e.fills()
    await asyncio.gather(e.phone.presses(message_id, data), e.phone.presses(message_id, data))
    assert e.fills() == before + 1
    assert (e.size("ETHUSDT"), e.stop("ETHUSDT")) == (D("0.5"), D(2900))
    assert e.books.leverage(e.uid, e.native("ETHUSDT")) == 5
    await e.phone.presses(message_id, data)
    assert e.fills() == before + 1
    await e.looks()
    assert sum(order.spec.size == D("0.25") for order in e.resting("ETHUSDT", reducing=True)) == 2


async def reaches_a_target(e: Evening) -> None:
    """The first target closes its part and brings the stop to where nothing is lost."""
    await e.moves("ETHUSDT", "3101")
    assert e.size("ETHUSDT") == D("0.25")
    stop = e.stop("ETHUSDT")
    assert stop is not None
    assert D(3000) <= stop < D(3020)
    assert any(e.t.price(stop) in shown.text for shown in e.phone.messages()[-3:])
    await e.moves("ETHUSDT", "3120")
    assert e.stop("ETHUSDT") == stop


async def works_on_the_card(e: Evening) -> None:
    """Part of it closed, the stop by price, by per cent and by return, breakeven, more, and the other side."""
    t = e.t
    await e.opens_card("ETHUSDT")
    await e.taps("cl", carries=["50"])
    shown = await e.confirms("ETHUSDT")
    left = e.size("ETHUSDT")
    assert D("0.12") <= left <= D("0.13")
    assert t.size(D("0.25") - left) in shown.text
    for written, expected in (("3010", D(3010)), ("2%", None), ("10% roi", None)):
        await e.opens_card("ETHUSDT")
        await e.taps("sl")
        plan = await e.says(written)
        await e.confirms("✅")
        stop = e.stop("ETHUSDT")
        assert stop is not None
        assert expected in (None, stop)
        assert t.price(stop) in plan.text
    await e.opens_card("ETHUSDT")
    await e.taps("be")
    await e.confirms("✅")
    stop = e.stop("ETHUSDT")
    assert stop is not None
    assert stop > 3000
    await e.opens_card("ETHUSDT")
    await e.taps("add")
    await e.says("0.2")
    await e.confirms("✅")
    assert e.size("ETHUSDT") == left + D("0.2")
    await e.opens_card("ETHUSDT")
    await e.taps("tr")
    if e.venue == "bybit":
        await e.says("2%")
        await e.confirms("✅")
        view = e.position("ETHUSDT")
        assert view is not None
        assert view.trailing_stop is not None
    held = e.size("ETHUSDT")
    await e.opens_card("ETHUSDT")
    await e.taps("rv", t.size(held))
    await e.confirms("✅")
    assert e.size("ETHUSDT") == -held


async def trades_by_panel(e: Evening) -> None:
    """The same without typing."""
    await e.says("/trade")
    for field, value in (("symbol", "SOL"), ("size", "250$"), ("leverage", "3x"), ("stop", "3%"), ("target", "6%")):
        await e.taps("pf", carries=[field])
        await e.taps("pv", carries=[field, value])
    await e.taps("pv", carries=["side", "sell"])
    await e.taps("pgo", "SOL", "3×")
    await e.confirms("✅")
    size, stop = e.size("SOLUSDT"), e.stop("SOLUSDT")
    assert D("-1.25") <= size <= D("-1.2")
    assert stop is not None
    assert D(205) < stop < D(207)


async def rests_and_cancels(e: Evening) -> None:
    """Orders that wait are listed, cancelled one by one and all at once."""
    for price in ("2500", "2400", "2300"):
        await e.says(f"/long ETH 0.1 @ {price}")
        await e.confirms("✅")
    await e.says("/orders", e.t.price(D(2500)), e.t.price(D(2300)))
    await e.says("/short SOL 0.2 @ 300")
    await e.confirms("✅")
    await e.says("/orders")
    await e.taps("oc")
    await e.confirms("✅")
    await e.says("/orders", e.t.price(D(2400)))
    await e.taps("oce", "3")
    await e.confirms("✅", "3")
    assert e.stop("SOLUSDT") is not None
    assert e.resting("ETHUSDT", reducing=False) == []


async def is_told(e: Evening) -> None:
    """A watched price is reached; a stop fires; a position comes near its end."""
    await e.says("/alert SOL < 195 buy?")
    await e.moves("SOLUSDT", "194")
    assert any("buy?" in shown.text and "🔔" in shown.text for shown in e.phone.messages()[-4:])
    await e.says("/alerts")
    await e.moves("SOLUSDT", "215")
    assert e.size("SOLUSDT") == 0


async def keeps_to_limits(e: Evening) -> None:
    """What is over a limit is refused in words, and nothing is sent."""
    before = e.fills()
    settings = e.rig.runtime.store.settings
    for name, value, text in (
        ("max_leverage", "5", "/long ETH 0.1 9x sl 2%"),
        ("max_order_notional", "100", "/long ETH 1 sl 2%"),
        ("requires_stop", True, "/long ETH 0.1"),
    ):
        await settings.put(e.phone.user_id, name, value)
        shown = await e.says(text)
        assert not any(data.startswith("ok|") for data in shown.buttons.values()), shown.text
        await settings.put(e.phone.user_id, name, None)
    assert e.fills() == before


async def goes_everywhere(e: Evening) -> None:
    """One ticket for every account: listed one by one, one order at each venue, closed as one, added up for each."""
    world = e.rig.sandbox.world
    books = ((world.bybit, demo.BYBIT_UID, "LTCUSDT"), (world.hyperliquid, demo.HYPERLIQUID_MASTER, "LTC"))
    await e.says("/exchange")
    await e.taps("where", "☑")
    await e.says("/exchange all", "Bybit", "HyperLiquid", "OKX")
    await e.says("/long LTC 3 sl 5%", "Bybit", "HyperLiquid", "OKX")
    done = await e.confirms("Bybit", "HyperLiquid", "OKX")
    assert done.text.count("✅") == 3
    assert all(engine.positions(uid, symbol=name)[0].position.size == 3 for engine, uid, name in books)
    await e.says("/balance", "Bybit", "HyperLiquid", "OKX")
    await e.says("/short LTC 3 on bybit,hyperliquid", "Bybit", "HyperLiquid")  # looked at, and not confirmed
    await e.says("/trade")
    await e.says("/close LTC", "LTCUSDT")
    assert (await e.confirms("LTCUSDT")).text.count("✅") == 3
    assert not any(view.position.size for engine, uid, name in books for view in engine.positions(uid, symbol=name))
    await e.says("/pnl day all", "Bybit", "HyperLiquid", "OKX")
    await e.says("/history all", "LTCUSDT")
    await e.says(f"/exchange {e.venue}")


async def looks_back(e: Evening, since: int, before: Decimal) -> None:
    """History, profit and the file add up with the venue's books."""
    await e.says("/history", *TRADED)
    await e.says("/chart ETH 1h")
    await e.says("/curve day")
    summary = await e.summary()
    assert abs(in_markets(summary) - before - e.earned(since, *TRADED)) < D("0.01")
    await e.says("/pnl day", e.t.signed_money(summary.total))
    rows = await e.exported("/export trades day")
    assert sum(row["kind"] != OPENING_FEE for row in rows) == summary.trades
    assert abs(sum((D(row["pnl"]) for row in rows), D(0)) - summary.pnl) < D("0.01")


def in_markets(summary: Summary) -> Decimal:
    """Return what was earned in the markets of the evening."""
    return sum((amount for symbol, amount in summary.by_symbol if symbol in TRADED), D(0))


async def comes_near_the_end(e: Evening) -> None:
    """Far too large a position is warned of before the venue would take it over."""
    e.rig.sandbox.set_price("XRPUSDT", 1)
    await e.says("/lev XRP 20")
    await e.confirms("XRPUSDT")
    await e.says("/long XRP 90000")
    await e.confirms("XRPUSDT")
    await e.moves("XRPUSDT", "0.93")
    await e.rig.runtime.jobs.care.watchman.look_once()
    await e.is_told()
    position = e.position("XRPUSDT")
    assert position is not None
    assert position.liquidation_price is not None
    warning = next(m.text for m in reversed(e.phone.messages()) if e.t("⚠️ Liquidation is near") in m.text)
    assert e.t.price(position.liquidation_price.quantize(D("0.01"), ROUND_DOWN)) in warning


async def panics(e: Evening) -> None:
    """Pause keeps new risk out; panic closes everything and pauses; resume opens the door again."""
    await e.says("/pause")
    await e.says("/long ETH 0.1 sl 2%")
    await e.says("/panic")
    await e.confirms("✅")
    assert [v.position.symbol for v in e.books.positions(e.uid) if v.position.size] == [], e.phone.last().text
    assert e.books.open_orders(e.uid) == []
    await e.says("/positions")
    await e.says("/resume")


def foreign_words(t: Texts, texts: list[str]) -> set[str]:
    """Return English words in what was said in another language."""
    if t.language == "en":
        return set()
    found: set[str] = set()
    for text in texts:
        bare = re.sub(r"/\w+[^\n]*?(?= · |$)|https?://\S+|“[^”]*”|«[^»]*»", " ", text, flags=re.M)
        found |= set(re.findall(r"[A-Za-z]{3,}", bare))
    return found


async def spend(e: Evening) -> None:
    since = e.books.ledger.last_seq
    e.rig.sandbox.set_price("ETHUSDT", 3000)
    e.rig.sandbox.set_price("SOLUSDT", 200)
    await arrives(e)
    before = in_markets(await e.summary())
    await mistypes(e)
    await opens_by_ticket(e)
    await reaches_a_target(e)
    await works_on_the_card(e)
    await trades_by_panel(e)
    await rests_and_cancels(e)
    await is_told(e)
    await keeps_to_limits(e)
    await goes_everywhere(e)
    await comes_near_the_end(e)
    await panics(e)
    await looks_back(e, since, before)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("venue", VENUES)
async def test_evening_goes_as_the_books_say(sandbox: Sandbox, tmp_path: Path, venue: str, language: str) -> None:
    async with asyncio.timeout(100), running_bot(sandbox, tmp_path) as rig:
        t = Texts(language)
        await spend(Evening(rig, rig.owner, t, venue))
        said = [m.text for m in rig.owner.messages()][_BEFORE_LANGUAGE:]
        assert foreign_words(t, said) <= NAMES
        if venue == VENUES[0] or "EVENING_SHOTS" in os.environ:  # the screens are the same at every venue
            await look_at(sandbox, f"{venue}-{language}")


async def look_at(sandbox: Sandbox, name: str) -> None:
    """Look at the whole conversation on a phone and on a desk: nothing is cut, nothing sticks out."""
    if not CHROMIUM.exists():
        return
    async with chromium() as browser:
        for size in (PHONE, DESKTOP):
            async with open_chat(browser, sandbox.chat_url, size=size) as chat:
                await chat.messages.last.wait_for()
                assert await overflowing(chat.page) == []
                assert await cut_buttons(chat.page) == []
                if folder := os.environ.get("EVENING_SHOTS"):
                    await chat.pages(Path(folder), f"{name}-{size[0]}")
                assert chat.problems == []
