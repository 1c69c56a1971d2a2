"""Every method is held to the machine-readable Bot API description: its fields, and the shape of its answers.

The description is not part of the repository; RECORDED_PAYLOADS names the directory that holds it.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MenuButtonWebApp,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    WebAppInfo,
)

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.methods import METHODS
from tests.sandbox.telegram_rig import Server, png, telegram_server

OWNER = demo.OWNER_ID
DIRECTORY = os.environ.get("RECORDED_PAYLOADS")
pytestmark = pytest.mark.skipif(not DIRECTORY, reason="set RECORDED_PAYLOADS to the directory of recorded payloads")

SIMPLE: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,),
    "String": (str,),
    "Boolean": (bool,),
    "Float": (int, float),
    "InputFile": (str,),
}
BLIND_SPOTS = {"InputMedia"}
"""Unions whose members the description cannot tell apart by their required fields."""


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    path = Path(str(DIRECTORY)) / "telegram" / "bot_api.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return data


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        running.state.flood.is_on = False
        yield running


def problems(value: Any, kinds: list[str], types: dict[str, Any], where: str) -> list[str]:
    """Return why a value is none of the kinds, or nothing; of several kinds the nearest is reported."""
    attempts = [list(_against(value, kind, types, where)) for kind in kinds]
    return min(attempts, key=len) if all(attempts) else []


def _against(value: Any, kind: str, types: dict[str, Any], where: str) -> Iterator[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no array"
            return
        for index, item in enumerate(value):
            yield from problems(item, [kind.removeprefix("Array of ")], types, f"{where}[{index}]")
    elif kind in SIMPLE:
        is_number_like_flag = isinstance(value, bool) and kind != "Boolean"
        if not isinstance(value, SIMPLE[kind]) or is_number_like_flag:
            yield f"{where}: {value!r} is no {kind}"
    elif "subtypes" in types[kind]:
        yield from problems(value, types[kind]["subtypes"], types, where)
    else:
        yield from _object(value, kind, types, where)


def _object(value: Any, kind: str, types: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {kind}"
        return
    fields = {field["name"]: field for field in types[kind].get("fields", [])}
    for name in value.keys() - fields.keys():
        yield f"{where}: {kind} has no field {name}"
    for name, field in fields.items():
        if name in value:
            yield from problems(value[name], field["types"], types, f"{where}.{name}")
        elif field["required"]:
            yield f"{where}: {kind} lacks {name}"


@pytest.mark.parametrize("name", METHODS)
def test_method_reads_only_fields_that_telegram_has(name: str, description: dict[str, Any]) -> None:
    official = {field["name"]: field for field in description["methods"][name].get("fields", [])}
    assert METHODS[name].fields - official.keys() == set()
    required = {field_name for field_name, field in official.items() if field["required"]}
    assert required - METHODS[name].fields == set()


async def test_every_answer_has_the_shape_of_the_description(server: Server, description: dict[str, Any]) -> None:
    people.send_text(server.state, OWNER, "/start pair_1")
    async with server.application().build() as application:
        await _call_everything(application.bot, server)
    seen = set()
    for call in server.state.calls:
        assert call["status"] == 200, call
        seen.add(call["method"])
        returns = description["methods"][call["method"]]["returns"]
        assert problems(call["answer"]["result"], returns, description["types"], call["method"]) == []
    assert set(METHODS) - seen == set()


async def test_every_request_of_the_real_client_is_one_telegram_knows(
    server: Server, description: dict[str, Any]
) -> None:
    people.send_text(server.state, OWNER, "/start")
    async with server.application().build() as application:
        await _call_everything(application.bot, server)
    for call in server.state.calls:
        official = {field["name"]: field for field in description["methods"][call["method"]].get("fields", [])}
        attached = {name for name in call["params"] if name not in official}
        assert all("bytes)" in str(call["params"][name]) for name in attached), call
        for name, field in official.items():
            if name in call["params"] and not set(field["types"]) & {"InputFile", *BLIND_SPOTS}:
                kinds = [*field["types"], "String"]  # forms carry everything as text
                assert problems(call["params"][name], kinds, description["types"], name) == []


async def test_every_update_has_the_shape_of_the_description(server: Server, description: dict[str, Any]) -> None:
    state = server.state
    message = people.send_text(state, OWNER, "/buy 🟡 $BTC https://example.com")
    people.edit_text(state, OWNER, message.message_id, "/sell")
    button = {"inline_keyboard": [[{"text": "b", "callback_data": "d", "style": "danger"}]]}
    sent = await server.result("sendMessage", chat_id=OWNER, text="x", reply_markup=button)
    people.press(state, OWNER, sent["message_id"], "d")
    people.send_text(state, OWNER, "reply", reply_to=sent["message_id"])
    people.send_web_app_data(state, OWNER, button_text="Open", data="hello")
    await server.result("pinChatMessage", chat_id=OWNER, message_id=sent["message_id"])
    people.set_blocked(state, OWNER, blocked=True)
    updates = await server.result("getUpdates")
    assert len(updates) == 7
    assert problems(updates, ["Array of Update"], description["types"], "getUpdates") == []


async def _call_everything(bot: Bot, server: Server) -> None:
    """Use every method once, through python-telegram-bot where it has it."""
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("b", callback_data="d")]])
    question = await bot.send_message(OWNER, "Sure?", reply_markup=buttons)
    await bot.answer_callback_query(people.press(server.state, OWNER, question.message_id, "d").query_id, "Done")
    await _send_everything(bot)
    await _edit_everything(bot)
    await bot.set_my_commands([("start", "Begin")])
    await bot.get_my_commands()
    await bot.delete_my_commands()
    await bot.set_chat_menu_button(menu_button=MenuButtonWebApp("Open", WebAppInfo("https://example.com/app")))
    await bot.get_chat_menu_button(OWNER)
    await bot.set_my_name("ElCaro")
    await bot.get_my_name()
    await bot.set_my_description("d")
    await bot.get_my_description()
    await bot.set_my_short_description("s")
    await bot.get_my_short_description()
    await bot.get_chat(OWNER)
    await bot.get_chat_member(OWNER, OWNER)
    await bot.get_chat_member_count(demo.GROUP_ID)
    await bot.leave_chat(demo.GROUP_ID)
    await bot.set_webhook("https://example.com/hook", secret_token="s", max_connections=1)
    await bot.get_webhook_info()
    await bot.delete_webhook()
    await bot.get_updates(timeout=0)
    await server.result("logOut")
    await server.result("close")


async def _send_everything(bot: Bot) -> None:
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("b", callback_data="d", style="success")]])
    text = await bot.send_message(OWNER, "<b>x</b> /start", parse_mode="HTML", reply_markup=buttons)
    keyboard = ReplyKeyboardMarkup([["A"]], resize_keyboard=True, is_persistent=True)
    reply_to = ReplyParameters(text.message_id)
    await bot.send_message(OWNER, "x", reply_markup=keyboard, reply_parameters=reply_to)
    await bot.send_message(OWNER, "x", reply_markup=ReplyKeyboardRemove())
    await bot.send_message(OWNER, "x", reply_markup=ForceReply(input_field_placeholder="p"))
    photo = await bot.send_photo(OWNER, png(4, 4), caption="c", has_spoiler=True, show_caption_above_media=True)
    await bot.send_document(OWNER, b"x", filename="a.csv", protect_content=True)
    await bot.send_media_group(OWNER, [InputMediaDocument(b"x", filename="a"), InputMediaDocument(b"y", filename="b")])
    await bot.send_chat_action(OWNER, "typing")
    await bot.forward_message(OWNER, OWNER, text.message_id)
    await bot.copy_message(OWNER, OWNER, photo.message_id)
    await bot.get_file(photo.photo[-1].file_id)


async def _edit_everything(bot: Bot) -> None:
    buttons = InlineKeyboardMarkup([[InlineKeyboardButton("b", callback_data="d")]])
    text = await bot.send_message(OWNER, "x")
    photo = await bot.send_photo(OWNER, png(4, 4))
    await text.edit_text("y", reply_markup=buttons)
    await text.edit_reply_markup(None)
    await photo.edit_caption("y")
    await photo.edit_media(InputMediaPhoto(png(5, 5), caption="z"))
    await text.pin()
    await text.unpin()
    await bot.unpin_all_chat_messages(OWNER)
    await text.delete()
    await bot.delete_messages(OWNER, [photo.message_id])
