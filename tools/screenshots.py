"""Takes the user guide's pictures from a fresh sandbox: `python -m tools.screenshots`. Needs Chromium."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, expect

from launcher.parts import environment
from launcher.ports import HOST, any_free
from tests.e2e.chat import PHONE, ChatPage, chromium
from tests.e2e.product import Product, product

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 100_000
_SCALE = 1.2
_ORDER = "/long BTC 500$ 5x sl 2% tp 4%"


@asynccontextmanager
async def web_app(running: Product) -> AsyncIterator[None]:
    """Run the web app beside the product until the block ends."""
    settings = {
        "ELCARO_MODE": "sandbox",
        "ELCARO_DATA_DIR": str(running.folder / "data"),
        "ELCARO_LOG_DIR": str(running.folder / "logs"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "webapp",
        cwd=ROOT,
        env=environment(running.sandbox, telegram_token="") | settings,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        while b"web app ready" not in (line := await process.stdout.readline()):
            assert line, "the web app ended before it was ready"
        yield
    finally:
        process.terminate()
        await process.communicate()


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


async def take(chat: ChatPage, name: str) -> None:
    """Save what is on the screen once it stands still."""
    await chat.page.wait_for_timeout(800)
    path = IMAGES / f"{name}.png"
    await chat.shot(path)
    size = path.stat().st_size
    sys.stdout.write(f"{path.relative_to(ROOT)}: {size} bytes{' (too large)' if size > MAX_BYTES else ''}\n")


async def walk(chat: ChatPage) -> None:
    """Do what the user guide describes, picture by picture."""
    await chat.start()
    await chat.sees("What would you like to do?")
    await take(chat, "start")
    await chat.send("/positions")
    await chat.sees("Profit")
    await take(chat, "positions")
    await chat.send(_ORDER)
    await chat.sees("Nothing is sent until you confirm")
    await take(chat, "preview")
    await chat.page.locator(".inline-button", has_text="✅").last.click()
    await expect(chat.messages.last).to_contain_text("Bought", timeout=15_000)
    await take(chat, "result")
    await chat.send("/trade")
    await chat.sees("Tap a field to change it")
    await take(chat, "trade-panel")
    await chat.send("/start")
    await chat.button("Open the web app").click()
    await expect(chat.mini_app.get_by_text(re.compile("BTC")).first).to_be_visible(timeout=20_000)
    await chat.page.wait_for_timeout(3_000)
    await take(chat, "web-app")


async def main() -> None:
    """Start everything, take every picture, stop everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = any_free()
    os.environ |= {"WEBAPP_PORT": str(port), "WEBAPP_URL": f"http://{HOST}:{port}"}
    with tempfile.TemporaryDirectory(prefix="elcaro-") as folder:
        async with (
            product(Path(folder)) as running,
            web_app(running),
            chromium() as browser,
            phone(browser, running.link) as chat,
        ):
            await walk(chat)


if __name__ == "__main__":
    asyncio.run(main())
