"""How many people a second get their answer when 256 write at once: python-telegram-bot as it comes, and ours.

    python -m benchmarks.telegram [--updates N]

A canned Bot API in another process hands out updates of many people and takes the answers. The variants take turns in
this process: the library's own application with its own HTTP, the same application with our request class, and our
intake, which besides stores every update durably before it acknowledges it. Goal: ours at least 10 times the stock.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any, Final

from telegram import Bot, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest, HTTPXRequest

from db import Store
from telegram_app.intake import Intake
from telegram_app.lanes import MAX_AT_ONCE
from telegram_app.request import AiohttpRequest

ROUNDS: Final = 3
GOAL_OVER_STOCK: Final = 10
TOKEN: Final = "1000000001:BENCHMARK-TOKEN-NOT-A-REAL-ONE-00000"
BOT: Final = {"id": 1_000_000_001, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
TEXT: Final = "<b>Balance</b>\nBybit · 🟡 PAPER\nEquity: <b>10,023.45 USDT</b>"
Variant = Callable[[str, int], Awaitable[float]]


# The canned server


def update(number: int) -> dict[str, Any]:
    """Return what somebody wrote; everybody writes once."""
    user = {"id": 1000 + number, "is_bot": False, "first_name": "A"}
    chat = {"id": user["id"], "type": "private", "first_name": "A"}
    message = {"message_id": number, "date": 1_790_000_000, "from": user, "chat": chat, "text": "balance"}
    return {"update_id": number, "message": message}


class CannedApi(asyncio.Protocol):
    """Answers each request as soon as it is whole; knows no more HTTP than that."""

    left: int
    next_id = 1

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            length = next(
                (int(x.split(":")[1]) for x in head.split("\r\n") if x.lower().startswith("content-length")), 0
            )
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head.split(" ")[1].rsplit("/", 1)[-1])

    def _answer(self, method: str) -> None:
        if method == "getUpdates" and not CannedApi.left:
            asyncio.get_running_loop().call_later(0.2, self._write, [])
        else:
            self._write(self._result(method))

    def _result(self, method: str) -> Any:
        if method == "getUpdates":
            count = min(CannedApi.left, 100)
            first, CannedApi.left = CannedApi.next_id, CannedApi.left - count
            CannedApi.next_id += count
            return [update(first + n) for n in range(count)]
        if method == "sendMessage":
            chat = {"id": 1, "type": "private", "first_name": "A"}
            return {"message_id": 1, "date": 1_790_000_000, "chat": chat, "from": BOT, "text": "x"}
        return BOT if method == "getMe" else True

    def _write(self, result: Any) -> None:
        body = json.dumps({"ok": True, "result": result}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(head.encode() + body)


def serve(pipe: Connection, updates: int) -> None:
    """Run the server until the pipe closes."""

    async def run() -> None:
        CannedApi.left = updates
        loop = asyncio.get_running_loop()
        server = await loop.create_server(CannedApi, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, _wait, pipe)
        server.close()

    asyncio.run(run())


def _wait(pipe: Connection) -> None:
    try:
        pipe.recv()
    except EOFError:
        return


@asynccontextmanager
async def canned_api(updates: int) -> AsyncIterator[str]:
    """Yield the address of a fresh server in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(theirs, updates), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{await asyncio.to_thread(ours.recv)}/bot"
    finally:
        ours.send("end")
        await asyncio.to_thread(process.join)


# The variants


async def application(address: str, updates: int, make: Callable[[], BaseRequest]) -> float:
    """Return the seconds in which the library's application answers everybody."""
    done, answered = asyncio.Event(), 0

    async def reply(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        nonlocal answered
        assert update.message is not None
        await update.message.reply_text(TEXT, parse_mode="HTML")
        answered += 1
        if answered == updates:
            done.set()

    builder = Application.builder().token(TOKEN).base_url(address).request(make()).get_updates_request(make())
    app = builder.concurrent_updates(MAX_AT_ONCE).build()
    app.add_handler(MessageHandler(filters.TEXT, reply))
    async with app:
        await app.start()
        assert app.updater is not None
        started = time.perf_counter()
        await app.updater.start_polling(poll_interval=0)
        await done.wait()
        seconds = time.perf_counter() - started
        await app.updater.stop()
        await app.stop()
    return seconds


async def stock(address: str, updates: int) -> float:
    """The library as it comes, with a connection for everybody."""
    return await application(address, updates, lambda: HTTPXRequest(connection_pool_size=MAX_AT_ONCE, pool_timeout=60))


async def stock_on_aiohttp(address: str, updates: int) -> float:
    """The library's application on our request class."""
    return await application(address, updates, AiohttpRequest)


async def ours(address: str, updates: int) -> float:
    """Our intake: stored durably, in lanes, answered."""
    done, answered = asyncio.Event(), 0
    bot = Bot(TOKEN, base_url=address, request=AiohttpRequest(), get_updates_request=AiohttpRequest(max_connections=1))

    async def reply(update: Update) -> None:
        nonlocal answered
        assert update.message is not None
        await bot.send_message(update.message.chat.id, TEXT, parse_mode="HTML")
        answered += 1
        if answered == updates:
            done.set()

    with tempfile.TemporaryDirectory() as directory:
        store = await Store.open(f"sqlite+aiosqlite:///{directory}/elcaro.db")
        async with bot:
            intake = Intake(
                bot,
                store,
                handle=reply,
                refuse=reply,
                give_up=reply,
                without_storage=reply,
                person_of=lambda update: update.update_id,
            )
            started = time.perf_counter()
            task = asyncio.create_task(intake.run())
            await done.wait()
            seconds = time.perf_counter() - started
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await intake.stop()
        await store.close()
    return seconds


VARIANTS: Final[dict[str, Variant]] = {
    "python-telegram-bot, as it comes": stock,
    "python-telegram-bot, our request class": stock_on_aiohttp,
    "ElCaro's intake, stored durably": ours,
}


async def compare(updates: int) -> None:
    """Let the variants take turns and print what they reached."""
    rates: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(ROUNDS):
        for name, variant in VARIANTS.items():
            async with canned_api(updates) as address:
                rates[name].append(updates / await variant(address, updates))
    base = statistics.median(rates["python-telegram-bot, as it comes"])
    print(f"{updates} people write at once, {MAX_AT_ONCE} answered at a time; median of {ROUNDS} rounds")
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"  {name:42} {rate:8.0f} replies/s  {rate / base:6.1f} x")
    print(f"goal: at least {GOAL_OVER_STOCK} x")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=1000)
    logging.disable(logging.CRITICAL)
    asyncio.run(compare(parser.parse_args().updates))


if __name__ == "__main__":
    main()
