"""The queue of updates a bot has not confirmed yet, and the long poll that reads it.

https://core.telegram.org/bots/api#getupdates
"""

import asyncio
from collections import deque
from typing import Final

from sandbox.telegram.wire import Json, conflict

_MAX_LIMIT: Final = 100
_MAX_TIMEOUT_S: Final = 50
_KEPT_CONFIRMED: Final = 1000
_UNASKED: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that arrive only when the bot names them."""


class UpdateQueue:
    """Sequential updates for one bot; a poll with a higher offset confirms the ones before it."""

    def __init__(self, *, first_id: int) -> None:
        self.next_id = first_id
        self.pending: list[dict[str, Json]] = []
        self.allowed: frozenset[str] | None = None
        self.webhook_url = ""
        self.webhook_secret = ""
        self.webhook_error: tuple[int, str] | None = None
        self._again: list[dict[str, Json]] = []
        self._confirmed: deque[dict[str, Json]] = deque(maxlen=_KEPT_CONFIRMED)
        self._arrival = asyncio.Event()
        self._has_work = asyncio.Event()
        self._poll: object | None = None
        self._waiting = 0

    @property
    def is_polled(self) -> bool:
        """Tell whether a poll waits right now."""
        return self._waiting > 0

    def push(self, kind: str, body: Json) -> int | None:
        """Queue an update and return its number, or None when the bot has not asked for this kind."""
        wanted = kind not in _UNASKED if self.allowed is None else kind in self.allowed
        if not wanted:
            return None
        update_id, self.next_id = self.next_id, self.next_id + 1
        self.pending.append({"update_id": update_id, kind: body})
        self._arrival.set()
        self._has_work.set()
        return update_id

    def allow(self, kinds: Json) -> None:
        """Remember which kinds the bot wants; an empty list means the default set, None changes nothing."""
        if isinstance(kinds, list):
            self.allowed = frozenset(map(str, kinds)) if kinds else None

    def set_webhook(self, url: str, secret: str) -> None:
        """Send updates to an address from now on; an empty one returns to polling."""
        self.webhook_url, self.webhook_secret, self.webhook_error = url, secret, None
        self._arrival.set()
        self._has_work.set()

    async def next_for_webhook(self) -> dict[str, Json]:
        """Wait until a webhook is set and an update is there, and return the oldest one."""
        while not (self.webhook_url and (self._again or self.pending)):
            self._has_work.clear()
            await self._has_work.wait()
        return self._again.pop(0) if self._again else self.pending[0]

    def confirm(self, update_id: int) -> None:
        """Take an update that a webhook accepted off the queue."""
        self._confirmed.extend(update for update in self.pending if update["update_id"] == update_id)
        self.pending = [update for update in self.pending if update["update_id"] != update_id]

    async def poll(self, *, offset: int, limit: int, timeout_s: int) -> list[dict[str, Json]]:
        """Return pending updates, waiting up to `timeout_s` seconds for the first one.

        Raises:
            ApiError: 409 when a webhook is set, or when a newer poll takes this one's place.
        """
        if self.webhook_url:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        me = object()
        self._take_over(me)
        self._confirm(offset)
        if not self.pending and not self._again:
            await self._wait(me, min(max(timeout_s, 0), _MAX_TIMEOUT_S))
        again, self._again = self._again, []
        return (again + self.pending)[: limit if 0 < limit <= _MAX_LIMIT else _MAX_LIMIT]

    def redeliver(self, count: int, *, times: int = 1) -> int:
        """Deliver the last `count` confirmed updates again, `times` times each, and return how many there were.

        Telegram promises delivery at least once: a confirmation can be lost.
        """
        last = list(self._confirmed)[-count:] if count > 0 else []
        self._again.extend(update for update in last for _ in range(times))
        self._arrival.set()
        self._has_work.set()
        return len(last)

    def restore(self, pending: list[dict[str, Json]]) -> None:
        """Take over what an earlier run left unconfirmed."""
        self.pending = [*pending, *self.pending]
        self.next_id = max(self.next_id, *(int(update["update_id"]) + 1 for update in self.pending), 0)
        self._has_work.set()

    def drop(self) -> None:
        """Forget everything that waits."""
        self.pending.clear()

    def close(self) -> None:
        """End a waiting poll with what is there; used when the server stops."""
        self._arrival.set()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self._confirmed.extend(update for update in self.pending if update["update_id"] < offset)
            self.pending = [update for update in self.pending if update["update_id"] >= offset]

    def _take_over(self, poll: object) -> None:
        self._poll = poll
        self._arrival.set()  # wakes an older poll, which then sees that it is no longer the one

    async def _wait(self, me: object, timeout_s: float) -> None:
        self._arrival = asyncio.Event()
        self._waiting += 1
        try:
            await asyncio.wait_for(self._arrival.wait(), timeout_s)
        except TimeoutError:
            return
        finally:
            self._waiting -= 1
        if self._poll is not me:
            raise conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
