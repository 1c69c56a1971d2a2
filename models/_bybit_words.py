"""Bybit's words for sides, states and kinds, as its enum page lists them.

https://bybit-exchange.github.io/docs/v5/enum
"""

from models.enums import (
    ContractKind,
    FillKind,
    InstrumentStatus,
    MarginMode,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionSide,
    TimeInForce,
    TriggerBy,
)

EXCHANGE = "bybit"

ORDER_SIDES = {"Buy": OrderSide.BUY, "Sell": OrderSide.SELL}
POSITION_SIDES = {"Buy": PositionSide.LONG, "Sell": PositionSide.SHORT}
FLAT_SIDES = frozenset({"None"})
HEDGE_LEGS = {1: PositionSide.LONG, 2: PositionSide.SHORT}
ONE_WAY = 0

ORDER_STATUSES = {
    "Created": OrderStatus.OPEN,
    "New": OrderStatus.OPEN,
    "Active": OrderStatus.OPEN,
    "PendingCancel": OrderStatus.OPEN,  # until the cancel has gone through it may still fill
    "PartiallyFilled": OrderStatus.PARTIALLY_FILLED,
    "Untriggered": OrderStatus.UNTRIGGERED,
    "Triggered": OrderStatus.TRIGGERED,
    "Filled": OrderStatus.FILLED,
    "Cancelled": OrderStatus.CANCELLED,
    "PartiallyFilledCanceled": OrderStatus.CANCELLED,
    "Deactivated": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
}

CONDITIONAL = "Stop"
PARTIAL = "Partial"
NO_ORDER_TYPE = frozenset({"UNKNOWN"})
NO_STOP = frozenset({"", "UNKNOWN"})
ACTIVE_ORDER_TYPES = {"Market": OrderType.MARKET, "Limit": OrderType.LIMIT}
STOP_TYPES = {"Market": OrderType.STOP_MARKET, "Limit": OrderType.STOP_LIMIT}
TAKE_PROFIT_TYPES = {"Market": OrderType.TAKE_PROFIT_MARKET, "Limit": OrderType.TAKE_PROFIT_LIMIT}
TRAILING_TYPES = {"Market": OrderType.TRAILING_STOP, "Limit": OrderType.TRAILING_STOP}
TYPES_BY_STOP_ORDER_TYPE = {
    "": ACTIVE_ORDER_TYPES,
    "UNKNOWN": ACTIVE_ORDER_TYPES,
    "MmRateClose": ACTIVE_ORDER_TYPES,  # closes at once when the account's margin rate is reached
    "Stop": STOP_TYPES,
    "tpslOrder": STOP_TYPES,
    "OcoOrder": STOP_TYPES,
    "BidirectionalTpslOrder": STOP_TYPES,
    "StopLoss": STOP_TYPES,
    "PartialStopLoss": STOP_TYPES,
    "TakeProfit": TAKE_PROFIT_TYPES,
    "PartialTakeProfit": TAKE_PROFIT_TYPES,
    "TrailingStop": TRAILING_TYPES,
    "TrailingProfit": TRAILING_TYPES,
}
EITHER_WAY = frozenset({"Stop", "tpslOrder", "OcoOrder", "BidirectionalTpslOrder"})
"""Conditional orders of one name, whether they go with the market or wait against it; `triggerDirection` tells."""
WAITS_FOR_GAIN = frozenset({("Sell", 1), ("Buy", 2)})
"""Side and direction of a trigger that sells higher or buys lower: a take-profit's."""
WHOLE_POSITION_STOPS = frozenset({"TakeProfit", "StopLoss", "TrailingStop"})

TIMES_IN_FORCE = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "PostOnly": TimeInForce.POST_ONLY,
    "RPI": TimeInForce.POST_ONLY,  # a maker-only order that meets retail flow first
}
TRIGGER_PRICES = {"LastPrice": TriggerBy.LAST, "MarkPrice": TriggerBy.MARK, "IndexPrice": TriggerBy.INDEX}
NO_TRIGGER_PRICE = frozenset({"UNKNOWN"})
NO_REJECTIONS = frozenset({"EC_NoError", "EC_PerCancelRequest"})
"""Nothing was wrong; a cancel that somebody asked for is told in the same field."""

FUNDING = "Funding"
FUNDING_SETTLEMENT = "SETTLEMENT"
"""The same in the execution list and in the transaction log."""
FILL_KINDS = {
    "Trade": FillKind.TRADE,
    "BlockTrade": FillKind.TRADE,
    "FutureSpread": FillKind.TRADE,
    "BustTrade": FillKind.LIQUIDATION,
    "AdlTrade": FillKind.AUTO_DELEVERAGE,
    "Settle": FillKind.SETTLEMENT,
    "SessionSettlePnL": FillKind.SETTLEMENT,
    "Delivery": FillKind.SETTLEMENT,
    "MovePosition": FillKind.OTHER,
    "ForwardSplitSettle": FillKind.OTHER,
    "ReverseSplitSettle": FillKind.OTHER,
    "CorporateAction": FillKind.OTHER,
    "UNKNOWN": FillKind.OTHER,
}
# A trade that the venue made for the user says so in createType.
FORCED_KINDS = {
    "CreateByLiq": FillKind.LIQUIDATION,
    "CreateByTakeOver_PassThrough": FillKind.LIQUIDATION,
    "CreateByAdl_PassThrough": FillKind.AUTO_DELEVERAGE,
    "CreateBySettle": FillKind.SETTLEMENT,
}

ISOLATED_TRADE_MODE = 1
MARGIN_MODES = {
    "REGULAR_MARGIN": MarginMode.CROSS,
    "ISOLATED_MARGIN": MarginMode.ISOLATED,
    "PORTFOLIO_MARGIN": MarginMode.PORTFOLIO,
}

CONTRACT_KINDS = {
    "LinearPerpetual": ContractKind.LINEAR_PERPETUAL,
    "InversePerpetual": ContractKind.INVERSE_PERPETUAL,
    "LinearFutures": ContractKind.LINEAR_FUTURE,
    "InverseFutures": ContractKind.INVERSE_FUTURE,
}
INSTRUMENT_STATUSES = {
    "Trading": InstrumentStatus.TRADING,
    "PreLaunch": InstrumentStatus.PRE_LAUNCH,
    "Settling": InstrumentStatus.CLOSED,
    "Delivering": InstrumentStatus.CLOSED,
    "Closed": InstrumentStatus.CLOSED,
}
CONTINUOUS_PRE_MARKET = "ContinuousTrading"
