"""The way back, and forth again, with positions open and an order in doubt: nothing is lost and the books agree."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from pathlib import Path

import pytest

from core.runtime import Runtime, open_runtime
from exchanges.transport import Network
from models.enums import Outcome
from sandbox.server import Sandbox
from sandbox.words import LedgerKind
from tests.world import USER, settings_for

VENUES = ("bybit", "hyperliquid")
PATIENCE_S = 60
Sums = dict[str, Decimal]


@asynccontextmanager
async def process(world: Sandbox, folder: Path, use_unified: str) -> AsyncIterator[Runtime]:
    """A whole process of one release, with its background work."""
    settings = settings_for(world, folder, use_unified=use_unified)
    async with open_runtime(settings, role="bot", network=Network(share=100)) as runtime:
        yield runtime


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - background work raises no event here
            await asyncio.sleep(0.05)


class Books:
    """What our journal says was filled, beside what the venues' ledgers say."""

    def __init__(self, world: Sandbox, folder: Path) -> None:
        self._engines = (world.world.bybit, world.world.hyperliquid)
        self._database = folder / "data/elcaro.db"

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self._database)) as connection:
            return connection.execute(sql).fetchall()

    def states(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT DISTINCT state FROM legs WHERE kind='order'")}

    def senders(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT DISTINCT sender FROM attempts")}

    def ours(self) -> Sums:
        rows = self.rows("SELECT client_order_id,filled_size FROM legs WHERE kind='order' AND filled_size<>'0'")
        return {client_id: Decimal(size) for client_id, size in rows}

    def theirs(self) -> Sums:
        sums: Sums = {}
        for engine in self._engines:
            for line in engine.ledger.lines(kind=LedgerKind.FILL):
                client_id = line.detail["client_order_id"]
                if client_id.startswith(("eb1-", "0xeb01")):
                    sums[client_id] = sums.get(client_id, Decimal(0)) + Decimal(line.detail["size"])
        return sums


@pytest.fixture
async def world() -> AsyncIterator[Sandbox]:
    """A sandbox whose time runs."""
    async with Sandbox() as running:
        yield running


async def close_everything(runtime: Runtime) -> None:
    for venue in VENUES:
        for position in await runtime.backend.get_positions(USER, exchange=venue):
            result = await runtime.backend.close_position(
                USER, position.symbol, exchange=venue, position_side=position.side
            )
            assert result.outcome is Outcome.FILLED


@pytest.mark.slow
async def test_rollback_and_return_lose_nothing(world: Sandbox, tmp_path: Path) -> None:
    books = Books(world, tmp_path)
    async with process(world, tmp_path, "true") as runtime:
        for venue in VENUES:
            result = await runtime.backend.place_order(USER, "ETH", "buy", "market", "0.5", exchange=venue)
            assert result.outcome is Outcome.FILLED
        world.fault("late", match="POST /v5/order/create", process_later_s=3.0)
        doubtful = await runtime.backend.place_order(USER, "BTC", "buy", "market", "0.01", exchange="bybit")
        assert doubtful.outcome is Outcome.UNKNOWN
    assert "UNKNOWN" in books.states()

    async with process(world, tmp_path, "false") as runtime:
        assert runtime.path_name == "legacy"
        await eventually(lambda: books.states() == {"FILLED"})
        bybit = {p.symbol for p in await runtime.backend.get_positions(USER, exchange="bybit")}
        assert {"BTCUSDT", "ETHUSDT"} <= bybit
        await close_everything(runtime)
        for venue in VENUES:
            assert await runtime.backend.get_positions(USER, exchange=venue) == []
    assert books.senders() == {"unified", "legacy"}

    async with process(world, tmp_path, "true") as runtime:
        for venue in VENUES:
            assert await runtime.backend.get_positions(USER, exchange=venue) == []
        result = await runtime.backend.place_order(USER, "ETH", "sell", "market", "0.1", exchange="hyperliquid")
        assert result.outcome is Outcome.FILLED
        await close_everything(runtime)
    assert books.states() == {"FILLED"}
    assert books.ours() == books.theirs()
