"""What the Bot API server needs from the process it runs in, and the smallest thing that gives it."""

import secrets
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

from sandbox import demo


class TelegramWorld(Protocol):
    """The clock and the settings of one sandbox."""

    @property
    def telegram_token(self) -> str:
        """Return the only bot token that is accepted."""
        ...

    @property
    def chat_secret(self) -> str:
        """Return the secret of this run, which opens the chat page and the controls."""
        ...

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


@runtime_checkable
class KeepsExtras(Protocol):
    """A world that writes snapshots and takes more parts into them, by name."""

    @property
    def extras(self) -> MutableMapping[str, Any]:
        """Return the parts; each has `dump()` and `load(data)`."""
        ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalWorld:
    """A world of its own: the real clock, the demo token, and a fresh secret."""

    telegram_token: str = demo.TELEGRAM_TOKEN
    chat_secret: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    clock: Callable[[], datetime] = _utc_now

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self.clock()
