"""What the OKX tests share: an adapter on a scripted venue, and answers in OKX's envelope."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp

from exchanges.base import Credentials
from exchanges.okx import OkxExchange
from exchanges.okx_market_rows import instrument_from_okx
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, OrderSide, OrderType
from models.requests import OrderRequest, Stamp
from tests.exchanges.wire_server import Received, Reply, Script, WireServer, reply
from tests.payloads.loading import payload

KEY = "00000000-0000-4000-8000-00000000fa4e"
SECRET = "0000000000000000000000000000FA4E"
PASSPHRASE = "fake-passphrase"
NOW_MS = 1_790_000_000_000
CLIENT_ID = "eb1abcdefghijklmnopqrstuvwxyz2345"
IMPATIENT = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0, sock_read=1.5)
CREDENTIALS = {"api_key": KEY, "api_secret": SECRET, "passphrase": PASSPHRASE}


def okx_rows(name: str) -> list[Any]:
    """Return the rows of one of the project's own OKX payloads."""
    rows = payload(f"okx/{name}")["data"]
    assert isinstance(rows, list)
    return rows


BTC = instrument_from_okx(okx_rows("http_get_public_instruments")[0])
INVERSE = instrument_from_okx(okx_rows("http_get_public_instruments")[2])


def order(**changes: Any) -> OrderRequest:
    """Return a market buy of 0.02 BTC, changed."""
    fields: dict[str, Any] = {
        "instrument": BTC,
        "side": OrderSide.BUY,
        "size": Decimal("0.02"),
        "order_type": OrderType.MARKET,
        "client_order_id": CLIENT_ID,
    }
    return OrderRequest(**{**fields, **changes})


def stamp(timestamp_ms: int = NOW_MS, fence_after_ms: int = 10_000) -> Stamp:
    """Return a stamp of the venue's present."""
    return Stamp(timestamp_ms=timestamp_ms, fence_ms=timestamp_ms + fence_after_ms)


def ok(*rows: object, **envelope: Any) -> Reply:
    """Return OKX's envelope around rows."""
    return reply({"code": "0", "msg": "", "data": list(rows), **envelope})


def refusal(code: str, message: str = "refused", *, status: int = 200, **envelope: Any) -> Reply:
    """Return OKX's envelope with a code and no rows."""
    return reply({"code": code, "msg": message, "data": [], **envelope}, status=status)


def row_refusal(code: str, message: str = "refused") -> Reply:
    """Return a write's answer whose only row is refused."""
    row = {"ordId": "", "clOrdId": CLIENT_ID, "sCode": code, "sMsg": message}
    return reply({"code": "1", "msg": "All operations failed", "data": [row]})


class FrozenTime:
    """A clock that stands at the venue's present unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return NOW_MS / 1000 + self.seconds - 1000.0


TIME = "/api/v5/public/time"
INSTRUMENTS = "/api/v5/public/instruments"


def answering(**answers: Reply | Script) -> Script:
    """Return a script: time and instruments are told, and what `answers` names by the last part of its path.

    Anything else is an empty list.
    """
    usual: dict[str, Reply] = {
        "time": ok({"ts": str(NOW_MS)}),
        "instruments": ok(*okx_rows("http_get_public_instruments")),
    }

    def script(request: Received) -> Any:
        name = request.path.rpartition("/")[2].replace("-", "_")
        answer = answers.get(name, usual.get(name, ok()))
        return answer if isinstance(answer, Reply) else answer(request)

    return script


@asynccontextmanager
async def okx(script: Script, **network_options: Any) -> AsyncIterator[tuple[OkxExchange, WireServer]]:
    """Yield an adapter whose venue is a script."""
    time = FrozenTime()
    options = {"monotonic": time.monotonic, "wall": time.wall, "timeout": IMPATIENT, **network_options}
    async with WireServer(script) as server, Network(**options) as network:
        yield adapter(server.url, network), server


def adapter(url: str, network: Network, *, headers: tuple[tuple[str, str], ...] = ()) -> OkxExchange:
    """Return the adapter of an account at an address."""
    credentials = Credentials(exchange="okx", account_type=AccountType.PAPER, values=CREDENTIALS)
    stream = f"ws{url.removeprefix('http')}/ws/v5/private"
    return OkxExchange(credentials, Endpoints(rest=url, stream=stream, headers=headers), network)
