"""HyperLiquid's words for what the engine refuses or ends: error sentences and order statuses.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses
"""

from collections.abc import Mapping
from typing import Final

from sandbox.engine import Order, OrderStatus, Reason
from sandbox.hyperliquid.assets import BUILDER_OFFSET

_MISSING: Final = "Order was never placed, already canceled, or filled."
_SIZE: Final = "Order has invalid size."
_REDUCE_ONLY: Final = "Reduce only order would increase position."
_TRIGGER: Final = "Invalid TP/SL price."

# {bbo} is filled in by the caller: best bid and ask at that moment
_ORDER_ERRORS: Final[Mapping[Reason, str]] = {
    Reason.UNKNOWN_SYMBOL: "Invalid asset.",
    Reason.NOT_TRADING: "Trading is halted.",
    Reason.BAD_VALUE: "Order has invalid price.",
    Reason.SIZE_OFF_GRID: _SIZE,
    Reason.SIZE_ZERO: "Order has zero size.",
    Reason.SIZE_TOO_SMALL: _SIZE,
    Reason.SIZE_TOO_LARGE: _SIZE,
    Reason.BELOW_MIN_NOTIONAL: "Order must have minimum value of $10.",
    Reason.PRICE_OFF_GRID: "Price must be divisible by tick size.",
    Reason.PRICE_OUT_OF_BAND: "Order price cannot be more than 80% away from the reference price",
    Reason.TRIGGER_MUST_RISE: _TRIGGER,
    Reason.TRIGGER_MUST_FALL: _TRIGGER,
    Reason.BAD_TAKE_PROFIT: _TRIGGER,
    Reason.BAD_STOP_LOSS: _TRIGGER,
    Reason.INSUFFICIENT_MARGIN: "Insufficient margin to place order.",
    Reason.BY_MARGIN: "Insufficient margin to place order.",
    Reason.RISK_LIMIT: "Order would cause position to exceed margin tier limit at current leverage",
    Reason.REDUCE_ONLY_NO_POSITION: _REDUCE_ONLY,
    Reason.REDUCE_ONLY_SAME_SIDE: _REDUCE_ONLY,
    Reason.BY_REDUCE_ONLY: _REDUCE_ONLY,
    Reason.NO_POSITION: _REDUCE_ONLY,
    Reason.POST_ONLY_WOULD_CROSS: "Post only order would have immediately matched, bbo was {bbo}.",
    Reason.NOTHING_TO_FILL: "Order could not immediately match against any resting orders.",
    Reason.PRICE_LIMIT: "No liquidity available for market order.",
    Reason.TOO_MANY_ORDERS: "Too many open orders.",
    Reason.TOO_MANY_STOPS: "Too many open orders.",
    Reason.TOO_MANY_TPSL: "Too many open orders.",
    Reason.ORDER_NOT_FOUND: _MISSING,
    Reason.ORDER_FILLED: _MISSING,
    Reason.ORDER_CANCELLED: _MISSING,
}

_REJECTED: Final[Mapping[Reason, str]] = {
    Reason.PRICE_OFF_GRID: "tickRejected",
    Reason.BELOW_MIN_NOTIONAL: "minTradeNtlRejected",
    Reason.INSUFFICIENT_MARGIN: "perpMarginRejected",
    Reason.REDUCE_ONLY_NO_POSITION: "reduceOnlyRejected",
    Reason.REDUCE_ONLY_SAME_SIDE: "reduceOnlyRejected",
    Reason.NO_POSITION: "reduceOnlyRejected",
    Reason.POST_ONLY_WOULD_CROSS: "badAloPxRejected",
    Reason.NOTHING_TO_FILL: "iocCancelRejected",
    Reason.TRIGGER_MUST_RISE: "badTriggerPxRejected",
    Reason.TRIGGER_MUST_FALL: "badTriggerPxRejected",
    Reason.BAD_TAKE_PROFIT: "badTriggerPxRejected",
    Reason.BAD_STOP_LOSS: "badTriggerPxRejected",
    Reason.PRICE_LIMIT: "marketOrderNoLiquidityRejected",
    Reason.PRICE_OUT_OF_BAND: "oracleRejected",
    Reason.RISK_LIMIT: "perpMaxPositionRejected",
}

_CANCELED: Final[Mapping[Reason, str]] = {
    Reason.BY_OCO: "siblingFilledCanceled",
    Reason.BY_REDUCE_ONLY: "reduceOnlyCanceled",
    Reason.BY_POSITION_CLOSED: "reduceOnlyCanceled",
    Reason.BY_LIQUIDATION: "liquidatedCanceled",
    Reason.BY_MARGIN: "marginCanceled",
}


def order_error(reason: Reason, *, asset: int, bbo: str = "") -> str:
    """Return the sentence for one order or cancel of a batch, with the asset it was about."""
    if reason is Reason.PRICE_OUT_OF_BAND and asset >= BUILDER_OFFSET:
        return f"Order price too far from oracle asset={asset}"
    sentence = _ORDER_ERRORS.get(reason, "Order was rejected.")
    return f"{sentence.format(bbo=bbo)} asset={asset}"


def rejected_status(reason: Reason) -> str:
    """Return the status of an order that never rested."""
    return _REJECTED.get(reason, "rejected")


def order_status(order: Order) -> str:
    """Return the status that `orderStatus`, `historicalOrders` and `orderUpdates` give an order."""
    if order.status is OrderStatus.FILLED:
        return "filled"
    if order.is_open:
        return "open" if order.triggered_ms is None else "triggered"
    if order.status is OrderStatus.REJECTED or (order.reason in _REJECTED and not order.filled_size):
        return "rejected" if order.reason is None else rejected_status(order.reason)
    return "canceled" if order.reason is None else _CANCELED.get(order.reason, "canceled")
