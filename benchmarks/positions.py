"""What reading an account's Bybit positions costs: ours, pybit in a thread, and ccxt.

    python -m benchmarks.positions [--positions 20] [--reads 10]

Three comparisons, the variants of each taking turns: one question, as a background sync asks it; the whole account in
three questions (USDT, USDC, coin-settled), as a person's look does; and the answer's bytes alone, without a network.
The questions go to a canned venue in another process. Ours ends in models with decimals, pybit in untyped dicts, ccxt
in its own dicts. CPU time of this process per read, the least of many short rounds: what else runs here only ever adds.
"""

import argparse
import asyncio
import importlib.metadata
import json
import logging
import multiprocessing
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, Final

from ccxt.async_support.bybit import bybit as CcxtBybit  # noqa: N812 a class, though its name is lower case
from pybit.unified_trading import HTTP

from exchanges.base import Credentials
from exchanges.bybit import BybitExchange
from exchanges.bybit_history import SCOPES
from exchanges.pacing import Limit, Purpose, reading_for
from exchanges.spec import Endpoints
from exchanges.transport import Budget, Network, json_object
from models import wire
from models.enums import AccountType, MarginMode
from models.position import Position

ROUNDS: Final = 60
ACCOUNTS: Final = 200
GOAL_OVER_PYBIT: Final = 4
GOAL_OVER_CCXT: Final = 8
KEY, SECRET = "FakeBenchmarkKey", "FakeBenchmarkSecret0000"
UNLIMITED: Final = Limit(weight=10**9, window_s=1)
Scopes = Sequence[Mapping[str, str]]


def rows(count: int) -> list[dict[str, Any]]:
    """Return open positions in the shape of the venue's documentation."""
    return [
        {
            "symbol": f"COIN{number}USDT",
            "positionIdx": 0,
            "side": "Buy" if number % 2 else "Sell",
            "size": str(Decimal(number + 1) / 100),
            "avgPrice": str(Decimal(60_000) + number),
            "positionValue": "600.005",
            "leverage": "10",
            "markPrice": str(Decimal(61_000) + number),
            "liqPrice": "",
            "positionIM": "61.2",
            "positionMM": "3.3",
            "takeProfit": "",
            "stopLoss": "59000.0",
            "trailingStop": "0",
            "unrealisedPnl": "9.995",
            "curRealisedPnl": "-0.33",
            "cumRealisedPnl": "-12.5",
            "positionStatus": "Normal",
            "autoAddMargin": 0,
            "adlRankIndicator": 2,
            "tradeMode": 0,
            "riskId": 1,
            "riskLimitValue": "2000000",
            "seq": 5_723_621_632 + number,
            "isReduceOnly": False,
            "createdTime": "1676538056258",
            "updatedTime": str(1_697_673_600_000 + number),
        }
        for number in range(count)
    ]


class CannedVenue(asyncio.Protocol):
    """Answers every GET at once: positions for USDT, nothing for other coins, the account's set-up."""

    def __init__(self, positions: list[dict[str, Any]], delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        empty = self.body({"list": [], "nextPageCursor": "", "category": "linear"})
        self._bodies = {
            b"category=inverse": empty,
            b"settleCoin=USDT": self.body({"list": positions, "nextPageCursor": "", "category": "linear"}),
            b"/account/info": self.body({"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5}),
            b"": empty,
        }
        self._unread = b""

    @staticmethod
    def body(result: dict[str, Any]) -> bytes:
        """Return an answer of the venue."""
        return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": 0}).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        *heads, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for head in heads:
            target = head.split(b" ", 2)[1]
            body = next(body for part, body in self._bodies.items() if part in target)
            body = body.replace(b'"time": 0', b'"time": %d' % (time.time() * 1000))
            fields = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, fields + body)
            else:
                self._transport.write(fields + body)


def serve(port_to: Connection, count: int, delay_s: float = 0.0) -> None:
    """Run the canned venue until the process is ended."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        server = await loop.create_server(lambda: CannedVenue(rows(count), delay_s), sock=listener)
        port_to.send(listener.getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


Read = Callable[[], Awaitable[int]]


@dataclass(slots=True)
class Variant:
    """One way of reading, and what it took."""

    name: str
    read: Read
    seconds: list[float] = field(default_factory=list)

    async def run(self, reads: int, expected: int) -> None:
        """Read so many times, one after the other."""
        if await self.read() != expected:
            raise SystemExit(f"{self.name}: not every position was read: nothing to compare")
        began = time.process_time()
        for _ in range(reads):
            await self.read()
        self.seconds.append((time.process_time() - began) / reads)

    @property
    def microseconds(self) -> float:
        """Return the cost of one read."""
        return min(self.seconds) * 1e6


def ours(url: str, network: Network, purpose: Purpose) -> Read:
    """Return the adapter's way, without waiting for the venue's limits; a sync leaves out what it saw to be empty."""
    network.transport(url, Budget(scope=url, limit=UNLIMITED), follows_date=False)
    accounts = [
        BybitExchange(
            Credentials(
                exchange="bybit",
                account_type=AccountType.PAPER,
                values={"api_key": f"{KEY}{number}", "api_secret": SECRET},
            ),
            Endpoints(rest=url, stream=""),
            network,
        )
        for number in range(ACCOUNTS)  # many, because each may ask only 50 times a second
    ]
    turn = 0

    async def read() -> int:
        nonlocal turn
        turn = (turn + 1) % len(accounts)
        with reading_for(purpose):
            return len(await accounts[turn].get_positions())

    return read


def pybits(url: str, pool: ThreadPoolExecutor, scopes: Scopes) -> Read:
    """Return pybit's way: one session, called in threads."""
    client = HTTP(api_key=KEY, api_secret=SECRET)
    client.endpoint = url

    async def read() -> int:
        loop = asyncio.get_running_loop()
        calls = (partial(client.get_positions, limit=200, **scope) for scope in scopes)
        answers = await asyncio.gather(*(loop.run_in_executor(pool, call) for call in calls))
        return sum(len(answer["result"]["list"]) for answer in answers)

    return read


def ccxts(client: Any, scopes: Scopes) -> Read:
    """Return ccxt's way."""

    async def read() -> int:
        found = await asyncio.gather(*(client.fetch_positions(params=dict(scope)) for scope in scopes))
        return sum(len(positions) for positions in found)

    return read


def ccxt_client(url: str, count: int) -> Any:
    """Return a ccxt client that knows the markets already and asks the canned venue."""
    client: Any = CcxtBybit({"apiKey": KEY, "secret": SECRET, "enableRateLimit": False})
    client.urls["api"] = dict.fromkeys(client.urls["api"], url)
    client.options |= {"enableUnifiedAccount": True, "enableUnifiedMargin": False, "unifiedMarginStatus": 5}
    common = {"quote": "USDT", "settle": "USDT", "quoteId": "USDT", "settleId": "USDT", "type": "swap", "swap": True}
    client.set_markets(
        [
            client.safe_market_structure(
                {
                    **common,
                    "id": f"COIN{number}USDT",
                    "symbol": f"COIN{number}/USDT:USDT",
                    "base": f"COIN{number}",
                    "baseId": f"COIN{number}",
                    "contract": True,
                    "linear": True,
                    "inverse": False,
                    "contractSize": 1,
                    "precision": {"amount": 0.001, "price": 0.1},
                }
            )
            for number in range(count)
        ]
    )
    return client


def of_bytes(client: Any, count: int) -> list[Variant]:
    """Return what each makes of the very same answer; pybit stops at the dicts."""
    body = CannedVenue.body({"list": rows(count), "nextPageCursor": "", "category": "linear"})
    now = datetime.now(UTC)

    async def models() -> int:
        found = wire.records((json_object(body) or {})["result"], "list")
        read = partial(Position.from_bybit, margin_mode=MarginMode.CROSS, account_type=AccountType.PAPER, as_of=now)
        return sum(read(row) is not None for row in found)

    async def dicts() -> int:
        return len(json.loads(body)["result"]["list"])

    async def ccxt_dicts() -> int:
        return len(client.parse_positions(json.loads(body)["result"]["list"]))

    return [Variant("ours", models), Variant("pybit in threads", dicts), Variant("ccxt", ccxt_dicts)]


async def warm(read: Read) -> None:
    """Let every account ask once for what it then remembers."""
    for _ in range(ACCOUNTS):
        await read()


async def compare(url: str, count: int, reads: int) -> dict[str, list[Variant]]:
    """Let the variants of each comparison take turns."""
    client, found = ccxt_client(url, count), {}
    with ThreadPoolExecutor(8) as pool:
        async with Network() as network:
            for title, purpose, scopes in (
                ("one question", Purpose.SYNC, SCOPES[:1]),
                ("the whole account, three questions", Purpose.READ, SCOPES),
            ):
                found[title] = [
                    Variant("ours", ours(url, network, purpose)),
                    Variant("pybit in threads", pybits(url, pool, scopes)),
                    Variant("ccxt", ccxts(client, scopes)),
                ]
                await warm(found[title][0].read)
                await take_turns(found[title], reads, count)
            await take_turns(by_bytes := of_bytes(client, count), reads, count)
    await client.close()
    return {**found, "the bytes of an answer": by_bytes}


async def take_turns(variants: Sequence[Variant], reads: int, count: int) -> None:
    """Run every variant once a round."""
    for _ in range(ROUNDS):
        for variant in variants:
            await variant.run(reads, count)


def main() -> None:
    """Measure, compare and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=20)
    parser.add_argument("--reads", type=int, default=10)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    ours_end, theirs = multiprocessing.Pipe()
    venue = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, chosen.positions), daemon=True)
    venue.start()
    try:
        found = asyncio.run(compare(f"http://127.0.0.1:{ours_end.recv()}", chosen.positions, chosen.reads))
    finally:
        venue.terminate()
        venue.join()
    report(found, chosen.positions)


def report(found: Mapping[str, Sequence[Variant]], count: int) -> None:
    """Print what was measured against the goals."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("pybit", "ccxt", "aiohttp", "msgspec")
    )
    print(f"{count} positions, {ROUNDS} rounds, load {os.getloadavg()[0]:.1f}; {versions}")
    for title, variants in found.items():
        print(title)
        for variant in variants:
            ratio = variant.microseconds / variants[0].microseconds
            print(f"  {variant.name:20s} {variant.microseconds:9.0f} µs  {ratio:6.1f}x")
    mine, pybit, ccxt = (variant.microseconds for variant in found["one question"])
    for name, ratio, goal in (("pybit", pybit / mine, GOAL_OVER_PYBIT), ("ccxt", ccxt / mine, GOAL_OVER_CCXT)):
        print(f"goal: one question {goal}x over {name}: {'reached' if ratio >= goal else 'MISSED'}")


if __name__ == "__main__":
    main()
