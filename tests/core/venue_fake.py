"""A venue in a few lines: it executes, forgets, answers late or not at all, and keeps its own ledger.

`bybit` refuses a client id it has seen; `hyperliquid` refuses a nonce it has seen. Both refuse after the fence. The
ledger is the truth that tests compare the journal with.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from core.clock import Clock
from models.account import Account
from models.enums import (
    AccountType,
    ContractKind,
    FillKind,
    InstrumentStatus,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionMode,
    TimeInForce,
)
from models.errors import Unavailable
from models.fill import Fill
from models.instrument import Instrument
from models.order import Order
from models.position import Position
from models.requests import (
    Ack,
    AckKind,
    Action,
    BatchOrders,
    CancelAll,
    CancelOrder,
    Noop,
    OrderRequest,
    SetLeverage,
    SignedRequest,
    Stamp,
)
from models.values import from_millis
from models.venue import AccountState

FENCE_S = {"bybit": 5.0, "hyperliquid": 10.0}
ONE = Decimal(1)


class Network(StrEnum):
    """What happens to one request."""

    OK = "ok"
    REFUSED = "connection refused"
    LOST = "lost on its way"
    LATE = "arrives some seconds later, unanswered"
    TOO_LATE = "arrives after its fence, unanswered"
    ANSWER_LOST = "executed, answer lost"
    ANSWER_REFUSES = "definite refusal"
    RAISES_EXECUTED = "executed, sender raises"
    HANGS = "executed, never answered"


def instrument(exchange: str = "bybit", symbol: str = "BTCUSDT") -> Instrument:
    """Return a market."""
    return Instrument(
        exchange=exchange,
        symbol=symbol,
        native_symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        settle="USDT",
        kind=ContractKind.LINEAR_PERPETUAL,
        status=InstrumentStatus.TRADING,
        size_step=Decimal("0.001"),
        min_size=Decimal("0.001"),
        price_tick=Decimal("0.1"),
    )


def account(exchange: str = "bybit", user_id: int = 7) -> Account:
    """Return a paper account."""
    return Account(user_id=user_id, exchange=exchange, account_type=AccountType.PAPER)


def order_request(client_order_id: str, exchange: str = "bybit", **changes: Any) -> OrderRequest:
    """Return a market buy of 1 BTC."""
    request = OrderRequest(
        instrument=instrument(exchange),
        side=OrderSide.BUY,
        size=ONE,
        order_type=OrderType.MARKET,
        client_order_id=client_order_id,
        time_in_force=TimeInForce.IOC,
    )
    return dataclasses.replace(request, **changes)


class FakeVenue:
    """One venue with its clock, its orders and its moods."""

    def __init__(self, exchange: str, clock: Clock) -> None:
        self.exchange = exchange
        self.clock = clock
        self.clock_ahead_ms = 0
        self.clock_error_ms: int | None = 0
        self.orders: dict[str, Order] = {}
        self.executions: list[str] = []
        self.nonces: set[int] = set()
        self.posts: list[Action] = []
        self.moods: list[Network] = []
        self.is_reachable = True
        self.listing_lag_s = 0.0
        self.late_s = 4.0
        self.listed_at: dict[str, float] = {}
        self.forgets_listings = False
        self.leverage = Decimal(10)
        self.positions: list[Position] = []
        self.fills: list[Fill] = []
        self.status_of_market_orders = OrderStatus.FILLED
        self.spy: Callable[[SignedRequest], None] = lambda _: None
        self._late: list[Any] = []

    def now_ms(self) -> int:
        return self.clock.now_ms() + self.clock_ahead_ms

    def next_mood(self) -> Network:
        return self.moods.pop(0) if self.moods else Network.OK

    def arrive(self, request: SignedRequest) -> Ack:
        """Execute a request, or refuse it by the venue's own rules."""
        if self.now_ms() > request.stamp.fence_ms:
            return Ack(kind=AckKind.REJECTED, code="request_expired")
        if request.stamp.nonce is not None:
            if request.stamp.nonce in self.nonces:
                return Ack(kind=AckKind.UNKNOWN, code="nonce_spent")
            self.nonces.add(request.stamp.nonce)
        match request.action:
            case OrderRequest() as order:
                return self._take(order)
            case BatchOrders(orders=orders):
                first, *_ = [self._take(order) for order in orders]
                return first
            case SetLeverage(leverage=leverage):
                self.leverage = leverage
            case CancelOrder() as cancel:
                return self._cancel(cancel)
            case CancelAll(orders=orders):
                first, *_ = [self._cancel(cancel) for cancel in orders]
                return first
            case _:
                pass
        return Ack(kind=AckKind.ACCEPTED)

    def _take(self, request: OrderRequest) -> Ack:
        client_id = request.client_order_id
        if self.exchange == "bybit" and client_id in self.orders:
            return Ack(kind=AckKind.UNKNOWN, code="duplicate_client_id")
        self.executions.append(client_id)
        is_market = request.order_type is OrderType.MARKET
        status = self.status_of_market_orders if is_market else OrderStatus.OPEN
        filled = request.size if status is OrderStatus.FILLED else Decimal(0)
        self.orders[client_id] = Order(
            exchange=self.exchange,
            symbol=request.instrument.symbol,
            native_symbol=request.instrument.native_symbol,
            order_id=f"v{len(self.executions)}",
            client_order_id=client_id,
            side=request.side,
            order_type=request.order_type,
            status=status,
            size=request.size,
            filled_size=filled,
            average_price=Decimal(60000) if filled else None,
            price=request.price,
            reduce_only=request.reduce_only,
        )
        self.listed_at[client_id] = self.clock.monotonic() + self.listing_lag_s
        if filled:
            self.fills.append(fill(client_id, self.exchange, at=from_millis(self.now_ms())))
        order_id = self.orders[client_id].order_id
        if filled and self.exchange == "hyperliquid":
            return Ack(kind=AckKind.FILLED, order_id=order_id, filled_size=filled, average_price=Decimal(60000))
        return Ack(kind=AckKind.ACCEPTED, order_id=order_id, client_order_id=client_id)

    def _cancel(self, cancel: CancelOrder) -> Ack:
        order = next((o for o in self.orders.values() if cancel.order_id in (o.order_id, o.client_order_id)), None)
        if order is None or not order.is_open:
            return Ack(kind=AckKind.REJECTED, code="order_not_found")
        assert order.client_order_id is not None
        self.orders[order.client_order_id] = dataclasses.replace(order, status=OrderStatus.CANCELLED)
        return Ack(kind=AckKind.ACCEPTED)


class FakeClient:
    """One account's client at a `FakeVenue`; as much of `AccountVenue` as `core` uses."""

    def __init__(self, venue: FakeVenue) -> None:
        self.venue = venue
        self.looks = 0

    @property
    def signer(self) -> str:
        return f"signer-of-{self.venue.exchange}"

    @property
    def needs_nonce(self) -> bool:
        return self.venue.exchange == "hyperliquid"

    @property
    def fence_s(self) -> float:
        return FENCE_S[self.venue.exchange]

    def clock_error_ms(self) -> int | None:
        return self.venue.clock_error_ms

    def venue_time_ms(self) -> int:
        return self.venue.now_ms()

    async def wait_turn(self, action: Action) -> None:
        return None

    def sign(self, action: Action, stamp: Stamp) -> SignedRequest:
        body = f"{action!r}|{stamp!r}".encode()
        return SignedRequest(exchange=self.venue.exchange, action=action, stamp=stamp, url="/", body=body)

    async def send(self, request: SignedRequest) -> tuple[Ack, ...]:
        venue, clock = self.venue, self.venue.clock
        venue.spy(request)
        mood = Network.REFUSED if not venue.is_reachable else venue.next_mood()
        if mood is not Network.REFUSED:
            venue.posts.append(request.action)
        unknown = (Ack(kind=AckKind.UNKNOWN, code="no_answer"),)
        match mood:
            case Network.REFUSED:
                return (Ack(kind=AckKind.NOT_SENT, code="venue_unreachable"),)
            case Network.LOST:
                return unknown
            case Network.LATE | Network.TOO_LATE:
                delay = venue.late_s if mood is Network.LATE else 20.0
                venue._late.append(_later(clock, delay, lambda: venue.arrive(request)))
                return unknown
            case Network.ANSWER_LOST:
                venue.arrive(request)
                return unknown
            case Network.ANSWER_REFUSES:
                return (Ack(kind=AckKind.REJECTED, code="insufficient_margin", message="no money"),)
            case Network.RAISES_EXECUTED:
                venue.arrive(request)
                raise RuntimeError("a sender that breaks its promise")
            case Network.HANGS:
                venue.arrive(request)
                await clock.sleep(30)
                return unknown
            case _:
                return self._answer(request)

    def _answer(self, request: SignedRequest) -> tuple[Ack, ...]:
        ack = self.venue.arrive(request)
        if isinstance(request.action, OrderRequest) and request.action.protection_client_ids:
            return (ack, *(Ack(kind=AckKind.ACCEPTED) for _ in request.action.protection_client_ids))
        if isinstance(request.action, BatchOrders):
            return tuple(Ack(kind=AckKind.ACCEPTED, client_order_id=o.client_order_id) for o in request.action.orders)
        return (ack,)

    async def find_order(
        self, instrument: Instrument, *, client_order_id: str | None = None, order_id: str | None = None
    ) -> Order | None:
        self.looks += 1
        self._need_venue()
        if self.venue.forgets_listings:
            return None
        for client_id, order in self.venue.orders.items():
            is_listed = self.venue.listed_at[client_id] <= self.venue.clock.monotonic()
            if is_listed and (client_id == client_order_id or order.order_id == order_id):
                return order
        return None

    async def get_open_orders(self, instrument: Instrument | None = None) -> list[Order]:
        self._need_venue()
        return [order for order in self.venue.orders.values() if order.is_open]

    async def get_order_history(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[Order]:
        self._need_venue()
        return [order for order in self.venue.orders.values() if not order.is_open]

    async def get_positions(self, instrument: Instrument | None = None) -> list[Position]:
        self._need_venue()
        return list(self.venue.positions)

    async def get_fills(
        self, instrument: Instrument | None = None, *, since: datetime | None = None, limit: int = 500
    ) -> list[Fill]:
        self._need_venue()
        return [row for row in reversed(self.venue.fills) if since is None or row.filled_at >= since][:limit]

    async def get_leverage(self, instrument: Instrument) -> Decimal | None:
        self._need_venue()
        return self.venue.leverage

    async def get_account_state(self, instrument: Instrument | None = None) -> AccountState:
        self._need_venue()
        return AccountState(margin_mode=None, position_mode=PositionMode.ONE_WAY)

    async def get_closed_pnl(self, *_: object, **__: object) -> list[Any]:
        self._need_venue()
        return []

    async def get_funding(self, *_: object, **__: object) -> list[Any]:
        self._need_venue()
        return []

    def stream(self, instruments: object) -> AsyncIterator[Any]:
        raise Unavailable("this fake has no stream")

    def _need_venue(self) -> None:
        if not self.venue.is_reachable:
            raise Unavailable("the venue does not answer")


def noop_count(venue: FakeVenue) -> int:
    """Return how many noops were posted."""
    return sum(isinstance(action, Noop) for action in venue.posts)


def order_posts(venue: FakeVenue) -> int:
    """Return how many order requests were posted."""
    return sum(isinstance(action, OrderRequest) for action in venue.posts)


def fill(client_order_id: str | None, exchange: str = "bybit", *, at: datetime, **changes: Any) -> Fill:
    """Return an execution of 1 BTC bought at 60000."""
    row = Fill(
        exchange=exchange,
        symbol="BTCUSDT",
        native_symbol="BTCUSDT",
        fill_id=f"f-{client_order_id}",
        order_id=f"v-{client_order_id}",
        client_order_id=client_order_id,
        side=OrderSide.BUY,
        size=ONE,
        price=Decimal(60000),
        fee=Decimal("0.6"),
        fee_currency="USDT",
        is_maker=False,
        kind=FillKind.TRADE,
        filled_at=at,
    )
    return dataclasses.replace(row, **changes)


def _later(clock: Clock, delay_s: float, act: Callable[[], object]) -> Any:
    async def arrive() -> None:
        await clock.sleep(delay_s)
        act()

    return asyncio.ensure_future(arrive())
