"""What every venue's tests need: an account at the sandbox, and how its venue words a request.

`test_contract.py` runs over every row of the registry; a row without a rig here fails its collection.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import aiohttp

from core.money import build_order
from exchanges.base import Exchange
from exchanges.registry import EXCHANGES
from exchanges.spec import ExchangeSpec
from exchanges.transport import Network
from models.enums import AccountType, OrderSide, OrderType
from models.requests import Ack, Action, OrderRequest, Stamp
from models.unified import Instrument, Order, Position
from models.venue import Credentials
from sandbox.server import Sandbox

IMPATIENT: Final = aiohttp.ClientTimeout(total=2.5, sock_connect=2.0, sock_read=0.6)
"""For requests whose answer is to be lost; whatever must be answered has the product's own patience."""
PRICE: Final = Decimal(60000)
"""Where every contract test holds the price of BTC."""

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """How one venue is met at the sandbox."""

    url: Callable[[Sandbox], str]
    open_account: Callable[[Sandbox, str], Values]
    """Opens a clean account of a name and returns its credentials."""
    unknown_account: Values
    """Well-formed credentials that the venue has never seen."""
    client_id: Callable[[int], str]
    order_operation: str
    """Shell pattern of the requests that place orders, as the sandbox's journal names them."""
    read_operations: tuple[str, ...]
    """Patterns of every request that can be a part of reading positions."""
    refused_words: frozenset[str]
    """What an unknown key may be called."""


def _open_bybit(sandbox: Sandbox, name: str) -> Values:
    account = sandbox.new_bybit_account(name)
    return {"api_key": account.api_key, "api_secret": account.secret}


def _open_hyperliquid(sandbox: Sandbox, name: str) -> Values:
    account = sandbox.new_hyperliquid_account(name)
    return {"private_key": account.agent_key, "account_address": account.master}


def _open_okx(sandbox: Sandbox, name: str) -> Values:
    key = sandbox.new_okx_account()
    return {"api_key": key.api_key, "api_secret": key.secret, "passphrase": key.passphrase}


RIGS: Final[Mapping[str, Rig]] = {
    "bybit": Rig(
        url=lambda sandbox: sandbox.bybit_url,
        open_account=_open_bybit,
        unknown_account={"api_key": "FakeUnknownKey", "api_secret": "FakeUnknownSecret000"},
        client_id=lambda number: f"eb1-contract-{number}",
        order_operation="POST /v5/order/create*",
        read_operations=("GET /v5/position/list",),
        refused_words=frozenset({"key_invalid"}),
    ),
    "hyperliquid": Rig(
        url=lambda sandbox: sandbox.hyperliquid_url,
        open_account=_open_hyperliquid,
        unknown_account={"private_key": "0x" + "07" * 32, "account_address": "0x" + "08" * 20},
        client_id=lambda number: f"0xeb01{number:028x}",
        order_operation="POST /exchange order*",
        read_operations=("POST /info clearinghouseState*",),
        refused_words=frozenset({"key_invalid", "agent_not_approved", "wrong_agent"}),
    ),
    "okx": Rig(
        url=lambda sandbox: sandbox.okx_url,
        open_account=_open_okx,
        unknown_account={
            "api_key": "00000000-0000-4000-8000-00000000fa4e",
            "api_secret": "0" * 28 + "FA4E",
            "passphrase": "sandbox-demo",
        },
        client_id=lambda number: f"eb1contract{number}",
        order_operation="POST /api/v5/trade/order*",
        read_operations=("GET /api/v5/account/positions", "GET /api/v5/trade/orders-algo-pending"),
        refused_words=frozenset({"key_invalid"}),
    ),
}


def rig_of(spec: ExchangeSpec) -> Rig:
    """Return a venue's rig.

    Raises:
        LookupError: There is none: a new venue is not done before the contract suite can meet it.
    """
    rig = RIGS.get(spec.key)
    if rig is None:
        raise LookupError(f"tests/exchanges/contract.py: RIGS has no row for {spec.key!r}")
    return rig


def adapter(spec: ExchangeSpec, sandbox: Sandbox, network: Network, values: Values) -> Exchange:
    """Return the adapter of a paper account."""
    credentials = Credentials(exchange=spec.key, account_type=AccountType.PAPER, values=values)
    return spec.adapter(credentials, spec.paper_endpoints(rig_of(spec).url(sandbox)), network)


class Desk:
    """One account at one simulated venue, with what a test says to it."""

    def __init__(self, spec: ExchangeSpec, sandbox: Sandbox, network: Network, btc: Instrument, values: Values) -> None:
        self.spec = spec
        self.rig = rig_of(spec)
        self.sandbox = sandbox
        self.network = network
        self.btc = btc
        self.values = values
        self.exchange = adapter(spec, sandbox, network, values)
        self._numbers = itertools.count(1)
        self._nonces = itertools.count(self.exchange.venue_time_ms())

    def stranger(self) -> Exchange:
        """Return an adapter whose key the venue has never seen."""
        return adapter(self.spec, self.sandbox, self.network, self.rig.unknown_account)

    def client_id(self) -> str:
        """Return an id that no order of this test has."""
        return self.rig.client_id(next(self._numbers))

    async def do(self, action: Action, *, over: Network | None = None) -> tuple[Ack, ...]:
        """Wait for the turn, stamp, sign and send, as `core.orders` does; over another network where one is given."""
        await self.exchange.wait_turn(action)
        now_ms = self.exchange.venue_time_ms()
        fence_ms = now_ms + round(self.exchange.fence_s * 1000)
        nonce = max(next(self._nonces), now_ms) if self.exchange.needs_nonce else None
        if nonce is not None:
            self._nonces = itertools.count(nonce + 1)
        sender = self.exchange if over is None else adapter(self.spec, self.sandbox, over, self.values)
        return await sender.send(self.exchange.sign(action, Stamp(timestamp_ms=now_ms, fence_ms=fence_ms, nonce=nonce)))

    def order(
        self, side: OrderSide = OrderSide.BUY, size: str = "0.01", order_type: OrderType = OrderType.MARKET, **more: Any
    ) -> OrderRequest:
        """Return an order on the venue's grid, as the core makes it."""
        protection = more.get("protection")
        ids = tuple(self.client_id() for _ in range(2)) if protection is not None else ()
        return build_order(
            self.btc,
            side=side,
            size=size,
            order_type=order_type,
            client_order_id=self.client_id(),
            reference_price=PRICE,
            slippage_fraction=Decimal("0.01"),
            protection_client_ids=ids,
            **more,
        )

    async def buy(self, size: str = "0.01", **more: Any) -> Ack:
        """Buy at the market's price; the ack of the entry."""
        return (await self.do(self.order(size=size, **more)))[0]

    async def rest(self, price: int = 50000, side: OrderSide = OrderSide.BUY) -> tuple[OrderRequest, Ack]:
        """Leave a limit order on the book."""
        order = self.order(side, order_type=OrderType.LIMIT, price=price)
        return order, (await self.do(order))[0]

    async def position(self) -> Position:
        """Return the only position."""
        (position,) = await self.exchange.get_positions()
        return position

    async def find(self, order: OrderRequest) -> Order | None:
        """Look an order up by our id."""
        return await self.exchange.find_order(self.btc, client_order_id=order.client_order_id)

    async def find_in_time(self, order: OrderRequest, looks: int) -> Order | None:
        """Look an order up so many times, a second of the venue's time apart, until it is there."""
        for _ in range(looks):
            await self.sandbox.advance(1)
            found = await self.find(order)
            if found is not None:
                return found
        return None

    def posts(self, after: int = 0) -> int:
        """Return how many requests to place orders reached the venue."""
        prefix = self.rig.order_operation.rstrip("*")
        records = self.sandbox.world.journal.find(venue=self.spec.key, text=prefix, after=after)
        return sum(record.operation.startswith(prefix) for record in records)


SPECS: Final = tuple(EXCHANGES.values())
