"""People who should not, and people who should and try too much: U rows."""

import dataclasses
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from core.key_intake import connect
from core.keys import credentials_of
from db import Role
from models.errors import LimitExceeded
from sandbox import demo
from sandbox.telegram import people
from tests.faults.chatting import ORDER, Chat, button, chatting
from tests.faults.rows import Case, Play, Rows
from tests.faults.stage import FIRST, READS, Scene

U = Rows()
OTHER = demo.STRANGER_ID
HOUR_S = 3600
SECRET = "Zq8" + "k3V9" * 10


def row(name: str) -> Callable[[Play], Play]:
    """People are the same wherever the order would go."""
    return U.row(name, on=("bybit",), via=("unified",))


async def rows_of(chat: Chat, table: str) -> list[tuple[object, ...]]:
    query = text(f"SELECT * FROM {table}")
    return [tuple(found) for found in await chat.stage.time.run(chat.stage.runtime.store.reader.all(query))]


async def in_words(chat: Chat, person: int = demo.OWNER_ID) -> list[str]:
    """Return everything that the bot has said to somebody."""
    return [m.content.text for m in chat.state.messages[person].values() if m.sender_id == demo.BOT_ID]


@row("U1")
async def stranger_is_refused_once_an_hour_and_leaves_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        for words in (ORDER, "/admin", "/people", "/connect", f"{SECRET[:18]} {SECRET}", "/positions"):
            await chat.says(words, as_id=OTHER)
        assert len(await in_words(chat, OTHER)) == 1
        assert [user.user_id for user in await stage.time.run(stage.runtime.store.users.list_all())] == [demo.OWNER_ID]
        assert await rows_of(chat, "credentials") == []
        assert SECRET not in str(await rows_of(chat, "inbox"))
        assert chat.sent() == 0


@row("U2")
async def button_belongs_to_whom_it_was_shown(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.TRADER))
        _, data = await chat.preview()
        own = await chat.says("/whoami", as_id=OTHER)
        theirs = chat.stranger.last()
        await chat.presses(theirs, data, as_id=OTHER)
        assert "too old" in chat.stranger.note()
        await chat.says(ORDER, as_id=OTHER, chat_id=demo.GROUP_ID)
        assert own
        assert chat.sent() == 0


@row("U3")
async def person_who_lost_the_right_meanwhile_confirms_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        for role in (Role.VIEWER, Role.PENDING):
            await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.TRADER))
            await chat.says(ORDER, as_id=OTHER)
            shown = chat.stranger.last()
            await stage.time.run(stage.runtime.store.users.set_role(OTHER, role))
            await chat.presses(shown, button(shown), as_id=OTHER)
        assert chat.sent() == 0


@row("U4")
async def hostile_link_opens_nothing(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        payloads = ("A" * 64, "../../etc/passwd", "'; DROP TABLE users;--", "\u202e\u0000x", "<b>x</b>", "%s%s%n")
        for payload in payloads:
            await chat.says(f"/start {payload}", as_id=OTHER)
        found = await stage.time.run(stage.runtime.store.users.get(OTHER))
        assert found is None or found.role is Role.PENDING
        assert all("<b>x</b>" not in words for words in await in_words(chat, OTHER))
        assert chat.sent() == 0


@row("U5")
async def forged_button_is_never_accepted(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        shown, data = await chat.preview()
        token = data.partition("|")[2]
        forged = [f"ok|{token[:-1]}{last}" for last in "ABCDEFGHIJ" if not token.endswith(last)]
        forged += [f"ok|{secrets.token_urlsafe(16)}" for _ in range(30)]
        forged += [secrets.token_hex(32) for _ in range(30)]
        for one in forged:
            await chat.presses(shown, one)
        assert chat.sent() == 0
        assert "Bought" in (await chat.presses(shown, data)).text


@row("U6")
async def person_who_floods_delays_nobody_else(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.TRADER))
        many = 300

        def flood() -> None:
            for _ in range(many):
                people.send_text(chat.state, OTHER, "/balance")
            people.send_text(chat.state, demo.OWNER_ID, "/whoami")

        await chat.hears(flood, answers=many + 1)
        assert "100000001" in chat.owner.last().text
        assert len(await in_words(chat, OTHER)) < many / 2
        assert {state for *_, state, _ in await rows_of(chat, "inbox")} <= {"DONE", "IGNORED"}


@row("U7")
async def order_beyond_every_limit_is_not_sent(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        targets = " ".join(f"tp {n}%" for n in range(1, 501))
        for words in ("/buy BTC 100$ 1000x", "/buy BTC 999999999999", f"/buy BTC 200$ {targets}", "/lev BTC 1000"):
            shown = await chat.says(words)
            assert not any("✅" in label for label in shown.buttons), words
        assert chat.sent() == 0


@row("U8")
async def account_at_a_venue_has_one_owner(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        values = (await stage.time.run(credentials_of(stage.account, stage.runtime.settings))).values
        check = stage.runtime.backend.check_key
        await stage.time.run(connect(stage.account, values, check))
        with pytest.raises(LimitExceeded) as refusal:
            await stage.time.run(connect(dataclasses.replace(stage.account, user_id=OTHER), values, check))
        assert refusal.value.code == "already_linked"


@row("U9")
async def owner_sees_no_secret_and_trades_for_nobody(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.TRADER))
        name = await stage.time.run(stage.give_keys(OTHER))
        await chat.says(ORDER, as_id=OTHER)
        theirs = button(chat.stranger.last())
        mine = await chat.says("/people")
        for data in (theirs, f"who|{OTHER}", "audit", "accs", f"cl|bybit|paper|BTCUSDT|{OTHER}"):
            await chat.presses(mine, data)
        said = "\n".join(await in_words(chat))
        assert f"person-{OTHER}-secret" not in said
        assert stage.engine.orders(name) == []
        assert chat.sent() == 0


SAID_OF = {"halted": "stopped new trades", "resumed_all": "takes new trades again"}


@row("U10")
async def stop_and_go_of_everybody_are_asked_about_and_told_to_all(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.TRADER))
        await chat.says("/start", as_id=OTHER)
        for number, word in enumerate(("halted", "resumed_all")):
            shown = await chat.says("/people")
            asked = await chat.presses(shown, next(d for d in shown.buttons.values() if d.startswith("halt")))
            assert len(await rows_of(chat, "trading_states")) == number
            await chat.presses(asked, button(asked))
            assert len(await rows_of(chat, "trading_states")) == 1 - number
            written = await stage.time.run(stage.runtime.store.audit.latest())
            assert (written[0].action, written[0].actor_id) == (word, demo.OWNER_ID)
            await stage.time.until(lambda w=SAID_OF[word]: w in chat.stranger.last().text)  # type: ignore[misc]


@row("U11")
async def name_is_shown_and_never_obeyed(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage, chatting(stage) as chat:
        name = "<b>Eve</b>\u202e\r\n/panic " + "🙂" * 1000
        chat.state.users[OTHER] = dataclasses.replace(chat.state.users[OTHER], first_name=name, username="")
        await stage.time.run(stage.runtime.store.users.set_role(OTHER, Role.VIEWER))
        await chat.says("/whoami", as_id=OTHER)
        shown = await chat.says("/people")
        labels = " ".join(shown.buttons)
        assert "Eve" in shown.text + labels
        assert "\n/panic" not in shown.text
        user = await stage.time.run(stage.runtime.store.users.get(OTHER))
        assert user is not None
        assert user.first_name is not None
        assert len(user.first_name) <= 40
        assert "\n" not in user.first_name


@row("U12")
async def person_is_forgotten_when_nothing_of_theirs_is_open(scene: Scene, folder: Path, case: Case) -> None:
    async with scene.product(folder, case.exchange, case.path) as stage:
        users = stage.runtime.store.users
        await stage.time.run(users.set_role(stage.account.user_id, Role.TRADER))
        request = await stage.request()
        await stage.mute_streams()
        stage.fault("reset_after")
        stage.fault("error_before", READS[case.exchange], count=None)
        await stage.send(request, FIRST)
        assert not await stage.time.run(users.request_deletion(stage.account.user_id))
        assert await stage.time.run(stage.runtime.store.credentials.find(stage.account)) is not None
        stage.heal()
        await stage.resolved()
        await stage.time.advance(120)
        assert await stage.time.run(stage.runtime.store.credentials.find(stage.account)) is None
        user = await stage.time.run(users.get(stage.account.user_id))
        assert user is not None
        assert user.role is Role.DELETED


@pytest.mark.parametrize("case", U.parameters())
async def test_row(case: Case, scene: Scene, folder: Path) -> None:
    await case.play(scene, folder, case)
