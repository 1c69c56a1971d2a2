"""What must arrive arrives, once Telegram takes it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Bot

from chat.news import Newsroom
from core.notices import GLOBAL
from core.preferences import Loudness
from db import Message, Store
from models.account import Account
from models.enums import AccountType, OrderSide, Outcome
from models.requests import OrderResult
from sandbox import demo
from sandbox.telegram import people
from telegram_app.messenger import Messenger
from telegram_app.outbox import OutboxWorker
from telegram_app.render import from_body, to_body
from telegram_ui.screen import Attachment, Button, ButtonStyle, Html, Screen
from telegram_ui.texts import Texts
from tests.sandbox.telegram_rig import Server, png

CHAT = demo.OWNER_ID
SCREEN = Screen(
    text=Html("<b>✅ Done</b>"),
    keyboard=(
        (Button(text="Positions", action="poss", style=ButtonStyle.SUCCESS), Button(text="Copy", copied_text="x")),
    ),
    must_arrive=True,
)
PAPER = Account(user_id=CHAT, exchange="bybit", account_type=AccountType.PAPER)
SETTLED = OrderResult(
    outcome=Outcome.FILLED,
    exchange="bybit",
    account_type=AccountType.PAPER,
    symbol="BTCUSDT",
    side=OrderSide.BUY,
    size="1",  # type: ignore[arg-type]
    reference="A17",
)


@pytest.fixture
def messenger(server: Server, bot: Bot, store: Store) -> Messenger:
    people.send_text(server.state, CHAT, "/start")
    return Messenger(bot, store)


@pytest.fixture
def worker(messenger: Messenger, store: Store) -> OutboxWorker:
    async def texts_of(_: int) -> Texts:
        return Texts("en")

    return OutboxWorker(messenger, store, Newsroom(store, texts_of))


def sent_texts(server: Server) -> list[str]:
    return [m.content.text for m in server.state.messages[CHAT].values() if m.sender_id == demo.BOT_ID]


def test_screen_survives_being_kept() -> None:
    shown, message_id = from_body(to_body(SCREEN, message_id=5))
    assert (shown.text, shown.keyboard, message_id) == (SCREEN.text, SCREEN.keyboard, 5)


async def test_message_that_cannot_be_read_keeps_no_other_from_its_chat(
    server: Server, store: Store, worker: OutboxWorker
) -> None:
    bodies: dict[str, Mapping[str, Any]] = {
        "of another release": {"kind": "order_settled", "result": {"outcome": "half"}},
        "of no release": {"text": "no keyboard"},
        "whole": to_body(SCREEN),
    }
    for key, body in bodies.items():
        await store.outbox.add(Message(chat_id=CHAT, body=body, key=key))
    await worker.drain()
    assert sent_texts(server) == ["The bot reports: order settled", "✅ Done"]
    assert await store.outbox.due() == []


async def test_chat_to_which_much_is_owed_leaves_the_others_their_turn(
    server: Server, store: Store, worker: OutboxWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telegram_app.outbox._PER_CHAT_S", 0.0)
    for n in range(7):
        await store.outbox.add(Message(chat_id=CHAT, body=to_body(SCREEN), key=str(n)))
    await worker.drain()
    assert [message.key for message in await store.outbox.due()] == ["5", "6"]


async def test_kept_message_is_sent_once(server: Server, store: Store, worker: OutboxWorker) -> None:
    for _ in range(2):
        await store.outbox.add(Message(chat_id=CHAT, body=to_body(SCREEN), key="result:1"))
        await worker.drain()
    assert sent_texts(server) == ["✅ Done"]


async def test_answer_that_telegram_does_not_take_is_kept_for_later(
    server: Server, messenger: Messenger, worker: OutboxWorker
) -> None:
    await server.control("fault", method="sendMessage", kind="server_error", times=1)
    assert await messenger.show(CHAT, None, SCREEN, key="tg:1") is None
    assert sent_texts(server) == []
    await worker.drain()
    assert sent_texts(server) == ["✅ Done"]


async def test_answer_that_may_be_lost_is_not_kept(server: Server, store: Store, messenger: Messenger) -> None:
    await server.control("fault", method="sendMessage", kind="drop_before", times=1)
    await messenger.show(CHAT, None, Screen(text=Html("balance")), key="tg:1")
    assert await store.outbox.due() == []


async def test_flood_control_is_honoured(server: Server, store: Store, worker: OutboxWorker) -> None:
    await server.control("fault", method="sendMessage", kind="too_many_requests", retry_after=35)
    await store.outbox.add(Message(chat_id=CHAT, body=to_body(SCREEN), key="a"))
    await worker.drain()
    assert await store.outbox.due() == []
    due_ms = await store.outbox.next_due_ms()
    assert due_ms is not None
    assert due_ms - datetime.now(UTC).timestamp() * 1000 > 30_000


async def test_closed_chat_is_given_up(server: Server, store: Store, worker: OutboxWorker) -> None:
    people.set_blocked(server.state, CHAT, blocked=True)
    await store.outbox.add(Message(chat_id=CHAT, body=to_body(SCREEN), key="a"))
    await worker.drain()
    assert await store.outbox.next_due_ms() is None


async def test_message_that_is_the_same_or_gone_is_no_trouble(server: Server, messenger: Messenger) -> None:
    first = await messenger.send(CHAT, SCREEN)
    assert await messenger.edit(CHAT, first, SCREEN) == first
    people.delete(server.state, CHAT, first)
    assert await messenger.edit(CHAT, first, SCREEN) != first


async def test_tap_that_is_too_old_to_answer_is_no_trouble(messenger: Messenger) -> None:
    await messenger.acknowledge("12345", "hello")


async def test_truth_of_an_order_takes_the_place_of_the_doubt(
    server: Server, store: Store, messenger: Messenger, worker: OutboxWorker
) -> None:
    told = await messenger.send(CHAT, Screen(text=Html("⏳ Being checked")))
    await store.settings.put(CHAT, "watch:A17", {"chat_id": CHAT, "message_id": told})
    body = {"kind": "order_settled", "result": SETTLED.to_dict(), "is_late": False}
    await store.outbox.add(Message(chat_id=CHAT, body=body, key="order_settled:17"))
    await worker.drain()
    [text] = sent_texts(server)
    assert "The order that was being checked" in text
    assert "✅ Bought" in text
    assert await store.settings.get(CHAT, "watch:A17") is None


DOUBT = Screen(text=Html("⏳ Being checked"), must_arrive=True, awaits=("A17",))


async def test_doubt_that_arrives_after_the_truth_is_left_out(
    server: Server, store: Store, messenger: Messenger, worker: OutboxWorker
) -> None:
    told = await messenger.send(CHAT, Screen(text=Html("⏳ Sending…")))
    await store.settings.put(CHAT, "watch:A17", {"chat_id": CHAT, "message_id": told})
    body = {"kind": "order_settled", "result": SETTLED.to_dict(), "is_late": False}
    await store.outbox.add(Message(chat_id=CHAT, body=body, key="order_settled:17"))
    await server.control("fault", method="editMessageText", kind="server_error", times=1)
    await messenger.show(CHAT, told, DOUBT, key="tg:1")
    await worker.drain()
    await messenger.show(CHAT, told, DOUBT, key="tg:2")
    [text] = sent_texts(server)
    assert "✅ Bought" in text
    assert await store.outbox.next_due_ms() is None


async def test_truth_waits_until_the_doubt_stands_in_its_message(
    server: Server, store: Store, messenger: Messenger, worker: OutboxWorker
) -> None:
    told = await messenger.send(CHAT, Screen(text=Html("⏳ Sending…")))
    await store.settings.put(CHAT, "watch:A17", {"chat_id": CHAT, "message_id": told})
    body = {"kind": "order_settled", "result": SETTLED.to_dict(), "is_late": False}
    await store.outbox.add(Message(chat_id=CHAT, body=body, key="order_settled:17"))
    await server.control("fault", method="editMessageText", kind="delay", delay_s=0.2)
    await asyncio.gather(messenger.show(CHAT, told, DOUBT, key="tg:1"), worker.drain())
    [text] = sent_texts(server)
    assert "✅ Bought" in text


async def test_news_that_was_taken_back_while_it_waited_for_its_turn_is_not_shown(
    server: Server, store: Store, messenger: Messenger, worker: OutboxWorker
) -> None:
    told = await messenger.send(CHAT, Screen(text=Html("⏳ Sending…")))
    await store.settings.put(CHAT, "watch:A17", {"chat_id": CHAT, "message_id": told})
    body = {"kind": "order_settled", "result": SETTLED.to_dict(), "is_late": False}
    await store.outbox.add(Message(chat_id=CHAT, body=body, key="order_settled:17:WORKING"))
    async with messenger.turn(CHAT, told):
        draining = asyncio.create_task(worker.drain())
        await asyncio.sleep(0.05)
        await store.outbox.withdraw(["order_settled:17:WORKING", "order_settled:17:FILLED"])
        await messenger.edit(CHAT, told, Screen(text=Html("✅ Filled")))
    await draining
    assert sent_texts(server) == ["✅ Filled"]
    assert await store.outbox.next_due_ms() is None


def position_closed(reason: str) -> dict[str, Any]:
    event = {
        "kind": "position_closed",
        "reason": reason,
        "symbol": "BTCUSDT",
        "side": "long",
        "size_before": "0.5",
        "size_after": "0",
        "price": "58000",
        "realized_pnl": "-12.5",
    }
    return {"kind": "position_closed", "account": PAPER, "event": event}


@pytest.mark.parametrize(
    ("wish", "reason", "is_told"),
    [(Loudness.OFF, "stop_loss", False), (Loudness.SILENT, "stop_loss", True), (Loudness.OFF, "liquidation", True)],
)
async def test_news_are_as_loud_as_their_reader_wants(
    server: Server, store: Store, worker: OutboxWorker, wish: str, reason: str, is_told: bool
) -> None:
    await store.settings.put(CHAT, GLOBAL, wish)
    await store.outbox.add(Message(chat_id=CHAT, body=position_closed(reason), key="n"))
    await worker.drain()
    assert bool(sent_texts(server)) is is_told
    assert await store.outbox.next_due_ms() is None


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "order_unknown": lambda: {"kind": "order_unknown", "result": SETTLED.to_dict()},
    "operator_page": lambda: {"kind": "operator_page", "what": "id_collision", "account": PAPER, "leg": "A17"},
    "never_heard_of": lambda: {"kind": "never_heard_of", "account": PAPER},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_news_is_told(server: Server, store: Store, worker: OutboxWorker, kind: str) -> None:
    await store.outbox.add(Message(chat_id=CHAT, body=KINDS[kind](), key="n"))
    await worker.drain()
    assert len(sent_texts(server)) == 1


async def test_picture_that_telegram_has_is_named_and_not_sent_again(server: Server, messenger: Messenger) -> None:
    def picture(name: str) -> Attachment:
        caption = Screen(text=Html("A chart"))
        return Attachment(name="a.png", content=png(8, 8) + name.encode(), caption=caption, is_picture=True)

    for name in ("a", "a", "b"):
        assert await messenger.send_file(CHAT, picture(name))
    sent = [call["params"] for call in server.state.calls if call["method"] == "sendPhoto"]
    assert [str(params["photo"]).startswith("SANDBOX-") for params in sent] == [False, True, False]
    pictures = [m.file for m in server.state.messages[CHAT].values() if m.file is not None]
    assert [file.data[-1:] for file in pictures] == [b"a", b"a", b"b"]
