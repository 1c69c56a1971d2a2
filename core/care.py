"""What looks after people's positions without being asked, put together. Each part is a loop of its own."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from core.clients import ClientPool
from core.clock import Clock
from core.digest import DigestMaker
from core.instruments import InstrumentTables
from core.key_watch import KeyWatch
from core.orphans import Orphans
from core.ports import TradingBackend
from core.price_watch import PriceWatch
from core.resolver import Clients
from core.target_keeper import TargetKeeper
from core.watchman import Watchman
from db import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """The loops of one process. Leases in the database let only one process do each at a time."""

    targets: TargetKeeper
    orphans: Orphans
    watchman: Watchman
    keys: KeyWatch
    prices: PriceWatch
    digests: DigestMaker

    def loops(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return the loops by name; each runs until cancelled."""
        return {
            "targets": self.targets.run(),
            "orphans": self.orphans.run(),
            "watchman": self.watchman.run(),
            "keys": self.keys.run(),
            "prices": self.prices.run(),
            "digests": self.digests.run(),
        }


def make_care(
    store: Store,
    backend: TradingBackend,
    clients: Clients,
    pool: ClientPool,
    instruments: InstrumentTables,
    clock: Clock,
) -> Care:
    """Put the parts together; nothing runs yet."""
    return Care(
        targets=TargetKeeper(store, backend, clock=clock),
        orphans=Orphans(store, clients, backend.cancel_order, clock=clock),
        watchman=Watchman(store, clients, clock=clock),
        keys=KeyWatch(store, clients, clock=clock),
        prices=PriceWatch(store, pool.market, instruments, clock=clock),
        digests=DigestMaker(store, clock=clock),
    )
