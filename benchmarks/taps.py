"""From a tap to the wire, and 200 taps at once on a slow line: ours beside pybit in threads.

    python -m benchmarks.taps [--taps N]

First, orders one by one: the time from the confirmed order to its first byte at a canned venue in another process.
Ours has written the intent to the disk by then; pybit, with a client kept, has not. Then, 200 people look at their
positions at once, and every answer takes 100 ms: how long until the last of them has it. What Telegram takes besides
is in `benchmarks.telegram`. Goals: at most 2 ms for the median order; all 200 answered within 3 round trips.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from pybit.unified_trading import HTTP

from benchmarks.positions import KEY, SECRET, UNLIMITED, serve
from core.emergency import EmergencyLog
from core.orders import OrderDesk
from db import Store
from exchanges.base import Credentials
from exchanges.bybit import BybitExchange
from exchanges.spec import Endpoints
from exchanges.transport import Budget, Network
from models.account import Account
from models.enums import AccountType, ContractKind, InstrumentStatus, OrderSide, OrderType, Outcome
from models.market import Instrument
from models.requests import OrderRequest

GOAL_MS: Final = 2.0
GOAL_TRIPS: Final = 3
ROUND_TRIP_S: Final = 0.1
PEOPLE: Final = 200
ROUNDS: Final = 3
_PATIENCE_S: Final = 120

BTC: Final = Instrument(
    exchange="bybit",
    symbol="BTCUSDT",
    native_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    settle="USDT",
    kind=ContractKind.LINEAR_PERPETUAL,
    status=InstrumentStatus.TRADING,
    size_step=Decimal("0.001"),
    min_size=Decimal("0.001"),
)


class OrderVenue(asyncio.Protocol):
    """Takes every order and notes when its first byte came."""

    arrivals: Final[list[float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._unread, self._began = transport, b"", 0.0

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is whole."""
        if not self._unread:
            self._began = time.monotonic()
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        if not end or len(body) < length:
            return
        self._unread = b""
        result: dict[str, Any] = {}
        if head.startswith(b"POST"):
            self.arrivals.append(self._began)
            result = {"orderId": str(len(self.arrivals)), "orderLinkId": json.loads(body).get("orderLinkId", "")}
        now_ms = int(time.time() * 1000)
        said = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now_ms}
        answer = json.dumps(said).encode()
        fields = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
        self._transport.write(fields + answer)


def take_orders(pipe: Connection) -> None:
    """Run the venue of orders until the pipe says so, then tell when they came."""

    async def run() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        await asyncio.get_running_loop().create_server(OrderVenue, sock=listener)
        pipe.send(listener.getsockname()[1])
        await asyncio.to_thread(pipe.poll, None)
        pipe.send(OrderVenue.arrivals)

    asyncio.run(run())


@contextlib.contextmanager
def process(target: Callable[..., None], *arguments: Any) -> Iterator[tuple[Connection, str]]:
    """Run a venue in a process of its own; yield the line to it and its address."""
    here, there = multiprocessing.Pipe()
    venue = multiprocessing.get_context("spawn").Process(target=target, args=(there, *arguments), daemon=True)
    venue.start()
    try:
        yield here, f"http://127.0.0.1:{told(here)}"
    finally:
        venue.terminate()
        venue.join()


def told(line: Connection) -> Any:
    """Return what a venue says, within a while."""
    if not line.poll(_PATIENCE_S):
        raise SystemExit("the canned venue says nothing")
    return line.recv()


def adapter(url: str, network: Network, number: int = 0) -> BybitExchange:
    """Return one person's adapter."""
    values = {"api_key": f"{KEY}{number}", "api_secret": SECRET}
    credentials = Credentials(exchange="bybit", account_type=AccountType.PAPER, values=values)
    return BybitExchange(credentials, Endpoints(rest=url, stream=""), network)


@asynccontextmanager
async def network_to(url: str) -> AsyncIterator[Network]:
    """Open connections that no budget slows down."""
    async with Network() as network:
        network.transport(url, Budget(scope=url, limit=UNLIMITED), follows_date=False)
        yield network


def client_of(url: str, number: int = 0) -> Any:
    """Return one person's pybit client."""
    client = HTTP(api_key=f"{KEY}{number}", api_secret=SECRET)
    client.endpoint = url
    return client


# From a tap to the wire

Send = Callable[[int], Awaitable[None]]


@asynccontextmanager
async def our_order(url: str, folder: Path) -> AsyncIterator[Send]:
    """Yield what sends one order through the door: intent to the disk, signature, request."""
    store = await Store.open(f"sqlite+aiosqlite:///{folder / 'elcaro.db'}")
    async with network_to(url) as network:
        desk = OrderDesk(store, EmergencyLog(folder / "emergency.jsonl"))

        async def send(number: int) -> None:
            # many accounts, because each may send only ten orders a second
            order = OrderRequest(
                instrument=BTC,
                side=OrderSide.BUY,
                size=Decimal("0.01"),
                order_type=OrderType.LIMIT,  # nobody then waits for its fill
                price=Decimal(60_000),
                client_order_id=f"eb1-{number:032d}",
            )
            account = Account(user_id=number + 1, exchange="bybit", account_type=AccountType.PAPER)
            sender = adapter(url, network, number)
            result = await desk.submit(account, order, cause=f"tg:1:{number}:0", sender=sender)
            if result.outcome is not Outcome.ACCEPTED:
                raise SystemExit(f"an order was not taken: {result.error_message}")

        try:
            yield send
        finally:
            await desk.drain()
            await store.close()


@asynccontextmanager
async def pybits_order(url: str, _: Path) -> AsyncIterator[Send]:
    """Yield what sends one order with a client that is kept, from a thread."""
    loop, client = asyncio.get_running_loop(), client_of(url)
    order = {"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01"}
    order["price"] = "60000"
    with ThreadPoolExecutor(8) as pool:

        async def send(number: int) -> None:
            await loop.run_in_executor(pool, partial(client.place_order, **order, orderLinkId=f"x{number}"))

        yield send


async def send_all(way: Any, url: str, taps: int) -> list[float]:
    """Send so many orders one by one and return when each was asked for."""
    asked: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with way(url, Path(folder)) as send:
            for number in range(taps):
                asked.append(time.monotonic())
                await send(number)
    return asked


def to_the_wire(way: Any, taps: int) -> list[float]:
    """Return the milliseconds from each tap to its first byte at the venue."""
    with process(take_orders) as (line, url):
        asked = asyncio.run(send_all(way, url, taps))
        line.send("enough")
        arrived: list[float] = told(line)
    return [(there - here) * 1000 for here, there in zip(asked, arrived, strict=True)][taps // 10 :]


# Many at once


async def our_reads(url: str) -> float:
    """Return the seconds until everybody has their positions, each asked for with one question."""
    async with network_to(url) as network:
        people = [adapter(url, network, number) for number in range(PEOPLE)]
        await asyncio.gather(*(person.get_positions(BTC) for person in people))  # whose margin mode is known then
        began = time.perf_counter()
        await asyncio.gather(*(person.get_positions() for person in people))
        return time.perf_counter() - began


async def pybits_reads(url: str) -> float:
    """The same with a pybit client each and 32 threads, one question a person."""
    people, loop = [client_of(url, number) for number in range(PEOPLE)], asyncio.get_running_loop()
    with ThreadPoolExecutor(32) as pool:
        asks = [partial(client.get_positions, category="linear", settleCoin="USDT") for client in people]
        await asyncio.gather(*(loop.run_in_executor(pool, ask) for ask in asks))
        began = time.perf_counter()
        await asyncio.gather(*(loop.run_in_executor(pool, ask) for ask in asks))
        return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taps", type=int, default=300)
    taps = parser.parse_args().taps
    logging.disable(logging.CRITICAL)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {taps} orders one by one, to the first byte there")
    for name, way in {"ours, intent on the disk": our_order, "pybit in a thread": pybits_order}.items():
        cuts = statistics.quantiles(to_the_wire(way, taps), n=20)
        print(f"  {name:28} p50 {cuts[9]:6.2f} ms   p95 {cuts[18]:6.2f} ms")
    print(f"goal: p50 at most {GOAL_MS} ms")
    print(f"{PEOPLE} people look at once, {ROUND_TRIP_S * 1000:.0f} ms a round trip, until the last is answered")
    for name, read in {"ours, three questions each": our_reads, "pybit, 32 threads, one": pybits_reads}.items():
        with process(serve, 1, ROUND_TRIP_S) as (_, url):
            seconds = statistics.median(asyncio.run(read(url)) for _ in range(ROUNDS))
        print(f"  {name:28} {seconds * 1000:6.0f} ms   {seconds / ROUND_TRIP_S:5.1f} round trips")
    print(f"goal: within {GOAL_TRIPS} round trips")


if __name__ == "__main__":
    main()
