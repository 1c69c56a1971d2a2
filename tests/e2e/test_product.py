"""A newcomer's first quarter of an hour, typed and tapped in the chat page, on both venues and both paths."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.chat import ChatPage, chromium, needs_chromium, open_chat
from tests.e2e.product import Product, product

pytestmark = [pytest.mark.browser, needs_chromium]


async def hurry(running: Product) -> None:
    """Let the local Telegram take messages as fast as this test writes them."""
    secret = parse_qs(urlsplit(running.sandbox["chat_url"]).fragment)["key"][0]
    address = f"{running.sandbox['telegram_url']}/control/telegram/limits"
    async with httpx.AsyncClient() as http:
        answer = await http.post(address, json={"is_on": False}, headers={"X-Sandbox-Secret": secret})
        answer.raise_for_status()


async def says(chat: ChatPage, text: str, *answers: str) -> None:
    """Send a message and wait for an answer with every one of these texts."""
    before = await chat.messages.count()
    await chat.send(text)
    await expect(chat.messages).not_to_have_count(before)
    newest = chat.messages.last
    for answer in answers:
        await expect(newest).to_contain_text(re.compile(answer), timeout=15_000)


async def confirms(chat: ChatPage, *answers: str) -> None:
    """Press the confirm button of the newest preview and wait for what becomes of it."""
    await chat.messages.last.locator(".inline-button", has_text="✅").click()
    await expect(chat.messages.last).not_to_contain_text("Nothing is sent until you confirm", timeout=15_000)
    for answer in answers:
        await expect(chat.messages.last).to_contain_text(re.compile(answer), timeout=15_000)


async def trade(chat: ChatPage) -> None:
    """Buy, close half, close the rest, place a limit order, cancel it."""
    await says(chat, "/balance", "Equity", "PAPER")
    await says(chat, "/positions", "BTCUSDT", "PAPER")
    await says(chat, "/buy ETH 0.5", "Buy 0.5 ETH", "PAPER", "Nothing is sent until you confirm")
    await confirms(chat, "0.5", "PAPER")
    await says(chat, "/positions", "ETHUSDT", "LONG 0.5")
    await says(chat, "/close ETH 50%", "0.25", "PAPER")
    await confirms(chat, "0.25", "PAPER")
    await says(chat, "/positions", "LONG 0.25")
    await says(chat, "/close ETH", "0.25")
    await confirms(chat, "PAPER")
    await says(chat, "/positions", "BTCUSDT")
    await expect(chat.messages.last).not_to_contain_text("ETHUSDT")
    await says(chat, "/buy BTC 0.01 @ 30000", "30,000", "PAPER")
    await confirms(chat, "PAPER")
    await says(chat, "/orders", "BTCUSDT", "30,000")
    await says(chat, "/cancel", "BTCUSDT")
    await chat.page.locator(".inline-button", has_text=re.compile("Cancel all|✖|BTCUSDT")).last.click()
    await confirms(chat, "PAPER")
    await says(chat, "/orders", "No open orders")
    await says(chat, "/leverage BTC 5", "5×|5x")


@pytest.mark.parametrize(("use_unified", "logged"), [("true", "ENABLED"), ("false", "DISABLED")])
async def test_newcomer_trades_on_both_venues(tmp_path: Path, use_unified: str, logged: str) -> None:
    async with (
        product(tmp_path, use_unified=use_unified) as running,
        chromium() as browser,
        open_chat(browser, running.link) as chat,
    ):
        await hurry(running)
        await chat.start()
        await chat.sees("simulated")
        await trade(chat)
        await says(chat, "/exchange", "Bybit")
        await chat.press("HyperLiquid")
        await expect(chat.messages.last).to_contain_text("HyperLiquid")
        await trade(chat)
        assert f"Unified Architecture {logged}" in running.log
        assert "Traceback" not in running.log
        assert chat.problems == []
