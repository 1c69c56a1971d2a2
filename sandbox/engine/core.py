"""What all parts of one venue's engine share: accounts, clock, market, ledger, event queue, numbering."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from sandbox.clock import Clock
from sandbox.engine.accounts import Account
from sandbox.engine.ledger import Ledger
from sandbox.engine.orders import Order
from sandbox.engine.records import Event, Fill, FundingPayment, Position
from sandbox.instruments import Instrument, Venue
from sandbox.market import Market, Quote
from sandbox.path import seed_number
from sandbox.words import EventKind, LedgerKind, MarginMode, OrderStatus, Reason, RefusedError

DEFAULT_LEVERAGE = {Venue.BYBIT: Decimal(10), Venue.HYPERLIQUID: Decimal(20), Venue.OKX: Decimal(3)}
TAKER_RATES = {Venue.BYBIT: Decimal("0.00055"), Venue.HYPERLIQUID: Decimal("0.00045"), Venue.OKX: Decimal("0.0005")}
MAKER_RATES = {Venue.BYBIT: Decimal("0.0002"), Venue.HYPERLIQUID: Decimal("0.00015"), Venue.OKX: Decimal("0.0002")}
FIRST_NUMBER = {Venue.BYBIT: 1_000_000, Venue.HYPERLIQUID: 40_000_000_000, Venue.OKX: 680_800_000_000_000_000}

Payload: TypeAlias = Order | Fill | Position | FundingPayment | None


class Core:
    """State of one venue, and the few ways to change it that keep ledger and subscribers informed."""

    def __init__(self, *, venue: Venue, market: Market, clock: Clock) -> None:
        self.venue = venue
        self.market = market
        self.clock = clock
        self.ledger = Ledger()
        self.accounts: dict[str, Account] = {}
        self.taker_rate = TAKER_RATES[venue]
        self.maker_rate = MAKER_RATES[venue]
        self.ack_delay_ms = 0
        self.counter = FIRST_NUMBER[venue]
        self._past_ms: int | None = None
        self._subscribers: dict[int, Callable[[Event], None]] = {}
        self._events: list[Event] = []
        self._depth = 0
        self._due: list[tuple[int, Callable[[], None]]] = []

    # Time and numbers

    def now_ms(self) -> int:
        """The venue's time, or the past moment that is being written."""
        return self.clock.now_ms() if self._past_ms is None else self._past_ms

    @contextmanager
    def in_the_past(self, time_ms: int) -> Iterator[None]:
        """Write what happens inside with this time: how a demo account gets its history."""
        self._past_ms = time_ms
        try:
            yield
        finally:
            self._past_ms = None

    def next_number(self) -> int:
        """A rising integer, unique at this venue."""
        self.counter += 1
        return self.counter

    def make_id(self, number: int) -> str:
        """The public id for a number: a UUID at Bybit, the number itself elsewhere."""
        if self.venue is not Venue.BYBIT:
            return str(number)
        high, low = seed_number(self.market.seed, "id", number), seed_number(self.market.seed, "id2", number)
        return str(UUID(int=high << 64 | low, version=4))

    # Looking things up

    def account(self, account_id: str) -> Account:
        """The account; KeyError for a caller's mistake (the wire layer authenticates first)."""
        return self.accounts[account_id]

    def instrument(self, symbol: str) -> Instrument:
        """The market, or RefusedError(UNKNOWN_SYMBOL)."""
        instrument = self.market.instruments(self.venue).get(symbol)
        if instrument is None:
            raise RefusedError(Reason.UNKNOWN_SYMBOL, symbol)
        return instrument

    def quote(self, symbol: str) -> Quote:
        """Prices now, or at the past moment that is being written."""
        return self.market.quote(self.venue, symbol, self._past_ms)

    def leverage(self, account: Account, symbol: str) -> Decimal:
        """The leverage set for this market, or the venue's default capped by the market's limit."""
        default = min(DEFAULT_LEVERAGE[self.venue], self.instrument(symbol).max_leverage)
        return account.leverages.get(symbol, default)

    # Changing things

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Subscribers hear of the changes made inside only at the end, when the books are consistent again."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                events, self._events = self._events, []
                for event in events:
                    for callback in list(self._subscribers.values()):
                        callback(event)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Hear of every change; returns the function that ends it."""
        key = self.next_number()
        self._subscribers[key] = callback
        return lambda: self._subscribers.pop(key, None) and None

    def emit(self, kind: EventKind, account: Account, payload: Payload = None) -> None:
        """Queue an event; a wallet that changes twice in one transaction is told once."""
        picture = replace(payload) if isinstance(payload, Order | Position) else payload
        event = Event(kind=kind, account_id=account.account_id, payload=picture)
        if kind is EventKind.WALLET and event in self._events:
            return
        self._events.append(event)

    def later(self, delay_ms: int, job: Callable[[], None]) -> None:
        """Do something when this much time has passed; at once without a delay."""
        if delay_ms <= 0:
            job()
        else:
            self._due.append((self.now_ms() + delay_ms, job))

    def run_due(self) -> None:
        """Do what is due, in order of its time."""
        now = self.now_ms()
        ready = sorted((item for item in self._due if item[0] <= now), key=lambda item: item[0])
        self._due = [item for item in self._due if item[0] > now]
        for _, job in ready:
            job()

    def next_due_ms(self) -> int | None:
        """When the next delayed job is due; None when there is none."""
        return min((due for due, _ in self._due), default=None)

    def move_money(self, account: Account, coin: str, amount: Decimal, kind: LedgerKind, **detail: str) -> None:
        """Change the wallet and write why; the only place where cash changes."""
        if amount == 0:
            return
        account.wallet[coin] = account.wallet.get(coin, Decimal(0)) + amount
        symbol = detail.pop("symbol", "")
        self.ledger.add(
            time_ms=self.now_ms(),
            account_id=account.account_id,
            kind=kind,
            symbol=symbol,
            coin=coin,
            amount=amount,
            detail={**detail, "wallet": str(account.wallet[coin])},
        )
        self.emit(EventKind.WALLET, account)

    def note_setting(self, account: Account, symbol: str, **detail: str) -> None:
        """Write a changed setting into the ledger."""
        self.ledger.add(
            time_ms=self.now_ms(),
            account_id=account.account_id,
            kind=LedgerKind.SETTING,
            symbol=symbol,
            detail=detail,
        )

    def end_order(self, account: Account, order: Order, status: OrderStatus, reason: Reason | None) -> None:
        """Close an order."""
        order.status = status
        order.reason = reason
        self.order_changed(account, order)

    def order_changed(self, account: Account, order: Order) -> None:
        """Stamp, index, write and tell an order's new state."""
        order.updated_ms = self.now_ms()
        if order.is_open:
            account.open_ids[order.order_id] = None
        else:
            account.open_ids.pop(order.order_id, None)
        self.ledger.add(
            time_ms=order.updated_ms,
            account_id=account.account_id,
            kind=LedgerKind.ORDER,
            symbol=order.symbol,
            detail=order_detail(order),
        )
        self.emit(EventKind.ORDER, account, order)

    def is_isolated(self, account: Account, symbol: str) -> bool:
        """Whether positions of this market have their own collateral."""
        return account.margin_mode_of(symbol) is MarginMode.ISOLATED


def order_detail(order: Order) -> dict[str, str]:
    """An order as flat text, for the ledger."""
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id or "",
        "status": order.status.value,
        "side": order.side.value,
        "type": order.spec.type.value,
        "size": str(order.size),
        "price": "" if order.price is None else str(order.price),
        "filled_size": str(order.filled_size),
        "reduce_only": str(order.spec.reduce_only).lower(),
        "stop": order.spec.stop.value,
        "trigger_price": "" if order.trigger is None or order.trigger.price is None else str(order.trigger.price),
        "reason": "" if order.reason is None else order.reason.value,
    }
