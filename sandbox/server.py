"""Runs a whole sandbox: the venues, the Telegram server and the control API, each on its own loopback port."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web

from sandbox import admin, bybit_api, control, demo, hyperliquid_api, okx_api, state, telegram_api
from sandbox.book import Level
from sandbox.clock import Clock
from sandbox.engine import Venue
from sandbox.fault_wire import middleware
from sandbox.hyperliquid import admin as hyperliquid_admin
from sandbox.hyperliquid import venue as hyperliquid_venue
from sandbox.okx import keys as okx_keys
from sandbox.world import World

HOST: Final = "127.0.0.1"
CONTROL: Final = "control"
SAVE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One server of the sandbox: its name, where its port lies above the base port, and how it is made."""

    name: str
    offset: int
    create: Callable[[World], web.Application]


PARTS: Final = (
    Part(name="bybit", offset=0, create=bybit_api.create_app),
    Part(name="hyperliquid", offset=1, create=hyperliquid_api.create_app),
    Part(name="telegram", offset=2, create=telegram_api.create_app),
    Part(name="okx", offset=4, create=okx_api.create_app),
)
CONTROL_OFFSET: Final = 3
DEFAULT_PORT_BASE: Final = 8780


def ports_from(base: int) -> dict[str, int]:
    """The ports of all parts above a base port; base 0 lets the system choose every one."""
    offsets = {**{part.name: part.offset for part in PARTS}, CONTROL: CONTROL_OFFSET}
    return {name: base + offset if base else 0 for name, offset in offsets.items()}


class Sandbox:
    """A running sandbox; ``async with Sandbox() as sb`` starts it and stops it.

    Args:
        seed: Makes the prices.
        clock: Real time when not given; ``Clock(frozen_at=…)`` stands still until ``advance``.
        ports: Port per part ("bybit", "hyperliquid", "telegram", "okx", "control"); 0 or missing: the system chooses.
        state_file: Accounts are read from it at the start and written to it while running and at the end.
        ack_delay_ms: Bybit's delay between acknowledging and executing; by default none on a frozen clock.
        telegram_token: The token that the local Telegram server accepts.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        clock: Clock | None = None,
        ports: Mapping[str, int] | None = None,
        state_file: Path | None = None,
        ack_delay_ms: int | None = None,
        telegram_token: str = demo.TELEGRAM_TOKEN,
    ) -> None:
        self.world = World(seed=seed, clock=clock, ack_delay_ms=ack_delay_ms, telegram_token=telegram_token)
        self._ports = dict(ports or {})
        self._state_file = state_file
        self._runners: dict[str, web.AppRunner] = {}
        self._sites: dict[str, web.TCPSite] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.apps: dict[str, web.Application] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # Running

    async def start(self) -> None:
        """Open the accounts and the ports, and let time pass.

        Raises:
            OSError: a port is taken.
            DamagedStateError: the state file cannot be read.
            UnwritableStateError: nor is there a place for it.
        """
        started = False
        try:
            await self._start()
            started = True
        finally:
            if not started:
                self._state_file = None  # a world that never ran has nothing to save
                await self.stop()

    async def _start(self) -> None:
        self.world.found()
        apps = {part.name: part.create(self.world) for part in PARTS}
        for name, app in apps.items():
            app.middlewares.insert(0, middleware(self.world, name))
        apps[CONTROL] = control.create_app(self)
        self.apps = apps
        if self._state_file is not None:
            state.prepare(self._state_file)
            if self._state_file.exists():
                state.load(self.world, self._state_file)
        for name, app in apps.items():
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
            await runner.setup()
            self._runners[name] = runner
            await self.listen(name)
        self._tasks.append(asyncio.create_task(self.world.run()))
        if self._state_file is not None:
            self._tasks.append(asyncio.create_task(self._keep_saving(self._state_file)))

    async def stop(self) -> None:
        """Close everything and write the state file."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self.world.end()
        for runner in self._runners.values():
            await runner.cleanup()
        if self._state_file is not None:
            state.write(self._state_file, state.render(self.world))

    async def run_until(self, stop: asyncio.Event) -> None:
        """Wait for the event; an error in the world's own loops ends the wait too, and is raised."""
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({waiting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        for task in done - {waiting}:
            task.result()

    async def _keep_saving(self, path: Path) -> None:
        saved = ""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            text = state.render(self.world)
            if text != saved:
                with suppress(state.UnwritableStateError):  # the world goes on; the end tries again, and tells
                    state.write(path, text)
                    saved = text

    async def listen(self, name: str) -> None:
        """Open a part's port, the same one as before; nothing where it is open."""
        if name in self._sites:
            return
        site = web.TCPSite(self._runners[name], HOST, self._ports.get(name, 0))
        await site.start()
        self._sites[name] = site
        self._ports[name] = self._runners[name].addresses[0][1]

    async def refuse(self, name: str) -> None:
        """Close a part's port: connections are refused until ``listen``."""
        site = self._sites.pop(name, None)
        if site is not None:
            await site.stop()

    # Addresses

    def url(self, name: str) -> str:
        """The base URL of a part, without a slash at the end."""
        return f"http://{HOST}:{self._ports[name]}"

    @property
    def bybit_url(self) -> str:
        """Base URL of the simulated Bybit, for REST."""
        return self.url("bybit")

    @property
    def bybit_ws_url(self) -> str:
        """Base URL of the simulated Bybit's WebSockets; add /v5/private or /v5/public/linear."""
        return self.url("bybit").replace("http", "ws", 1)

    @property
    def hyperliquid_url(self) -> str:
        """Base URL of the simulated HyperLiquid, for REST and (with /ws) WebSocket."""
        return self.url("hyperliquid")

    @property
    def okx_url(self) -> str:
        """Base URL of the simulated OKX, for REST and (with /ws/v5/private) WebSocket."""
        return self.url("okx")

    @property
    def telegram_url(self) -> str:
        """Base URL of the local Telegram server; bots use telegram_url + "/bot"."""
        return self.url("telegram")

    @property
    def chat_url(self) -> str:
        """The chat page, with the secret of this run."""
        return f"{self.telegram_url}/#key={self.world.chat_secret}"

    @property
    def control_url(self) -> str:
        """Base URL of the control API."""
        return self.url(CONTROL)

    def announcement(self) -> dict[str, Any]:
        """What the runner prints when ready: addresses, and the demo user's keys."""
        urls = {f"{name}_url": self.url(name) for name in self.apps}
        return {
            **urls,
            "bybit_ws_url": self.bybit_ws_url,
            "chat_url": self.chat_url,
            "paper_venues": {name: {"url": self.url(name), "keys": keys} for name, keys in demo.PAPER_KEYS.items()},
            "bybit_key": demo.BYBIT_KEY,
            "bybit_secret": demo.BYBIT_SECRET,
            "hyperliquid_agent_key": demo.HYPERLIQUID_AGENT_KEY,
            "hyperliquid_master": demo.HYPERLIQUID_MASTER,
            "telegram_token": self.world.telegram_token,
        }

    # For tests in the same process

    def set_price(self, symbol: str, price: Decimal | int | str, *, mark: Decimal | None = None) -> None:
        """Hold a market's price (both venues follow) and let orders meet it."""
        admin.set_price(self.world, symbol, Decimal(price), mark=mark)

    def thin_book(
        self,
        symbol: str,
        *,
        bids: Sequence[tuple[str, str]] = (),
        asks: Sequence[tuple[str, str]] = (),
        venue: Venue = Venue.BYBIT,
    ) -> None:
        """Put exactly these (price, size) levels into a market's book; an omitted side is empty."""
        sides = ([Level(Decimal(price), Decimal(size)) for price, size in side] for side in (bids, asks))
        bid_levels, ask_levels = sides
        self.world.market.fix_book(venue, symbol, bids=bid_levels, asks=ask_levels)

    def delist(self, symbol: str, *, venue: Venue = Venue.BYBIT) -> None:
        """Stop new orders in a market; positions there can still be closed."""
        market = self.world.market
        market.replace_instrument(replace(market.instrument(venue, symbol), tradable=False))

    async def advance(self, seconds: float) -> None:
        """Let the world's time pass."""
        await self.world.advance(seconds)

    def fault(self, kind: str, **fields: Any) -> int:
        """Put a fault rule into force; returns its number. Fields: see ``sandbox.faults.FaultRule``."""
        return self.world.faults.add({"kind": kind, **fields}).number

    @property
    def hyperliquid(self) -> hyperliquid_venue.Venue:
        """The state of the simulated HyperLiquid."""
        return self.apps["hyperliquid"][hyperliquid_api.VENUE]

    def new_hyperliquid_account(self, name: str = "", **options: Any) -> hyperliquid_admin.HyperliquidAccount:
        """Open a clean HyperLiquid account (10,000 USDC unless ``usdc`` says otherwise) with both its keys."""
        return hyperliquid_admin.new_account(self.hyperliquid, name, **options)

    def new_okx_account(self, **options: Any) -> okx_keys.OkxKey:
        """Open a clean OKX account (10,000 USDT unless ``deposits`` says otherwise); returns the key that opens it."""
        return okx_keys.new_account(self.world, self.apps["okx"][okx_api.KEYS], **options)

    def new_bybit_account(self, name: str = "", **options: Any) -> admin.BybitAccount:
        """Open a clean Bybit account (10,000 USDT unless ``deposits`` says otherwise) with a key of its own."""
        return admin.new_bybit_account(self.world, name, **options)
