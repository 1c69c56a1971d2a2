"""A whole product on a simulated world whose time the test moves, and what one may ask of it afterwards.

The venue's ledger is the judge, never the product's own database: `posts` are the order requests that the venue saw,
`orders` what exists there.
"""

import dataclasses
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

import db
from bot_legacy import GATEWAY as DIRECT
from core import money
from core.accounts import spec_of
from core.backend import account_clients
from core.config import Settings
from core.context import current
from core.ids import client_order_id, is_ours
from core.keys import credentials_of
from core.ordering import protection_ids
from core.orders import OrderDesk
from core.runtime import Runtime, open_runtime
from db import Leg, LegEvent, LegState
from direct import calls
from direct.calls import Pools
from exchanges.base import AccountVenue
from exchanges.clock import VenueClock
from exchanges.transport import Network
from models.account import Account
from models.enums import AccountType, OrderSide, OrderType
from models.requests import Action, OrderRequest, Protection
from models.unified import Instrument, OrderResult
from sandbox.clock import Clock
from sandbox.engine import Engine, Order, OrderSpec, OrderStatus, Side, Venue
from sandbox.engine import OrderType as EngineOrderType
from sandbox.journal import RequestRecord
from sandbox.server import Sandbox
from tests.faults.travel import Travel
from tests.world import USER, settings_for

GENEROUS = 100
CREATE = {"bybit": "POST /v5/order/create", "hyperliquid": "POST /exchange order"}
"""How the requests that place an order look in the venue's journal, and to its fault rules."""
READS = {"bybit": "GET *", "hyperliquid": "POST /info*"}
STREAMS = {"bybit": "GET /v5/private", "hyperliquid": "GET /ws"}
SIZE = "0.01"
FIRST, SECOND, THIRD = "tg:1:1:0", "tg:1:2:0", "tg:1:3:0"
"""Causes: what made somebody ask."""
Levels = Sequence[tuple[str, str]]
_NATIVE = {"bybit": "BTCUSDT", "hyperliquid": "BTC"}


@dataclass
class Stage:
    """The running whole, seen from one account on one path."""

    scene: "Scene"
    runtime: Runtime
    exchange: str
    path: str
    stack: AsyncExitStack
    """Closes what the stage opened besides the product."""

    @property
    def sandbox(self) -> Sandbox:
        return self.scene.sandbox

    @property
    def time(self) -> Travel:
        return self.scene.time

    @property
    def folder(self) -> Path:
        """Where the product keeps its files."""
        return self.runtime.store.path.parent

    @property
    def venue_account(self) -> str:
        """The account's name at the venue."""
        return self.scene.accounts[self.exchange]

    # What a person does

    async def buy(self, cause: str = FIRST, **changes: Any) -> OrderResult:
        """Buy 0.01 BTC at the market."""
        return await self.time.run(self.buying(cause, **changes))

    async def buying(self, cause: str = FIRST, *, user_id: int = USER, **changes: Any) -> OrderResult:
        """The same without moving time."""
        wish = {"symbol": "BTCUSDT", "side": "buy", "order_type": "market", "size": SIZE, "exchange": self.exchange}
        return await self.runtime.backend.place_order(user_id, cause=cause, **cast(Any, wish | changes))

    async def close(self, cause: str = SECOND, **changes: Any) -> OrderResult:
        """Close the position in BTC."""
        return await self.time.run(self.closing(cause, **changes))

    async def closing(self, cause: str = SECOND, **changes: Any) -> OrderResult:
        """The same without moving time."""
        wish = {"symbol": "BTCUSDT", "exchange": self.exchange}
        return await self.runtime.backend.close_position(USER, cause=cause, **cast(Any, wish | changes))

    async def give_keys(self, user_id: int) -> str:
        """Open an account at the venue for another person, connect it, and return its name there."""
        name, keys = self.scene.new_account(self.exchange, f"person-{user_id}")
        await db.set_credentials(dataclasses.replace(self.account, user_id=user_id), keys)
        return name

    async def request(self, cause: str = FIRST, *, stop: str | None = None, **changes: Any) -> OrderRequest:
        """Return the order that `buy` would send, to be sent when the test wants it."""
        instrument = changes.pop("instrument", None) or await self.instrument()
        ticker = await self.time.run(self.runtime.backend.get_ticker(USER, instrument.symbol, self.exchange))
        wish: dict[str, Any] = {
            "side": OrderSide.BUY,
            "size": SIZE,
            "order_type": OrderType.MARKET,
            "reference_price": ticker.reference_price,
            "slippage_fraction": Decimal("0.01"),
            "client_order_id": self.id_of(cause),
            "protection": None if stop is None else Protection(stop_loss=Decimal(stop)),
            "protection_client_ids": protection_ids(self.account, cause, None, stop),
        }
        return money.build_order(instrument, **{**wish, **changes})

    async def send(self, action: Action, cause: str = FIRST, *, client: AccountVenue | None = None) -> OrderResult:
        """Send an action through the one door."""
        return await self.time.run(self.sending(action, cause, client=client or await self.client()))

    async def sending(self, action: Action, cause: str = FIRST, *, client: AccountVenue | None = None) -> OrderResult:
        """The same without moving time."""
        client = client or await account_clients(self.runtime.settings)(self.account)
        return await self.desk.submit(self.account, action, cause=cause, sender=client)

    async def resolved(self, *, within_s: float = 60) -> float:
        """Let time pass until nothing is unknown any more; return how long that took."""
        started = self.time.monotonic()
        while await self.unresolved():
            assert self.time.monotonic() - started <= within_s, f"still unknown after {within_s} s"
            await self.time.advance(0.5)
        return self.time.monotonic() - started

    # The product's parts

    @property
    def account(self) -> Account:
        return Account(user_id=USER, exchange=self.exchange, account_type=AccountType.PAPER)

    @property
    def desk(self) -> OrderDesk:
        """The door on this path."""
        return current().desk if self.path == "unified" else current().direct_desk

    def id_of(self, cause: str, leg: int = 0) -> str:
        return client_order_id(self.exchange, self.account, cause, leg)

    async def client(self) -> AccountVenue:
        """Return the account's client on this path."""
        return await self.time.run(account_clients(self.runtime.settings)(self.account))

    async def client_at(self, url: str, *, knows_the_time: bool = True) -> AccountVenue:
        """Return a client of this path that has never connected, for a venue somewhere else."""
        if not knows_the_time:
            calls._clocks.pop(url, None)  # the direct clients at one address share theirs
        client = await self._client_at(url)
        if knows_the_time:
            clock = _clock_of(client)
            moment = clock._monotonic()
            clock.observe(self.time.wall(), sent_at=moment, received_at=moment)
        return client

    async def _client_at(self, url: str) -> AccountVenue:
        credentials = await self.time.run(credentials_of(self.account, self.runtime.settings))
        if self.path == "unified":
            spec = spec_of(self.exchange)
            return spec.adapter(credentials, spec.paper_endpoints(url), await self.new_network())
        make = type(await self.time.run(DIRECT.account(self.account)))
        options = {"base_url": url, "account_type": AccountType.PAPER, "pools": Pools("elsewhere")}
        return cast(AccountVenue, cast(Any, make)(credentials=credentials, **options))

    async def new_network(self) -> Network:
        """Return connections that nobody has used."""
        made = Network(share=GENEROUS, monotonic=self.time.monotonic, wall=self.time.wall)
        return await self.stack.enter_async_context(made)

    async def instrument(self, symbol: str = "BTCUSDT") -> Instrument:
        found = await self.time.run(self.runtime.backend.find_instruments(USER, symbol, self.exchange))
        return next(row for row in found if row.symbol == symbol)

    # What goes wrong

    def fault(self, kind: str, match: str = "", **fields: Any) -> int:
        """Break requests that place an order, or those that match."""
        return self.sandbox.fault(kind, venue=self.exchange, match=match or f"{CREATE[self.exchange]}*", **fields)

    @contextmanager
    def impatient_threads(self) -> Iterator[None]:
        """Let the direct paths' threads give up after moments of real time, and wait for them."""
        with pytest.MonkeyPatch.context() as patch:
            for module in ("direct.calls", "direct.bybit_client", "direct.hyperliquid_asking"):
                patch.setattr(f"{module}.TIMEOUT_S", (0.2, 0.5))
            patch.setattr(self.time, "patience_s", 2.0)
            yield

    def price(self, percent: int) -> Decimal:
        """Return a price of BTC this far from now's."""
        now = self.sandbox.world.market.quote(self.venue, self.native).last
        return (now * (100 + percent) / 100).quantize(Decimal(1))

    def move_price(self, percent: int) -> None:
        """Hold the price of BTC this far from now's."""
        self.sandbox.set_price(self.native, self.price(percent))

    async def mute_streams(self) -> None:
        """Cut the private streams and let none come back."""
        self.fault("reset_before", STREAMS[self.exchange], count=None)
        await self.sandbox.world.drop_sockets(self.exchange)

    def thin_book(self, *, bids: Levels = (), asks: Levels = ()) -> None:
        """Put exactly these (price, size) levels into the market's book."""
        self.sandbox.thin_book(self.native, bids=bids, asks=asks, venue=self.venue)

    def by_hand(self, side: Side, size: str) -> None:
        """Trade in the venue's own app."""
        wish = OrderSpec(symbol=self.native, side=side, type=EngineOrderType.MARKET, size=Decimal(size))
        self.engine.place(self.venue_account, wish)

    def heal(self) -> None:
        """Break nothing any more."""
        self.sandbox.world.faults.remove()

    # P: order requests that the venue saw

    def posts(self, text: str = "") -> list[RequestRecord]:
        """Return the order requests that reached the venue, whatever became of them."""
        return [record for record in self.asked(text) if record.operation == CREATE[self.exchange]]

    def asked(self, text: str = "", after: int = 0) -> list[RequestRecord]:
        """Return all requests that reached the venue and whose operation or body holds the text."""
        return list(self.sandbox.world.journal.find(venue=self.exchange, text=text, after=after))

    # O: what exists at the venue

    @property
    def engine(self) -> Engine:
        return self.sandbox.world.engine(self.venue)

    @property
    def venue(self) -> Venue:
        return Venue(self.exchange)

    def orders(self) -> list[Order]:
        """Return the orders under our ids that the venue accepted, protection included."""
        found = self.engine.orders(self.venue_account)
        is_real = [order for order in found if order.status is not OrderStatus.REJECTED]
        return [order for order in is_real if is_ours(self.exchange, order.client_order_id)]

    @property
    def counts(self) -> tuple[int, int]:
        """P and O."""
        return len(self.posts()), len(self.orders())

    def size(self) -> Decimal:
        """Return the size of the position in BTC at the venue, below zero when short."""
        return self.engine.position(self.venue_account, self.native).position.size

    @property
    def native(self) -> str:
        return _NATIVE[self.exchange]

    # J: what the journal says

    async def legs(self, cause: str = FIRST) -> list[Leg]:
        return await self.time.run(self.runtime.store.journal.of_cause(cause))

    async def leg(self, cause: str = FIRST) -> Leg:
        return (await self.legs(cause))[0]

    async def state(self, cause: str = FIRST) -> LegState:
        return (await self.leg(cause)).state

    async def events(self, cause: str = FIRST) -> list[LegEvent]:
        return await self.time.run(self.runtime.store.journal.events((await self.leg(cause)).id))

    async def unresolved(self) -> list[Leg]:
        return await self.time.run(self.runtime.store.journal.unresolved())

    # U: what people are told; A: what wakes the operator

    async def news(self) -> list[dict[str, Any]]:
        """Return everything that the outbox holds for people, oldest first."""
        return [dict(message.body) for message in await self.time.run(self.runtime.store.outbox.due(limit=1000))]

    async def kinds(self) -> list[str]:
        return [str(body["kind"]) for body in await self.news() if body["kind"] != "operator_page"]

    async def alarms(self) -> list[str]:
        return [str(body["what"]) for body in await self.news() if body["kind"] == "operator_page"]

    # What holds in every row

    async def check(self) -> None:
        """Every order under our prefix has one leg, no leg has two, and the product still writes."""
        effective = [order for order in self.orders() if order.is_open or order.filled_size]
        ids = [str(order.client_order_id) for order in effective]
        assert len(ids) == len(set(ids)), "one leg, two orders"
        ids = [str(order.client_order_id) for order in self.orders()]
        known = await self.time.run(self.runtime.store.journal.knows(self.exchange, ids))
        assert known == set(ids), "orders of ours that the journal does not know"
        await self.time.run(self.runtime.store.probe())


def _clock_of(client: Any) -> VenueClock:
    transport = getattr(client, "_transport", None)
    return cast(VenueClock, client._clock if transport is None else transport.clock)


class Scene:
    """A simulated world with an account without a past at each venue; products come and go in it.

    Args:
        sandbox: Running.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.time = Travel(sandbox)
        made = {name: self.new_account(name, "stage") for name in _NATIVE}
        self.accounts = {name: account for name, (account, _) in made.items()}
        self.keys = {
            "paper_venues": {name: {"url": sandbox.url(name), "keys": keys} for name, (_, keys) in made.items()}
        }

    def new_account(self, exchange: str, name: str) -> tuple[str, dict[str, str]]:
        """Open an account without a past; return its name at the venue and its keys."""
        if exchange == "bybit":
            rights = {"ContractTrade": ("Order", "Position"), "Derivatives": ("DerivativesTrade",)}
            bybit = self.sandbox.new_bybit_account(name, deposits={"USDT": 1_000_000}, permissions=rights)
            return bybit.uid, {"api_key": bybit.api_key, "api_secret": bybit.secret}
        hyperliquid = self.sandbox.new_hyperliquid_account(name, usdc=1_000_000)
        keys = {"private_key": hyperliquid.agent_key, "account_address": hyperliquid.master}
        return hyperliquid.master, keys

    def settings(self, folder: Path, path: str, **overrides: Any) -> Settings:
        """Return the settings of a process on this folder."""
        wish = {"use_unified": "true" if path == "unified" else "false", "admin_id": USER, **self.keys, **overrides}
        return settings_for(self.sandbox, folder, **wish)

    @asynccontextmanager
    async def product(
        self,
        folder: Path,
        exchange: str,
        path: str,
        *,
        with_jobs: bool = True,
        role: str = "bot",
        share: float = GENEROUS,
        **overrides: Any,
    ) -> AsyncIterator[Stage]:
        """Open a product on a folder, which may hold an earlier life of it."""
        settings = self.settings(folder, path, **overrides)
        network = Network(share=share, monotonic=self.time.monotonic, wall=self.time.wall)
        open_one = open_runtime(settings, role=role, network=network, with_jobs=with_jobs, clock=self.time)
        async with open_one as runtime, AsyncExitStack() as stack:
            stack.enter_context(self.time.holding(lambda: runtime.store.pending > 0))
            yield Stage(self, runtime, exchange, path, stack)


@asynccontextmanager
async def opened_scene() -> AsyncIterator[Scene]:
    """Open a world whose time stands still until the test moves it."""
    async with Sandbox(clock=Clock(frozen_at=datetime.now(UTC))) as sandbox:
        yield Scene(sandbox)


@asynccontextmanager
async def staged(folder: Path, exchange: str, path: str, **options: Any) -> AsyncIterator[Stage]:
    """Open a world and a product in it."""
    async with opened_scene() as scene, scene.product(folder, exchange, path, **options) as stage:
        yield stage
