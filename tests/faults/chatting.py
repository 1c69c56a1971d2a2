"""A whole bot on a stage: people write to it in the simulated Telegram, in time that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import TABLES
from db import Role
from sandbox import demo
from sandbox.telegram import people
from sandbox.telegram.state import TelegramState
from sandbox.telegram_api import state_of
from telegram_app.app import App, open_app, run_app
from tests.chat.rig import Phone, Shown
from tests.faults.stage import Scene, Stage

ORDER = "/buy BTC 200$ sl 2%"
CONFIRM = "✅"


@dataclass(frozen=True, slots=True)
class Chat:
    """The running bot, and what its owner does and sees."""

    stage: Stage
    app: App
    state: TelegramState
    owner: Phone
    stranger: Phone

    async def hears(self, deed: Callable[[], object], *, answers: int = 1) -> Shown:
        """Do something in the chat and return the bot's latest message when it has been handled."""
        handled = self.app.intake.handled
        deed()
        await self.stage.time.until(lambda: self.app.intake.handled >= handled + answers)
        return self.owner.last()

    async def says(self, text: str, *, as_id: int = demo.OWNER_ID, chat_id: int | None = None) -> Shown:
        return await self.hears(lambda: people.send_text(self.state, as_id, text, chat_id=chat_id))

    async def preview(self, text: str = ORDER) -> tuple[Shown, str]:
        """Ask for an order and return its preview with the data of its confirm button."""
        shown = await self.says(text)
        return shown, button(shown)

    async def presses(self, shown: Shown, data: str, *, as_id: int = demo.OWNER_ID) -> Shown:
        return await self.hears(lambda: self.press(shown, data, as_id=as_id))

    def press(self, shown: Shown, data: str, *, as_id: int = demo.OWNER_ID) -> None:
        """Press a button without waiting for anything."""
        people.press(self.state, as_id, shown.message_id, data, stale=True)

    def sent(self) -> int:
        """Return how many order requests reached the venue: P."""
        return len(self.stage.posts())


def button(shown: Shown, label: str = CONFIRM) -> str:
    """Return the data of the button with this word."""
    return next(data for text, data in shown.buttons.items() if label in text)


@asynccontextmanager
async def chatting(stage: Stage) -> AsyncIterator[Chat]:
    """Run the bot of a stage until the block ends."""
    state, stop = telegram(stage.scene), asyncio.Event()
    async with open_app(stage.runtime, TABLES) as app:
        await stage.runtime.store.users.set_role(demo.OWNER_ID, Role.ADMIN)
        task = asyncio.create_task(run_app(app, TABLES, stop))
        phones = (Phone(state, app, demo.OWNER_ID), Phone(state, app, demo.STRANGER_ID))
        try:
            yield Chat(stage, app, state, *phones)
        finally:
            stop.set()
            await stage.time.run(task)


def telegram(scene: Scene) -> TelegramState:
    """Return the simulated Telegram of a scene."""
    return state_of(scene.sandbox.apps["telegram"])
