"""What one running process has open, for the module-level functions of the trading API to find.

`core.runtime` sets it at start; everything else is handed its collaborators as arguments.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.accounts import Accounts
from core.clients import ClientPool
from core.config import Settings
from core.flag import Rollout
from core.instruments import InstrumentTables
from core.orders import OrderDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The open parts of a process."""

    settings: Settings
    accounts: Accounts
    clients: ClientPool
    instruments: InstrumentTables
    desk: OrderDesk
    """The door of the unified path."""
    direct_desk: OrderDesk
    """The same door for the direct path; the journal keeps which one sent."""
    override: Callable[[], Rollout | None] = lambda: None
    """Who the owner put on the unified path in the chat; None: the setting is in force."""


_open: list[Context] = []


def current() -> Context:
    """Return the open context.

    Raises:
        RuntimeError: Nothing is open: use `core.runtime.open_runtime`.
    """
    if not _open:
        raise RuntimeError("ElCaro is not open; use core.runtime.open_runtime() around this call")
    return _open[-1]


@contextmanager
def opened(context: Context) -> Iterator[Context]:
    """Make `context` the current one until the block ends."""
    _open.append(context)
    try:
        yield context
    finally:
        _open.remove(context)
