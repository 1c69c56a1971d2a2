"""The controls: acting as people, faults, the log of calls, and who may use them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox import demo
from sandbox.telegram import people
from tests.sandbox.telegram_rig import Server, png, telegram_server

OWNER = demo.OWNER_ID


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        people.send_text(running.state, OWNER, "/start")
        yield running


async def get(server: Server, path: str, **headers: str) -> tuple[int, Any]:
    async with server.session.get(f"{server.url}{path}", headers=headers) as response:
        return response.status, await response.json()


async def test_people_write_edit_press_and_delete_over_http(server: Server) -> None:
    sent = await server.control("send", user_id=OWNER, text="buy btc 100$")
    await server.control("edit", user_id=OWNER, message_id=sent["message_id"], text="buy btc 200$")
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    question = await server.result("sendMessage", chat_id=OWNER, text="Sure?", reply_markup=markup)
    pressed = await server.control("press", user_id=OWNER, message_id=question["message_id"], data="yes")
    reply = await server.control("send", user_id=OWNER, text="re", reply_to=question["message_id"])
    await server.control("delete", user_id=OWNER, message_id=sent["message_id"])
    kinds = [next(key for key in update if key != "update_id") for update in await server.result("getUpdates")]
    assert kinds == ["message", "message", "edited_message", "callback_query", "message"]
    assert reply["reply_to_message"]["message_id"] == question["message_id"]
    updates = await server.result("getUpdates")
    assert updates[3]["callback_query"]["id"] == pressed["query_id"]
    assert sent["message_id"] not in server.state.messages[OWNER]


async def test_button_that_is_gone_can_only_be_pressed_from_an_old_copy(server: Server) -> None:
    plain = await server.result("sendMessage", chat_id=OWNER, text="no buttons")
    fields = {"user_id": OWNER, "message_id": plain["message_id"], "data": "yes"}
    headers = {"X-Sandbox-Secret": server.world.chat_secret}
    async with server.session.post(f"{server.url}/control/telegram/press", json=fields, headers=headers) as response:
        assert (await response.json())["description"] == "Bad Request: the message has no such button"
    assert await server.control("press", **fields, stale=True)


async def test_people_send_files_and_change_their_language(server: Server) -> None:
    data = base64.b64encode(png(5, 4)).decode()
    photo = await server.control("send_file", user_id=OWNER, name="a.png", data=data, as_photo=True, caption="c")
    document = await server.control("send_file", user_id=OWNER, name="a.bin", data=data)
    assert photo["photo"][0]["width"] == 5
    assert document["document"]["file_name"] == "a.bin"
    await server.control("language", user_id=OWNER, language_code="uk")
    sent = await server.control("send", user_id=OWNER, text="привіт")
    assert sent["from"]["language_code"] == "uk"


async def test_another_person_joins_once_and_has_a_chat_of_their_own(server: Server) -> None:
    joined = await server.control("join", user_id=77, first_name="Ada")
    assert await server.control("join", user_id=77, first_name="Eve") == joined
    await server.control("send", user_id=77, text="/start")
    assert (await server.result("sendMessage", chat_id=77, text="hello"))["chat"]["first_name"] == "Ada"


async def test_armed_faults_hit_the_calls_they_name_and_then_stop(server: Server) -> None:
    send: dict[str, Any] = {"chat_id": OWNER, "text": "x"}
    await server.control("fault", kind="too_many_requests", method="sendMessage", retry_after=35)
    await server.control("fault", kind="server_error", status=503, times=2, skip=1)
    limited = await server.call("sendMessage", **send)
    assert (limited["error_code"], limited["parameters"]) == (429, {"retry_after": 35})
    assert (await server.call("getMe"))["ok"]
    assert await server.refusal("getMe") == (503, "Service Unavailable")
    assert await server.refusal("sendMessage", **send) == (503, "Service Unavailable")
    assert (await server.call("sendMessage", **send))["ok"]
    await server.control("fault", kind="unauthorized", times=None)
    assert (await server.refusal("getMe"))[0] == 401
    assert (await server.refusal("getMe"))[0] == 401
    await server.control("clear_faults")
    await server.control("fault", kind="conflict", method="getUpdates")
    assert (await server.refusal("getUpdates"))[0] == 409
    assert (await server.call("getUpdates"))["ok"]


@pytest.mark.parametrize(("kind", "messages"), [("drop_before", 0), ("drop_after", 1)])
async def test_broken_connection_leaves_the_message_sent_or_not(server: Server, kind: str, messages: int) -> None:
    before = len(server.state.messages[OWNER])
    await server.control("fault", kind=kind, method="sendMessage")
    with pytest.raises(aiohttp.ClientConnectionError):
        await server.call("sendMessage", chat_id=OWNER, text="x")
    assert len(server.state.messages[OWNER]) - before == messages


async def test_delayed_call_is_carried_out_late(server: Server) -> None:
    await server.control("fault", kind="delay", delay_s=0.2)
    call = asyncio.create_task(server.call("sendMessage", chat_id=OWNER, text="late"))
    done, _ = await asyncio.wait({call}, timeout=0.05)
    assert not done
    assert (await call)["ok"]


async def test_proxys_error_page_is_not_json(server: Server) -> None:
    await server.control("fault", kind="garbage")
    address = f"{server.url}/bot{demo.TELEGRAM_TOKEN}/getMe"
    async with server.session.get(address) as response:
        assert (response.status, response.content_type) == (502, "text/html")


async def test_fault_that_cannot_be_read_is_refused_with_the_field(server: Server) -> None:
    headers = {"X-Sandbox-Secret": server.world.chat_secret}
    for body, word in (({"kind": "odd"}, "kind must be one of"), ({"kind": "delay", "tims": 1}, "'tims'")):
        address = f"{server.url}/control/telegram/fault"
        async with server.session.post(address, json=body, headers=headers) as response:
            assert word in (await response.json())["description"]


async def test_log_keeps_every_call_with_its_answer(server: Server) -> None:
    await server.call("sendMessage", chat_id=OWNER, text="x")
    await server.call("sendMessage", chat_id=5, text="x")
    await server.call("getMe")
    key = {"X-Sandbox-Secret": server.world.chat_secret}
    _, log = await get(server, "/control/telegram/calls?method=sendMessage", **key)
    assert [(call["params"]["chat_id"], call["status"]) for call in log["result"]] == [(OWNER, 200), (5, 400)]
    await server.control("clear_calls")
    assert (await get(server, "/control/telegram/calls", **key))[1]["result"] == []


async def test_messages_and_state_can_be_read(server: Server) -> None:
    key = {"X-Sandbox-Secret": server.world.chat_secret}
    _, messages = await get(server, f"/control/telegram/messages?chat_id={OWNER}", **key)
    assert [message["text"] for message in messages["result"]] == ["/start"]
    _, state = await get(server, "/control/telegram/state", **key)
    assert {chat["id"] for chat in state["result"]["chats"]} == {OWNER, demo.STRANGER_ID, demo.GROUP_ID}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Sandbox-Secret": "wrong"},
        {"X-Sandbox-Secret": "right", "Origin": "https://evil.example"},
        {"X-Sandbox-Secret": "right", "Host": "evil.example"},
    ],
)
async def test_controls_are_closed_to_strangers_and_other_pages(server: Server, headers: dict[str, str]) -> None:
    sent = {name: server.world.chat_secret if value == "right" else value for name, value in headers.items()}
    status, body = await get(server, "/control/telegram/state", **sent)
    assert status == 403
    assert body["description"].startswith("Forbidden: ")


async def test_unknown_action_names_the_known_ones(server: Server) -> None:
    headers = {"X-Sandbox-Secret": server.world.chat_secret}
    async with server.session.post(f"{server.url}/control/telegram/fly", json={}, headers=headers) as response:
        assert "no such action; there are send, " in (await response.json())["description"]
