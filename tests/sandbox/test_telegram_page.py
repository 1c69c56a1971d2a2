"""The chat page's files and its live connection, without a browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.page import CHAT_FILES
from tests.sandbox.telegram_rig import Server, png, telegram_server

OWNER = demo.OWNER_ID


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


def live(server: Server, secret: str, **headers: str) -> Any:
    return server.session.ws_connect(f"{server.url}/live?secret={secret}", headers=headers)


async def event(socket: aiohttp.ClientWebSocketResponse, name: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = await socket.receive_json()
            if found["event"] == name:
                return found


async def test_page_and_its_files_are_served_with_a_strict_policy(server: Server) -> None:
    for path in ("/", "/chat/main.js", "/chat/style/theme.css", "/chat/vendor/preact.module.js"):
        async with server.session.get(f"{server.url}{path}") as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/chat/../telegram_api.py", "/chat/%2e%2e/telegram_api.py", "/chat/none.js"])
async def test_files_outside_the_page_are_not_served(server: Server, path: str) -> None:
    async with server.session.get(server.url + path) as response:
        assert response.status == 404


def test_page_asks_nobody_but_its_own_server() -> None:
    known = re.compile(r"https?://(www\.w3\.org/|core\.telegram\.org/|docs\.telegram-mini-apps\.com/|t\.me)")
    for path in (*CHAT_FILES.glob("*.*"), *CHAT_FILES.glob("style/*")):
        for address in re.findall(r"https?://[^\s\"'`$]+", path.read_text(encoding="utf-8")):
            assert known.match(address), f"{path.name} names {address}"


async def test_connected_page_gets_everything_and_then_every_event(server: Server) -> None:
    people.send_text(server.state, OWNER, "before")
    async with live(server, server.world.chat_secret) as socket:
        snapshot = await event(socket, "snapshot")
        chat = next(chat for chat in snapshot["chats"] if chat["id"] == OWNER)
        assert [message["text"] for message in chat["messages"]] == ["before"]
        assert [person["id"] for person in snapshot["people"]] == [OWNER, demo.STRANGER_ID]

        sent = await server.result("sendMessage", chat_id=OWNER, text="hi", disable_notification=True)
        assert (await event(socket, "message"))["message"]["is_silent"] is True
        await server.result("sendChatAction", chat_id=OWNER, action="typing")
        assert (await event(socket, "action"))["action"] == "typing"
        await server.result("setMyCommands", commands=[{"command": "start", "description": "Begin"}])
        profile = (await event(socket, "profile"))["profiles"][0]
        assert profile["commands"] == [{"command": "start", "description": "Begin"}]
        await server.result("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])
        assert (await event(socket, "deleted"))["message_id"] == sent["message_id"]


async def test_commands_shown_follow_scope_and_language(server: Server) -> None:
    people.send_text(server.state, OWNER, "/start")
    for fields in (
        {"commands": [{"command": "help", "description": "Help"}]},
        {"commands": [{"command": "help", "description": "Допомога"}], "language_code": "uk"},
        {
            "commands": [{"command": "admin", "description": "Rule"}],
            "scope": {"type": "chat", "chat_id": OWNER},
        },
    ):
        await server.result("setMyCommands", **fields)
    await server.control("language", user_id=demo.STRANGER_ID, language_code="uk")
    async with live(server, server.world.chat_secret) as socket:
        profiles = {each["chat_id"]: each for each in (await event(socket, "snapshot"))["profiles"]}
    assert profiles[OWNER]["commands"][0]["command"] == "admin"
    assert profiles[demo.STRANGER_ID]["commands"][0]["description"] == "Допомога"


@pytest.mark.parametrize(("secret", "headers"), [("wrong", {}), ("right", {"Origin": "https://evil.example"})])
async def test_page_without_the_secret_or_of_another_origin_is_told_and_closed(
    server: Server, secret: str, headers: dict[str, str]
) -> None:
    offered = server.world.chat_secret if secret == "right" else secret
    async with live(server, offered, **headers) as socket:
        assert (await socket.receive_json())["event"] == "refused"
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_page_reads_sent_files_with_the_secret_only(server: Server) -> None:
    people.send_text(server.state, OWNER, "/start")
    async with server.application().build() as application:
        photo = (await application.bot.send_photo(OWNER, png(4, 4))).photo[-1]
    address = f"{server.url}/chat-file/{photo.file_id}"
    async with server.session.get(address) as response:
        assert response.status == 403
    async with server.session.get(address, params={"secret": server.world.chat_secret}) as response:
        assert await response.read() == png(4, 4)


async def test_stopping_the_server_closes_the_pages() -> None:
    async with aiohttp.ClientSession() as session:
        async with telegram_server() as server:
            socket = await session.ws_connect(f"{server.url}/live?secret={server.world.chat_secret}")
            await event(socket, "snapshot")
        async with asyncio.timeout(5):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        await socket.close()
