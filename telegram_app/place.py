"""Where an answer stands: in the message whose button was tapped, or in a new one. The tap is acknowledged at once."""

import asyncio
from dataclasses import replace

from chat.call import Reply
from telegram_app.incoming import Incoming
from telegram_app.messenger import Messenger
from telegram_ui.screen import Html, Screen, Toast, esc

_ACKNOWLEDGE_AFTER_S = 0.1
"""A note over the chat can only ride on the acknowledgement, so that waits this long for one."""


class Place:
    """The place of one answer. Screens appear in the order in which they are shown.

    Args:
        key: Names the answer, so that it is kept once when Telegram is away.
        must_arrive: Whether the answer is kept then, whatever it is.
    """

    def __init__(self, messenger: Messenger, incoming: Incoming, *, key: str, must_arrive: bool = False) -> None:
        self._messenger = messenger
        self._incoming = incoming
        self._key = key
        self._must_arrive = must_arrive
        self._message_id = incoming.message_id if incoming.is_tap else None
        self._last: asyncio.Task[None] | None = None
        self._acknowledged: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_ACKNOWLEDGE_AFTER_S, self._acknowledge)

    @property
    def message_id(self) -> int | None:
        """The message where the answer stands; None before it is out."""
        return self._message_id

    async def show(self, screen: Screen) -> None:
        """Show a screen without waiting for Telegram, so that an order leaves at the same time."""
        self._acknowledge()
        self._last = asyncio.create_task(self._put(screen, after=self._last))

    async def finish(self, reply: Reply) -> None:
        """Show the answer and wait until it is out."""
        if isinstance(reply, Toast):
            await self._note(reply)
        else:
            self._acknowledge()
            screens = (reply,) if isinstance(reply, Screen) else reply or ()
            for n, screen in enumerate(screens):
                if n:
                    await self._settled()
                    self._message_id, self._key = None, f"{self._key}:{n}"
                await self.show(replace(screen, must_arrive=screen.must_arrive or self._must_arrive))
        await self._settled()
        self._timer.cancel()
        if self._acknowledged is not None:
            await self._acknowledged

    async def _settled(self) -> None:
        if self._last is not None:
            await self._last

    async def _note(self, toast: Toast) -> None:
        """Let a note ride on the acknowledgement; where that has gone already, send it as a message."""
        if self._incoming.is_tap and self._acknowledged is None:
            self._acknowledge(toast)
        else:
            self._message_id = None
            await self.show(Screen(text=Html(esc(toast.text)), is_silent=True))

    async def _put(self, screen: Screen, *, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await after
        shown = await self._messenger.show(self._incoming.chat_id, self._message_id, screen, key=self._key)
        self._message_id = shown if shown is not None else self._message_id

    def _acknowledge(self, toast: Toast | None = None) -> None:
        if not self._incoming.is_tap or self._acknowledged is not None:
            return
        self._timer.cancel()
        text, is_alert = (toast.text, toast.is_alert) if toast else ("", False)
        self._acknowledged = asyncio.create_task(
            self._messenger.acknowledge(self._incoming.query_id, text, is_alert=is_alert)
        )
