"""The web app's forms and dialogs in a browser: what is typed, what is refused, who can use them.

The web app runs in this process on a world that stands still, which is ready in a fraction of a product's time.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from core.numbers import parse_number
from models.errors import BadOrder
from models.values import plain
from sandbox.clock import Clock
from sandbox.server import Sandbox
from tests.e2e.chat import PHONE, chromium, needs_chromium
from tests.e2e.looks import axe_violations, low_contrast, overflowing, unnamed_controls
from tests.webapp.rig import Person, launch_data, running_web_app

pytestmark = [
    needs_chromium,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("web-forms"),
]

SOON_MS: Final = 20_000
PLAIN: Final = "Write a plain number, such as 0.5."
ABOVE_ZERO: Final = "Write a number above zero."
NO_SEPARATORS: Final = "No thousands separators: 1000 or 0.5."
BAD_NUMBERS: Final = {
    "NaN": PLAIN,
    "1e999": PLAIN,
    "-1": ABOVE_ZERO,
    "0": ABOVE_ZERO,
    "9" * 10_000: "Too long: at most 12 digits on each side of the point.",
    "١٢٣": "Use the digits 0 to 9.",
    "1,000": NO_SEPARATORS,
}
DARK_TELEGRAM: Final = {
    "bg_color": "#17212b",
    "secondary_bg_color": "#232e3c",
    "section_bg_color": "#17212b",
    "text_color": "#f5f5f5",
    "hint_color": "#708499",
    "link_color": "#6ab3f3",
    "accent_text_color": "#6ab2f2",
    "button_color": "#2f6ea5",
    "button_text_color": "#ffffff",
}


_READ: Final = """
async texts => {
  const page = document.querySelector("script[type=module]").src;
  const { isNumber, plainNumber } = await import(new URL("numbers.js", page));
  const bare = text => text.replace(/^0+(?=\\d)/, "").replace(/(\\.\\d*?)0+$/, "$1").replace(/\\.$/, "");
  return texts.map(text => isNumber(text) ? bare(plainNumber(text)) : null);
}
"""


@dataclass(slots=True)
class Terminal:
    """The app in a window, and what it sent."""

    page: Page
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self._note(request))

    def _note(self, request: Request) -> None:
        if request.method != "GET":
            self.sent.append(request.url)

    def at(self, selector: str) -> Locator:
        """Return what is there."""
        return self.page.locator(selector)

    async def go(self, view: str) -> None:
        """Open one of the screens."""
        await self.at(f".nav [data-view={view}]").click()

    async def type(self, name: str, text: str) -> None:
        """Type into a field."""
        await self.at(f"#field-{name}").fill(text)

    async def says(self, name: str, sentence: str) -> None:
        """Wait until a field says what is wrong with it."""
        await expect(self.at(f"#field-{name}-note")).to_have_text(sentence)
        await expect(self.at(f"#field-{name}")).to_have_attribute("aria-invalid", "true")

    async def faults(self) -> list[str]:
        """Return what keeps somebody from using what is shown."""
        found: list[str] = []
        for measure in (axe_violations, low_contrast, unnamed_controls, overflowing):
            found += await measure(self.page)
        return found


@dataclass(frozen=True, slots=True)
class World:
    """A web app, somebody who is logged in, and a browser."""

    url: str
    owner: Person
    browser: Browser

    @asynccontextmanager
    async def opened(self, *, launch: str = "", **looks: Any) -> AsyncIterator[Terminal]:
        """Open the app as the owner; with `launch`, as Telegram does."""
        width, height = PHONE
        looks = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", **looks}
        context = await self.browser.new_context(**looks)
        try:
            page = await context.new_page()
            page.set_default_timeout(SOON_MS)
            await page.add_init_script("localStorage.setItem('language', 'en')")
            if not launch:
                await page.add_init_script(f"sessionStorage.setItem('session', '{self.owner.token}')")
            await page.goto(f"{self.url}/#{launch}")
            await page.locator(".position").first.wait_for()
            yield Terminal(page)
        finally:
            await context.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    expect.set_options(timeout=SOON_MS)
    async with (
        Sandbox(clock=Clock(frozen_at=datetime.now(UTC))) as sandbox,
        running_web_app(sandbox, tmp_path_factory.mktemp("web")) as rig,
        chromium() as browser,
    ):
        yield World(rig.url, await rig.login(), browser)
    expect.set_options(timeout=5_000)


async def test_number_that_is_none_is_told_at_its_field_and_nothing_is_sent(world: World) -> None:
    async with world.opened() as app:
        await app.go("trade")
        await app.at(".ticket [data-value=limit]").click()
        for text, sentence in BAD_NUMBERS.items():
            for name in ("price", "amount", "leverage", "stop", "target"):
                await app.type(name, text)
            for name in ("price", "amount", "leverage", "stop", "target"):
                await app.says(name, sentence)
            await expect(app.at("[data-role=review]")).to_be_disabled()
        assert app.sent == []


async def test_page_reads_numbers_exactly_as_the_server_does(world: World) -> None:
    chance = random.Random(8)
    texts = ["".join(chance.choices("0159.,'e-٣", k=chance.randint(1, 15))) for _ in range(3_000)]
    texts += [text.replace(" ", "") for text in BAD_NUMBERS]
    async with world.opened() as app:
        read = await app.page.evaluate(_READ, texts)
    assert dict(zip(texts, read, strict=True)) == {text: understood(text) for text in texts}


def understood(text: str) -> str | None:
    """Return a number as the server reads it; None where it refuses."""
    try:
        return plain(parse_number(text))
    except BadOrder:
        return None


async def test_dialogs_tell_bad_input_at_its_field_and_send_nothing(world: World) -> None:
    async with world.opened() as app:
        await app.at("[data-role=levels]").first.click()
        for name in ("stop", "target"):
            await app.type(name, "0")
            await app.says(name, ABOVE_ZERO)
        await expect(app.at("[data-role=preview]")).to_be_disabled()
        await app.page.keyboard.press("Escape")
        await app.go("more")
        await app.at("button.setting").filter(has_text="Leverage at most").click()
        for text, sentence in (("NaN", PLAIN), ("0x", ABOVE_ZERO)):
            await app.type("setting", text)
            await app.says("setting", sentence)
            await expect(app.at("dialog [data-kind=primary]")).to_be_disabled()
        await app.page.keyboard.press("Escape")
        await app.page.get_by_role("button", name="Add an alert").click()
        await app.type("alert-symbol", "ВТС")
        await app.type("alert-price", "1e999")
        await app.says("alert-symbol", "Write a market's name, such as BTC.")
        await app.says("alert-price", PLAIN)
        await expect(app.at("dialog [data-kind=primary]")).to_be_disabled()
        await app.page.keyboard.press("Escape")
        await app.page.get_by_role("button", name="Connect").click()
        for name, label in (("api_key", "API key"), ("api_secret", "API secret")):
            await app.type(name, "k" * 10_000)
            await app.says(name, f"This does not look like “{label}”; paste it whole.")
        await expect(app.at("dialog [data-kind=primary]")).to_be_disabled()
        assert app.sent == []


async def test_what_the_server_refuses_is_told_at_the_field_it_is_about(world: World) -> None:
    async with world.opened() as app:
        await app.go("trade")
        await app.type("amount", "1")
        await app.says("amount", "This is less than the smallest size, 0.001 BTC; make the order larger.")
        await app.type("amount", "250")
        await app.type("leverage", "999")
        await expect(app.at("#field-leverage-note")).to_contain_text("Leverage here goes from 1 to")
        await app.type("leverage", "")
        await expect(app.at("[data-role=review]")).to_be_enabled()
        await app.go("positions")
        await app.at("[data-role=levels]").first.click()
        await app.type("stop", "9999999.5")
        await app.at("[data-role=preview]").click()
        await expect(app.at("#field-stop-note")).to_contain_text("A stop at 9,999,999.5 would fire at once")
        await app.page.keyboard.press("Escape")
        await app.go("more")
        await app.page.get_by_role("button", name="Add an alert").click()
        await app.type("alert-symbol", "NOSUCH")
        await app.type("alert-price", "5")
        await app.at("dialog [data-kind=primary]").click()
        await app.says("alert-symbol", "There is no market “NOSUCH” here.")


async def test_refused_preview_goes_with_what_it_was_about_and_comes_again_by_itself(world: World) -> None:
    busy = {"kind": "unavailable", "code": "venue_busy", "message": "busy", "fields": {}}
    held, is_down = asyncio.Event(), True

    async def answer(route: Route) -> None:
        if not is_down:
            await held.wait()
            await route.continue_()
            return
        body = json.dumps({"success": False, "data": None, "error": busy})
        await route.fulfill(status=503, content_type="application/json", body=body)

    async with world.opened() as app:
        await app.page.route("**/api/trading/order/preview", answer)
        await app.go("trade")
        await app.type("amount", "100")
        await expect(app.at(".live-preview .problem")).to_contain_text("The venue is busy.")
        is_down = False
        await app.type("amount", "250")
        await expect(app.at(".live-preview .problem")).to_have_count(0)
        await expect(app.at("[data-role=review]")).to_be_disabled()
        held.set()
        await expect(app.at("[data-role=review]")).to_be_enabled()
        is_down = True
        await app.type("amount", "300")
        await expect(app.at(".live-preview .problem")).to_be_visible()
        is_down = False
        await expect(app.at("[data-role=review]")).to_be_enabled()  # nobody touched anything


async def test_result_that_asks_for_a_look_stays_until_it_was_read(world: World) -> None:
    async def warned(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        told["data"]["results"][0]["result"]["warnings"] = ["protection_failed"]
        await route.fulfill(response=answer, json=told)

    async with world.opened() as app:
        await app.page.route("**/api/trading/order", warned)
        await app.go("trade")
        await app.type("amount", "250")
        await app.at("[data-role=review]:enabled").click()
        await app.at("[data-role=confirm]").click()
        told = app.at("dialog").filter(has_text="Look at this now")
        await expect(told).to_contain_text("Its stop or target was refused: set it from the position now.")
        assert await app.faults() == []
        await told.get_by_role("button", name="OK").click()
        await expect(app.at("dialog")).to_have_count(0)


async def test_ticket_goes_to_each_ticked_account_by_its_name_and_each_is_reported(world: World) -> None:
    async with world.opened() as app:
        await app.go("more")
        await app.at(".tools button").first.click()
        await app.type("account-name", "Rainy days")
        await app.at("dialog [data-kind=primary]").click()
        await app.at("[data-role=where]").click()
        await app.at("dialog .tick").filter(has_text="HyperLiquid").get_by_role("checkbox").check()
        await expect(app.at("dialog .tick").filter(has_text="Rainy days").get_by_role("checkbox")).to_be_enabled()
        await app.at("dialog [data-kind=primary]").click()
        await app.go("trade")
        await expect(app.at(".where")).to_contain_text("2 accounts")
        await app.type("amount", "250")
        await expect(app.at("[data-role=review]")).to_have_text("Buy on 2 accounts · PAPER")
        await app.at("[data-role=review]:enabled").click()
        await expect(app.at("dialog .order-preview")).to_have_count(2)
        await app.at("[data-role=confirm]").click()
        told = app.at("dialog .report li")
        await expect(told.filter(has_text="Rainy days")).to_contain_text("Bought")
        await expect(told.filter(has_text="HyperLiquid")).to_contain_text("Bought")
        assert await app.faults() == []
        await app.at("dialog [data-kind=primary]").click()
        await app.at(".account-choice select").select_option(label="HyperLiquid · PAPER")
        await app.type("amount", "250")
        await expect(app.at("[data-role=review]")).to_contain_text("Buy 0.")
    await world.owner.send("PUT", "/api/accounts/bybit/paper/name", {"name": None})
    await world.owner.send("PATCH", "/api/me", {"exchange": "bybit"})


async def test_every_dialog_can_be_used_by_everybody_and_gives_the_focus_back(world: World) -> None:
    async with world.opened() as app:
        for view, opener in (
            ("positions", "[data-role=levels]"),
            ("positions", ".shares button:nth-of-type(2)"),
            ("positions", ".section-head [data-kind=quiet-danger]"),
            ("trade", ".market-name"),
            ("trade", "[data-role=review]"),
            ("more", "[data-role=where]"),
            ("more", "section[aria-label='Limits and habits'] button.setting"),
            ("more", ".tools button"),
            ("more", "[role=switch][aria-label='Real money']"),
            ("more", "section[aria-label='Accounts and keys'] .section-head button"),
            ("more", "section[aria-label='Price alerts'] .section-head button"),
        ):
            await app.go(view)
            if opener == "[data-role=review]":
                await app.type("amount", "250")
                await expect(app.at(opener)).to_be_enabled()
            pressed = app.at(opener).first
            await pressed.press("Enter")
            await app.at("dialog :is(.row, .choices, input, .plain-list)").first.wait_for()
            for theme in ("light", "dark"):
                await app.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                await expect(app.at("html")).to_have_attribute("data-theme", theme)
                assert await app.faults() == [], (opener, theme)
            await app.page.keyboard.press("Escape")
            await expect(app.at("dialog")).to_have_count(0)
            await expect(pressed).to_be_focused()


async def test_telegrams_dark_theme_can_be_read_on_every_screen(world: World) -> None:
    launch = urlencode(
        {
            "tgWebAppData": launch_data(),
            "tgWebAppVersion": "8.0",
            "tgWebAppPlatform": "web",
            "tgWebAppThemeParams": json.dumps(DARK_TELEGRAM),
        }
    )
    async with world.opened(launch=launch) as app:
        told = await app.page.evaluate("({ ...document.documentElement.dataset })")
        assert (told["theme"], told["colours"]) == ("dark", "telegram")
        for view in ("positions", "trade", "orders", "history", "more"):
            await app.go(view)
            await expect(app.at("main [role=status] .spinner")).to_have_count(0)
            assert await app.faults() == [], view
        await app.at("button.setting").first.click()
        assert await app.faults() == []
