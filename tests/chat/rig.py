"""A whole bot for one test: simulated venues and Telegram, the open process, and a phone to talk to the bot with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import TABLES
from core.runtime import Runtime, open_runtime
from db import Role
from exchanges.transport import Network
from sandbox import demo
from sandbox.server import Sandbox
from sandbox.telegram import people
from sandbox.telegram.records import Message
from sandbox.telegram.state import TelegramState
from sandbox.telegram_api import state_of
from telegram_app.app import App, open_app, run_app
from tests.world import settings_for

_PATIENCE_S = 10
_GENEROUS = 100
"""Rate budgets are this much larger: tests ask in seconds what people ask in hours."""

Buttons = dict[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as somebody sees it."""

    message_id: int
    text: str
    buttons: Buttons
    """Data by label; empty data for buttons that open or copy something."""


class Phone:
    """One person's side of the chat."""

    def __init__(self, state: TelegramState, app: App, user_id: int) -> None:
        self._state = state
        self._app = app
        self.user_id = user_id

    async def says(self, text: str, *, chat_id: int | None = None) -> Shown:
        """Write something and return the bot's latest message afterwards."""
        return await self._after(lambda: people.send_text(self._state, self.user_id, text, chat_id=chat_id))

    async def taps(self, label: str) -> Shown:
        """Tap the button whose label holds these words, on the latest message that has one."""
        for shown in reversed(self.messages()):
            for text, data in shown.buttons.items():
                if label in text:
                    return await self.presses(shown.message_id, data)
        raise AssertionError(f"no button says {label!r}; the last message is:\n{self.last()}")

    async def presses(self, message_id: int, data: str) -> Shown:
        """Press a button by its data, also one that the message no longer shows; return that message afterwards."""
        await self._after(lambda: people.press(self._state, self.user_id, message_id, data, stale=True))
        return next(shown for shown in self.messages() if shown.message_id == message_id)

    async def _after(self, deed: Any) -> Shown:
        handled = self._app.intake.handled
        deed()
        await eventually(lambda: self._app.intake.handled > handled)
        return self.last()

    def messages(self) -> list[Shown]:
        """Return the bot's messages in this chat, oldest first."""
        found = self._state.messages[self.user_id].values()
        return [_shown(message) for message in found if message.sender_id == demo.BOT_ID]

    def last(self) -> Shown:
        """Return the bot's latest message; an empty one before it said anything."""
        found = self.messages()
        return found[-1] if found else Shown(0, "", {})

    def own_texts(self) -> list[str]:
        """Return what this person wrote and nobody deleted."""
        found = self._state.messages[self.user_id].values()
        return [message.content.text for message in found if message.sender_id == self.user_id]

    def note(self) -> str:
        """Return the last note that a tap brought over the chat."""
        calls = [call for call in self._state.calls if call["method"] == "answerCallbackQuery"]
        return str(calls[-1]["params"].get("text", "")) if calls else ""


def _shown(message: Message) -> Shown:
    inline: Any = message.inline or []
    rows = inline["inline_keyboard"] if isinstance(inline, dict) else inline
    buttons = {button["text"]: button.get("callback_data", "") for row in rows for button in row}
    return Shown(message.message_id, message.content.text, buttons)


async def eventually(is_so: Any) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(_PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - what the bot does raises no event here
            await asyncio.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Rig:
    """The running whole."""

    sandbox: Sandbox
    runtime: Runtime
    app: App
    state: TelegramState
    owner: Phone
    stranger: Phone

    def sent_to_bybit(self, text: str = "order/create") -> int:
        """Return how many requests that could move money reached the simulated Bybit."""
        found = self.sandbox.world.journal.find(venue="bybit", text=text)
        return sum(record.operation.startswith("POST") for record in found)


@asynccontextmanager
async def running_bot(
    sandbox: Sandbox, directory: Path, *, has_owner: bool = True, with_jobs: bool = False, **overrides: Any
) -> AsyncIterator[Rig]:
    """Run the bot against a sandbox until the block ends.

    Args:
        has_owner: Whether the person of the first phone is the owner already.
        with_jobs: Whether unknown outcomes are looked up and venues followed in the background.
    """
    settings = settings_for(sandbox, directory, **overrides)
    network = Network(share=_GENEROUS)
    state = state_of(sandbox.apps["telegram"])
    state.flood.is_on = False  # tests write in seconds what people write in minutes
    stop = asyncio.Event()
    async with (
        open_runtime(settings, role="bot", network=network, with_jobs=with_jobs) as runtime,
        open_app(runtime, TABLES) as app,
    ):
        app.intake.pace.is_on = False  # likewise
        if has_owner:
            await runtime.store.users.set_role(demo.OWNER_ID, Role.ADMIN)
        task = asyncio.create_task(run_app(app, TABLES, stop))
        phones = (Phone(state, app, demo.OWNER_ID), Phone(state, app, demo.STRANGER_ID))
        try:
            yield Rig(sandbox, runtime, app, state, *phones)
        finally:
            stop.set()
            await task
