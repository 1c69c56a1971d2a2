"""Drive the sandbox's chat page in headless Chromium, the way a person does.

    async with chromium() as browser, open_chat(browser, sandbox.chat_url) as chat:
        await chat.start()
        await chat.send("/positions")
        await chat.press("Close all")

Tests that use it carry the marker `browser` and are skipped, with the reason, where Chromium is absent.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import Browser, FrameLocator, Locator, Page, async_playwright, expect

CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = (360, 740)
DESKTOP: Final = (1280, 800)

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs a browser: {CHROMIUM} is not installed")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a headless Chromium that talks to this machine only."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_chat(
    browser: Browser, url: str, *, size: tuple[int, int] = PHONE, theme: Literal["light", "dark"] = "light"
) -> AsyncIterator["ChatPage"]:
    """Open the chat page in a window of its own, and close it again.

    Args:
        url: The address with the secret of the run, as the sandbox prints it.
        size: Width and height in pixels.
    """
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    try:
        chat = ChatPage(page=await context.new_page())
        await chat.open(url)
        yield chat
    finally:
        await context.close()


@dataclass(slots=True, kw_only=True)
class ChatPage:
    """What a person sees and does on the chat page. Every step waits until it can be done."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Errors of scripts, refused requests, and requests that left this machine."""

    async def open(self, url: str) -> None:
        """Load the page and wait for its conversation."""
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._check_address(request.url))
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        await self.page.goto(url)
        await self.page.locator(".composer").wait_for()

    def _check_address(self, address: str) -> None:
        if not re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:", address):
            self.problems.append(f"request to {address}")

    # What a person does

    async def start(self) -> None:
        """Press the Start button of a new chat."""
        await self.page.locator(".wide-button").click()

    async def send(self, text: str) -> None:
        """Type a message and press Enter."""
        field_ = self.page.get_by_role("combobox")
        await field_.fill(text)
        await field_.press("Enter")

    async def press(self, label: str) -> None:
        """Press the newest inline button with this label."""
        await self.button(label).click()

    async def press_key(self, label: str) -> None:
        """Press a button of the keyboard under the input."""
        await self.page.locator(".reply-keyboard").get_by_role("button", name=label).click()

    async def choose(self, group: str, option: str) -> None:
        """Pick an option of the sidebar: who writes, the language, the theme."""
        back = self.page.get_by_role("button", name=re.compile("Back to chats|К списку|До списку"))
        if await back.is_visible():
            await back.click()
        await self.page.get_by_role("radiogroup", name=group).get_by_role("radio", name=option).click()

    async def open_conversation(self, title: str) -> None:
        """Open a chat from the list."""
        await self.page.locator(".chat-row", has_text=title).click()

    async def choose_from_menu(self, message_text: str, action: str) -> None:
        """Open the menu of a message and pick an action."""
        bubble = self.message(message_text).locator(".bubble")
        await bubble.click(button="right", position={"x": 30, "y": 3})
        await self.page.get_by_role("menuitem", name=action).click()

    # What a person sees

    @property
    def messages(self) -> Locator:
        """Return all bubbles, oldest first."""
        return self.page.locator(".message")

    def message(self, text: str) -> Locator:
        """Return the newest bubble that contains a text."""
        return self.messages.filter(has_text=text).last

    def button(self, label: str) -> Locator:
        """Return the newest inline button with this label."""
        return self.page.locator(".inline-button", has_text=label).last

    @property
    def toast(self) -> Locator:
        """Return the short notice at the top."""
        return self.page.locator(".toast")

    @property
    def alert(self) -> Locator:
        """Return the box that has to be confirmed."""
        return self.page.locator("dialog.alert")

    @property
    def mini_app(self) -> FrameLocator:
        """Return the inside of the Mini App that is open."""
        return self.page.frame_locator(".mini-app iframe")

    async def sees(self, text: str) -> None:
        """Wait until a message with this text is there."""
        await expect(self.message(text)).to_be_visible()

    async def shot(self, path: Path) -> None:
        """Save a picture of the page as it is."""
        await self.page.screenshot(path=path)

    async def pages(self, folder: Path, name: str) -> None:
        """Save pictures of the whole conversation, one per screenful, oldest first."""
        scroller = self.page.locator(".message").first.evaluate_handle(
            "at => { for (; at; at = at.parentElement) if (at.scrollHeight > at.clientHeight + 40"
            " && getComputedStyle(at).overflowY !== 'visible') return at; return document.scrollingElement; }"
        )
        pane = await scroller
        height, seen = await pane.evaluate("at => [at.scrollHeight, at.clientHeight]")
        for n, top in enumerate(range(0, height, max(seen - 40, 100))):
            await pane.evaluate("(at, top) => at.scrollTo(0, top)", top)
            await self.page.screenshot(path=folder / f"{name}-{n:02}.png")
