"""What Telegram refuses, in Telegram's words."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.editing import DELETABLE_FOR
from sandbox.telegram.limits import GROUP, OVERALL, PRIVATE, FloodControl
from sandbox.telegram.state import PRESS_LIFETIME
from sandbox.telegram.wire import ApiError
from tests.sandbox.telegram_rig import Server, png, telegram_server

OWNER = demo.OWNER_ID


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[Server]:
    async with telegram_server(clock) as running:
        people.send_text(running.state, OWNER, "/start")
        yield running


def inline(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "b", **button}]]}


SENDING: list[tuple[dict[str, Any], str]] = [
    ({}, "message text is empty"),
    ({"text": ""}, "message text is empty"),
    ({"text": " \n "}, "text must be non-empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "🟡" * 2049}, "message is too long"),
    ({"text": "x", "chat_id": ""}, "chat_id is empty"),
    ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
    ({"text": "x", "chat_id": 5}, "chat not found"),
    ({"text": "x", "chat_id": demo.STRANGER_ID}, "chat not found"),
    ({"text": "x", "parse_mode": "XML"}, "unsupported parse_mode"),
    (
        {"text": "<b>x", "parse_mode": "HTML"},
        "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    ),
    (
        {"text": "*x*", "parse_mode": "MarkdownV2"},
        "can't parse entities: parse_mode MarkdownV2 is not read here; send parse_mode=HTML",
    ),
    ({"text": "x", "reply_parameters": {"message_id": 1}}, "message to be replied not found"),
    ({"text": "x", "reply_parameters": {}}, 'can\'t find field "message_id"'),
    ({"text": "x", "reply_markup": []}, "object expected as reply markup"),
    ({"text": "x", "reply_markup": inline(callback_data="x" * 65)}, "BUTTON_DATA_INVALID"),
    ({"text": "x", "reply_markup": inline(callback_data="я" * 33)}, "BUTTON_DATA_INVALID"),
    (
        {"text": "x", "reply_markup": inline()},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        {"text": "x", "reply_markup": inline(url="not-a-url")},
        "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
    ),
    (
        {"text": "x", "reply_markup": inline(url="ftp://example.com")},
        "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
    ),
    (
        {"text": "x", "reply_markup": inline(web_app={"url": "http://example.com"})},
        "inline keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
    ),
    ({"text": "x", "reply_markup": inline(copy_text={"text": ""})}, "BUTTON_COPY_TEXT_INVALID"),
    ({"text": "x", "reply_markup": inline(pay=True)}, "BUTTON_TYPE_INVALID"),
    ({"text": "x", "reply_markup": {"inline_keyboard": "bad"}}, 'field "inline_keyboard" must be of type Array'),
    (
        {"text": "x", "reply_markup": {"keyboard": [["A"]], "is_persistent": "yes"}},
        'field "is_persistent" must be of type Boolean',
    ),
    (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]] * 101}},
        "reply markup is too long",
    ),
    (
        {"text": "hello", "entities": [{"type": "bold", "offset": 100, "length": 1}]},
        "entity begins after the end of the text at UTF-16 offset 100",
    ),
    (
        {"text": "hello", "entities": [{"type": "odd", "offset": 0, "length": 1}]},
        "can't parse MessageEntity: Unsupported type specified",
    ),
]


@pytest.mark.parametrize(("fields", "sentence"), SENDING, ids=[sentence[:40] for _, sentence in SENDING])
async def test_send_message_is_refused_in_telegrams_words(
    server: Server, fields: dict[str, Any], sentence: str
) -> None:
    assert await server.refusal("sendMessage", **({"chat_id": OWNER} | fields)) == (400, f"Bad Request: {sentence}")


@pytest.mark.parametrize("text", ["x" * 4096, "🟡" * 2048, "<b>" + "x" * 4096 + "</b>"])
async def test_text_of_exactly_the_limit_is_sent(server: Server, text: str) -> None:
    await server.result("sendMessage", chat_id=OWNER, text=text, parse_mode="HTML")


async def test_callback_data_of_64_bytes_and_100_buttons_are_accepted(server: Server) -> None:
    row = [{"text": str(n), "callback_data": "x" * 64} for n in range(8)]
    await server.result("sendMessage", chat_id=OWNER, text="x", reply_markup={"inline_keyboard": [row]})
    many = [[{"text": "b", "callback_data": "d"}] * 8] * 12 + [[{"text": "b", "callback_data": "d"}] * 4]
    await server.result("sendMessage", chat_id=OWNER, text="x", reply_markup={"inline_keyboard": many})


async def test_edit_without_a_change_is_refused(server: Server) -> None:
    markup = inline(callback_data="a")
    sent = await server.result("sendMessage", chat_id=OWNER, text="x", reply_markup=markup)
    same = {"chat_id": OWNER, "message_id": sent["message_id"], "text": "x", "reply_markup": markup}
    code, sentence = await server.refusal("editMessageText", **same)
    assert code == 400
    assert sentence.startswith("Bad Request: message is not modified: specified new message content")
    await server.result("editMessageText", **(same | {"reply_markup": inline(callback_data="b")}))


async def test_edits_of_what_is_not_there_are_refused(server: Server) -> None:
    text = await server.result("sendMessage", chat_id=OWNER, text="x")
    theirs = people.send_text(server.state, OWNER, "mine")
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("editMessageText", {"message_id": 1, "text": "y"}, "message to edit not found"),
        ("editMessageText", {"text": "y"}, "message identifier is not specified"),
        ("editMessageText", {"message_id": theirs.message_id, "text": "y"}, "message can't be edited"),
        ("editMessageText", {"message_id": text["message_id"], "text": "y" * 4097}, "MESSAGE_TOO_LONG"),
        ("editMessageText", {"inline_message_id": "i", "text": "y"}, "MESSAGE_ID_INVALID"),
        (
            "editMessageCaption",
            {"message_id": text["message_id"], "caption": "y"},
            "there is no caption in the message to edit",
        ),
        ("deleteMessage", {"message_id": 1}, "message to delete not found"),
        ("pinChatMessage", {"message_id": 1}, "message to pin not found"),
        ("unpinChatMessage", {}, "message to unpin not found"),
        ("forwardMessage", {"from_chat_id": OWNER, "message_id": 1}, "message to forward not found"),
        ("copyMessage", {"from_chat_id": OWNER, "message_id": 1}, "message to copy not found"),
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
        ("getFile", {"file_id": "none"}, "invalid file_id"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "none"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"photo": "https://example.com/a.png"}, "failed to get HTTP URL content"),
        ("setMyCommands", {"commands": [{"command": "Bad Name", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        (
            "setChatMenuButton",
            {"menu_button": {"type": "web_app", "text": "t", "web_app": {"url": "http://example.com"}}},
            "menu button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
        ),
    ]
    for method, fields, sentence in cases:
        assert await server.refusal(method, **({"chat_id": OWNER} | fields)) == (400, f"Bad Request: {sentence}")


async def test_media_that_telegram_would_not_take_is_refused(server: Server) -> None:
    async with server.application().build() as application:
        bot = application.bot
        with pytest.raises(BadRequest, match="Message caption is too long"):
            await bot.send_photo(OWNER, png(4, 4), caption="x" * 1025)
        with pytest.raises(BadRequest, match="Image_process_failed"):
            await bot.send_photo(OWNER, b"not a picture")
        with pytest.raises(BadRequest, match="Photo_invalid_dimensions"):
            await bot.send_photo(OWNER, png(1, 30))
        photo = await bot.send_photo(OWNER, png(4, 4), caption="x" * 1024)
        with pytest.raises(BadRequest, match="There is no text in the message to edit"):
            await photo.edit_text("y")
        with pytest.raises(BadRequest, match="use file of type photo as document"):
            await bot.send_document(OWNER, photo.photo[-1].file_id)


async def test_old_messages_cannot_be_deleted(server: Server, clock: Clock) -> None:
    sent = await server.result("sendMessage", chat_id=OWNER, text="x")
    clock.at += DELETABLE_FOR + timedelta(seconds=1)
    code, sentence = await server.refusal("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])
    assert (code, sentence) == (400, "Bad Request: message can't be deleted for everyone")
    await server.result("deleteMessages", chat_id=OWNER, message_ids=[sent["message_id"], 1])
    assert sent["message_id"] in server.state.messages[OWNER]


async def test_late_or_unknown_callback_answers_are_refused(server: Server, clock: Clock) -> None:
    sent = await server.result("sendMessage", chat_id=OWNER, text="x", reply_markup=inline(callback_data="a"))
    press = people.press(server.state, OWNER, sent["message_id"], "a")
    await server.result("answerCallbackQuery", callback_query_id=press.query_id)
    await server.result("answerCallbackQuery", callback_query_id=press.query_id)
    assert await server.refusal("answerCallbackQuery", callback_query_id=press.query_id, text="x" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )
    clock.at += PRESS_LIFETIME + timedelta(seconds=1)
    sentence = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await server.refusal("answerCallbackQuery", callback_query_id=press.query_id) == (400, sentence)
    assert await server.refusal("answerCallbackQuery", callback_query_id="1") == (400, sentence)


async def test_wrong_token_and_unknown_method_are_refused(server: Server) -> None:
    wrong = await server.call("getMe", token="1:" + "A" * 35)
    assert wrong == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await server.refusal("sendDice", chat_id=OWNER) == (404, "Not Found: method not found")
    assert (await server.result("GETME"))["username"] == demo.BOT_USERNAME


async def test_request_that_is_not_json_is_refused(server: Server) -> None:
    address = f"{server.url}/bot{demo.TELEGRAM_TOKEN}/sendMessage"
    headers = {"Content-Type": "application/json"}
    for body in ("{", "[]"):
        async with server.session.post(address, data=body, headers=headers) as response:
            assert (await response.json())["error_code"] == 400
    form = {"chat_id": str(OWNER), "text": "x", "reply_markup": "{"}
    async with server.session.post(address, data=form) as response:
        assert (await response.json())["description"] == "Bad Request: can't parse reply markup JSON object"


async def test_errors_arrive_in_python_telegram_bot_as_its_own(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.state.flood = FloodControl(lambda: 0.0)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # without it, reading retry_after warns
    async with server.application().build() as application:
        bot = application.bot
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(5, "x")
        people.set_blocked(server.state, OWNER, blocked=True)
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(OWNER, "x")
        people.set_blocked(server.state, OWNER, blocked=False)
        for _ in range(PRIVATE.burst):
            await bot.send_message(OWNER, "x")
        with pytest.raises(RetryAfter) as flood:
            await bot.send_message(OWNER, "x")
        assert flood.value.retry_after == timedelta(seconds=1)
    stranger = server.application().token("1:" + "A" * 35).build()
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    await stranger.bot.shutdown()


def seconds_of(times: list[float]) -> FloodControl:
    return FloodControl(lambda: times[0])


def test_private_chat_takes_a_burst_and_then_one_message_a_second() -> None:
    now = [0.0]
    flood = seconds_of(now)
    for _ in range(PRIVATE.burst):
        flood.count(7)
    with pytest.raises(ApiError) as refused:
        flood.count(7)
    assert refused.value.to_dict()["parameters"] == {"retry_after": 1}
    now[0] = 1.0
    flood.count(7)
    with pytest.raises(ApiError):
        flood.count(7)


def test_group_and_bot_have_budgets_of_their_own() -> None:
    now = [0.0]
    flood = seconds_of(now)
    for _ in range(GROUP.burst):
        flood.count(-7)
    with pytest.raises(ApiError) as refused:
        flood.count(-7)
    assert refused.value.retry_after == 3
    for chat_id in range(1, OVERALL.burst - GROUP.burst + 1):
        flood.count(chat_id)
    with pytest.raises(ApiError):
        flood.count(999)
    flood.is_on = False
    flood.count(999)


async def test_429_carries_the_seconds_to_wait(server: Server) -> None:
    server.state.flood = FloodControl(lambda: 0.0)
    for _ in range(PRIVATE.burst):
        await server.result("sendMessage", chat_id=OWNER, text="x")
    answer = await server.call("sendMessage", chat_id=OWNER, text="x")
    expected = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 1"}
    assert answer == expected | {"parameters": {"retry_after": 1}}
    await server.control("limits", is_on=False)
    await server.result("sendMessage", chat_id=OWNER, text="x")
