"""The web app in a real browser, beside the bot and the simulated venues, as a person uses it."""

import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from sandbox import demo
from tests.e2e.chat import DESKTOP, PHONE, ChatPage, chromium, needs_chromium, open_chat
from tests.e2e.looks import low_contrast, overflowing, unnamed_controls
from tests.e2e.product import Product, product

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
]

AXE: Final = Path(__file__).parent / "vendor" / "axe.min.js"
VIEWS: Final = ("positions", "trade", "orders", "history", "more")
SOON_MS: Final = 20_000
_LINK = re.compile(r"http://\S+#login=\S+")
_ANIMATION_S = "parseFloat(getComputedStyle(document.querySelector('dialog')).animationDuration)"
_VIOLATIONS = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
  .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`))
"""


@dataclass(slots=True)
class Terminal:
    """The app in a plain browser."""

    page: Page

    def at(self, selector: str) -> Locator:
        """Return what is there."""
        return self.page.locator(selector)

    async def go(self, view: str) -> None:
        """Open one of the screens."""
        await self.at(f".nav [data-view={view}]").click()

    async def choose_venue(self, venue: str) -> None:
        """Trade somewhere else."""
        await self.go("more")
        await self.at(f"[role=radio][data-value={venue}]").first.click()
        await expect(self.at(f"[role=radio][data-value={venue}]").first).to_have_attribute("aria-checked", "true")

    async def confirm(self) -> None:
        """Confirm what is shown, and wait for how it ended."""
        await self.at("[data-role=confirm]").click()
        await expect(self.at("dialog")).to_have_count(0)
        await expect(self.at(".toast")).to_have_attribute("data-kind", "good")

    def position(self, symbol: str) -> Locator:
        """Return the card of a position."""
        return self.at("article.position").filter(has_text=symbol)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with product(tmp_path_factory.mktemp("product"), with_web=True) as system:
        yield system


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=SOON_MS)
    async with chromium() as started:
        yield started
    expect.set_options(timeout=5_000)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chat(running: Product, browser: Browser) -> AsyncIterator[ChatPage]:
    """The owner's chat with the bot; the conversation has begun."""
    async with open_chat(browser, running.link) as page:
        await page.start()
        await page.sees("What would you like to do?")
        yield page


@asynccontextmanager
async def opened(browser: Browser, url: str, token: str = "", **looks: Any) -> AsyncIterator[Terminal]:
    """Open the app in a window of its own; with a token, as whoever has that session."""
    width, height = looks.pop("size", PHONE)
    language = looks.pop("language", "en")
    context = await browser.new_context(viewport={"width": width, "height": height}, **looks)
    try:
        page = await context.new_page()
        page.set_default_timeout(SOON_MS)
        await page.add_init_script(f"localStorage.setItem('language', '{language}')")
        if token:
            await page.add_init_script(
                f"sessionStorage.getItem('session') ?? sessionStorage.setItem('session', '{token}')"
            )
        await page.goto(url)
        yield Terminal(page)
    finally:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def session(running: Product, browser: Browser, chat: ChatPage) -> str:
    """A session that a one-time link of the bot opened; the link opens nothing afterwards."""
    await chat.send("/web")
    await chat.sees("#login=")
    link = _LINK.search(await chat.message("#login=").inner_text())
    assert link is not None
    async with opened(browser, link[0]) as app:
        await expect(app.at(".position")).to_contain_text("BTCUSDT")
        assert "login" not in app.page.url
        token: str = await app.page.evaluate("sessionStorage.getItem('session')")
    async with opened(browser, link[0]) as again:
        await expect(again.at(".door-card")).to_contain_text("used or is too old")
    return token


@pytest_asyncio.fixture(loop_scope="module")
async def at_bybit(running: Product, session: str) -> str:
    """The session, trading at Bybit wherever the tests before it traded."""
    async with httpx.AsyncClient(base_url=running.web_url, timeout=10) as http:
        answer = await http.patch("/api/me", json={"exchange": "bybit"}, headers={"Authorization": f"Bearer {session}"})
    answer.raise_for_status()
    return session


async def venue_says(running: Product, venue: str, account: str) -> str:
    """Return what a venue itself holds of the demo account."""
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(
            f"{running.sandbox['control_url']}/control/account", params={"venue": venue, "account": account}
        )
    answer.raise_for_status()
    return answer.text


async def test_launch_in_the_chat_logs_in_and_telegrams_buttons_drive_the_page(
    running: Product, browser: Browser, at_bybit: str
) -> None:
    async with open_chat(browser, running.sandbox["chat_url"]) as chat:
        await chat.send("/start")
        await chat.button("Open the web app").click()
        inside, frame = chat.mini_app, chat.page.locator(".mini-app")
        await expect(inside.locator(".position")).to_contain_text("BTCUSDT")
        await inside.locator(".nav [data-view=trade]").click()
        await expect(inside.locator(".grip[data-line=entry] .tag")).to_be_visible()  # drawn in the colours of Telegram
        within = next(one for one in chat.page.frames if one.url.startswith(running.web_url))
        await within.evaluate(AXE.read_text(encoding="utf-8"))
        assert await within.evaluate(_VIOLATIONS) == []
        await inside.locator("#field-amount").fill("200")
        await frame.get_by_role("button", name=re.compile("^Buy .* PAPER")).click()
        await expect(inside.locator("dialog")).to_contain_text("Nothing is sent until you confirm")
        await frame.get_by_role("button", name="Back to chats").click()
        await expect(inside.locator("dialog")).to_have_count(0)
        await expect(inside.locator("#field-amount")).to_have_value("200")
        await frame.get_by_role("button", name="Back to chats").click()
        await expect(inside.locator(".nav [data-view=positions]")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize(
    ("venue", "account"),
    [("bybit", demo.BYBIT_UID), ("hyperliquid", demo.HYPERLIQUID_MASTER)],
    ids=["bybit", "hyperliquid"],
)
async def test_order_goes_from_ticket_to_fill_to_partial_close_to_history(
    running: Product, browser: Browser, session: str, venue: str, account: str
) -> None:
    async with opened(browser, running.web_url, session) as app:
        await app.choose_venue(venue)
        await app.go("trade")
        await app.at(".market-name").click()
        await app.at("#field-market").fill("SOL")
        await app.at(".choices button").filter(has_text="SOLUSDT").first.click()
        await app.at("#field-amount").fill("1,000")
        await expect(app.at(".field[data-invalid]")).to_have_count(1)
        await app.at("#field-amount").fill("300")
        await app.at("[data-role=review]").click()
        shown = app.at("dialog .order-preview")
        await expect(shown.locator(".whose")).to_contain_text(venue, ignore_case=True)
        promised = await shown.locator(".row b").first.inner_text()
        await app.confirm()
        size, entry = await held_at(running, venue, account)
        assert promised == f"{size:f} SOL"
        await app.go("positions")
        card = app.position("SOLUSDT")
        facts = card.locator(".facts dd")
        await expect(card).to_contain_text("LONG")
        await expect(facts.first).to_have_text(exactly(size))
        assert abs(Decimal(await facts.nth(1).inner_text()) - entry) < Decimal("0.01")
        await card.get_by_role("button", name="Close 50%").click()
        await expect(app.at("dialog")).to_contain_text("never turns the position around")
        await app.confirm()
        left, _ = await held_at(running, venue, account)
        assert abs(left - size / 2) <= Decimal("0.1")  # half, on the market's grid
        await expect(facts.first).to_have_text(exactly(left))
        await app.go("history")
        await expect(app.at(".events li").first).to_contain_text("SOLUSDT")
        await expect(app.at(".events li").first).to_contain_text(f"{size - left:f} · ")
        await app.go("positions")
        await card.get_by_role("button", name="Close: All").click()
        await app.confirm()
        await expect(card).to_have_count(0)
        assert await held_at(running, venue, account) == (Decimal(0), Decimal(0))


def exactly(size: Decimal) -> re.Pattern[str]:
    """Return what a size looks like, alone or with what it is worth."""
    return re.compile(rf"^{re.escape(f'{size:f}')}(\s*≈.*)?$")


async def held_at(running: Product, venue: str, account: str) -> tuple[Decimal, Decimal]:
    """Return the size and the average entry price of the position in SOL that the venue itself has."""
    for view in json.loads(await venue_says(running, venue, account))["positions"]:
        held = view["position"]
        if held["symbol"].startswith("SOL") and (size := Decimal(held["size"])):
            return size.normalize(), Decimal(held["entry_value"]) / size
    return Decimal(0), Decimal(0)


async def test_line_dragged_on_the_chart_becomes_the_venues_stop(
    running: Product, browser: Browser, at_bybit: str
) -> None:
    async with opened(browser, running.web_url, at_bybit, size=DESKTOP) as app:
        await app.choose_venue("bybit")
        await app.go("trade")
        await app.at(".market-name").click()
        await app.at("#field-market").fill("BTC")
        await app.at(".choices button").filter(has_text="BTCUSDT").first.click()
        await pull(app, app.at(".new-level[data-line=stop]"), -60)
        await expect(app.at("dialog")).to_contain_text("Stop")
        await app.confirm()
        await pull(app, app.at(".grip[data-line=stop] button"), 25)
        stop = (await app.at("dialog .row b").first.inner_text()).replace(",", "")
        await app.confirm()
        await expect(app.at(".grip[data-line=stop] button")).to_contain_text(f"{float(stop):,.1f}")
        assert stop in await venue_says(running, "bybit", demo.BYBIT_UID)


async def pull(app: Terminal, grip: Locator, by: int) -> None:
    """Drag something up or down by some pixels."""
    box = await grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await app.page.mouse.move(x, y)
    await app.page.mouse.down()
    await app.page.mouse.move(x, y + by / 2)
    await app.page.mouse.move(x, y + by)
    await app.page.mouse.up()
    await app.at("[data-role=confirm]").wait_for()


async def test_silent_server_is_told_as_stale_and_recovers(running: Product, browser: Browser, at_bybit: str) -> None:
    async with opened(browser, running.web_url, at_bybit) as app:
        await expect(app.at(".position").first).to_be_visible()
        os.kill(running.web_pid, signal.SIGSTOP)
        try:
            await expect(app.at(".stale-banner")).to_contain_text("since")
        finally:
            os.kill(running.web_pid, signal.SIGCONT)
        await expect(app.at(".stale-banner")).to_have_count(0)
        await expect(app.at(".live")).to_have_attribute("data-status", "live")


async def test_order_is_placed_with_the_keyboard_alone_and_nothing_moves_for_who_wants_none(
    running: Product, browser: Browser, at_bybit: str
) -> None:
    async with opened(browser, running.web_url, at_bybit, reduced_motion="reduce") as app:
        press = app.page.keyboard.press
        await app.at(".nav [data-view=trade]").focus()
        await press("Enter")
        await app.at("#field-amount").wait_for()
        for _ in range(60):
            await press("Tab")
            if await app.page.evaluate("document.activeElement.id") == "field-amount":
                break
        await app.page.keyboard.type("150")
        await expect(app.at("[data-role=review]")).to_be_enabled()
        await press("Enter")
        await app.at("[data-role=confirm]").wait_for()
        assert await app.page.evaluate(_ANIMATION_S) < 0.01
        for _ in range(10):
            await press("Tab")
            if await app.page.evaluate("document.activeElement.dataset.role") == "confirm":
                break
        await press("Enter")
        await expect(app.at("dialog")).to_have_count(0)
        await expect(app.at(".toast")).to_have_attribute("data-kind", "good")


@pytest.mark.parametrize(
    ("language", "theme", "size"),
    [("en", "light", DESKTOP), ("ru", "dark", DESKTOP), ("ru", "light", PHONE), ("uk", "dark", PHONE)],
    ids=["en-light-desktop", "ru-dark-desktop", "ru-light-phone", "uk-dark-phone"],
)
async def test_every_screen_can_be_read_by_everybody(
    running: Product, browser: Browser, at_bybit: str, language: str, theme: str, size: tuple[int, int]
) -> None:
    looks: dict[str, Any] = {"size": size, "language": language, "color_scheme": theme}
    async with opened(browser, running.web_url, at_bybit, **looks) as app:
        await expect(app.at(".live")).to_have_attribute("data-status", "live")
        assert await app.page.evaluate("[document.documentElement.dataset.theme, document.documentElement.lang]") == [
            theme,
            language,
        ]
        await app.page.evaluate(AXE.read_text(encoding="utf-8"))
        for view in VIEWS:
            await app.go(view)
            await expect(app.at("main [role=status] .spinner")).to_have_count(0)
            assert await app.page.evaluate(_VIOLATIONS) == [], view
            for measure in (low_contrast, unnamed_controls, overflowing):
                assert await measure(app.page) == [], (view, measure.__name__)
            assert await app.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


async def test_language_and_theme_are_switched_and_logging_out_ends_the_session(
    running: Product, browser: Browser, at_bybit: str
) -> None:
    async with opened(browser, running.web_url, at_bybit, color_scheme="light") as app:
        await app.go("more")
        await app.at("[role=radio][data-value=dark]").click()
        await expect(app.at("html")).to_have_attribute("data-theme", "dark")
        await app.page.get_by_label("Language", exact=True).select_option("uk")
        await expect(app.at(".nav [data-view=orders]")).to_contain_text("Ордери")
        await app.page.get_by_label("Мова", exact=True).select_option("en")
        await app.page.get_by_role("button", name="Log out").click()
        await expect(app.at(".door-card")).to_contain_text("You are logged out.")
        async with httpx.AsyncClient(base_url=running.web_url, timeout=10) as http:
            answer = await http.get("/api/me", headers={"Authorization": f"Bearer {at_bybit}"})
        assert answer.status_code == httpx.codes.UNAUTHORIZED
