"""Updates are stored before the offset moves, answered once, in order, and never lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from telegram import Bot, Update

from db import StorageUnavailable, Store
from db import Update as StoredUpdate
from sandbox import demo
from sandbox.telegram import people
from storage.inbox import Inbox
from storage.repository import system_now_ms
from telegram_app import intake as module
from telegram_app.intake import REMOVED, Intake, scrubbed
from tests.sandbox.telegram_rig import Server

OWNER, STRANGER = demo.OWNER_ID, demo.STRANGER_ID


def person_of(update: Update) -> int | None:
    return update.effective_user.id if update.effective_user else None


def text_of(update: Update) -> str:
    return (update.message.text or "") if update.message else ""


class Answers:
    """Keeps what it was asked to answer."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.refused: list[str] = []
        self.given_up: list[str] = []
        self.gate: asyncio.Event | None = None
        self.begun = 0

    async def handle(self, update: Update) -> None:
        self.begun += 1
        if self.gate is not None:
            await self.gate.wait()
        self.texts.append(text_of(update))

    async def refuse(self, update: Update) -> None:
        self.refused.append(text_of(update))

    async def give_up(self, update: Update) -> None:
        self.given_up.append(text_of(update))


def intake_of(bot: Bot, store: Store, answers: Answers) -> Intake:
    return Intake(
        bot,
        store,
        handle=answers.handle,
        refuse=answers.refuse,
        give_up=answers.give_up,
        without_storage=answers.give_up,
        person_of=person_of,
    )


@asynccontextmanager
async def polling(bot: Bot, store: Store, answers: Answers) -> AsyncIterator[Intake]:
    intake = intake_of(bot, store, answers)
    task = asyncio.create_task(intake.run())
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await intake.stop()


async def until(is_so: Callable[[], Any | Awaitable[Any]]) -> None:
    async with asyncio.timeout(10):
        while True:
            found = is_so()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.005)


async def test_updates_are_answered_in_order(server: Server, bot: Bot, store: Store) -> None:
    answers = Answers()
    async with polling(bot, store, answers):
        for n in range(5):
            people.send_text(server.state, OWNER, f"/{n}")
        await until(lambda: len(answers.texts) == 5)
    assert answers.texts == [f"/{n}" for n in range(5)]


async def test_update_delivered_ten_times_is_answered_once(server: Server, bot: Bot, store: Store) -> None:
    answers = Answers()
    async with polling(bot, store, answers) as intake:
        people.send_text(server.state, OWNER, "/buy")
        await until(lambda: answers.texts)
        server.state.updates.redeliver(1, times=9)
        people.send_text(server.state, OWNER, "/last")
        await until(lambda: intake.handled == 2)
    assert answers.texts == ["/buy", "/last"]


async def test_update_ids_that_start_anew_lower_are_taken(server: Server, bot: Bot, store: Store) -> None:
    answers = Answers()
    async with polling(bot, store, answers):
        people.send_text(server.state, OWNER, "/before")
        await until(lambda: answers.texts)
    server.state.updates.next_id = 17
    async with polling(bot, store, answers):
        people.send_text(server.state, OWNER, "/after")
        await until(lambda: len(answers.texts) == 2)
    assert answers.texts == ["/before", "/after"]


async def test_what_a_crash_left_unanswered_is_answered_at_the_next_start(
    server: Server, bot: Bot, store: Store
) -> None:
    crashing = Answers()
    crashing.gate = asyncio.Event()
    intake = intake_of(bot, store, crashing)
    task = asyncio.create_task(intake.run())
    people.send_text(server.state, OWNER, "/close BTC")
    await until(lambda: store.inbox.pending(bot.id))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await intake._lanes.drain(0)
    answers = Answers()
    async with polling(bot, store, answers):
        await until(lambda: answers.texts)
    assert answers.texts == ["/close BTC"]
    assert await store.inbox.pending(bot.id) == []


async def die_while_answering(bot: Bot, store: Store) -> list[str]:
    """Poll, begin to answer, and end like a process that is killed; return what was given up."""
    hanging = Answers()
    hanging.gate = asyncio.Event()
    intake = intake_of(bot, store, hanging)
    task = asyncio.create_task(intake.run())

    async def is_over() -> bool:
        return hanging.begun > 0 or (bool(hanging.given_up) and not await store.inbox.pending(bot.id))

    await until(is_over)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await intake._lanes.drain(0)
    return hanging.given_up


async def test_update_that_ended_the_process_three_times_is_left_alone_and_told(
    server: Server, bot: Bot, store: Store
) -> None:
    people.send_text(server.state, OWNER, "/poison")
    given_up = [await die_while_answering(bot, store) for _ in range(4)]
    assert given_up == [[], [], [], ["/poison"]]
    assert await store.inbox.pending(bot.id) == []


async def test_stored_update_that_cannot_be_read_ends_the_process_only_so_often(bot: Bot, store: Store) -> None:
    torn = StoredUpdate(bot_id=bot.id, update_id=1, kind="message", from_id=OWNER, payload="{", received_ms=1)
    await store.inbox.add([torn])
    lives = 0
    while await store.inbox.pending(bot.id):
        with suppress(ValueError):
            await intake_of(bot, store, Answers())._recover()
        assert (lives := lives + 1) < 10


async def test_one_person_cannot_fill_the_memory_or_stop_others(server: Server, bot: Bot, store: Store) -> None:
    answers = Answers()
    answers.gate = asyncio.Event()
    async with polling(bot, store, answers):
        for n in range(60):
            people.send_text(server.state, OWNER, f"/{n}")
        await until(lambda: len(answers.refused) == 40)
        people.send_text(server.state, STRANGER, "/quick")
        answers.gate.set()
        await until(lambda: "/quick" in answers.texts)
        await until(lambda: len(answers.texts) == 21)


async def test_polling_survives_what_telegram_answers(server: Server, bot: Bot, store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_LONG_PAUSES_S", {})
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.05)
    answers = Answers()
    for kind in ("unauthorized", "conflict", "garbage"):
        await server.control("fault", method="getUpdates", kind=kind)
    async with polling(bot, store, answers):
        people.send_text(server.state, OWNER, "/still here")
        await until(lambda: answers.texts)
    assert answers.texts == ["/still here"]


class FullDisk(Inbox):
    """An inbox that takes nothing until there is room."""

    has_room = False

    async def add(self, updates: Sequence[StoredUpdate]) -> list[StoredUpdate]:
        if not self.has_room:
            raise StorageUnavailable("full", code="storage_full")
        return await super().add(updates)


async def test_update_that_cannot_be_stored_stays_at_telegram(server: Server, bot: Bot, store: Store) -> None:
    full = FullDisk(store.reader, store.writer, system_now_ms)
    store.inbox = full
    answers = Answers()
    people.send_text(server.state, OWNER, "/kept")
    async with polling(bot, store, answers):
        await asyncio.sleep(0.1)
        assert answers.texts == []
        full.has_room = True
        await until(lambda: answers.texts)
    assert answers.texts == ["/kept"]


async def test_keys_are_not_stored_and_everything_else_is(server: Server, bot: Bot) -> None:
    people.send_text(server.state, OWNER, "/connect abcDEF1234567890xyz 0x" + "ab" * 32 + " /buy 10000000AIDOGEUSDT 5")
    [update] = await bot.get_updates()
    stored = scrubbed(update)
    assert "abcDEF1234567890xyz" not in stored
    assert "ab" * 32 not in stored
    assert stored.count(REMOVED) == 2
    assert "10000000AIDOGEUSDT" in stored
    assert update.message is not None
    assert "abcDEF1234567890xyz" in (update.message.text or "")


@pytest.mark.parametrize(
    "written",
    [
        {"edited_message": {"text": "{}"}},
        {"message": {"text": "x", "reply_to_message": {"text": "{}"}}},
        {"message": {"text": "x", "quote": {"text": "{}", "position": 0}}},
        {"message": {"caption": "{}"}},
        {
            "callback_query": {
                "id": "1",
                "chat_instance": "1",
                "data": "home",
                "message": {"text": "http://x/#login={}"},
            }
        },
    ],
    ids=lambda written: json.dumps(written)[2:40],
)
def test_keys_are_not_stored_wherever_an_update_holds_them(written: dict[str, Any]) -> None:
    person = {"id": OWNER, "is_bot": False, "first_name": "Ann"}
    place = {"message_id": 1, "date": 1, "chat": {"id": OWNER, "type": "private"}, "from": person}

    def filled(part: Any) -> Any:
        if not isinstance(part, dict):
            return part.replace("{}", "abcDEF1234567890xyz") if isinstance(part, str) else part
        return {key: filled(value) for key, value in part.items()} | (place if {"text", "caption"} & set(part) else {})

    raw = filled(written)
    raw.get("callback_query", {})["from"] = person
    stored = scrubbed(Update.de_json({"update_id": 1, **raw}, None))
    assert "abcDEF1234567890xyz" not in stored
    assert REMOVED in stored


async def test_token_of_a_button_is_stored_whole(server: Server, bot: Bot) -> None:
    people.send_text(server.state, OWNER, "/start")
    sent = await bot.send_message(OWNER, "x", reply_markup={"inline_keyboard": []})  # type: ignore[arg-type]
    people.press(server.state, OWNER, sent.message_id, "ok|40mU-BAzGXkMsbrYjyvA0g", stale=True)
    update = (await bot.get_updates())[-1]
    assert "ok|40mU-BAzGXkMsbrYjyvA0g" in scrubbed(update)
