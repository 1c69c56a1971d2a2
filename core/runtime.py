"""Opens everything a process needs, in order, and closes it in reverse: the only place that knows everyone."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import db
from core.accounts import Accounts
from core.backend import forget_clients, name_of, rollout_in_force, select_backend
from core.clients import ClientPool
from core.clock import Clock, SystemClock
from core.config import Settings, credentials_directory
from core.context import Context, opened
from core.emergency import EmergencyLog
from core.failpoints import arm
from core.ids import use_id_key
from core.instruments import InstrumentTables
from core.jobs import Jobs, make_jobs
from core.news import News
from core.orders import OrderDesk
from core.ports import TradingBackend
from core.rollout import RolloutSwitch
from core.shadow import Shadow
from core.vault import Vault, open_vault
from db import Route, Store
from exchanges.transport import Network

_EMERGENCY_FILE = "emergency.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a running process has in its hands."""

    settings: Settings
    store: Store
    vault: Vault
    accounts: Accounts
    clients: ClientPool
    instruments: InstrumentTables
    desk: OrderDesk
    backend: TradingBackend
    news: News
    jobs: Jobs
    clock: Clock

    @property
    def path_name(self) -> str:
        """The path to the venues that is in force: `unified`, `legacy`, or whom the unified one serves."""
        return name_of(rollout_in_force(self.settings, self.jobs.rollout.rollout))


@asynccontextmanager
async def open_runtime(
    settings: Settings,
    *,
    role: str = "tool",
    network: Network | None = None,
    with_jobs: bool = True,
    clock: Clock | None = None,
) -> AsyncIterator[Runtime]:
    """Open database, vault, network and the door for orders; choose the path to the venues.

    Args:
        role: `bot` or `webapp`, of which one process each may run on one database; `tool` for anything short.
        network: Another clock or trust store than this machine's; closed with the rest.
        with_jobs: Whether to recover and to work in the background; a `tool` never does.
        clock: Another clock than this machine's, for everything that waits or tells how old something is.

    Raises:
        StorageRefused: The database or its key cannot be used; the sentence says what to do.
    """
    async with AsyncExitStack() as stack:
        clock = clock or SystemClock()
        arm(settings.failpoint)
        store = await db.open_database(settings.database, role=role, now_ms=clock.now_ms)
        stack.push_async_callback(db.close_database)
        vault = await open_vault(store, store.path.parent, credentials_directory())
        use_id_key(settings.telegram_token.get_secret_value())
        network = await stack.enter_async_context(network or Network(share=_share_of(role)))
        clients = ClientPool(settings, network)
        stack.callback(forget_clients)
        emergency, news = EmergencyLog(store.path.parent / _EMERGENCY_FILE), News()
        emergency.reserve()
        desks = {route: OrderDesk(store, emergency, route=route, clock=clock, news=news) for route in Route}
        for desk in desks.values():
            stack.push_async_callback(desk.drain)
        switch, shadow = await _open_rollout(stack, store, clock)
        context = stack.enter_context(opened(_context(settings, clients, desks, switch)))
        backend = select_backend(settings, switch.rollout, shadow)
        jobs = await make_jobs(
            settings, store, backend, context.instruments, emergency, news, clock, switch, clients, network
        )
        for desk in desks.values():
            desk.on_unknown, desk.on_alarm = jobs.resolver.wake, jobs.resolver.page
        if with_jobs and role != "tool":
            await jobs.recover()
            await stack.enter_async_context(jobs.running())
        yield Runtime(
            settings=settings,
            store=store,
            vault=vault,
            accounts=context.accounts,
            clients=clients,
            instruments=context.instruments,
            desk=context.desk,
            backend=backend,
            news=news,
            jobs=jobs,
            clock=clock,
        )


def _context(
    settings: Settings, clients: ClientPool, desks: Mapping[Route, OrderDesk], switch: RolloutSwitch
) -> Context:
    return Context(
        settings=settings,
        accounts=Accounts(settings.is_sandbox),
        clients=clients,
        instruments=InstrumentTables(clients.load_instruments),
        desk=desks[Route.UNIFIED],
        direct_desk=desks[Route.LEGACY],
        override=switch.rollout,
    )


async def _open_rollout(stack: AsyncExitStack, store: Store, clock: Clock) -> tuple[RolloutSwitch, Shadow]:
    """Return the owner's choice of path, and what compares the paths where that is wanted."""
    switch = RolloutSwitch(store, clock=clock)
    await switch.load()
    shadow = Shadow(lambda: switch.choice.is_shadowing)
    stack.push_async_callback(shadow.settle)
    return switch, shadow


def _share_of(role: str) -> float:
    """Return the part of the venues' rate budgets of this process: bot and web app share one address.

    Reads may fill eight tenths of a part, so that even both parts together leave the venue's limit some room.
    """
    return {"bot": 0.8, "webapp": 0.4}.get(role, 0.2)
