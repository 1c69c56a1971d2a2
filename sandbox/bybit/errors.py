"""Bybit's refusals: the venue's code and words for everything the engine or the wire layer does not accept.

https://bybit-exchange.github.io/docs/v5/error
"""

from collections.abc import Mapping
from typing import Final

from sandbox.engine import Reason, RefusedError


class ApiError(Exception):
    """An answer with a retCode other than zero.

    Attributes:
        code: retCode.
        message: retMsg.
        result: What stands in ``result`` (mostly empty).
    """

    def __init__(self, code: int, message: str, result: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.result = dict(result or {})


def bad_parameter(message: str) -> ApiError:
    """The catch-all for requests that cannot be read."""
    return ApiError(10001, message)


# One row per reason: retCode and retMsg; {} is the engine's detail.
REFUSALS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.UNKNOWN_SYMBOL: (10001, "params error: symbol invalid"),
    Reason.NOT_TRADING: (110074, "This contract is not live"),
    Reason.BAD_VALUE: (10001, "params error: {}"),
    Reason.DUPLICATE_CLIENT_ID: (110072, "OrderLinkedID is duplicate"),
    Reason.ORDER_NOT_FOUND: (110001, "order not exists or too late to cancel"),
    Reason.ORDER_FILLED: (110001, "order not exists or too late to cancel"),
    Reason.ORDER_CANCELLED: (110001, "order not exists or too late to cancel"),
    Reason.NOT_MODIFIED: (
        10001,
        "The order remains unchanged as the parameters entered match the existing ones.",
    ),
    Reason.SIZE_OFF_GRID: (10001, "Qty invalid"),
    Reason.SIZE_ZERO: (10001, "Qty invalid"),
    Reason.SIZE_TOO_SMALL: (10001, "The number of contracts is less than the minimum limit allowed, min: {}"),
    Reason.SIZE_TOO_LARGE: (
        10001,
        "The number of contracts exceeds maximum limit allowed: too large, order_qty > max: {}",
    ),
    Reason.BELOW_MIN_NOTIONAL: (110094, "Order does not meet minimum order value {}USDT"),
    Reason.PRICE_OFF_GRID: (10001, "Price invalid"),
    Reason.PRICE_OUT_OF_BAND: (110003, "Order price exceeds the allowable range. limit: {}"),
    Reason.TRIGGER_MUST_RISE: (110092, "expect Rising, but trigger_price[{}]??LastPrice"),
    Reason.TRIGGER_MUST_FALL: (110093, "expect Falling, but trigger_price[{}]??LastPrice"),
    Reason.BAD_TAKE_PROFIT: (10001, "TakeProfit:{} is on the wrong side of base_price??LastPrice"),
    Reason.BAD_STOP_LOSS: (10001, "StopLoss:{} is on the wrong side of base_price??LastPrice"),
    Reason.INSUFFICIENT_MARGIN: (110007, "ab not enough for new order"),
    Reason.LEVERAGE_TOO_HIGH: (110013, "cannot set leverage gt maxLeverage [{}] by risk limit"),
    Reason.RISK_LIMIT: (110090, "Order placement failed as your position may exceed the max limit: {}"),
    Reason.REDUCE_ONLY_NO_POSITION: (110017, "current position is zero, cannot fix reduce-only order qty"),
    Reason.REDUCE_ONLY_SAME_SIDE: (110017, "Reduce-only rule not satisfied"),
    Reason.POSITION_MODE_MISMATCH: (10001, "position idx not match position mode"),
    Reason.NO_POSITION: (10001, "can not set tp/sl/ts for zero position"),
    Reason.HAS_POSITION: (110024, "You have an existing position, so the position mode cannot be switched"),
    Reason.HAS_ORDERS: (110028, "You have existing open orders, so the position mode cannot be switched"),
    Reason.MARGIN_TOO_LOW: (110052, "Your available balance is insufficient to set the price"),
    Reason.WOULD_LIQUIDATE: (110011, "Your position would be liquidated"),
    Reason.TOO_MANY_ORDERS: (110020, "You can only have a maximum of 500 active orders"),
    Reason.TOO_MANY_STOPS: (110009, "The number of stop orders exceeds the maximum allowable limit"),
    Reason.TOO_MANY_TPSL: (110061, "You can only have a maximum of 20 TP/SL orders"),
}

LEVERAGE_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.NOT_MODIFIED: (110043, "Set leverage has not been modified."),
    Reason.RISK_LIMIT: (110013, "Cannot set leverage due to the risk limit: position value {}"),
    Reason.INSUFFICIENT_MARGIN: (110012, "Insufficient available balance"),
}
PROTECTION_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {Reason.NOT_MODIFIED: (34040, "not modified")}
POSITION_MODE_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.NOT_MODIFIED: (110025, "Position mode is not modified")
}
MARGIN_MODE_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.NOT_MODIFIED: (110026, "Cross/isolated margin mode is not modified"),
    Reason.HAS_POSITION: (3400045, "Set margin mode failed"),
    Reason.HAS_ORDERS: (3400045, "Set margin mode failed"),
}
MARGIN_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.NOT_MODIFIED: (110027, "Margin is not modified"),
    Reason.NO_POSITION: (110041, "Error occurred: position does not exist"),
    Reason.BAD_VALUE: (110039, "Cannot change margin: {}"),
    Reason.INSUFFICIENT_MARGIN: (110012, "Insufficient available balance"),
    Reason.MARGIN_TOO_LOW: (110040, "The margin cannot fall below the initial margin {}"),
}
_TOO_LATE: Final = (110001, "order not exists or too late to replace")
AMEND_WORDS: Final[Mapping[Reason, tuple[int, str]]] = {
    Reason.ORDER_NOT_FOUND: _TOO_LATE,
    Reason.ORDER_FILLED: _TOO_LATE,
    Reason.ORDER_CANCELLED: _TOO_LATE,
}


def refusal(error: RefusedError, words: Mapping[Reason, tuple[int, str]] | None = None) -> ApiError:
    """The venue's answer to a refusal of the engine; ``words`` are those of the endpoint, where they differ."""
    code, text = {**REFUSALS, **(words or {})}[error.reason]
    return ApiError(code, text.format(error.message))
