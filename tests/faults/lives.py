"""Lives of real processes, which a test may end as a kernel does: without a word, at a point that it names.

They are forked from one process that has loaded everything, so a life begins in a moment.
"""

import asyncio
import itertools
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar, cast

import bot
from core.config import Settings
from core.runtime import Runtime, open_runtime
from core.vault import rotate_key
from direct.bybit import DirectBybit
from exchanges.bybit_sender import BybitSender
from exchanges.transport import Network
from storage.location import check_health, connect, prepare_file
from storage.migrate import migrate
from tests.faults.stage import GENEROUS, Stage
from tests.world import USER

T = TypeVar("T")

_METHOD = multiprocessing.get_context("forkserver")
_METHOD.set_forkserver_preload(["tests.faults.lives"])
_PATIENCE_S = 30
READY = "ready"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a life does; it waits for a word from the test before, if it is asked to."""

    do: str
    arguments: dict[str, Any] = field(default_factory=dict)
    waits: bool = False


def buy(exchange: str, cause: str, *, waits: bool = False, **changes: Any) -> Deed:
    """Buy 0.01 BTC at the market."""
    wish = {"symbol": "BTCUSDT", "side": "buy", "order_type": "market", "size": "0.01"}
    return Deed("place_order", {**wish, "exchange": exchange, "cause": cause, **changes}, waits)


def live_on() -> Deed:
    """Do nothing but what a process does by itself."""
    return Deed("live_on")


class Life:
    """A running process."""

    def __init__(self, process: Any, words: Connection) -> None:
        self._process = process
        self._words = words

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    async def says(self) -> Any:
        """Return the next thing it says."""
        await until(self._words.poll)
        return self._words.recv()

    def tell(self) -> None:
        """Let it go on with what it waits with."""
        self._words.send("go")

    async def asleep(self) -> None:
        """Wait until it sleeps at its failpoint."""
        await until(lambda: Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def ended(self) -> int:
        """Wait until it is no more; return its exit code, below zero for a signal."""
        await until(lambda: not self._process.is_alive())
        return int(self._process.exitcode)

    async def killed(self) -> None:
        """Wait until it died at its failpoint."""
        assert await self.ended() == -signal.SIGKILL


async def until(is_so: Callable[[], bool]) -> None:
    """Wait, in real time, until another process made something so."""
    async with asyncio.timeout(_PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 - another process raises no event here
            await asyncio.sleep(0.005)


@asynccontextmanager
async def life(
    settings: Settings, *deeds: Deed, role: str = "bot", with_jobs: bool = True, fence_s: float | None = None
) -> AsyncIterator[Life]:
    """Begin a life with something to do; what is left of it ends with the block.

    Args:
        fence_s: Another time than usual for which Bybit takes what it sends.
    """
    async with _begun(_live, settings, role, with_jobs, deeds, fence_s) as one:
        yield one


@asynccontextmanager
async def bot_life(settings: Settings) -> AsyncIterator[Life]:
    """Begin the life of a whole bot."""
    async with _begun(_be_a_bot, settings) as one:
        yield one


@asynccontextmanager
async def _begun(target: Any, *arguments: Any) -> AsyncIterator[Life]:
    ours, theirs = _METHOD.Pipe()
    process = _METHOD.Process(target=target, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Life(process, ours)
    finally:
        if process.is_alive():
            process.kill()
        process.join()
        process.close()
        ours.close()


def _be_a_bot(settings: Settings, _words: Connection) -> None:
    asyncio.run(bot.run(settings))


def _live(
    settings: Settings,
    role: str,
    with_jobs: bool,
    deeds: Sequence[Deed],
    fence_s: float | None,
    words: Connection,
) -> None:
    if fence_s is not None:
        for sender in (BybitSender, DirectBybit):
            setattr(sender, "fence_s", fence_s)  # noqa: B010 - the one is a property
    asyncio.run(_do_all(settings, role, with_jobs, deeds, words))


async def _do_all(settings: Settings, role: str, with_jobs: bool, deeds: Sequence[Deed], words: Connection) -> None:
    network = Network(share=GENEROUS)
    async with open_runtime(settings, role=role, network=network, with_jobs=with_jobs) as runtime:
        words.send(READY)
        for deed in deeds:
            if deed.waits:
                await asyncio.to_thread(words.recv)
            if deed.do == "send_on_a_new_line":
                await _send_on_a_new_line(runtime, words, **deed.arguments)
                continue
            words.send(await _do(runtime, deed))


async def _do(runtime: Runtime, deed: Deed) -> Any:
    if deed.do == "live_on":
        await asyncio.Event().wait()
    result = await getattr(runtime.backend, deed.do)(USER, **deed.arguments)
    return str(result.outcome), result.error_code, result.reference


async def _send_on_a_new_line(
    runtime: Runtime, words: Connection, *, exchange: str, path: str, cause: str, url: str
) -> None:
    """Make an order ready, wait for a word, and send it by a client that has not connected yet."""
    async with AsyncExitStack() as stack:
        stage = Stage(cast(Any, _Here()), runtime, exchange, path, stack)
        request, client = await stage.request(cause), await stage.client_at(url)
        words.send("prepared")
        await asyncio.to_thread(words.recv)
        await stage.send(request, cause, client=client)


class _Here:
    """A scene without a test around it: time goes by itself."""

    async def run(self, work: Awaitable[T]) -> T:
        return await work

    @property
    def time(self) -> "_Here":
        return self

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()


async def migrate_and_die(path: Path, statement: int) -> int:
    """Bring an empty database up to date and die at one of the statements; return the exit code."""
    return await _run(_migrate, path, statement)


async def rotate_and_die(settings: Settings, statement: int) -> int:
    """Rotate the key of the keys and die at one of the statements; 0 when there are not so many."""
    return await _run(_rotate, settings, statement)


async def take_backups(settings: Settings, folder: Path) -> int:
    """Take backups until killed, a moment after the first one."""
    return await _run(_back_up, settings, folder, kill_after_s=0.1)


async def _run(target: Any, *arguments: Any, kill_after_s: float | None = None) -> int:
    async with _begun(target, *arguments) as one:
        if kill_after_s is not None:
            await one.says()
            await asyncio.sleep(kill_after_s)
            one.kill()
        return await one.ended()


def _die_at(connection: sqlite3.Connection, statement: int) -> None:
    seen = itertools.count(1)

    def count(_: str) -> None:
        if next(seen) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    connection.set_trace_callback(count)


def _migrate(path: Path, statement: int, _words: Connection) -> None:
    prepare_file(path)
    connection = connect(path)
    check_health(connection, path)
    _die_at(connection, statement)
    migrate(connection, path)


def _rotate(settings: Settings, statement: int, _words: Connection) -> None:
    async def rotate() -> None:
        async with open_runtime(settings) as runtime:
            _die_at(runtime.store.writer._sql, statement)
            await rotate_key(runtime.store, runtime.store.path.parent)

    asyncio.run(rotate())


def _back_up(settings: Settings, folder: Path, words: Connection) -> None:
    folder.mkdir(exist_ok=True)

    async def forever() -> None:
        async with open_runtime(settings) as runtime:
            for number in itertools.count():
                await runtime.store.back_up(folder / f"{os.getpid()}-{number}.db")
                if number == 0:
                    words.send(READY)

    asyncio.run(forever())
