"""The trading engine behind both simulated venues: one ``Engine`` per venue, in plain Decimal, without any wire format.

The interface the wire layers use (all in ``engine.py``; times in milliseconds since 1970, every amount a Decimal):

    engine.venue, engine.instruments: Mapping[str, Instrument], engine.market: Market, engine.clock: Clock
    engine.taker_rate, engine.maker_rate

    engine.open_account(account_id, *, deposits={"USDT": Decimal(10000)}, margin_mode=CROSS, position_mode=ONE_WAY)
    engine.accounts: Mapping[str, Account]          account_id: Bybit uid as text; HyperLiquid lower-case master address

    engine.place(account_id, spec: OrderSpec) -> Order             raises RefusedError; the Order may come back
                                                                   CANCELLED/REJECTED with .reason (post-only, IOC, FOK)
    engine.amend(account_id, order_id, *, size=None, price=None, trigger_price=None, take_profit=None, stop_loss=None)
    engine.cancel(account_id, order_id) -> Order
    engine.cancel_all(account_id, *, symbol=None, where=None) -> list[Order]
    engine.set_leverage(account_id, symbol, leverage)              RefusedError(NOT_MODIFIED) when it is already so
    engine.set_margin_mode(account_id, mode, *, symbol=None)       symbol None: the whole account (Bybit)
    engine.set_position_mode(account_id, mode, *, symbol=None)
    engine.add_margin(account_id, symbol, idx, amount)             isolated; negative takes out
    engine.set_protection(account_id, symbol, idx, *, take_profit=..., stop_loss=..., trailing=...)

    engine.account_view(account_id) -> AccountView
    engine.positions(account_id, *, symbol=None) -> list[PositionView]      open ones
    engine.position(account_id, symbol, idx=0) -> PositionView               also when flat
    engine.leverage(account_id, symbol) -> Decimal;  engine.margin_mode(account_id, symbol);  engine.position_mode(…)
    engine.order(account_id, order_id) / engine.order_by_client_id(account_id, cid) -> Order | None
    engine.open_orders(account_id, *, symbol=None) -> list[Order]            newest first
    engine.orders(account_id) -> list[Order]                                 all, newest first
    engine.fills(account_id) / closed_pnl(account_id) / fundings(account_id)  newest first
    engine.ledger.lines(account_id=None, kind=None, after=0)
    engine.subscribe(callback: Callable[[Event], None]) -> Callable[[], None]   returns the unsubscribe function
"""

from sandbox.engine.instruments import ContractKind, Instrument, RiskTier, Venue
from sandbox.engine.orders import ZERO, Order, OrderSpec, Protection, Trigger
from sandbox.engine.records import ClosedPnl, Event, Fill, FundingPayment, LedgerLine, Position
from sandbox.engine.views import AccountView, CoinView, PositionView
from sandbox.engine.words import (
    EventKind,
    FillKind,
    LedgerKind,
    MarginMode,
    OrderStatus,
    OrderType,
    PositionIdx,
    PositionMode,
    Reason,
    RefusedError,
    Side,
    StopKind,
    TimeInForce,
    TriggerBy,
    TriggerDirection,
)

__all__ = [
    "ZERO",
    "AccountView",
    "ClosedPnl",
    "CoinView",
    "ContractKind",
    "Event",
    "EventKind",
    "Fill",
    "FillKind",
    "FundingPayment",
    "Instrument",
    "LedgerKind",
    "LedgerLine",
    "MarginMode",
    "Order",
    "OrderSpec",
    "OrderStatus",
    "OrderType",
    "Position",
    "PositionIdx",
    "PositionMode",
    "PositionView",
    "Protection",
    "Reason",
    "RefusedError",
    "RiskTier",
    "Side",
    "StopKind",
    "TimeInForce",
    "Trigger",
    "TriggerBy",
    "TriggerDirection",
    "Venue",
]
