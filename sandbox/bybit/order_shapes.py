"""Orders, executions and closed profit in the venue's words.

https://bybit-exchange.github.io/docs/v5/order/open-order
https://bybit-exchange.github.io/docs/v5/order/execution
https://bybit-exchange.github.io/docs/v5/position/close-pnl
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sandbox.bybit.wire import Json, price_text, text
from sandbox.engine import (
    ClosedPnl,
    Engine,
    Fill,
    FillKind,
    FundingPayment,
    Order,
    OrderStatus,
    OrderType,
    Protection,
    Reason,
    Side,
    StopKind,
    TimeInForce,
    TriggerBy,
    TriggerDirection,
)

SIDES: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
TYPES: Final = {OrderType.MARKET: "Market", OrderType.LIMIT: "Limit"}
TIFS: Final = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
TRIGGERS: Final = {TriggerBy.LAST: "LastPrice", TriggerBy.MARK: "MarkPrice", TriggerBy.INDEX: "IndexPrice"}
STATUSES: Final = {
    OrderStatus.PENDING: "New",
    OrderStatus.WAITING: "Untriggered",
    OrderStatus.UNTRIGGERED: "Untriggered",
    OrderStatus.OPEN: "New",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELLED: "Cancelled",
    OrderStatus.REJECTED: "Rejected",
    OrderStatus.DEACTIVATED: "Deactivated",
}
CANCEL_TYPES: Final[Mapping[Reason, str]] = {
    Reason.BY_USER: "CancelByUser",
    Reason.BY_REDUCE_ONLY: "CancelByReduceOnly",
    Reason.BY_LIQUIDATION: "CancelAllBeforeLiq",
    Reason.BY_POSITION_CLOSED: "CancelByTpSlTsClear",
    Reason.BY_OCO: "CancelByTpSlTsClear",
    Reason.BY_MARGIN: "CancelByCannotAffordOrderCost",
}
REJECT_REASONS: Final[Mapping[Reason, str]] = {
    Reason.POST_ONLY_WOULD_CROSS: "EC_PostOnlyWillTakeLiquidity",
    Reason.NOTHING_TO_FILL: "EC_NoImmediateQtyToFill",
    Reason.PRICE_LIMIT: "EC_ReachMarketPriceLimit",
    Reason.BY_USER: "EC_PerCancelRequest",
}
# (kind, whole position) -> stopOrderType
STOP_TYPES: Final = {
    (StopKind.NONE, False): "",
    (StopKind.STOP, False): "Stop",
    (StopKind.TAKE_PROFIT, True): "TakeProfit",
    (StopKind.TAKE_PROFIT, False): "PartialTakeProfit",
    (StopKind.STOP_LOSS, True): "StopLoss",
    (StopKind.STOP_LOSS, False): "PartialStopLoss",
    (StopKind.TRAILING, True): "TrailingStop",
}
TRIGGER_DIRECTIONS: Final = {TriggerDirection.RISE: 1, TriggerDirection.FALL: 2}


def stop_type(order: Order) -> str:
    """Why a conditional order exists; "" for a plain order."""
    return STOP_TYPES[order.spec.stop, order.spec.whole_position and order.spec.stop is not StopKind.NONE]


def create_type(order: Order) -> str:
    """Who made the order."""
    if order.spec.tag == "liquidation":
        return "CreateByLiq"
    name = stop_type(order)
    return "CreateByUser" if name in {"", "Stop"} else f"CreateBy{name}"


def status(order: Order) -> str:
    """orderStatus."""
    if order.status is OrderStatus.OPEN and order.filled_size:
        return "PartiallyFilled"
    return STATUSES[order.status]


def worst_price(engine: Engine, order: Order) -> Decimal:
    """What ``price`` shows: the limit, or the slippage limit of a market order."""
    if order.price is not None:
        return order.price
    band = engine.instruments[order.symbol].price_band
    return order.last_price_on_created * (1 + order.side.sign * band)


def order_row(engine: Engine, order: Order) -> Json:
    """One order as order/realtime, order/history and the order stream show it."""
    instrument = engine.instruments[order.symbol]
    left = order.remaining
    price = worst_price(engine, order)
    fee = {instrument.settle: text(order.fee)} if order.fee else {}
    trigger = order.trigger
    triggered_price = trigger.price if trigger is not None else None
    return {
        "orderId": order.order_id,
        "orderLinkId": order.client_order_id or "",
        "parentOrderLinkId": "",
        "blockTradeId": "",
        "symbol": order.symbol,
        "price": "0" if order.spec.stop is StopKind.TRAILING else price_text(instrument, price),
        "qty": text(order.size),
        "side": SIDES[order.side],
        "isLeverage": "",
        "positionIdx": order.spec.position_idx.value,
        "orderStatus": status(order),
        "createType": create_type(order),
        "cancelType": CANCEL_TYPES.get(order.reason, "UNKNOWN") if order.reason else "UNKNOWN",
        "rejectReason": REJECT_REASONS.get(order.reason, "EC_NoError") if order.reason else "EC_NoError",
        "avgPrice": text(order.average_price),
        "leavesQty": text(left),
        "leavesValue": text(left * price),
        "cumExecQty": text(order.filled_size),
        "cumExecValue": text(order.filled_value),
        "cumExecFee": text(order.fee),
        "cumFeeDetail": fee,
        "timeInForce": "IOC" if order.spec.type is OrderType.MARKET else TIFS[order.spec.time_in_force],
        "orderType": TYPES[order.spec.type],
        "stopOrderType": stop_type(order),
        "ocoTriggerBy": "",
        "orderIv": "",
        "marketUnit": "",
        "triggerPrice": price_text(instrument, triggered_price),
        "triggerDirection": TRIGGER_DIRECTIONS[trigger.direction] if trigger is not None and trigger.direction else 0,
        "triggerBy": TRIGGERS[trigger.by] if trigger is not None else "",
        "tpslMode": tpsl_mode(order),
        **protection_fields(order),
        "lastPriceOnCreated": price_text(instrument, order.last_price_on_created),
        "reduceOnly": order.spec.reduce_only,
        "closeOnTrigger": order.spec.close_on_trigger,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "slippageToleranceType": "UNKNOWN",
        "slippageTolerance": "",
        "extraFees": "",
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def tpsl_mode(order: Order) -> str:
    """Whether attached or position protection is for all of the position or a part."""
    attached = order.take_profit or order.stop_loss
    if attached is not None:
        return "Full" if attached.size is None else "Partial"
    if order.spec.stop in {StopKind.TAKE_PROFIT, StopKind.STOP_LOSS, StopKind.TRAILING}:
        return "Full" if order.spec.whole_position else "Partial"
    return ""


def protection_fields(order: Order) -> Json:
    """Attached take-profit and stop-loss."""
    fields: Json = {}
    for prefix, name, protection in (
        ("tp", "takeProfit", order.take_profit),
        ("sl", "stopLoss", order.stop_loss),
    ):
        fields[name] = "" if protection is None else text(protection.trigger_price)
        fields[f"{prefix}TriggerBy"] = "" if protection is None else TRIGGERS[protection.by]
        fields[f"{prefix}LimitPrice"] = _limit_price(protection)
    return fields


def _limit_price(protection: Protection | None) -> str:
    if protection is None or protection.limit_price is None:
        return "0"
    return text(protection.limit_price)


def execution_row(engine: Engine, fill: Fill) -> Json:
    """One execution as execution/list and the execution stream show it."""
    instrument = engine.instruments[fill.symbol]
    return {
        "symbol": fill.symbol,
        "orderId": fill.order_id,
        "orderLinkId": fill.client_order_id or "",
        "side": SIDES[fill.side],
        "orderPrice": price_text(instrument, fill.order_price) or price_text(instrument, fill.price),
        "orderQty": text(fill.order_size),
        "leavesQty": text(fill.remaining),
        "createType": "CreateByLiq" if fill.kind is FillKind.LIQUIDATION else "CreateByUser",
        "orderType": TYPES[fill.order_type],
        "stopOrderType": STOP_TYPES.get((fill.stop, False)) or STOP_TYPES.get((fill.stop, True)) or "UNKNOWN",
        "execFee": text(fill.fee),
        "execFeeV2": "",
        "execId": fill.fill_id,
        "execPrice": price_text(instrument, fill.price),
        "execQty": text(fill.size),
        "execType": "BustTrade" if fill.kind is FillKind.LIQUIDATION else "Trade",
        "execValue": text(fill.value),
        "execTime": str(fill.time_ms),
        "feeCurrency": fill.fee_coin,
        "isMaker": fill.maker,
        "feeRate": text(fill.fee_rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": price_text(instrument, fill.mark_price),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": text(fill.closed_size),
        "seq": fill.number,
        "extraFees": "",
        "isLeverage": "",
        "execPnl": text(fill.realised_pnl),
    }


def funding_row(engine: Engine, payment: FundingPayment) -> Json:
    """A funding payment as execution/list shows it: a cost is positive."""
    instrument = engine.instruments[payment.symbol]
    number = engine.core.make_id(payment.number)
    return {
        "symbol": payment.symbol,
        "orderId": number,
        "orderLinkId": "",
        "side": SIDES[Side.BUY if payment.size > 0 else Side.SELL],
        "orderPrice": "0",
        "orderQty": "0",
        "leavesQty": "0",
        "createType": "",
        "orderType": "UNKNOWN",
        "stopOrderType": "UNKNOWN",
        "execFee": text(-payment.amount),
        "execFeeV2": "",
        "execId": number,
        "execPrice": price_text(instrument, payment.mark_price),
        "execQty": text(abs(payment.size)),
        "execType": "Funding",
        "execValue": text(abs(payment.size) * payment.mark_price),
        "execTime": str(payment.time_ms),
        "feeCurrency": payment.coin,
        "isMaker": False,
        "feeRate": text(payment.rate),
        "tradeIv": "",
        "markIv": "",
        "markPrice": price_text(instrument, payment.mark_price),
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "0",
        "seq": payment.number,
        "extraFees": "",
        "isLeverage": "",
        "execPnl": "0",
    }


def closed_pnl_row(record: ClosedPnl) -> Json:
    """One closed-profit record."""
    return {
        "symbol": record.symbol,
        "orderId": record.order_id,
        "side": SIDES[record.side],
        "qty": text(record.order_size),
        "orderPrice": text(record.order_price),
        "orderType": TYPES[record.order_type],
        "execType": "BustTrade" if record.kind is FillKind.LIQUIDATION else "Trade",
        "closedSize": text(record.closed_size),
        "cumEntryValue": text(record.entry_value),
        "avgEntryPrice": text(record.entry_value / record.closed_size),
        "cumExitValue": text(record.exit_value),
        "avgExitPrice": text(record.exit_value / record.closed_size),
        "closedPnl": text(record.pnl),
        "fillCount": str(record.fill_count),
        "leverage": text(record.leverage),
        "openFee": text(record.open_fee),
        "closeFee": text(record.close_fee),
        "createdTime": str(record.created_ms),
        "updatedTime": str(record.updated_ms),
    }
