"""What looks after people's positions without being asked, put together. Each part is a loop of its own."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from core.clock import Clock
from core.ports import TradingBackend
from core.target_keeper import TargetKeeper
from db import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """The loops of one process. Leases in the database let only one process do each at a time."""

    targets: TargetKeeper

    def loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the loops by name; each runs until cancelled."""
        return {"targets": self.targets.run()}


def make_care(store: Store, backend: TradingBackend, clock: Clock) -> Care:
    """Put the parts together; nothing runs yet."""
    return Care(targets=TargetKeeper(store, backend, clock=clock))
