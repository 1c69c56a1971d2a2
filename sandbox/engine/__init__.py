"""The trading engine behind both simulated venues: plain Decimal, no wire format.

``Engine`` (in ``engine.py``) is the interface; the other modules are its parts: ``desk`` (orders), ``matching`` (what a
book offers), ``triggers``, ``protection`` (TP/SL, trailing), ``positions`` (what an execution changes), ``margin``,
``risk`` (funding, liquidation), ``settings``, ``validation`` (refusals), ``ledger`` (the oracle of tests).
"""

from sandbox.engine.accounts import Account
from sandbox.engine.engine import Engine
from sandbox.engine.orders import ZERO, Order, OrderSpec, Protection, Trigger
from sandbox.engine.protection import Trailing
from sandbox.engine.records import ClosedPnl, Event, Fill, FundingPayment, LedgerLine, Position
from sandbox.engine.views import AccountView, CoinView, PositionView
from sandbox.instruments import ContractKind, Instrument, RiskTier, Venue
from sandbox.words import (
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
    "Account",
    "AccountView",
    "ClosedPnl",
    "CoinView",
    "ContractKind",
    "Engine",
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
    "Trailing",
    "Trigger",
    "TriggerBy",
    "TriggerDirection",
    "Venue",
]
