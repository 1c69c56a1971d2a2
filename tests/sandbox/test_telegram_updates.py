"""Long polling: updates are numbered, kept until confirmed, and given to one poller at a time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox import demo
from sandbox.telegram import people
from tests.sandbox.telegram_rig import Server, telegram_server

OWNER = demo.OWNER_ID


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with telegram_server() as running:
        yield running


def numbers(updates: list[dict[str, Any]]) -> list[int]:
    return [update["update_id"] for update in updates]


async def test_updates_are_numbered_in_order_and_kept_until_confirmed(server: Server) -> None:
    for text in ("one", "two", "three"):
        people.send_text(server.state, OWNER, text)
    first = await server.result("getUpdates")
    assert [update["message"]["text"] for update in first] == ["one", "two", "three"]
    start = numbers(first)[0]
    assert numbers(first) == [start, start + 1, start + 2]
    assert await server.result("getUpdates") == first
    assert numbers(await server.result("getUpdates", limit=1)) == [start]
    assert numbers(await server.result("getUpdates", offset=start + 2)) == [start + 2]
    assert await server.result("getUpdates", offset=start + 3) == []


async def test_negative_offset_keeps_only_the_last_updates(server: Server) -> None:
    for text in ("one", "two", "three"):
        people.send_text(server.state, OWNER, text)
    last = await server.result("getUpdates", offset=-1)
    assert [update["message"]["text"] for update in last] == ["three"]
    assert await server.result("getUpdates") == last


async def test_poll_waits_for_the_first_update(server: Server) -> None:
    poll = asyncio.create_task(server.result("getUpdates", timeout=30))
    await _is_waiting(server)
    people.send_text(server.state, OWNER, "now")
    async with asyncio.timeout(5):
        (update,) = await poll
    assert update["message"]["text"] == "now"


async def test_poll_without_updates_ends_empty(server: Server) -> None:
    assert await server.result("getUpdates", timeout=0) == []
    assert await server.result("getUpdates", timeout=1) == []


async def test_newer_poll_ends_the_older_with_409(server: Server) -> None:
    older = asyncio.create_task(server.call("getUpdates", timeout=30))
    await _is_waiting(server)
    newer = asyncio.create_task(server.call("getUpdates", timeout=30))
    async with asyncio.timeout(5):
        refused = await older
    assert refused["error_code"] == 409
    assert refused["description"].startswith("Conflict: terminated by other getUpdates request")
    people.send_text(server.state, OWNER, "hi")
    async with asyncio.timeout(5):
        assert len((await newer)["result"]) == 1


async def test_only_wanted_kinds_are_queued(server: Server) -> None:
    await server.result("getUpdates", allowed_updates=["edited_message"])
    message = people.send_text(server.state, OWNER, "one")
    people.edit_text(server.state, OWNER, message.message_id, "two")
    (update,) = await server.result("getUpdates")
    assert update["edited_message"]["text"] == "two"
    assert update["edited_message"]["edit_date"] >= update["edited_message"]["date"]
    await server.result("getUpdates", allowed_updates=[], offset=update["update_id"] + 1)
    people.send_text(server.state, OWNER, "three")
    (update,) = await server.result("getUpdates")
    assert update["message"]["text"] == "three"


async def test_confirmed_updates_can_be_delivered_again_ten_times(server: Server) -> None:
    people.send_text(server.state, OWNER, "once")
    (update,) = await server.result("getUpdates")
    assert await server.result("getUpdates", offset=update["update_id"] + 1) == []
    assert await server.control("redeliver", count=1, times=10) == {"updates": 1}
    assert await server.result("getUpdates", offset=update["update_id"] + 1) == [update] * 10
    assert await server.result("getUpdates", offset=update["update_id"] + 1) == []


async def test_numbers_can_start_again_from_a_smaller_one(server: Server) -> None:
    await server.control("next_update_id", next_id=41)
    people.send_text(server.state, OWNER, "after an idle week")
    assert numbers(await server.result("getUpdates")) == [41]


async def test_pending_updates_are_dropped_on_request(server: Server) -> None:
    people.send_text(server.state, OWNER, "stale")
    assert (await server.result("getWebhookInfo"))["pending_update_count"] == 1
    await server.result("deleteWebhook", drop_pending_updates=True)
    assert await server.result("getUpdates") == []


async def test_stopping_the_server_ends_a_waiting_poll() -> None:
    async with telegram_server() as server:
        poll = asyncio.create_task(server.call("getUpdates", timeout=30))
        await _is_waiting(server)
        server.state.updates.close()
        async with asyncio.timeout(5):
            assert (await poll)["result"] == []


async def _is_waiting(server: Server) -> None:
    while not server.state.updates.is_polled:  # noqa: ASYNC110  the server tells nobody that it waits
        await asyncio.sleep(0.005)
