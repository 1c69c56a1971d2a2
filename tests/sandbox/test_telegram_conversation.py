"""An unmodified python-telegram-bot application talks to the local server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    MenuButtonWebApp,
    ReplyKeyboardMarkup,
    Update,
    WebAppInfo,
)
from telegram.error import BadRequest
from telegram.ext import CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.records import Message
from sandbox.telegram_api import create_app, state_of
from tests.sandbox.telegram_rig import Server, png, telegram_server

Context = ContextTypes.DEFAULT_TYPE
BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Buy", callback_data="buy", style="success")]])


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


@asynccontextmanager
async def polling(server: Server, *handlers: Any) -> AsyncIterator[Bot]:
    application = server.application().build()
    application.add_handlers(handlers)
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(poll_interval=0.01)
        try:
            yield application.bot
        finally:
            await application.updater.stop()
            await application.stop()


async def eventually(found: Callable[[], Any]) -> Any:
    """Return what `found` finds, giving it five seconds to appear."""
    async with asyncio.timeout(5):
        while not (result := found()):  # noqa: ASYNC110  what a handler does raises no event
            await asyncio.sleep(0.01)
    return result


def newest(server: Server, chat_id: int = demo.OWNER_ID) -> Message | None:
    return next(reversed(server.state.messages[chat_id].values()), None)


def bot_said(server: Server, text: str) -> Message | None:
    found = newest(server)
    is_it = found is not None and found.sender_id == demo.BOT_ID and found.content.text == text
    return found if is_it else None


async def test_command_is_answered_and_its_argument_arrives(server: Server) -> None:
    async def start(update: Update, context: Context) -> None:
        assert update.message is not None
        await update.message.reply_html(f"Paired with <code>{(context.args or [''])[0]}</code>")

    async with polling(server, CommandHandler("start", start)):
        people.send_text(server.state, demo.OWNER_ID, "/start pair_1")
        answer = await eventually(lambda: bot_said(server, "Paired with pair_1"))
    assert [entity.type for entity in answer.content.entities] == ["code"]


async def test_pressed_button_edits_its_message_and_shows_a_toast(server: Server) -> None:
    async def ask(update: Update, context: Context) -> None:
        assert update.message is not None
        await update.message.reply_text("Sure?", reply_markup=BUTTONS)

    async def buy(update: Update, context: Context) -> None:
        query = update.callback_query
        assert query is not None
        await query.answer("Done", show_alert=True)
        await query.edit_message_text("Bought")

    events: list[dict[str, Any]] = []
    async with polling(server, CommandHandler("buy", ask), CallbackQueryHandler(buy)):
        people.send_text(server.state, demo.OWNER_ID, "/buy")
        question = await eventually(lambda: bot_said(server, "Sure?"))
        server.state.listen(events.append)
        people.press(server.state, demo.OWNER_ID, question.message_id, "buy")
        edited = await eventually(lambda: bot_said(server, "Bought"))
    assert edited.message_id == question.message_id
    assert edited.inline is None
    answer = next(event for event in events if event["event"] == "answer")
    assert (answer["text"], answer["is_alert"]) == ("Done", True)


async def test_photo_is_uploaded_downloaded_and_sent_again_by_its_id(server: Server) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    picture = png(40, 20)
    async with server.application().build() as application:
        sent = await application.bot.send_photo(demo.OWNER_ID, picture, caption="Equity", filename="equity.png")
        downloaded = await (await application.bot.get_file(sent.photo[-1].file_id)).download_as_bytearray()
        again = await application.bot.send_photo(demo.OWNER_ID, sent.photo[-1].file_id)
    assert bytes(downloaded) == picture
    assert (sent.photo[-1].width, sent.photo[-1].height, sent.caption) == (40, 20, "Equity")
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


async def test_album_and_document_keep_their_files_together_and_named(server: Server) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    async with server.application().build() as application:
        pictures = [InputMediaPhoto(png(8, 8), caption="two"), InputMediaPhoto(png(9, 9))]
        album = await application.bot.send_media_group(demo.OWNER_ID, pictures)
        document = await application.bot.send_document(demo.OWNER_ID, b"a,b\n", filename="trades.csv")
    assert len({message.media_group_id for message in album}) == 1
    assert album[0].caption == "two"
    assert document.document is not None
    assert (document.document.file_name, document.document.mime_type) == ("trades.csv", "text/csv")


async def test_reply_keyboard_text_comes_back_as_a_message(server: Server) -> None:
    heard: list[str] = []

    async def hear(update: Update, context: Context) -> None:
        assert update.message is not None
        heard.append(update.message.text or "")

    keyboard = ReplyKeyboardMarkup([[KeyboardButton("Balance")]], resize_keyboard=True, input_field_placeholder="Order")
    async with polling(server, MessageHandler(filters.TEXT, hear)) as bot:
        people.send_text(server.state, demo.OWNER_ID, "hi")
        await eventually(lambda: heard)
        await bot.send_message(demo.OWNER_ID, "Menu", reply_markup=keyboard)
        shown = server.state.keyboards[demo.OWNER_ID]
        people.send_text(server.state, demo.OWNER_ID, shown["keyboard"][0][0]["text"])
        await eventually(lambda: len(heard) == 2)
    assert heard == ["hi", "Balance"]
    assert shown["input_field_placeholder"] == "Order"


async def test_profile_set_by_the_bot_is_read_back(server: Server) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    menu = MenuButtonWebApp("Open", WebAppInfo("https://example.com/app"))
    async with server.application().build() as application:
        bot = application.bot
        await bot.set_my_commands([BotCommand("start", "Begin")])
        await bot.set_my_commands([BotCommand("start", "Начать")], language_code="ru")
        await bot.set_my_commands([("admin", "Rule")], scope=BotCommandScopeChat(demo.OWNER_ID))
        await bot.set_chat_menu_button(menu_button=menu)
        await bot.set_my_name("ElCaro")
        await bot.set_my_description("Trades", language_code="uk")
        assert [command.command for command in await bot.get_my_commands()] == ["start"]
        assert (await bot.get_my_commands(language_code="ru"))[0].description == "Начать"
        assert await bot.get_chat_menu_button(demo.OWNER_ID) == menu
        assert (await bot.get_my_description(language_code="uk")).description == "Trades"
        assert (await bot.get_my_short_description()).short_description == ""
        await bot.delete_my_commands(language_code="ru")
        assert await bot.get_my_commands(language_code="ru") == ()


async def test_pinned_message_is_announced_and_shown_by_get_chat(server: Server) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    async with server.application().build() as application:
        bot = application.bot
        message = await bot.send_message(demo.OWNER_ID, "Panel")
        await bot.pin_chat_message(demo.OWNER_ID, message.message_id)
        chat = await bot.get_chat(demo.OWNER_ID)
        assert chat.pinned_message is not None
        assert chat.pinned_message.message_id == message.message_id
        await bot.unpin_chat_message(demo.OWNER_ID)
        assert (await bot.get_chat(demo.OWNER_ID)).pinned_message is None


async def test_group_messages_reach_the_bot_only_when_meant_for_it(server: Server) -> None:
    heard: list[str] = []

    async def hear(update: Update, context: Context) -> None:
        assert update.message is not None
        heard.append(update.message.text or "")
        await context.bot.leave_chat(update.message.chat_id)

    async with polling(server, MessageHandler(filters.ALL, hear)):
        people.send_text(server.state, demo.STRANGER_ID, "just talking", chat_id=demo.GROUP_ID)
        people.send_text(server.state, demo.STRANGER_ID, "/start@elcaro_sandbox_bot", chat_id=demo.GROUP_ID)
        await eventually(lambda: demo.BOT_ID not in server.state.chats[demo.GROUP_ID].members)
    assert heard == ["/start@elcaro_sandbox_bot"]


async def test_forwarded_and_copied_messages_keep_their_text(server: Server) -> None:
    original = people.send_text(server.state, demo.OWNER_ID, "keep me")
    async with server.application().build() as application:
        forwarded = await application.bot.forward_message(demo.OWNER_ID, demo.OWNER_ID, original.message_id)
        copied = await application.bot.copy_message(demo.OWNER_ID, demo.OWNER_ID, original.message_id)
    assert forwarded.forward_origin is not None
    assert forwarded.text == "keep me"
    copy = server.state.messages[demo.OWNER_ID][copied.message_id]
    assert (copy.content.text, copy.extra) == ("keep me", None)


async def test_blocking_the_bot_is_reported_and_refuses_its_messages(server: Server) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    people.set_blocked(server.state, demo.OWNER_ID, blocked=True)
    updates = await server.result("getUpdates")
    assert updates[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert await server.refusal("sendMessage", chat_id=demo.OWNER_ID, text="x") == (
        403,
        "Forbidden: bot was blocked by the user",
    )
    people.set_blocked(server.state, demo.OWNER_ID, blocked=False)
    await server.result("sendMessage", chat_id=demo.OWNER_ID, text="back")


async def test_users_message_with_a_secret_can_be_removed_by_the_bot(server: Server) -> None:
    secret = people.send_text(server.state, demo.OWNER_ID, "my key")
    async with server.application().build() as application:
        await application.bot.delete_message(demo.OWNER_ID, secret.message_id)
        with pytest.raises(BadRequest, match="Message to delete not found"):
            await application.bot.delete_message(demo.OWNER_ID, secret.message_id)


async def test_upload_arrives_when_a_middleware_has_read_the_body_before(server: Server) -> None:
    @web.middleware
    async def reads_first(request: web.Request, handler: Any) -> web.StreamResponse:
        await request.read()
        answer: web.StreamResponse = await handler(request)
        return answer

    app = create_app(server.world)
    app.middlewares.insert(0, reads_first)
    people.send_text(state_of(app), demo.OWNER_ID, "/start")
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    async with server.application().base_url(base).build() as application:
        sent = await application.bot.send_photo(demo.OWNER_ID, png(6, 3), caption="я & 🟡")
    await runner.cleanup()
    assert (sent.photo[-1].width, sent.caption) == (6, "я & 🟡")
