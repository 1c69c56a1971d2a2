"""What serving 20 positions costs, beside FastAPI answering the very same bytes without doing anything for them.

    python -m benchmarks.webapp [--requests N]

Both are asked over HTTP, one request after the other on one kept connection, by the same client in the same process,
taking turns. The positions come from a stand-in for the path to the venues, so that what is counted is the web app's
own: the gate, the session, the person's rights, the service, the encoding. CPU time per request, the least of the
rounds, which are short: what else runs on the machine only ever adds, and leaves some of them alone.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Response

import bot_unified
from core import web_sessions
from core.runtime import Runtime, open_runtime
from db import Role
from models.enums import AccountType, MarginMode, PositionSide
from models.position import Position
from sandbox import demo
from sandbox.clock import Clock
from sandbox.server import Sandbox
from tests.world import settings_for
from webapp.app import create_app
from webapp.limits import Limits, Rate
from webapp.server import Server, listen

GOAL: Final = 2.0
POSITIONS: Final = 20
ROUNDS: Final = 400
USER: Final = demo.OWNER_ID
PATH: Final = "/api/trading/positions?exchange=bybit&account_type=paper"
ENDLESS: Final = Limits(reads=(Rate(10**9, 1),))


def positions() -> list[Position]:
    """Return positions as a venue tells them."""
    return [
        Position(
            exchange="bybit",
            symbol=f"COIN{n}USDT",
            native_symbol=f"COIN{n}USDT",
            side=PositionSide.LONG if n % 2 else PositionSide.SHORT,
            size=Decimal("1.250"),
            entry_price=Decimal(f"{100 + n}.25"),
            mark_price=Decimal(f"{101 + n}.50"),
            notional=Decimal("126.875"),
            unrealized_pnl=Decimal("-1.5625"),
            realized_pnl=Decimal("0.4"),
            leverage=Decimal(10),
            margin_mode=MarginMode.CROSS,
            margin_used=Decimal("12.6875"),
            liquidation_price=Decimal("90.10"),
            take_profit=Decimal("120.00"),
            stop_loss=Decimal("95.00"),
            opened_at=datetime(2026, 1, 1, tzinfo=UTC),
            updated_at=datetime(2026, 1, 2, tzinfo=UTC),
            account_type=AccountType.PAPER,
            as_of=datetime(2026, 1, 2, tzinfo=UTC),
        )
        for n in range(POSITIONS)
    ]


class Client:
    """One kept connection, speaking as little HTTP as is needed."""

    def __init__(self, url: str, path: str, token: str) -> None:
        self._place = urlsplit(url)
        head = f"GET {path} HTTP/1.1\r\nHost: {self._place.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._request = head.encode()

    async def connect(self) -> None:
        """Open the connection."""
        self._reader, self._writer = await asyncio.open_connection(self._place.hostname, self._place.port)

    async def ask(self) -> bytes:
        """Ask once and return the body."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise RuntimeError(head.decode("latin-1"))
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return await self._reader.readexactly(int(length.split(b":")[1]))

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


@dataclass(slots=True)
class Variant:
    """One of the things compared, and what it cost."""

    name: str
    client: Client
    rounds: list[float] = field(default_factory=list)

    async def run(self, requests: int) -> None:
        """Ask many times and note the CPU time of one."""
        started = time.process_time()
        for _ in range(requests):
            await self.client.ask()
        self.rounds.append((time.process_time() - started) / requests * 1e6)

    @property
    def cost_us(self) -> float:
        """The least of the rounds."""
        return min(self.rounds)


@asynccontextmanager
async def serving(app: Any, runtime: Runtime) -> AsyncIterator[str]:
    """Serve an application at an address of its own."""
    listening = listen(runtime.settings)
    is_ready = asyncio.Event()
    server = Server(app, is_ready.set)
    task = asyncio.create_task(server.serve([listening]))
    await is_ready.wait()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def constant_app(body: bytes) -> FastAPI:
    """Return an application that answers bytes it was given."""
    app = FastAPI()

    @app.get("/api/trading/positions")
    async def answer() -> Response:
        return Response(body, media_type="application/json")

    return app


async def measure(requests: int) -> list[Variant]:
    """Ask both in turns."""
    held = positions()

    async def stand_in(*_: Any, **__: Any) -> list[Position]:
        return held

    bot_unified.BACKEND = replace(bot_unified.BACKEND, get_positions=stand_in)
    with tempfile.TemporaryDirectory() as folder:
        async with Sandbox(clock=Clock(frozen_at=datetime.now(UTC))) as sandbox:
            settings = settings_for(sandbox, Path(folder), webapp_port=0)
            async with open_runtime(settings, role="webapp", with_jobs=False) as runtime:
                return await _compare(runtime, requests)


async def _compare(runtime: Runtime, requests: int) -> list[Variant]:
    await runtime.store.users.set_role(USER, Role.ADMIN)
    token = await web_sessions.open_session(USER)
    async with serving(create_app(runtime, limits=ENDLESS), runtime) as ours:
        client = Client(ours, PATH, token)
        await client.connect()
        body = await client.ask()
        async with serving(constant_app(body), runtime) as constant:
            other = Client(constant, PATH, token)
            await other.connect()
            variants = [Variant("FastAPI, constant bytes", other), Variant("/api/trading/positions", client)]
            for variant in variants:
                await variant.run(ROUNDS)  # warm
                variant.rounds.clear()
            for _ in range(ROUNDS):
                for variant in variants:
                    await variant.run(requests)
            client.close()
            other.close()
            return variants


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=20)
    constant, ours = asyncio.run(measure(parser.parse_args().requests))
    ratio = ours.cost_us / constant.cost_us
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {POSITIONS} positions; client and server together")
    for variant in (constant, ours):
        print(f"  {variant.name:28} {variant.cost_us:8.0f} µs CPU per request")
    print(f"  ratio {ratio:.2f}, goal at most {GOAL:.1f}: {'met' if ratio <= GOAL else 'MISSED'}")


if __name__ == "__main__":
    main()
