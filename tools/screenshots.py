"""Takes the user guide's pictures from a fresh sandbox: `python -m tools.screenshots`. Needs Chromium."""

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.e2e.chat import PHONE, ChatPage, chromium
from tests.e2e.product import product

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 100_000
_SCALE = 1.2
_ORDER = "/long BTC 500$ 5x sl 2% tp 4%"
_LOGIN = re.compile(r"http://\S+#login=\S+")
_SOON_MS = 20_000
_WEB_APP = (("web-app", PHONE, _SCALE), ("web-app-trade", PHONE, _SCALE), ("web-app-desktop", (1240, 1090), 0.64))
"""Pictures of the web app: name, size of the window, and how large a pixel of it is drawn."""


@asynccontextmanager
async def phone(browser: Browser, url: str) -> AsyncIterator[ChatPage]:
    """Open the chat page as it looks on a phone."""
    width, height = PHONE
    context = await browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=_SCALE, color_scheme="light"
    )
    try:
        chat = ChatPage(page=await context.new_page())
        await chat.open(url)
        yield chat
    finally:
        await context.close()


async def take(page: Page, name: str) -> None:
    """Save what is on the screen once it stands still."""
    await page.wait_for_timeout(800)
    path = IMAGES / f"{name}.png"
    await page.screenshot(path=path)
    size = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(ROOT)}: {size} bytes{' (too large)' if size > MAX_BYTES else ''}\n")


async def walk(chat: ChatPage) -> None:
    """Do what the user guide describes, picture by picture."""
    await chat.start()
    await chat.sees("What would you like to do?")
    await take(chat.page, "start")
    await chat.send("/positions")
    await chat.sees("Profit")
    await take(chat.page, "positions")
    await chat.send(_ORDER)
    await chat.sees("Nothing is sent until you confirm")
    await take(chat.page, "preview")
    await chat.page.locator(".inline-button", has_text="✅").last.click()
    await expect(chat.messages.last).to_contain_text("Bought", timeout=15_000)
    await take(chat.page, "result")
    await chat.send("/trade")
    await chat.sees("Tap a field to change it")
    await take(chat.page, "trade-panel")


async def walk_web_app(page: Page, link: str, picture: str) -> None:
    """Log in by a link and fill in a ticket; a phone's picture shows the ticket, a desk's all of the terminal."""
    await page.goto(link)
    await page.locator(".position").first.wait_for()
    if picture == "web-app":
        await take(page, picture)
        return
    await page.locator(".nav [data-view=trade]").click()
    await page.locator(".grip[data-line=entry] .tag").wait_for()
    for name, text in (("amount", "250"), ("leverage", "5"), ("stop", "2"), ("target", "4")):
        await page.locator(f"#field-{name}").fill(text)
    await expect(page.locator("[data-role=review]")).to_be_enabled(timeout=_SOON_MS)
    await page.locator("[data-role=review]").focus()
    await page.locator(".live-preview").scroll_into_view_if_needed()
    await take(page, picture)


async def web_app(browser: Browser, chat: ChatPage) -> None:
    """Take the web app's pictures, each with a login of its own."""
    for picture, (width, height), scale in _WEB_APP:
        await chat.send("/web")
        await chat.page.wait_for_timeout(2_000)
        link = _LOGIN.search(await chat.message("#login=").inner_text())
        assert link is not None, "the bot offered no login link"
        context = await browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme="light"
        )
        try:
            page = await context.new_page()
            page.set_default_timeout(_SOON_MS)
            await walk_web_app(page, link[0], picture)
        finally:
            await context.close()


async def main() -> None:
    """Start everything, take every picture, stop everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="elcaro-") as folder:
        async with (
            product(Path(folder), with_web=True) as running,
            chromium() as browser,
            phone(browser, running.link) as chat,
        ):
            await walk(chat)
            await web_app(browser, chat)


if __name__ == "__main__":
    asyncio.run(main())
