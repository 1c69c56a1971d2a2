"""Flood control: how often a bot may write.

Telegram publishes the orders of magnitude: about one message a second in a chat with short bursts allowed, twenty a
minute in a group, thirty a second overall.
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.telegram.wire import too_many_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A bucket that holds `burst` messages and refills at `per_second`."""

    per_second: float
    burst: int


PRIVATE: Final = Rate(per_second=1, burst=20)
GROUP: Final = Rate(per_second=20 / 60, burst=20)
OVERALL: Final = Rate(per_second=30, burst=30)
_EVERYBODY: Final = 0


class FloodControl:
    """Counts what was sent and refuses what comes too fast; `is_on` may be switched off by a test."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self.is_on = True
        self._seconds = seconds
        self._spent: dict[int, tuple[float, float]] = {}

    def count(self, chat_id: int, *, messages: int = 1) -> None:
        """Take messages from the budgets of a chat and of the whole bot.

        Raises:
            ApiError: 429 with the seconds to wait; nothing was taken.
        """
        if not self.is_on:
            return
        now = self._seconds()
        rates = {chat_id: PRIVATE if chat_id > 0 else GROUP, _EVERYBODY: OVERALL}
        levels = {key: self._level(key, rate, now) + messages for key, rate in rates.items()}
        waits = [(levels[key] - max(rate.burst, messages)) / rate.per_second for key, rate in rates.items()]
        if max(waits) > 0:
            raise too_many_requests(math.ceil(max(waits)))
        self._spent |= {key: (level, now) for key, level in levels.items()}

    def _level(self, key: int, rate: Rate, now: float) -> float:
        level, at = self._spent.get(key, (0.0, now))
        return max(0.0, level - (now - at) * rate.per_second)
