"""Chats survive a restart of the sandbox, and numbers go on where they were."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.snapshot import ChatSnapshot
from sandbox.telegram_api import create_app, state_of
from tests.sandbox.telegram_rig import Server, png, telegram_server

OWNER = demo.OWNER_ID


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


@dataclass(kw_only=True)
class KeepingWorld:
    """A world that writes snapshots."""

    telegram_token: str = demo.TELEGRAM_TOKEN
    chat_secret: str = "s"
    extras: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime(2020, 1, 1, tzinfo=UTC)  # a clock behind the one that wrote the snapshot


async def _converse(server: Server) -> None:
    people.send_text(server.state, OWNER, "/start")
    button = {"inline_keyboard": [[{"text": "b", "callback_data": "d"}]]}
    sent = await server.result("sendMessage", chat_id=OWNER, text="<b>x</b>", parse_mode="HTML", reply_markup=button)
    await server.result("pinChatMessage", chat_id=OWNER, message_id=sent["message_id"])
    await server.result("editMessageText", chat_id=OWNER, message_id=sent["message_id"], text="y", reply_markup=button)
    async with server.application().build() as application:
        await application.bot.send_photo(OWNER, png(4, 4), caption="c")
    await server.result("sendMessage", chat_id=OWNER, text="k", reply_markup={"keyboard": [["A"]]})
    people.set_language(server.state, OWNER, "ru")
    people.set_blocked(server.state, OWNER, blocked=True)
    await server.result("leaveChat", chat_id=demo.GROUP_ID)


async def test_restored_chats_look_as_before_and_count_on(server: Server) -> None:
    await _converse(server)
    before = server.state
    dumped = json.loads(json.dumps(ChatSnapshot(before).dump()))
    world = KeepingWorld()
    after = state_of(create_app(world))
    world.extras["telegram"].load(dumped)
    for chat_id, messages in before.messages.items():
        assert [after.view(message) for message in after.messages[chat_id].values()] == [
            before.view(message) for message in messages.values()
        ]
    assert after.pinned == before.pinned
    assert after.keyboards[OWNER] == before.keyboards[OWNER]
    assert (after.started, after.blocked) == (before.started, before.blocked)
    assert demo.BOT_ID not in after.chats[demo.GROUP_ID].members
    assert after.updates.pending == before.updates.pending
    assert after.updates.next_id == before.updates.next_id
    assert after.next_message_id() == before.next_message_id()


def test_world_without_snapshots_is_served_too() -> None:
    @dataclass(kw_only=True)
    class PlainWorld:
        telegram_token: str = demo.TELEGRAM_TOKEN
        chat_secret: str = "s"

        def now(self) -> datetime:
            return datetime(2026, 1, 1, tzinfo=UTC)

    assert isinstance(create_app(PlainWorld()), web.Application)
