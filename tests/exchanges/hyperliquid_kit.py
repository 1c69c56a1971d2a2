"""What several HyperLiquid tests build on: demo keys that are visibly fake, and a few markets."""

import itertools
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from exchanges.hyperliquid import HLExchange
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, ContractKind, InstrumentStatus, OrderSide, OrderType, TimeInForce
from models.market import Instrument
from models.requests import Ack, Action, OrderRequest, Stamp
from models.venue import Credentials
from sandbox.fault_wire import middleware
from sandbox.hyperliquid import people
from sandbox.hyperliquid_api import NAME, VENUE, create_app
from sandbox.world import World
from tests.exchanges.wire_server import Fault, Received, Reply, Script, WireServer, reply

AGENT_KEY = "0x" + "0123456789" * 6 + "0123"
MASTER = "0x" + "a1" * 20
VAULT = "0x" + "b2" * 20
CLOID = "0xeb010000000000000000000000000007"
TAKE_PROFIT_CLOID = "0xeb010000000000000000000000000008"
STOP_CLOID = "0xeb010000000000000000000000000009"


def instrument(coin: str = "BTC", *, asset_id: int = 0, size_decimals: int = 5, **changes: Any) -> Instrument:
    """Return a main-dex market on HyperLiquid's grid."""
    fields: dict[str, Any] = {
        "exchange": "hyperliquid",
        "symbol": f"{coin}USDT",
        "native_symbol": coin,
        "base": coin,
        "quote": "USDC",
        "settle": "USDC",
        "kind": ContractKind.LINEAR_PERPETUAL,
        "status": InstrumentStatus.TRADING,
        "size_step": Decimal(1).scaleb(-size_decimals),
        "min_size": Decimal(1).scaleb(-size_decimals),
        "price_significant_figures": 5,
        "price_max_decimals": 6 - size_decimals,
        "min_notional": Decimal(10),
        "max_leverage": Decimal(40),
        "asset_id": asset_id,
    }
    return Instrument(**{**fields, **changes})


BTC = instrument()
SOL = instrument("SOL", asset_id=5, size_decimals=2)


def order(market: Instrument = BTC, **changes: Any) -> OrderRequest:
    """Return a limit order to buy 0.01 at 60000."""
    fields: dict[str, Any] = {
        "instrument": market,
        "side": OrderSide.BUY,
        "size": Decimal("0.01"),
        "order_type": OrderType.LIMIT,
        "client_order_id": CLOID,
        "price": Decimal(60000),
        "time_in_force": TimeInForce.GTC,
    }
    return OrderRequest(**{**fields, **changes})


def recorded(name: str) -> Any:
    """Return the data of a recorded payload file, or skip the test where there are none."""
    folder = os.environ.get("RECORDED_PAYLOADS")
    if not folder:
        pytest.skip("RECORDED_PAYLOADS is not set: no recorded payloads to compare with")
    return json.loads((Path(folder) / name).read_text())["data"]


NO_STREAM = "ws://127.0.0.1:9/ws"
NOW_MS = 1_790_000_000_000
IMPATIENT = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0, sock_read=1.5)


def stamp(nonce: int | None = NOW_MS, *, fence_ms: int = NOW_MS + 10_000) -> Stamp:
    """Return the stamp of an attempt made now."""
    return Stamp(timestamp_ms=NOW_MS, fence_ms=fence_ms, nonce=nonce)


def adapter(
    url: str,
    network: Network,
    *,
    account_type: AccountType = AccountType.PAPER,
    key: str = AGENT_KEY,
    stream: str | None = None,
    **values: str,
) -> HLExchange:
    """Return the adapter of an account at an address; its master is known unless said otherwise."""
    fields = {"private_key": key, "account_address": MASTER, **values}
    credentials = Credentials(exchange="hyperliquid", account_type=account_type, values=fields)
    endpoints = Endpoints(rest=url, stream=stream or f"ws{url.removeprefix('http')}/ws")
    return HLExchange(credentials, endpoints, network)


@asynccontextmanager
async def venue(script: Script, **values: Any) -> AsyncIterator[tuple[HLExchange, WireServer]]:
    """Yield an adapter whose venue is a script, and has no stream."""
    async with WireServer(script) as server, Network(timeout=IMPATIENT, wall=lambda: NOW_MS / 1000) as network:
        yield adapter(server.url, network, stream=NO_STREAM, **values), server


def answering(**answers: Any) -> Script:
    """Return a script that answers /info by the kind of question; a function is called with the question."""

    def script(request: Received) -> Reply | Fault:
        answer = answers[request.json["type"]]
        if callable(answer):
            answer = answer(request.json)
        return answer if isinstance(answer, Reply | Fault) else reply(answer)

    return script


class Simulation:
    """A simulated HyperLiquid in this loop, and the markets it lists."""

    url: str

    def __init__(self) -> None:
        self.world = World()
        for coin, price in {"BTC": "60000", "ETH": "3000", "SOL": "150", "TSLA": "250"}.items():
            self.world.market.set_price(coin, Decimal(price))
        self.app = create_app(self.world)
        self.venue = self.app[VENUE]
        self.venue.behaviour.block_seconds = 0.001
        self.asked: list[dict[str, Any]] = []
        self.app.middlewares.insert(0, middleware(self.world, NAME))
        self.app.middlewares.insert(0, self._listen)
        self._nonces = itertools.count(int(time.time() * 1000))

    @web.middleware
    async def _listen(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST":
            self.asked.append({"path": request.path, **json.loads(await request.read())})
        return await handler(request)

    def set_price(self, coin: str, price: str) -> None:
        """Move a coin's price and let the venue notice."""
        self.world.market.set_price(coin, Decimal(price))
        self.venue.engine.step()

    def fault(self, kind: str, match: str) -> None:
        """Break the next request whose operation fits the pattern."""
        self.world.faults.add({"kind": kind, "venue": NAME, "match": match})

    def stamp(self) -> Stamp:
        """Return the stamp of an attempt made now, with a nonce that no other has."""
        nonce = next(self._nonces)
        return Stamp(timestamp_ms=nonce, fence_ms=nonce + 10_000, nonce=nonce)

    async def do(self, exchange: HLExchange, action: Action) -> tuple[Ack, ...]:
        """Sign and send one action."""
        return await exchange.send(exchange.sign(action, self.stamp()))

    def account(self, network: Network, **values: str) -> HLExchange:
        """Return the adapter of the trader's account, or of another key's."""
        fields = {"key": people.TRADER_AGENT_KEY, "account_address": people.address_of(people.TRADER_KEY), **values}
        return adapter(self.url, network, **fields)  # type: ignore[arg-type]


@asynccontextmanager
async def simulation() -> AsyncIterator[tuple[Simulation, Network]]:
    """Serve a simulated HyperLiquid with the accounts of `sandbox.hyperliquid.people`."""
    simulated = Simulation()
    runner = web.AppRunner(simulated.app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    simulated.url = f"http://{host}:{port}"
    try:
        async with Network() as network:
            yield simulated, network
    finally:
        await simulated.world.end()
        await runner.cleanup()
