"""What a thousand connected people cost: memory each, and how often their positions can be read.

    python -m benchmarks.users [--users N] [--reads N]

Every way runs in a process of its own, makes a client per person, lets each read its positions once (fifty at a time)
and then again. The canned venue answers in another process, over plain HTTP: TLS would add to whoever makes
connections of their own. Memory is what the process grew by. Goal: at most 16 KB a person, and at least 1,500 syncs
a second of one core.
"""

import argparse
import asyncio
import logging
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from hyperliquid.exchange import Exchange
from pybit.unified_trading import HTTP

from benchmarks.positions import SECRET, UNLIMITED, serve
from exchanges.base import Credentials
from exchanges.bybit import BybitExchange
from exchanges.pacing import Purpose, reading_for
from exchanges.spec import Endpoints
from exchanges.transport import Budget, Network
from models.enums import AccountType

GOAL_KB: Final = 16
GOAL_SYNCS: Final = 1500
AT_ONCE: Final = 50
_PATIENCE_S: Final = 300
_NOTHING: Final[Any] = {"universe": [], "tokens": []}
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")

Read = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What people cost in one way."""

    kb: float
    syncs: float
    """A second of processor time; zero where nothing was read."""


@asynccontextmanager
async def ours(url: str, users: int) -> AsyncIterator[Sequence[Read]]:
    """Adapters on the process's one session, read as the background does."""
    async with Network() as network:
        network.transport(url, Budget(scope=url, limit=UNLIMITED), follows_date=False)
        clients = [
            BybitExchange(
                Credentials(
                    exchange="bybit",
                    account_type=AccountType.PAPER,
                    values={"api_key": f"FakeKey{number:06}", "api_secret": SECRET},
                ),
                Endpoints(rest=url, stream=""),
                network,
            )
            for number in range(users)
        ]
        with reading_for(Purpose.SYNC):
            yield [client.get_positions for client in clients]


@asynccontextmanager
async def pybits(url: str, users: int) -> AsyncIterator[Sequence[Read]]:
    """A pybit client for each person, called in threads, one question a read."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def reader(number: int) -> Read:
            client = HTTP(api_key=f"FakeKey{number:06}", api_secret=SECRET)
            client.endpoint = url
            ask = partial(client.get_positions, category="linear", settleCoin="USDT", limit=200)

            async def read() -> object:
                return await loop.run_in_executor(pool, ask)

            return read

        yield [reader(number) for number in range(users)]


@asynccontextmanager
async def the_sdks(url: str, users: int) -> AsyncIterator[Sequence[Read]]:
    """An `Exchange` of HyperLiquid's SDK for each person, made without asking anything; only its memory counts."""
    wallet = Account.from_key("0x" + "01" * 32)
    held = [Exchange(wallet, url, meta=_NOTHING, spot_meta=_NOTHING) for _ in range(users)]
    yield []
    held.clear()


WAYS: Final = {"ours": ours, "pybit, a client each": pybits, "HyperLiquid SDK, an Exchange each": the_sdks}


async def everyone(reads: Sequence[Read], count: int) -> None:
    """Let people take turns until so many reads are done, fifty at a time."""
    turns = iter(range(count))

    async def worker() -> None:
        for turn in turns:
            await reads[turn % len(reads)]()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def cost(name: str, url: str, users: int, count: int) -> Cost:
    """Connect everybody and measure."""
    async with WAYS[name](url, 1) as reads:  # what the first of all pays is nobody's
        await everyone(reads, AT_ONCE if reads else 0)
    before = _memory()
    async with WAYS[name](url, users) as reads:
        if reads:
            await everyone(reads, users)
        kb = (_memory() - before) / users / 1024
        if not reads:
            return Cost(kb, 0)
        began = time.process_time()
        await everyone(reads, count)
        return Cost(kb, count / (time.process_time() - began))


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def run(pipe: Connection, name: str, url: str, users: int, count: int) -> None:
    """Measure one way in this process."""
    logging.disable(logging.CRITICAL)
    pipe.send(asyncio.run(cost(name, url, users, count)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--reads", type=int, default=3000)
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    venue = context.Process(target=serve, args=(there, 1), daemon=True)
    venue.start()
    try:
        url = f"http://127.0.0.1:{here.recv()}"
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.users} people, one position each")
        for name in WAYS:
            worker = context.Process(target=run, args=(there, name, url, chosen.users, chosen.reads), daemon=True)
            worker.start()
            if not here.poll(_PATIENCE_S):
                raise SystemExit(f"{name}: no result")
            found: Cost = here.recv()
            worker.join()
            syncs = f"{found.syncs:8.0f} syncs a second of one core" if found.syncs else ""
            print(f"  {name:34} {found.kb:8.1f} KB a person  {syncs}")
    finally:
        venue.terminate()
        venue.join()
    print(f"goal: at most {GOAL_KB} KB a person, at least {GOAL_SYNCS} syncs/s")


if __name__ == "__main__":
    main()
