"""What a process does without being asked: finds out, follows the venues, listens, tidies up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from core.backend import account_clients
from core.backups import backups_folder
from core.care import Care, make_care
from core.clients import ClientPool
from core.clock import Clock
from core.config import Settings
from core.emergency import EmergencyLog
from core.herald import Herald
from core.housekeeping import Housekeeper
from core.instruments import InstrumentTables
from core.news import News
from core.ports import TradingBackend
from core.recovery import Recovery
from core.resolver import Resolver
from core.rollout import RolloutSwitch
from core.rounds import Rounds
from core.streaming import Streams
from core.sync import AccountSync
from db import Role, Store
from exchanges.transport import Network
from models.account import Account
from models.market import Instrument

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """The background work of one process. Leases in the database let only one process do each at a time."""

    herald: Herald
    resolver: Resolver
    recovery: Recovery
    sync: AccountSync
    streams: Streams
    housekeeper: Housekeeper
    care: Care
    rollout: RolloutSwitch
    rounds: Rounds

    async def recover(self) -> None:
        """Do what must be done before the first command is taken. A crash and an ordinary stop look the same."""
        report = await self.recovery.recover()
        logger.info(
            "recovered",
            extra={
                "orphaned": report.orphaned,
                "expired": report.expired,
                "unresolved": report.unresolved,
                "adopted": report.adopted,
                "unreconciled": len(report.unreconciled),
            },
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the block ends."""
        work: dict[str, Coroutine[Any, Any, None]] = {
            "resolver": self.resolver.run(),
            "sync": self.sync.run(),
            "streams": self.streams.run(),
            "housekeeping": self.housekeeper.run(),
            **self.care.loops(),
            "rollout": self.rollout.run(),
            "rounds": self.rounds.run(),
        }
        tasks = [asyncio.create_task(loop, name=name) for name, loop in work.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def make_jobs(
    settings: Settings,
    store: Store,
    backend: TradingBackend,
    instruments: InstrumentTables,
    emergency: EmergencyLog,
    news: News,
    clock: Clock,
    switch: RolloutSwitch,
    pool: ClientPool,
    network: Network,
) -> Jobs:
    """Put the background work together; nothing runs yet."""
    clients = account_clients(settings, switch.rollout)
    owners = await store.users.list_all(Role.ADMIN)
    herald = Herald(settings.admin_id or (owners[0].user_id if owners else None), begun_ms=clock.now_ms())
    resolver = Resolver(store, clients, herald, clock=clock, news=news)

    async def markets(account: Account) -> list[Instrument]:
        return list(await instruments.of(account.exchange, account.account_type))

    async def find_instrument(account: Account, native_symbol: str) -> Instrument | None:
        return next((row for row in await markets(account) if row.native_symbol == native_symbol), None)

    recovery = Recovery(store, clients, resolver, find_instrument, emergency, herald=herald, clock=clock)
    sync = AccountSync(store, clients, herald, clock=clock, news=news)
    streams = Streams(store, clients, markets, sync.apply)
    backups = backups_folder(store.path.parent)
    return Jobs(
        herald=herald,
        resolver=resolver,
        recovery=recovery,
        sync=sync,
        streams=streams,
        housekeeper=Housekeeper(store, recovery, clock=clock),
        care=make_care(store, backend, clients, pool, instruments, clock),
        rollout=switch,
        rounds=Rounds(store, pool, network, streams, backups, herald, clock=clock),
    )
