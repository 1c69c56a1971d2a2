"""How long a start takes that finds many orders in doubt: it is ready only when each was looked up.

Run: `python -m benchmarks.chaos_start [orders]`. On either path, so many orders are sent to both venues and every
answer is lost, half of them before and half of them after the order was carried out; then the bot starts. Goal: ready
within 30 seconds with 200, on the product's own rate budgets, and every one of them ends as the venue's ledger says.
"""

import asyncio
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos_lab.bots import Bots, open_bots
from benchmarks.chaos_lab.judge import read_books, read_ledger
from benchmarks.chaos_lab.machine import Machine
from benchmarks.chaos_lab.plan import VENUES
from benchmarks.chaos_lab.wires import Wires, open_wires
from benchmarks.chaos_lab.world import settings_of

GOAL_S = 30.0
_COINS = (
    *("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "AVAX", "LINK", "LTC", "DOT"),
    *("BNB", "TRX", "SUI", "APT", "ARB", "OP", "NEAR", "ATOM", "FIL", "INJ"),
)
_FIRST_USER = 700_000_001
_LIMIT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start, in seconds; waiting for rate budgets counts, as it would for people."""

    path: str
    in_doubt: int
    ready_s: float
    left: int
    """Still in doubt when it was ready: their fence has not passed."""
    known_s: float
    """Until every one was known."""
    wrong: int
    """Held to be what the ledger contradicts."""


async def measure(path: str, orders: int, folder: Path) -> Start:
    """Leave orders in doubt, start, and look."""
    machine = Machine(folder / "clock")
    async with AsyncExitStack() as stack:
        wires = await stack.enter_async_context(open_wires(machine, 1))
        bots = await stack.enter_async_context(open_bots(machine, folder, settings_of(wires, folder)))
        moving = asyncio.create_task(machine.run())
        stack.callback(moving.cancel)
        flag = "true" if path == "unified" else "false"
        await _leave_in_doubt(wires, bots, orders, flag)
        return await _start(machine, wires, bots, folder / "data" / "elcaro.db", path)


async def _leave_in_doubt(wires: Wires, bots: Bots, orders: int, flag: str) -> None:
    people, doubts = {}, dict[int, list[str]]()
    for n in range(-(-orders // len(_COINS))):
        user_id, exchange = _FIRST_USER + n, list(VENUES)[n % len(VENUES)]
        people[user_id] = {"exchange": exchange, "keys": await _open_account(wires, f"start-{n}", exchange)}
        doubts[user_id] = [f"{coin}USDT" for coin in _COINS[: orders - n * len(_COINS)]]
        await wires.join(user_id, f"Person {n}")
        await wires.telegram("send", user_id=user_id, text="/start")
    await bots.let_in(people)
    rules = []
    for exchange, venue in VENUES.items():
        before = {"kind": "reset_before", "probability": 0.5, "seed": 1}
        rules.append(await wires.fault(exchange, f"{venue.create}*", before, count=None))
        rules.append(await wires.fault(exchange, f"{venue.create}*", {"kind": "reset_after"}, count=None))
    await bots.leave_in_doubt(doubts, use_unified=flag)
    await wires.heal(*rules)


async def _open_account(wires: Wires, name: str, exchange: str) -> dict[str, str]:
    if exchange == "bybit":
        told = await wires.control("accounts", venue="bybit", name=name, deposits={"USDT": "1000000"})
        return {"api_key": told["api_key"], "api_secret": told["secret"]}
    told = await wires.control("hyperliquid/accounts", name=name, usdc="1000000")
    return {"private_key": told["agent_key"], "account_address": told["master"]}


async def _start(machine: Machine, wires: Wires, bots: Bots, database: Path, path: str) -> Start:
    in_doubt = len(read_books(database).unresolved)
    began = machine.monotonic()
    life = await bots.start(use_unified="true" if path == "unified" else "false")
    if not await bots.ready(life):
        raise RuntimeError("the bot did not start")
    ready_s, left = machine.monotonic() - began, len(read_books(database).unresolved)
    while read_books(database).unresolved and machine.monotonic() - began < _LIMIT_S:
        await machine.sleep(0.5)
    known_s, books = machine.monotonic() - began, read_books(database)
    await bots.stop(life)
    real = await _orders_at_venues(wires)
    lies = [leg for leg in books.legs if (leg.client_order_id in real) is not (leg.state == "FILLED")]
    wrong = len(lies) + len(books.unresolved)
    return Start(path=path, in_doubt=in_doubt, ready_s=ready_s, left=left, known_s=known_s, wrong=wrong)


async def _orders_at_venues(wires: Wires) -> set[str]:
    """Return our ids of what the venues carried out."""
    ledgers = [read_ledger(await wires.look("ledger", venue=exchange, kind="order")) for exchange in VENUES]
    return {order.client_order_id for ledger in ledgers for orders in ledger.values() for order in orders}


async def _main(orders: int, memory: Path | None) -> int:
    starts = []
    for path in ("unified", "legacy"):
        folder = Path(tempfile.mkdtemp(prefix="elcaro-start-", dir=memory))
        starts.append(await measure(path, orders, folder))
        shutil.rmtree(folder)
    print(f"{'path':10}{'in doubt':>10}{'ready, s':>10}{'left':>6}{'all known, s':>14}{'wrong':>7}")
    for s in starts:
        print(f"{s.path:10}{s.in_doubt:10}{s.ready_s:10.1f}{s.left:6}{s.known_s:14.1f}{s.wrong:7}")
    return 1 if any(start.ready_s > GOAL_S or start.wrong for start in starts) else 0


if __name__ == "__main__":
    in_memory = Path("/dev/shm")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    raise SystemExit(asyncio.run(_main(count, in_memory if in_memory.is_dir() else None)))
