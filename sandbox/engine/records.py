"""What happened: executions, positions, closed profit, funding, the ledger and the events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.engine.orders import ZERO, Order
from sandbox.words import EventKind, FillKind, LedgerKind, OrderType, PositionIdx, Side, StopKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution.

    Attributes:
        size: Executed base quantity, above zero.
        fee: In the settle coin; negative for a rebate.
        closed_size: How much of it closed an existing position.
        realised_pnl: Profit of the closed part before fees.
        position_before: Signed position size before the fill.
        remaining: What the order still had to execute after the fill.
    """

    number: int
    fill_id: str
    account_id: str
    order_id: str
    order_number: int
    client_order_id: str | None
    symbol: str
    side: Side
    position_idx: PositionIdx
    price: Decimal
    size: Decimal
    value: Decimal
    fee: Decimal
    fee_rate: Decimal
    fee_coin: str
    maker: bool
    kind: FillKind
    time_ms: int
    closed_size: Decimal
    realised_pnl: Decimal
    position_before: Decimal
    order_size: Decimal
    order_price: Decimal | None
    remaining: Decimal
    order_type: OrderType
    stop: StopKind
    mark_price: Decimal


@dataclass(slots=True, kw_only=True)
class Position:
    """One open (or once open) position; read it, never write to it from outside the engine.

    Attributes:
        size: Signed base quantity: positive long, negative short, zero flat.
        entry_value: Signed cost of the open size (size x average entry price).
        isolated_margin: Collateral set aside for it; None in cross margin.
        realised: Profit realised since this position was opened, fees and funding included.
        cumulative_realised: The same over the whole life of the account in this market.
        funding: Funding received (positive) or paid since it was opened.
        cumulative_funding: The same over the whole life of the account in this market.
        open_fees: Fees paid for what is still open.
    """

    account_id: str
    symbol: str
    idx: PositionIdx
    size: Decimal = ZERO
    entry_value: Decimal = ZERO
    isolated_margin: Decimal | None = None
    auto_add_margin: bool = False
    realised: Decimal = ZERO
    cumulative_realised: Decimal = ZERO
    funding: Decimal = ZERO
    cumulative_funding: Decimal = ZERO
    open_fees: Decimal = ZERO
    created_ms: int = 0
    updated_ms: int = 0
    opened_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether there is anything in it."""
        return self.size != 0

    @property
    def side(self) -> Side | None:
        """BUY for long, SELL for short, None when flat."""
        if self.size == 0:
            return None
        return Side.BUY if self.size > 0 else Side.SELL

    @property
    def average_price(self) -> Decimal | None:
        """Average entry price; None when flat."""
        return self.entry_value / self.size if self.size else None

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit if it were closed at this mark price, before fees."""
        return self.size * mark - self.entry_value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPnl:
    """One record per closing order: what the closed part brought, after the fees of both sides."""

    number: int
    account_id: str
    symbol: str
    order_id: str
    side: Side
    order_type: OrderType
    order_price: Decimal
    kind: FillKind
    closed_size: Decimal
    order_size: Decimal
    entry_value: Decimal
    exit_value: Decimal
    open_fee: Decimal
    close_fee: Decimal
    pnl: Decimal
    fill_count: int
    leverage: Decimal
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """One funding settlement of one position; ``amount`` is positive when the account received it."""

    number: int
    account_id: str
    symbol: str
    idx: PositionIdx
    size: Decimal
    mark_price: Decimal
    rate: Decimal
    amount: Decimal
    coin: str
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One line of the venue's append-only ledger: the oracle of tests."""

    seq: int
    time_ms: int
    account_id: str
    kind: LedgerKind
    symbol: str = ""
    coin: str = ""
    amount: Decimal | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change at a venue, told to subscribers (private WebSockets) after the books are consistent again."""

    kind: EventKind
    account_id: str
    payload: Order | Fill | Position | FundingPayment | None
