"""The record of operations that both backends fill. mypy refuses a backend that misses or bends one.

Every call names the user first. `exchange` and `account_type` None mean "the user's own choice", resolved in
`core.accounts`. Reads raise `Unavailable`. Writes return `OrderResult` and raise only what was not sent. `cause` names
what made the caller ask (an update, a confirm token, an idempotency key): the same cause never sends twice. None makes
a fresh one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from models.enums import MarginMode, OrderSide, OrderType, PositionMode, PositionSide, TimeInForce
from models.ticket import OrderPreview, Ticket
from models.unified import (
    Balance,
    Candle,
    ClosedPnl,
    FeeRates,
    Fill,
    FundingPayment,
    Instrument,
    Order,
    OrderResult,
    Position,
    Ticker,
)
from models.values import Number
from models.venue import AccountState, Credentials, KeyInfo

Row_co = TypeVar("Row_co", covariant=True)


class GetBalance(Protocol):
    async def __call__(self, user_id: int, exchange: str | None = None, account_type: str | None = None) -> Balance: ...


class GetPositions(Protocol):
    async def __call__(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> list[Position]: ...


class GetOrders(Protocol):
    async def __call__(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> list[Order]: ...


class GetTicker(Protocol):
    async def __call__(
        self, user_id: int, symbol: str, exchange: str | None = None, account_type: str | None = None
    ) -> Ticker: ...


class GetCandles(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        interval: str,
        *,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> list[Candle]: ...


class FindInstruments(Protocol):
    async def __call__(
        self, user_id: int, text: str, exchange: str | None = None, account_type: str | None = None
    ) -> list[Instrument]: ...


class GetHistory(Protocol[Row_co]):
    async def __call__(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        since: datetime | None = None,
        limit: int = 200,
        exchange: str | None = None,
        account_type: str | None = None,
    ) -> Sequence[Row_co]: ...


class GetFeeRates(Protocol):
    async def __call__(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> FeeRates: ...


class GetAccountState(Protocol):
    async def __call__(
        self, user_id: int, symbol: str | None = None, exchange: str | None = None, account_type: str | None = None
    ) -> AccountState: ...


class CheckKey(Protocol):
    async def __call__(self, credentials: Credentials) -> KeyInfo: ...


class PreviewOrder(Protocol):
    async def __call__(
        self, user_id: int, ticket: Ticket, exchange: str | None = None, account_type: str | None = None
    ) -> OrderPreview: ...


class PlaceOrder(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        side: OrderSide | PositionSide | str,
        order_type: OrderType | str,
        size: Number,
        price: Number | None = None,
        *,
        leverage: Number | None = None,
        take_profit: Number | None = None,
        stop_loss: Number | None = None,
        trigger_price: Number | None = None,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class ClosePosition(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        size: Number | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        *,
        position_side: PositionSide | str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class CancelOrder(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        order_id: str,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class CancelAllOrders(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> list[OrderResult]: ...


class AmendOrder(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        order_id: str,
        *,
        size: Number | None = None,
        price: Number | None = None,
        trigger_price: Number | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class SetLeverage(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        leverage: Number,
        exchange: str | None = None,
        account_type: str | None = None,
        *,
        cause: str | None = None,
    ) -> OrderResult: ...


class SetMarginMode(Protocol):
    async def __call__(
        self,
        user_id: int,
        margin_mode: MarginMode | str,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class SetPositionMode(Protocol):
    async def __call__(
        self,
        user_id: int,
        position_mode: PositionMode | str,
        symbol: str | None = None,
        *,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class SetProtection(Protocol):
    """Set what protects a position: a price sets, None leaves, zero removes; `size` None covers it whole."""

    async def __call__(
        self,
        user_id: int,
        symbol: str,
        *,
        take_profit: Decimal | None = None,
        stop_loss: Decimal | None = None,
        trailing_distance: Decimal | None = None,
        size: Number | None = None,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


class AdjustMargin(Protocol):
    async def __call__(
        self,
        user_id: int,
        symbol: str,
        amount: Decimal,
        *,
        position_side: PositionSide | str | None = None,
        exchange: str | None = None,
        account_type: str | None = None,
        cause: str | None = None,
    ) -> OrderResult: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingBackend:
    """Everything the chat and the web app can ask for."""

    name: str
    """`unified` or `legacy`."""
    get_balance: GetBalance
    get_positions: GetPositions
    get_orders: GetOrders
    get_ticker: GetTicker
    get_candles: GetCandles
    find_instruments: FindInstruments
    get_fills: GetHistory[Fill]
    get_closed_pnl: GetHistory[ClosedPnl]
    get_funding: GetHistory[FundingPayment]
    get_order_history: GetHistory[Order]
    get_fee_rates: GetFeeRates
    get_account_state: GetAccountState
    check_key: CheckKey
    preview_order: PreviewOrder
    place_order: PlaceOrder
    close_position: ClosePosition
    cancel_order: CancelOrder
    cancel_all_orders: CancelAllOrders
    amend_order: AmendOrder
    set_leverage: SetLeverage
    set_margin_mode: SetMarginMode
    set_position_mode: SetPositionMode
    set_protection: SetProtection
    adjust_margin: AdjustMargin
