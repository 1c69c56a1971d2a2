"""How many order intents per second become durable, beside the usual way of using SQLite from asyncio.

Run: `python -m benchmarks.journal [intents] [concurrency]`. Both variants store the same rows with write-ahead logging
and `synchronous=FULL`, interleaved in one process. Goal: 10,000 intents/s at concurrency 50, p99 below 10 ms.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import aiosqlite

from db import Claim, Claimed, Effect, LegKind, LegSpec, LegState, LegUpdate, Route, Store
from models.account import Account
from models.enums import AccountType, OrderSide
from models.requests import Ack, AckKind, Noop, SignedRequest, Stamp

ACCOUNTS = [Account(user_id=n, exchange="bybit", account_type=AccountType.PAPER) for n in range(50)]
ACTION = (
    '{"side":"buy","size":"0.5","order_type":"market","client_order_id":"eb1-abcdefghijklmnopqrstuvwxyz234567"}' * 4
)
REQUEST = SignedRequest(
    exchange="bybit", action=Noop(), stamp=Stamp(timestamp_ms=1, fence_ms=5001), url="/v5/order/create", body=b"x" * 300
)
ANSWER = Ack(kind=AckKind.ACCEPTED, order_id="1234", http_status=200)
ACKED = LegUpdate(state=LegState.ACKED, evidence="answer: accepted", order_id="1234")
One = Callable[[int], Awaitable[object]]


def wish(n: int) -> Claim:
    """Return one order's claim."""
    leg = LegSpec(
        symbol=f"C{n}USDT",
        kind=LegKind.ORDER,
        part="entry",
        client_order_id=f"eb1-{n:032d}",
        side=OrderSide.BUY,
        size=Decimal("0.5"),
    )
    return Claim(
        account=ACCOUNTS[n % len(ACCOUNTS)],
        cause=f"tg:1:{n}:buy",
        request_hash="0" * 64,
        action_kind="OrderRequest",
        action=ACTION,
        legs=(leg,),
        effect=Effect.OPENS,
        route=Route.UNIFIED,
        signer="key",
        needs_nonce=True,
    )


async def measure(one: One, count: int, concurrency: int, first: int = 0) -> tuple[float, list[float]]:
    """Run `one` for `count` numbers, `concurrency` at a time; return seconds and each call's milliseconds."""
    numbers, times = iter(range(first, first + count)), []

    async def worker() -> None:
        for n in numbers:
            started = time.perf_counter()
            await one(n)
            times.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return time.perf_counter() - started, times


def report(name: str, seconds: float, times: list[float]) -> float:
    """Print one line and return the rate."""
    cuts = statistics.quantiles(times, n=100)
    rate = len(times) / seconds
    print(f"{name:44} {rate:10,.0f}/s   p50 {cuts[49]:8.2f} ms   p99 {cuts[98]:8.2f} ms")
    return rate


async def group_commit(directory: Path, count: int, concurrency: int) -> None:
    """Measure the journal: a claim; and a claim with its answer, which is what an order costs."""
    store = await Store.open(f"sqlite+aiosqlite:///{directory / 'journal.db'}")

    async def claim(n: int) -> Claimed:
        claimed = await store.journal.claim(wish(n), lambda _: REQUEST)
        assert isinstance(claimed, Claimed)
        return claimed

    async def order(n: int) -> None:
        claimed = await claim(n)
        await store.journal.answer([(claimed.leg_ids[0], ANSWER, lambda _: ACKED)], claimed.attempt_no)

    try:
        await measure(claim, 500, concurrency)
        report("journal: intent claimed", *await measure(claim, count, concurrency, 1_000_000))
        report("journal: claimed and answered (2 commits)", *await measure(order, count, concurrency, 2_000_000))
        report("journal: intent claimed, one at a time", *await measure(claim, 500, 1, 3_000_000))
    finally:
        await store.close()


async def connection_per_call(directory: Path, count: int, concurrency: int) -> None:
    """Measure the usual way: a connection, a transaction and a commit per intent, with three plain inserts."""
    path = directory / "usual.db"
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        for table in ("intents", "legs", "attempts"):
            await connection.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, key TEXT UNIQUE, body TEXT)")

    async def one(n: int) -> None:
        async with aiosqlite.connect(path, timeout=60, isolation_level=None) as connection:
            await connection.execute("PRAGMA synchronous=FULL")
            await connection.execute("BEGIN IMMEDIATE")
            for table in ("intents", "legs", "attempts"):
                await connection.execute(f"INSERT INTO {table}(key,body) VALUES(?,?)", (f"tg:1:{n}:buy", ACTION))
            await connection.execute("COMMIT")

    report("aiosqlite, connection per call (3 inserts)", *await measure(one, count, concurrency))


async def main(count: int, concurrency: int) -> None:
    """Measure both, the slow one with fewer intents."""
    print(f"{count} intents, {concurrency} at a time, write-ahead logging, synchronous=FULL")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await connection_per_call(directory, max(100, count // 50), concurrency)
        await group_commit(directory, count, concurrency)


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*(arguments + [10_000, 50][len(arguments) :])))
