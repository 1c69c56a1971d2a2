"""OKX's words for sides, states and kinds, and the names of its markets."""

from models.enums import (
    FillKind,
    InstrumentStatus,
    MarginMode,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionMode,
    PositionSide,
    TimeInForce,
    TriggerBy,
)

EXCHANGE = "okx"
SWAP = "SWAP"
"""Perpetuals, of whatever settlement."""
NET = "net"
CROSS = "cross"
MARKET_PRICE = "-1"
"""Where the price of an order stands that takes the market's."""
WHOLE = "1"
"""The fraction of a position that an order closes: all of it. No other is accepted."""

_CANONICAL_QUOTE = "USDT"

SIDES = {"buy": OrderSide.BUY, "sell": OrderSide.SELL}
LEGS = {"long": PositionSide.LONG, "short": PositionSide.SHORT}
MARGIN_MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}
POSITION_MODES = {"net_mode": PositionMode.ONE_WAY, "long_short_mode": PositionMode.HEDGE}
TRIGGER_PRICES = {"last": TriggerBy.LAST, "mark": TriggerBy.MARK, "index": TriggerBy.INDEX}

ORDER_TYPES = {
    "market": OrderType.MARKET,
    "optimal_limit_ioc": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "post_only": OrderType.LIMIT,
    "fok": OrderType.LIMIT,
    "ioc": OrderType.LIMIT,
    "elp": OrderType.LIMIT,
}
TIMES_IN_FORCE = {
    "market": TimeInForce.IOC,
    "optimal_limit_ioc": TimeInForce.IOC,
    "limit": TimeInForce.GTC,
    "post_only": TimeInForce.POST_ONLY,
    "fok": TimeInForce.FOK,
    "ioc": TimeInForce.IOC,
    "elp": TimeInForce.POST_ONLY,
}
ORDER_STATUSES = {
    "live": OrderStatus.OPEN,
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "mmp_canceled": OrderStatus.CANCELLED,
}
ALGO_STATUSES = {
    "live": OrderStatus.UNTRIGGERED,
    "pause": OrderStatus.UNTRIGGERED,
    "partially_effective": OrderStatus.TRIGGERED,
    "effective": OrderStatus.TRIGGERED,
    "canceled": OrderStatus.CANCELLED,
    "order_failed": OrderStatus.REJECTED,
    "partially_failed": OrderStatus.REJECTED,
}
"""What has taken effect is an order of its own from then on; what became of it is read from that one."""

FORCED_ORDERS = {
    "adl": FillKind.AUTO_DELEVERAGE,
    "full_liquidation": FillKind.LIQUIDATION,
    "partial_liquidation": FillKind.LIQUIDATION,
    "delivery": FillKind.SETTLEMENT,
}
FORCED_FILLS = {
    **dict.fromkeys(map(str, (*range(100, 108), 110, 111)), FillKind.LIQUIDATION),
    **dict.fromkeys(map(str, (112, 113)), FillKind.SETTLEMENT),
    **dict.fromkeys(map(str, range(125, 129)), FillKind.AUTO_DELEVERAGE),
}
"""By `subType` of an execution; any other is a trade."""
CLOSINGS = {"2": FillKind.TRADE, "3": FillKind.LIQUIDATION, "6": FillKind.AUTO_DELEVERAGE}
PARTIAL_CLOSINGS = frozenset({"1", "4", "5"})
"""How a position that is still open was last closed in part."""

INSTRUMENT_STATUSES = {
    "live": InstrumentStatus.TRADING,
    "post_only": InstrumentStatus.REDUCE_ONLY,
    "preopen": InstrumentStatus.PRE_LAUNCH,
    "suspend": InstrumentStatus.CLOSED,
    "rebase": InstrumentStatus.CLOSED,
    "test": InstrumentStatus.CLOSED,
}

PORTFOLIO_LEVEL = "4"
SPOT_LEVEL = "1"


def symbol_of(native_symbol: str) -> str:
    """Return the name under which a market is known everywhere: BTC-USDT-SWAP is BTCUSDT, all else keeps its own."""
    base, quote, kind = (*native_symbol.split("-", 2), "", "", "")[:3]
    return f"{base}{quote}" if (quote, kind) == (_CANONICAL_QUOTE, SWAP) else native_symbol
