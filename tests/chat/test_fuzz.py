"""Thousands of random messages and taps of several people: no traceback, no order that nobody confirmed.

`FUZZ_DEEDS=10000 FUZZ_SEED=7 pytest tests/chat/test_fuzz.py` has a long night of it.
"""

import asyncio
import logging
import os
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot import BUTTONS, COMMANDS
from db import Role
from sandbox import demo
from sandbox.server import Sandbox
from sandbox.telegram import people
from sandbox.telegram.records import Message
from sandbox.telegram.wire import ApiError, Upload, unix_seconds
from tests.chat.rig import Rig, running_bot

DEEDS = int(os.environ.get("FUZZ_DEEDS", "1500"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
TRADER_ID, VIEWER_ID = 100_000_011, 100_000_012
ROLES = {demo.OWNER_ID: Role.ADMIN, TRADER_ID: Role.TRADER, VIEWER_ID: Role.VIEWER}
PEOPLE = (*ROLES, demo.STRANGER_ID)
_ANSWERS = {"sendMessage", "editMessageText", "sendPhoto", "sendDocument", "editMessageMedia"}
_PATIENCE_S = 30
_RENEW_EVERY = 40

SYMBOLS = ("btc", "ETH", "sol", "BTCUSDT", "DOGE", "НЕТ", "", "💥", "a" * 40, "BTC/USDT", "kPEPE")
AMOUNTS = (
    "100$",
    "0.01",
    "5%",
    "risk 1%",
    "-1",
    "0",
    "1e9",
    "NaN",
    "1,5",
    "1 000",
    "٣",
    "100000000$",
    "∞",
    "0.0000001",
)
TAILS = (
    "",
    "on all",
    "sl 2% on bybit,hyperliquid",
    "on okx:paper",
    "on binance",
    "on",
    "на 💥",
    "5x",
    "sl 2%",
    "tp 4%",
    "sl 2% tp 3%,5%",
    "@ 100",
    "@",
    "sl",
    "5x 6x",
    "roi",
    "post",
    "market @ 5",
    "tp 1/2/3",
)
HOSTILE = (
    "<b>bold", "</b>", "&amp;", "{symbol}", "{0.__class__}", "%s%n", "\u202e desrever", "\u200b\u200b", "e\u0301" * 50,
    "🏴\u200d☠️" * 20, "\x00\x01", "../../etc/passwd", "'; DROP TABLE users;--", "𝟏𝟎𝟎$", "\ufeff/start", "/", "//", "/@",
    "/start@nobody", "/long@elcaro_sandbox_bot btc 100$ sl 2%", "x" * 4096, "1 " * 2000, "\n\n\n.", "0x" + "ab" * 32,
    "/start " + "A" * 64, "/start pos_BTCUSDT", "−5", "½", "“quotes”", "Ａ", "\U0010ffff",
)  # fmt: skip


@dataclass
class Night:
    """What was done so far, for the reckoning in the morning."""

    rig: Rig
    dice: random.Random
    confirmed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def text(self) -> str:
        """Return something somebody might write, or should never."""
        dice = self.dice
        kind = dice.random()
        if kind < 0.25:
            return f"/{dice.choice(COMMANDS).name} {dice.choice(SYMBOLS)} {dice.choice(AMOUNTS)}"
        if kind < 0.4:
            row = dice.choice(COMMANDS)
            return f"/{dice.choice((row.name, *row.aliases))} {row.example if dice.random() < 0.7 else ''}"
        if kind < 0.65:
            side = dice.choice(("/long", "/short", "long", "sell", "лонг", "/buy"))
            return " ".join((side, dice.choice(SYMBOLS), dice.choice(AMOUNTS), dice.choice(TAILS), dice.choice(TAILS)))
        if kind < 0.75:
            return f"{dice.choice(AMOUNTS)} {dice.choice(TAILS)}"
        if kind < 0.85:
            return "".join(
                chr(dice.choice((dice.randrange(32, 0xD800), dice.randrange(0xE000, 0x1F9FF)))) for _ in range(30)
            )
        return dice.choice(HOSTILE)

    def data(self, user_id: int) -> str:
        """Return what a button carries: of one that is there, of somebody else's, forged, or broken."""
        dice, kind = self.dice, self.dice.random()
        own, others = self.shown(user_id), self.shown(dice.choice(PEOPLE))
        if own and kind < 0.65:
            return dice.choice(own[-40:] if dice.random() < 0.7 else own)
        if others and kind < 0.78:
            return dice.choice(others)
        if kind < 0.9:
            words = [
                dice.choice(("bybit", "hyperliquid", "paper", "real", "BTCUSDT", "long", "50", "x", "", "-1", "9" * 20))
                for _ in range(5)
            ]
            return "|".join([dice.choice(BUTTONS).name, *words[: dice.randrange(6)]])[:64]
        base = dice.choice(own) if own else "ok|"
        cut = dice.randrange(len(base) + 1)
        return (base[:cut] + chr(dice.randrange(33, 0x24F)) + base[cut:])[:30]

    def shown(self, user_id: int) -> list[str]:
        """Return what the buttons in somebody's chat carry, old ones too."""
        found = []
        for message in list(self.rig.state.messages.get(user_id, {}).values())[-60:]:
            found += [button.get("callback_data", "") for row in rows_of(message) for button in row]
        return [data for data in found if data]

    def does(self, user_id: int) -> str:
        """Let somebody do something; return the kind of deed."""
        state, kind = self.rig.state, self.dice.random()
        mine = [m for m in state.messages.get(user_id, {}).values() if m.sender_id == demo.BOT_ID]
        if mine and kind < 0.45:
            data = self.data(user_id)
            name, _, token = data.partition("|")
            if name == "ok":
                self.confirmed[user_id].add(token.split("|")[0])
            people.press(state, user_id, self.dice.choice(mine[-20:]).message_id, data, stale=True)
            return "press"
        if kind < 0.93:
            people.send_text(state, user_id, self.text())
            return "text"
        return self.odd(user_id)

    def odd(self, user_id: int) -> str:
        """Send what is no message to the bot."""
        state, dice = self.rig.state, self.dice
        written = [m for m in state.messages.get(user_id, {}).values() if m.sender_id == user_id]
        choice = dice.randrange(5)
        if choice == 0 and user_id in (demo.OWNER_ID, demo.STRANGER_ID):
            people.send_text(state, user_id, self.text(), chat_id=demo.GROUP_ID)
        elif choice == 1 and written:
            people.edit_text(state, user_id, dice.choice(written).message_id, "/panic")
        elif choice == 2:
            upload = Upload(name="a.bin", mime_type="application/x", data=b"1")
            people.send_file(state, user_id, upload, as_photo=False, caption="/panic")
        else:
            state.updates.push("message", strange(user_id, unix_seconds(self.rig.sandbox.world.now()), dice))
        return "odd"


def rows_of(message: Message) -> list[list[dict[str, str]]]:
    inline: Any = message.inline or []
    rows: list[list[dict[str, str]]] = inline["inline_keyboard"] if isinstance(inline, dict) else inline
    return rows


def texts_of(rig: Rig, user_id: int) -> list[str]:
    return [m.content.text for m in rig.state.messages[user_id].values() if m.sender_id == user_id]


def strange(user_id: int, date: int, dice: random.Random) -> dict[str, Any]:
    """Return a message of a kind that nobody writes."""
    person = {"id": user_id, "is_bot": False, "first_name": "X"}
    chat = {"id": user_id, "type": "private"}
    bodies: tuple[dict[str, Any], ...] = (
        {"location": {"latitude": 1.0, "longitude": 2.0}},
        {"contact": {"phone_number": "1", "first_name": "Y"}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"text": "long BTC 100$", "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Z"}},
        {"text": "/panic", "via_bot": {"id": 5, "is_bot": True, "first_name": "B"}},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": chat}},
        {"web_app_data": {"data": "{}", "button_text": "x"}},
    )
    return {"message_id": dice.randrange(10**6), "date": date, "chat": chat, "from": person, **dice.choice(bodies)}


async def round_of(night: Night) -> None:
    """Let everybody do one thing at the same time, wait for all of it, and look whether each was answered."""
    rig = night.rig
    rig.state.calls.clear()
    first, handled = rig.state.updates.next_id, rig.app.intake.handled
    done = {}
    for user_id in PEOPLE:
        try:
            done[user_id] = night.does(user_id)
        except ApiError:  # Telegram itself does not take it, such as a text of nothing but blanks
            done[user_id] = "none"
    async with asyncio.timeout(_PATIENCE_S):
        while rig.app.intake.handled < handled + rig.state.updates.next_id - first:  # noqa: ASYNC110 - as in the rig
            await asyncio.sleep(0.002)
    answered = {int(call["params"].get("chat_id", 0)) for call in rig.state.calls if call["method"] in _ANSWERS}
    pressed = sum(kind == "press" for kind in done.values())
    acknowledged = [call for call in rig.state.calls if call["method"] == "answerCallbackQuery"]
    assert len(acknowledged) >= pressed, (done, night.rig.owner.last())
    for user_id in ROLES:
        user = await rig.runtime.store.users.get(user_id)
        if done[user_id] == "text" and user is not None and user.role in ROLES.values():
            assert user_id in answered, f"{user_id} was not answered: {texts_of(rig, user_id)[-1]!r}"


async def renew(night: Night) -> None:
    """Undo what the owner may have done to the others, and let prices move."""
    for user_id, role in ROLES.items():
        await night.rig.runtime.store.users.set_role(user_id, role)
    night.rig.sandbox.set_price("BTCUSDT", night.dice.randrange(50_000, 70_000))
    await night.rig.sandbox.advance(1)


async def unconfirmed(night: Night) -> list[str]:
    """Return the causes of what was sent without its person's confirmation."""
    found = []
    for user_id in PEOPLE:
        for leg in await night.rig.runtime.store.journal.recent(user_id, limit=100_000):
            word, _, rest = leg.cause.partition(":")
            if word != "confirm" or rest.split(":")[0] not in night.confirmed[user_id]:
                found.append(leg.cause)
    return found


@pytest.mark.timeout(60 + DEEDS // 10)
async def test_random_people_move_no_money_that_nobody_confirmed(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with running_bot(sandbox, tmp_path) as rig:
        for user_id in (TRADER_ID, VIEWER_ID):
            people.join(rig.state, user_id, "<i>Eve</i> \u202e", language_code="uk")
        night = Night(rig, random.Random(SEED))
        for n in range(DEEDS // len(PEOPLE)):
            if n % _RENEW_EVERY == 0:
                await renew(night)
            await round_of(night)
            broken = [record for record in caplog.records if record.levelno >= logging.ERROR]
            assert not broken, f"round {n} of seed {SEED}: {broken[0].getMessage()}\n{broken[0].exc_text}"
        assert await unconfirmed(night) == []
        assert sum(map(len, night.confirmed.values())) > 0
