"""Our request class behaves as python-telegram-bot expects of one."""

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut
from telegram.request import RequestData

from sandbox import demo
from sandbox.telegram import people
from telegram_app.request import AiohttpRequest, FloodWait
from tests.sandbox.telegram_rig import Server, png


async def test_message_with_buttons_arrives(server: Server, bot: Bot) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Да & нет", callback_data="x|1")]])
    sent = await bot.send_message(
        demo.OWNER_ID, "<b>Привіт</b> &amp; 1 &lt; 2", parse_mode="HTML", reply_markup=keyboard
    )
    assert sent.text == "Привіт & 1 < 2"
    assert sent.reply_markup is not None


async def test_photo_is_uploaded(server: Server, bot: Bot) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    sent = await bot.send_photo(demo.OWNER_ID, InputFile(png(2, 2), filename="a.png"), caption="Графік")
    assert sent.photo[0].width == 2
    assert sent.caption == "Графік"


FAULTS = [
    ({"kind": "server_error", "status": 502}, NetworkError),
    ({"kind": "unauthorized"}, InvalidToken),
    ({"kind": "conflict"}, Conflict),
    ({"kind": "drop_before"}, NetworkError),
    ({"kind": "garbage"}, TelegramError),
    ({"kind": "delay", "delay_s": 30}, TimedOut),
]


@pytest.mark.parametrize(
    ("fault", "error"), FAULTS, ids=lambda value: value.get("kind") if isinstance(value, dict) else ""
)
async def test_trouble_becomes_the_librarys_own_error(
    server: Server, bot: Bot, fault: dict[str, object], error: type[Exception]
) -> None:
    await server.control("fault", method="getMe", **fault)
    with pytest.raises(error) as caught:
        await bot.get_me()
    assert demo.TELEGRAM_TOKEN not in str(caught.value)


async def test_flood_control_tells_how_long_to_wait(server: Server, bot: Bot) -> None:
    await server.control("fault", method="getMe", kind="too_many_requests", retry_after=35)
    with pytest.raises(FloodWait) as caught:
        await bot.get_me()
    assert caught.value.seconds == 35


async def test_blocked_bot_and_bad_html_are_told_apart(server: Server, bot: Bot) -> None:
    people.send_text(server.state, demo.OWNER_ID, "/start")
    with pytest.raises(BadRequest):
        await bot.send_message(demo.OWNER_ID, "<font>", parse_mode="HTML")
    people.set_blocked(server.state, demo.OWNER_ID, blocked=True)
    with pytest.raises(Forbidden):
        await bot.send_message(demo.OWNER_ID, "hello")


async def test_unreachable_server_is_a_network_error_without_the_token() -> None:
    request = AiohttpRequest()
    async with request:
        with pytest.raises(NetworkError) as caught:
            await request.post(f"http://127.0.0.1:9/bot{demo.TELEGRAM_TOKEN}/getMe", RequestData())
    assert demo.TELEGRAM_TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None or demo.TELEGRAM_TOKEN not in repr(caught.value.__cause__)


async def test_request_can_be_opened_and_closed_twice() -> None:
    request = AiohttpRequest()
    await request.initialize()
    await request.initialize()
    await request.shutdown()
    await request.shutdown()
