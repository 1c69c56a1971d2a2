"""What the Bybit tests share: an adapter on a scripted venue, and rows in the shape of Bybit's documentation."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp

from exchanges.base import Credentials
from exchanges.bybit import BybitExchange
from exchanges.spec import Endpoints
from exchanges.transport import Network
from models.enums import AccountType, ContractKind, InstrumentStatus, OrderSide, OrderType
from models.requests import OrderRequest, Stamp
from models.unified import Instrument
from tests.exchanges.wire_server import Reply, Script, WireServer, reply

KEY = "FakeBybitKey000001"
SECRET = "FakeBybitSecret0000000000000000000001"
NOW_MS = 1_790_000_000_000
IMPATIENT = aiohttp.ClientTimeout(total=5.0, sock_connect=3.0, sock_read=1.5)

BTC = Instrument(
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
    max_market_size=Decimal(100),
    price_tick=Decimal("0.1"),
    min_notional=Decimal(5),
    max_leverage=Decimal(100),
)
BTC_USD = Instrument(
    exchange="bybit",
    symbol="BTCUSD",
    native_symbol="BTCUSD",
    base="BTC",
    quote="USD",
    settle="BTC",
    kind=ContractKind.INVERSE_PERPETUAL,
    status=InstrumentStatus.TRADING,
    size_step=Decimal(1),
    min_size=Decimal(1),
    price_tick=Decimal("0.1"),
)
CLIENT_ID = "eb1-abcdefghijklmnopqrstuvwxyz234567"


def order(**changes: Any) -> OrderRequest:
    """Return a market buy of 0.01 BTC, changed."""
    fields: dict[str, Any] = {
        "instrument": BTC,
        "side": OrderSide.BUY,
        "size": Decimal("0.010"),
        "order_type": OrderType.MARKET,
        "client_order_id": CLIENT_ID,
    }
    return OrderRequest(**{**fields, **changes})


def stamp(timestamp_ms: int = NOW_MS, fence_after_ms: int = 5000) -> Stamp:
    """Return a stamp of the venue's present."""
    return Stamp(timestamp_ms=timestamp_ms, fence_ms=timestamp_ms + fence_after_ms)


def ok(result: Mapping[str, Any] | None = None, *, time_ms: int = NOW_MS, **envelope: Any) -> Reply:
    """Return Bybit's envelope around a result."""
    fields = {"retCode": 0, "retMsg": "OK", "result": result or {}, "retExtInfo": {}, "time": time_ms}
    return reply({**fields, **envelope})


def refusal(code: object, message: str = "refused", *, time_ms: int = NOW_MS) -> Reply:
    """Return Bybit's envelope with a code."""
    return reply({"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": time_ms})


def page(*rows: Mapping[str, Any], cursor: str = "", **fields: Any) -> Reply:
    """Return a list in Bybit's envelope."""
    return ok({"list": list(rows), "nextPageCursor": cursor, "category": "linear", **fields})


class FrozenTime:
    """A clock that stands at the venue's present unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return NOW_MS / 1000 + self.seconds - 1000.0


@asynccontextmanager
async def bybit(script: Script, **network_options: Any) -> AsyncIterator[tuple[BybitExchange, WireServer]]:
    """Yield an adapter whose venue is a script."""
    time = FrozenTime()
    options = {"monotonic": time.monotonic, "wall": time.wall, "timeout": IMPATIENT, **network_options}
    async with WireServer(script) as server, Network(**options) as network:
        yield adapter(server.url, network), server


def adapter(url: str, network: Network, *, key: str = KEY) -> BybitExchange:
    """Return the adapter of a paper account at an address."""
    credentials = Credentials(
        exchange="bybit", account_type=AccountType.PAPER, values={"api_key": key, "api_secret": SECRET}
    )
    endpoints = Endpoints(rest=url, stream=f"ws{url.removeprefix('http')}/v5/private")
    return BybitExchange(credentials, endpoints, network)
