"""One account's state: money, positions, orders, settings. Only the engine's own modules write to it."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.engine.orders import ZERO, Order
from sandbox.engine.records import ClosedPnl, Fill, FundingPayment, Position
from sandbox.words import MarginMode, PositionIdx, PositionMode


@dataclass(slots=True, kw_only=True)
class Account:
    """Everything the venue keeps about one account.

    Attributes:
        account_id: Bybit uid as text; HyperLiquid lower-case master address.
        wallet: Cash per coin: deposits + realised - fees + funding.
        margin_mode, position_mode: What a symbol without a setting of its own uses.
        fee_factor: Multiplies the venue's fee rates (1 = the standard rates).
    """

    account_id: str
    created_ms: int
    margin_mode: MarginMode = MarginMode.CROSS
    position_mode: PositionMode = PositionMode.ONE_WAY
    wallet: dict[str, Decimal] = field(default_factory=dict)
    deposits: dict[str, Decimal] = field(default_factory=dict)
    leverages: dict[str, Decimal] = field(default_factory=dict)
    margin_modes: dict[str, MarginMode] = field(default_factory=dict)
    position_modes: dict[str, PositionMode] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    open_ids: dict[str, None] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    closed_pnl: list[ClosedPnl] = field(default_factory=list)
    fundings: list[FundingPayment] = field(default_factory=list)
    fee_factor: Decimal = Decimal(1)

    def position(self, symbol: str, idx: PositionIdx) -> Position:
        """The position of this market and index, made empty when there was none."""
        key = f"{symbol}/{idx.value}"
        if key not in self.positions:
            self.positions[key] = Position(account_id=self.account_id, symbol=symbol, idx=idx)
        return self.positions[key]

    def open_positions(self) -> list[Position]:
        """Positions that are not flat."""
        return [position for position in self.positions.values() if position.is_open]

    def open_orders(self) -> list[Order]:
        """Orders that can still execute, oldest first."""
        return [self.orders[order_id] for order_id in self.open_ids]

    def mode_of(self, symbol: str) -> PositionMode:
        """One-way or hedge for this symbol."""
        return self.position_modes.get(symbol, self.position_mode)

    def margin_mode_of(self, symbol: str) -> MarginMode:
        """Cross or isolated for this symbol."""
        return self.margin_modes.get(symbol, self.margin_mode)

    def total_wallet(self) -> Decimal:
        """Cash of all coins, in dollars."""
        return sum(self.wallet.values(), ZERO)

    def orders_by_symbol(self) -> dict[str, list[Order]]:
        """Open orders grouped by market."""
        grouped: dict[str, list[Order]] = defaultdict(list)
        for order in self.open_orders():
            grouped[order.symbol].append(order)
        return grouped
