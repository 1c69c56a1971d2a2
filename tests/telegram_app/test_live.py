"""Cards that are drawn anew: each for itself."""

from telegram import Bot

from db import Store
from sandbox import demo
from sandbox.telegram import people
from telegram_app.live import Draw, LiveCards
from telegram_app.messenger import Messenger
from telegram_ui.screen import Html, Screen
from tests.sandbox.telegram_rig import Server

CHAT = demo.OWNER_ID


async def test_card_that_breaks_is_drawn_no_more_and_the_others_are(server: Server, bot: Bot, store: Store) -> None:
    people.send_text(server.state, CHAT, "/start")
    times, tries = iter(range(0, 10_000, 60)), list[str]()
    cards = LiveCards(Messenger(bot, store), clock=lambda: next(times))

    async def broken() -> Screen:
        tries.append("broken")
        raise RuntimeError("a defect in a card")

    async def whole() -> Screen:
        return Screen(text=Html(f"drawn {len(tries)}"), is_live=True)

    draws: list[Draw] = [broken, whole]
    sent = [await bot.send_message(CHAT, "card") for _ in draws]
    pinned = Screen(text=Html("card"), is_live=True, is_pinned=True)  # so that one does not end the other
    for message, draw in zip(sent, draws, strict=True):
        cards.follow(CHAT, message.message_id, draw, shown=pinned)
    await cards.look_once()
    await cards.look_once()
    assert tries == ["broken"]
    assert server.state.messages[CHAT][sent[1].message_id].content.text == "drawn 1"


async def test_card_that_somebody_deleted_does_not_come_back(server: Server, bot: Bot, store: Store) -> None:
    people.send_text(server.state, CHAT, "/start")
    cards = LiveCards(Messenger(bot, store))

    async def draw() -> Screen:
        return Screen(text=Html("drawn again"), is_live=True)

    card = await bot.send_message(CHAT, "card")
    cards.follow(CHAT, card.message_id, draw, shown=await draw())
    await bot.delete_message(CHAT, card.message_id)
    before = len(server.state.messages[CHAT])
    await cards.look_once()
    assert len(server.state.messages[CHAT]) == before
