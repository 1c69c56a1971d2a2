"""One simulated HyperLiquid per test, served from a thread of its own so that the synchronous SDK can talk to it."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests
from aiohttp import web
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils import signing

from sandbox.fault_wire import middleware
from sandbox.hyperliquid import people
from sandbox.hyperliquid.feeds import FEEDS
from sandbox.hyperliquid_api import HUB, NAME, VENUE, create_app
from sandbox.journal import RequestRecord
from sandbox.world import World

# the SDK's functions carry no types of their own
SIGN_L1: Callable[..., dict[str, Any]] = signing.sign_l1_action
PRICES = {"BTC": "60000", "ETH": "3000", "SOL": "150", "TSLA": "250"}


class Running:
    """A venue that is being served, and what tests do to it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.world = World()
        self.engine = self.world.hyperliquid
        for coin, price in PRICES.items():
            self.world.market.set_price(coin, Decimal(price))
        self.app = create_app(self.world)
        self.app.middlewares.insert(0, middleware(self.world, NAME))
        self.venue = self.app[VENUE]
        self.hub = self.app[HUB]
        self.venue.behaviour.block_seconds = 0.001
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        self._runner = self._run(self._serve())

    def stop(self) -> None:
        self._run(self.world.end())
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
        self.call(lambda: self.world.market.set_price(coin, Decimal(price)))
        self.call(self.engine.step)

    def fault(self, kind: str, match: str, **fields: Any) -> None:
        """Break the next requests whose operation fits the pattern."""
        self.call(lambda: self.world.faults.add({"kind": kind, "venue": NAME, "match": match, **fields}))

    def drop_sockets(self) -> None:
        self._run(self.world.drop_sockets(NAME))

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Wait until the condition holds, five seconds at most."""
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.005)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=5)

    def post_together(self, path: str, bodies: list[Any]) -> list[Any]:
        """Post bodies at the same time and return their parsed answers."""
        with ThreadPoolExecutor(len(bodies)) as pool:
            return [answer.json() for answer in pool.map(lambda body: self.post(path, body), bodies)]

    def arrived(self, text: str) -> list[RequestRecord]:
        """Return the requests that reached the venue and contain the text."""
        return list(self.world.journal.find(venue=NAME, text=text))

    def post_text(self, path: str, text: str) -> requests.Response:
        """Post a body as it is."""
        return requests.post(self.url + path, data=text.encode(errors="surrogateescape"), timeout=5)

    def info(self, kind: str, **fields: Any) -> Any:
        """Ask /info and return the parsed answer."""
        answer = self.post("/info", {"type": kind, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def frames(self, subscription: Any) -> list[Any]:
        """Return the data of every frame that a new subscription would bring at once."""
        feed = FEEDS[subscription["type"]]
        sent = [*feed.opening(self.venue, subscription), *feed.current(self.venue, subscription)]
        return [json.loads(json.dumps(data)) for _, data in sent]

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


@pytest.fixture
def trader(hyperliquid: Running) -> str:
    """The address of the trader's account."""
    return people.address_of(people.TRADER_KEY)


@pytest.fixture
def info(hyperliquid: Running) -> Iterator[Info]:
    """The official SDK's reader."""
    reader = Info(hyperliquid.url, skip_ws=True, perp_dexs=["", "xyz"], timeout=5)
    yield reader
    reader.session.close()


@pytest.fixture
def exchange(hyperliquid: Running, trader: str) -> Iterator[Exchange]:
    """The official SDK's trader, with the agent's key."""
    client = sdk_exchange(hyperliquid, people.TRADER_AGENT_KEY, account_address=trader)
    yield client
    client.session.close()
    client.info.session.close()


def sdk_exchange(running: Running, key: str, **options: Any) -> Exchange:
    """Return the official SDK's trader for a private key."""
    return sdk_exchange_at(running.url, key, **options)


def sdk_exchange_at(url: str, key: str, **options: Any) -> Exchange:
    """Return the official SDK's trader for a private key, at any address."""
    return Exchange(Account.from_key(key), url, perp_dexs=["", "xyz"], timeout=5, **options)


def only_status(answer: Any) -> Any:
    """Return the one status of a batch of one."""
    assert answer["status"] == "ok", answer
    (status,) = answer["response"]["data"]["statuses"]
    return status


class Signer:
    """Signs and posts any L1 action, as the SDK does, with every part open to change."""

    def __init__(self, running: Running, key: str) -> None:
        self._running = running
        self._nonce = running.venue.now_ms()
        self.wallet = Account.from_key(key)
        self.address = str(self.wallet.address).lower()

    def nonce(self) -> int:
        """Return a nonce that this signer has not used."""
        self._nonce += 1
        return self._nonce

    def body(
        self,
        action: Any,
        *,
        nonce: int | None = None,
        vault: str | None = None,
        expires: int | None = None,
        mainnet: bool = False,
    ) -> dict[str, Any]:
        """Return the signed body of a request."""
        nonce = self.nonce() if nonce is None else nonce
        signature = SIGN_L1(self.wallet, action, vault, nonce, expires, mainnet)
        envelope = {"action": action, "nonce": nonce, "signature": signature}
        return envelope | {"vaultAddress": vault, "expiresAfter": expires}

    def send(self, action: Any, **options: Any) -> Any:
        """Sign, post and return the parsed answer."""
        answer = self._running.post("/exchange", self.body(action, **options))
        assert answer.status_code == 200, answer.text
        return answer.json()


def limit_order(
    *, asset: int = 0, buy: bool = True, price: str = "50000", size: str = "0.01", tif: str = "Gtc", **extra: Any
) -> dict[str, Any]:
    """Return an `order` action with one limit order."""
    row = {"a": asset, "b": buy, "p": price, "s": size, "r": False, "t": {"limit": {"tif": tif}}}
    return {"type": "order", "orders": [row | extra], "grouping": "na"}


@pytest.fixture
def signer(hyperliquid: Running) -> Signer:
    """Signs with the trader's agent."""
    return Signer(hyperliquid, people.TRADER_AGENT_KEY)
