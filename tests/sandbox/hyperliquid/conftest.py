"""One simulated HyperLiquid per test, served from a thread of its own so that the synchronous SDK can talk to it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from aiohttp import web

from sandbox.clock import Clock
from sandbox.engine import Engine
from sandbox.hyperliquid.people import open_accounts
from sandbox.hyperliquid.venue import Venue
from sandbox.hyperliquid_api import HUB, create_venue_app
from sandbox.instruments import Venue as Which
from sandbox.market import Market

PRICES = {"BTC": "60000", "ETH": "3000", "SOL": "150", "TSLA": "250"}


class Running:
    """A venue that is being served, and what tests do to it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.clock = Clock()
        self.market = Market(clock=self.clock)
        self.engine = Engine(venue=Which.HYPERLIQUID, market=self.market)
        self.venue = Venue(self.engine, block_seconds=0.001)
        for coin, price in PRICES.items():
            self.market.set_price(coin, Decimal(price))
        open_accounts(self.venue)
        self.app = create_venue_app(self.venue)
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        self._runner = self._run(self._serve())

    def stop(self) -> None:
        self._run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, action: Callable[[], Any]) -> Any:
        """Run something in the venue's own thread."""

        async def run() -> Any:
            return action()

        return self._run(run())

    def set_price(self, coin: str, price: str) -> None:
        """Move a coin's price and let the venue notice."""
        self.call(lambda: self.market.set_price(coin, Decimal(price)))
        self.call(self.engine.step)

    def drop_sockets(self) -> None:
        self.call(self.app[HUB].drop_all)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=5)

    def info(self, kind: str, **fields: Any) -> Any:
        """Ask /info and return the parsed answer."""
        answer = self.post("/info", {"type": kind, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def _serve(self) -> web.AppRunner:
        runner = web.AppRunner(self.app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return runner

    def _run(self, work: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(timeout=10)


@pytest.fixture
def hyperliquid() -> Iterator[Running]:
    """A served venue with the accounts of `sandbox.hyperliquid.people` and held prices."""
    running = Running()
    running.start()
    yield running
    running.stop()
