"""The chat page in a real browser, against the real local Telegram server."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.records import Message
from tests.e2e.chat import DESKTOP, PHONE, ChatPage, chromium, needs_chromium, open_chat
from tests.e2e.looks import low_contrast, overflowing, small_targets, unnamed_controls
from tests.sandbox.telegram_rig import Server, png, telegram_server
from tests.sandbox.test_telegram_webapp import is_genuine

pytestmark = [needs_chromium, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OWNER = demo.OWNER_ID
SDK = Path(__file__).parents[2] / "webapp/static/vendor/telegram-web-app.js"
RICH = (
    "🟡 <b>PAPER</b> · Bybit\n<code>Size   0.015\nPnL   +4.04</code>\nSee /positions or"
    ' <a href="https://example.com/docs">the docs</a>, <tg-spoiler>hidden</tg-spoiler>'
    '\n<pre><code class="language-json">{"a": 1}</code></pre><blockquote>quoted</blockquote>'
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        running.state.flood.is_on = False
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def chat(browser: Browser, server: Server) -> AsyncIterator[ChatPage]:
    """The owner's phone; the conversation has begun."""
    people.send_text(server.state, OWNER, "/start")
    async with open_chat(browser, server.chat_url) as page:
        yield page
        assert page.problems == []


async def next_update(server: Server, kind: str) -> Any:
    """Take updates as a bot does, until one of a kind comes."""
    async with asyncio.timeout(5):
        while True:
            for update in await server.result("getUpdates", timeout=5, limit=1):
                await server.result("getUpdates", offset=update["update_id"] + 1)
                if kind in update:
                    return update[kind]


async def say(server: Server, text: str = "x", **fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = await server.result("sendMessage", chat_id=OWNER, text=text, parse_mode="HTML", **fields)
    return sent


def buttons(*labels: str, **more: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": label, "callback_data": label.lower(), **more} for label in labels]]}


async def test_deep_link_fills_the_start_button(browser: Browser, server: Server) -> None:
    link = server.chat_url.replace("/#", "/?start=pair_1#")
    async with open_chat(browser, link) as page:
        await page.start()
        assert (await next_update(server, "message"))["text"] == "/start pair_1"
        await page.sees("/start pair_1")
        assert "start=" not in page.page.url
        assert page.problems == []


async def test_written_message_reaches_the_bot_and_its_answer_appears(chat: ChatPage, server: Server) -> None:
    await chat.send("buy btc 100$")
    update = await next_update(server, "message")
    assert update["text"] == "/start"
    update = await next_update(server, "message")
    assert (update["text"], update["from"]["id"]) == ("buy btc 100$", OWNER)
    await say(server, "Bought", reply_parameters={"message_id": update["message_id"]}, disable_notification=True)
    await chat.sees("Bought")
    answer = chat.message("Bought")
    await expect(answer.locator(".reply")).to_contain_text("buy btc 100$")
    await expect(answer.get_by_role("img", name="sent without a sound")).to_be_visible()


async def test_button_turns_until_the_bot_answers_with_a_toast_or_an_alert(chat: ChatPage, server: Server) -> None:
    await say(server, "Sure?", reply_markup=buttons("Yes", style="success"))
    await chat.press("Yes")
    await expect(chat.button("Yes")).to_have_attribute("aria-busy", "true")
    query = await next_update(server, "callback_query")
    assert query["data"] == "yes"
    await server.result("answerCallbackQuery", callback_query_id=query["id"], text="Done")
    await expect(chat.toast).to_have_text("Done")
    await expect(chat.button("Yes")).not_to_have_attribute("aria-busy", "true")
    await chat.press("Yes")
    query = await next_update(server, "callback_query")
    await server.result("answerCallbackQuery", callback_query_id=query["id"], text="Too late", show_alert=True)
    await expect(chat.alert).to_contain_text("Too late")
    await chat.page.keyboard.press("Escape")
    await expect(chat.alert).to_have_count(0)


async def test_edits_deletions_and_pins_of_the_bot_are_shown(chat: ChatPage, server: Server) -> None:
    sent = await say(server, "Sending…", reply_markup=buttons("Cancel"))
    where = {"chat_id": OWNER, "message_id": sent["message_id"]}
    await server.result("pinChatMessage", **where)
    await expect(chat.page.locator(".pinned")).to_contain_text("Sending…")
    await server.result("editMessageText", **where, text="Filled")
    await chat.sees("Filled")
    await expect(chat.message("Filled")).to_contain_text("edited")
    await expect(chat.button("Cancel")).to_have_count(0)
    await server.result("deleteMessage", **where)
    await expect(chat.message("Filled")).to_have_count(0)
    await expect(chat.page.locator(".pinned")).to_have_count(0)


async def test_formatting_links_and_hidden_text_are_rendered(chat: ChatPage, server: Server) -> None:
    await say(server, RICH)
    message = chat.message("PAPER")
    await expect(message.locator("strong")).to_have_text("PAPER")
    await expect(message.locator("code.is-block")).to_contain_text("PnL   +4.04")
    await expect(message.locator("pre")).to_have_attribute("data-language", "json")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await message.get_by_role("button", name="Hidden text").click()
    await expect(message.locator(".spoiler.is-shown")).to_have_text("hidden")
    await message.get_by_role("link", name="the docs").click()
    await expect(chat.alert).to_contain_text("https://example.com/docs")
    await chat.page.get_by_role("button", name="Cancel").click()
    await message.get_by_role("button", name="/positions").click()
    await chat.sees("/positions")


async def test_hostile_text_stays_text(chat: ChatPage, server: Server) -> None:
    await say(server, "&lt;img src=x onerror=alert(1)&gt; {{7*7}} ${1}")
    await chat.sees("<img src=x onerror=alert(1)> {{7*7}} ${1}")
    await server.control("send", user_id=OWNER, text="<script>document.title='hacked'</script>")
    await chat.sees("<script>")
    assert await chat.page.title() != "hacked"


async def test_photos_albums_and_documents_are_shown(chat: ChatPage, server: Server) -> None:
    async with server.application().build() as application:
        await application.bot.send_photo(OWNER, png(64, 36), caption="Equity <b>+3 %</b>", parse_mode="HTML")
        await application.bot.send_document(OWNER, b"a,b\n1,2\n", filename="trades.csv")
    photo = chat.message("Equity")
    size = await photo.locator("img").evaluate("async image => (await image.decode(), [image.naturalWidth, image.alt])")
    assert size == [64, "Equity +3 %"]
    await photo.get_by_role("button", name="Photo").click()
    await expect(chat.page.locator("dialog.viewer img")).to_be_visible()
    await chat.page.keyboard.press("Escape")
    async with chat.page.expect_download() as download:
        await chat.message("trades.csv").get_by_role("link").click()
    assert (await download.value).suggested_filename == "trades.csv"


async def test_reply_keyboard_sends_hides_and_goes_away(chat: ChatPage, server: Server) -> None:
    keyboard = {"keyboard": [["Balance", "Orders"]], "resize_keyboard": True, "input_field_placeholder": "An order"}
    await say(server, "Menu", reply_markup=keyboard)
    await expect(chat.page.get_by_placeholder("An order")).to_be_visible()
    await chat.press_key("Balance")
    await chat.sees("Balance")
    await chat.page.get_by_role("button", name="Hide the keyboard").click()
    await expect(chat.page.locator(".reply-keyboard")).to_have_count(0)
    await say(server, "Menu", reply_markup=keyboard | {"one_time_keyboard": True})
    await chat.press_key("Orders")
    await expect(chat.page.locator(".reply-keyboard")).to_have_count(0)
    await say(server, "Bye", reply_markup={"remove_keyboard": True})
    await expect(chat.page.get_by_placeholder("Message")).to_be_visible()


async def test_forced_reply_answers_the_question(chat: ChatPage, server: Server) -> None:
    asked = await say(server, "How much?", reply_markup={"force_reply": True, "input_field_placeholder": "100$"})
    await expect(chat.page.locator(".context")).to_contain_text("How much?")
    await chat.page.reload()
    await expect(chat.page.locator(".context")).to_contain_text("How much?")
    await chat.send("250$")
    await expect(chat.page.locator(".context")).to_have_count(0)
    await next_update(server, "message")
    answer = await next_update(server, "message")
    assert answer["reply_to_message"]["message_id"] == asked["message_id"]


async def test_commands_are_offered_and_picked_with_the_keyboard_alone(chat: ChatPage, server: Server) -> None:
    commands = [{"command": name, "description": f"Show {name}"} for name in ("positions", "balance", "pause")]
    await server.result("setMyCommands", commands=commands)
    await expect(chat.page.get_by_role("button", name="Menu", exact=True).last).to_be_visible()
    await chat.page.get_by_role("combobox").focus()
    await chat.page.keyboard.type("/p")
    await expect(chat.page.get_by_role("option")).to_have_count(2)
    await chat.page.keyboard.press("ArrowDown")
    await chat.page.keyboard.press("Enter")
    await chat.sees("/pause")


async def test_own_message_is_edited_and_deleted_from_its_menu(chat: ChatPage, server: Server) -> None:
    await chat.send("buy 1")
    await chat.sees("buy 1")
    await chat.choose_from_menu("buy 1", "Edit")
    await expect(chat.page.get_by_role("combobox")).to_have_value("buy 1")
    await chat.send("buy 2")
    await chat.sees("buy 2")
    assert (await next_update(server, "edited_message"))["text"] == "buy 2"
    await chat.choose_from_menu("buy 2", "Delete")
    await expect(chat.message("buy 2")).to_have_count(0)


async def test_typing_is_shown_until_the_answer(chat: ChatPage, server: Server) -> None:
    await server.result("sendChatAction", chat_id=OWNER, action="typing")
    await expect(chat.page.locator(".is-typing")).to_have_text("typing…")
    await say(server, "Here")
    await expect(chat.page.locator(".is-typing")).to_have_count(0)


async def test_stranger_has_a_chat_of_their_own(chat: ChatPage, server: Server) -> None:
    await say(server, "for the owner only")
    await chat.sees("for the owner only")
    await chat.choose("Write as", "Stranger")
    await chat.open_conversation("ElCaro")
    await expect(chat.message("for the owner only")).to_have_count(0)
    await chat.start()
    await next_update(server, "message")
    assert (await next_update(server, "message"))["from"]["id"] == demo.STRANGER_ID


async def test_language_of_the_person_changes_page_and_updates(chat: ChatPage, server: Server) -> None:
    await chat.choose("Language", "Українська")
    await expect(chat.page.get_by_role("heading", name="Мова")).to_be_visible()
    await chat.open_conversation("ElCaro")
    await chat.send("привіт")
    await next_update(server, "message")
    assert (await next_update(server, "message"))["from"]["language_code"] == "uk"


async def test_blocked_bot_is_unblocked_from_the_page(chat: ChatPage, server: Server) -> None:
    await chat.page.get_by_role("button", name="Menu").first.click()
    await chat.page.get_by_role("menuitem", name="Block the bot").click()
    await expect(chat.page.get_by_role("button", name="Unblock")).to_be_visible()
    assert (await server.refusal("sendMessage", chat_id=OWNER, text="x"))[0] == 403
    await chat.page.get_by_role("button", name="Unblock").click()
    await expect(chat.page.get_by_role("combobox")).to_be_visible()


async def test_page_without_the_secret_says_what_to_do(browser: Browser, server: Server) -> None:
    page = await browser.new_page()
    await page.goto(f"{server.url}/#key=wrong")
    await expect(page.get_by_role("status")).to_contain_text("link that start.sh printed")
    await page.context.close()


async def test_lost_connection_comes_back_with_what_was_missed(chat: ChatPage, server: Server) -> None:
    await server.close_pages()
    sent: Message = people.send_text(server.state, OWNER, "while you were away")
    await chat.sees(sent.content.text)
    await say(server, "and after")
    await chat.sees("and after")


async def test_reader_who_scrolled_up_is_told_of_new_messages(chat: ChatPage, server: Server) -> None:
    for number in range(30):
        await say(server, f"line {number}")
    await chat.sees("line 29")
    await chat.page.locator(".log").evaluate("log => log.scrollTo(0, 0)")
    await say(server, "news")
    follow = chat.page.get_by_role("button", name="Scroll to the newest message")
    await follow.click()
    await expect(follow).to_have_count(0)
    await expect(chat.message("news")).to_be_in_viewport()


async def test_reader_of_a_long_conversation_sees_every_answer(chat: ChatPage, server: Server) -> None:
    for number in range(130):  # more than are drawn at once
        await say(server, f"line {number}\n\n\n" if number < 20 else f"line {number}")
    await chat.sees("line 129")
    for number in range(3):
        await chat.send(f"question {number}")
        await say(server, f"answer {number}" + "\nand more" * 12)
        await chat.sees(f"answer {number}")
        await expect(chat.page.locator(".to-bottom")).to_have_count(0)
        bottom = "log => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight)"
        assert await chat.page.locator(".log").evaluate(bottom) <= 1


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_page_is_readable_and_fits_the_window(
    browser: Browser, server: Server, size: tuple[int, int], theme: Any, tmp_path: Path
) -> None:
    people.send_text(server.state, OWNER, "/start with a long argument that has to wrap somewhere on a phone")
    await server.result("setMyCommands", commands=[{"command": "help", "description": "What I can do"}])
    markup = {
        "inline_keyboard": [
            [{"text": style, "callback_data": style, "style": style} for style in ("danger", "success", "primary")],
            [{"text": "Copy", "copy_text": {"text": "0xabc"}}, {"text": "Docs", "url": "https://example.com"}],
        ]
    }
    sent = await say(server, RICH, reply_markup=markup)
    await server.result("pinChatMessage", chat_id=OWNER, message_id=sent["message_id"])
    await say(server, "Menu", reply_markup={"keyboard": [["Positions", "Balance"]], "resize_keyboard": True})
    people.send_text(server.state, OWNER, "an answer", reply_to=sent["message_id"])
    async with open_chat(browser, server.chat_url, size=size, theme=theme) as page:
        await page.sees("an answer")
        assert await page.page.evaluate("document.documentElement.dataset.theme") == theme
        await page.page.get_by_role("combobox").fill("/")
        for measure in (low_contrast, unnamed_controls, small_targets, overflowing):
            assert await measure(page.page) == [], measure.__name__
        if size == PHONE:
            await page.page.get_by_role("button", name="Back to chats").click()
            for measure in (low_contrast, unnamed_controls, small_targets, overflowing):
                assert await measure(page.page) == [], measure.__name__
            await page.open_conversation("ElCaro")
        await page.page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await overflowing(page.page) == []
        await page.shot(tmp_path / "page.png")
        assert (tmp_path / "page.png").stat().st_size > 10_000
        assert page.problems == []


async def test_theme_is_switched_and_remembered(chat: ChatPage) -> None:
    ground = "getComputedStyle(document.querySelector('.conversation')).backgroundColor"
    light = await chat.page.evaluate(ground)
    await chat.page.get_by_role("button", name="Menu").first.click()
    await chat.page.get_by_role("menuitem", name="Dark").click()
    assert await chat.page.evaluate(ground) != light
    await chat.page.reload()
    await chat.page.locator(".composer").wait_for()
    assert await chat.page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.fixture
def page_file() -> Callable[[Path], Any]:
    def handler_for(path: Path) -> Any:
        async def handler(request: web.Request) -> web.FileResponse:
            return web.FileResponse(path)

        return handler

    return handler_for


@pytest_asyncio.fixture(loop_scope="module")
async def app_url(page_file: Callable[[Path], Any]) -> AsyncIterator[str]:
    """The address of a small Mini App that uses Telegram's own script."""
    app = web.Application()
    app.router.add_get("/app", page_file(Path(__file__).parent / "mini_app.html"))
    app.router.add_get("/telegram-web-app.js", page_file(SDK))
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/app"
    await runner.cleanup()


async def test_menu_button_opens_a_mini_app_that_telegrams_script_drives(
    chat: ChatPage, server: Server, app_url: str
) -> None:
    menu = {"type": "web_app", "text": "Trade", "web_app": {"url": app_url}}
    await server.result("setChatMenuButton", menu_button=menu)
    page, inside = chat.page, chat.mini_app.locator("body")
    await page.get_by_role("button", name="Trade").click()
    await expect(chat.mini_app.locator("#who")).to_have_text("Owner")
    assert is_genuine(await inside.get_attribute("data-init") or "", demo.TELEGRAM_TOKEN)
    await page.get_by_role("button", name="Place order").click()
    await expect(inside).to_have_attribute("data-main", "pressed")
    await chat.mini_app.get_by_role("button", name="Ask").click()
    await chat.alert.get_by_role("button", name="OK").click()
    await expect(inside).to_have_attribute("data-answer", "true")
    await page.locator(".mini-app").get_by_role("button", name=re.compile("Back")).click()
    await expect(inside).to_have_attribute("data-back", "pressed")
    await page.keyboard.press("Escape")
    await chat.alert.get_by_role("button", name="Close").click()
    await expect(page.locator(".mini-app")).to_have_count(0)


async def test_mini_app_of_a_keyboard_button_sends_its_data(chat: ChatPage, server: Server, app_url: str) -> None:
    keyboard = {"keyboard": [[{"text": "Choose", "web_app": {"url": app_url}}]], "resize_keyboard": True}
    await say(server, "Menu", reply_markup=keyboard)
    await chat.press_key("Choose")
    await chat.mini_app.get_by_role("button", name="Send").click()
    await expect(chat.page.locator(".service").last).to_contain_text("chosen")
    await next_update(server, "message")
    assert (await next_update(server, "message"))["web_app_data"] == {"data": "chosen", "button_text": "Choose"}


async def test_log_of_calls_and_fault_buttons_work(chat: ChatPage, server: Server) -> None:
    await say(server, "before")
    await chat.page.get_by_role("button", name="Menu").first.click()
    await chat.page.get_by_role("menuitem", name="Calls and faults").click()
    first = chat.page.locator(".call").first
    await expect(first).to_contain_text("sendMessage")
    await first.locator("summary").click()
    await expect(first.locator("pre")).to_contain_text('"text": "before"')
    await chat.page.get_by_role("button", name="429").click()
    await expect(chat.toast).to_have_text("429")
    assert (await server.refusal("sendMessage", chat_id=OWNER, text="x"))[0] == 429
