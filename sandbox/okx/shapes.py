"""Orders, algo orders and executions as OKX writes them.

Two orders of the engine that cancel each other, a take-profit and a stop-loss, are one algo order here. What an algo
order becomes when it fires is an order with a number of its own.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from sandbox.engine import (
    Engine,
    Fill,
    FillKind,
    Instrument,
    Order,
    OrderStatus,
    OrderType,
    PositionIdx,
    Reason,
    StopKind,
    TimeInForce,
)
from sandbox.okx.wire import SWAP, Json, contracts, price, text

LEVELS: Final = {StopKind.TAKE_PROFIT: "tp", StopKind.STOP_LOSS: "sl"}
LEGS: Final = {PositionIdx.ONE_WAY: "net", PositionIdx.LONG: "long", PositionIdx.SHORT: "short"}
TYPES: Final = {
    TimeInForce.GTC: "limit",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "post_only",
}
_BY_USER: Final = "1"
_MADE_BY: Final = {Reason.BY_USER: _BY_USER, Reason.BY_REDUCE_ONLY: "9", Reason.POST_ONLY_WOULD_CROSS: "31"}
_NO_FILL: Final = {"fillSz": "0", "fillPx": "", "fillTime": "", "tradeId": "", "fillFee": "0", "fillPnl": "0"}


def is_order(order: Order) -> bool:
    """Whether it is on the book, or was; else it is an algo order that has not fired."""
    return order.spec.stop is StopKind.NONE or order.triggered_ms is not None


def algo_id(order: Order) -> str:
    """The number of the algo order that this one is, or is a level of."""
    group = order.spec.oco_group or order.order_id
    return str(int.from_bytes(hashlib.sha256(f"{order.account_id}/{group}".encode()).digest()[:7]))


def order_row(engine: Engine, order: Order, fill: Fill | None = None) -> Json:
    """An order, with one execution of it where a push tells of one."""
    market, spec = engine.instruments[order.symbol], order.spec
    is_algo = spec.stop is not StopKind.NONE
    is_market = spec.type is OrderType.MARKET
    return {
        "instType": SWAP,
        "instId": order.symbol,
        "ccy": "",
        "ordId": order.order_id,
        "clOrdId": "" if is_algo else order.client_order_id or "",
        "algoId": algo_id(order) if is_algo else "",
        "algoClOrdId": (order.client_order_id or "") if is_algo else "",
        "tag": "",
        "px": "" if is_market else price(market, order.price),
        "sz": contracts(market, order.size),
        "ordType": "market" if is_market else TYPES[spec.time_in_force],
        "side": order.side.value,
        "posSide": LEGS[spec.position_idx],
        "tdMode": "cross",
        "accFillSz": contracts(market, order.filled_size),
        "avgPx": text(order.average_price),
        "state": _state(order),
        "lever": text(engine.leverage(order.account_id, order.symbol)),
        "source": _source(order),
        "category": "full_liquidation" if spec.tag == "liquidation" else "normal",
        "reduceOnly": str(spec.reduce_only and spec.position_idx is PositionIdx.ONE_WAY).lower(),
        "cancelSource": "" if order.reason is None or order.is_open else _MADE_BY.get(order.reason, "0"),
        "cancelSourceReason": "" if order.reason in {None, Reason.BY_USER} else str(order.reason),
        "attachAlgoOrds": _attached(market, order),
        "fee": text(-order.fee),
        "feeCcy": market.settle,
        "cTime": str(order.created_ms),
        "uTime": str(order.updated_ms),
        **(_NO_FILL if fill is None else _pushed(market, fill)),
    }


def _source(order: Order) -> str:
    """What made an order: nothing, a plain trigger, or a stop or target."""
    if order.spec.stop is StopKind.NONE:
        return ""
    return "7" if order.spec.stop in LEVELS else "6"


def _state(order: Order) -> str:
    if order.status is OrderStatus.FILLED:
        return "filled"
    if not order.is_open:
        return "canceled"
    return "partially_filled" if order.filled_size else "live"


def _attached(market: Instrument, order: Order) -> list[Json]:
    levels: Json = {}
    for name, level in (("tp", order.take_profit), ("sl", order.stop_loss)):
        if level is not None:
            levels |= {
                f"{name}TriggerPx": price(market, level.trigger_price),
                f"{name}OrdPx": "-1" if level.limit_price is None else price(market, level.limit_price),
                f"{name}TriggerPxType": level.by.value,
            }
    return [levels] if levels else []


def _pushed(market: Instrument, fill: Fill) -> Json:
    return {
        "fillSz": contracts(market, fill.size),
        "fillPx": price(market, fill.price),
        "fillTime": str(fill.time_ms),
        "tradeId": str(fill.number),
        "fillFee": text(-fill.fee),
        "fillFeeCcy": fill.fee_coin,
        "fillPnl": text(fill.realised_pnl),
        "execType": "M" if fill.maker else "T",
    }


def fill_row(engine: Engine, fill: Fill) -> Json:
    """An execution."""
    market = engine.instruments[fill.symbol]
    return {
        "instType": SWAP,
        "instId": fill.symbol,
        "tradeId": str(fill.number),
        "ordId": fill.order_id,
        "clOrdId": "" if fill.stop is not StopKind.NONE else fill.client_order_id or "",
        "billId": str(fill.number),
        "subType": _sub_type(fill),
        "tag": "",
        "fillPx": price(market, fill.price),
        "fillSz": contracts(market, fill.size),
        "fillPnl": text(fill.realised_pnl),
        "side": fill.side.value,
        "posSide": LEGS[fill.position_idx],
        "execType": "M" if fill.maker else "T",
        "fee": text(-fill.fee),
        "feeCcy": fill.fee_coin,
        "fillTime": str(fill.time_ms),
        "ts": str(fill.time_ms),
    }


def _sub_type(fill: Fill) -> str:
    if fill.kind is FillKind.LIQUIDATION:
        return "104" if fill.side.sign < 0 else "105"
    return "1" if fill.side.sign > 0 else "2"


def algo_rows(engine: Engine, orders: Iterable[Order]) -> list[Json]:
    """Algo orders, each with its levels, in the order of what was given."""
    grouped: dict[str, list[Order]] = {}
    for order in orders:
        if order.spec.stop is not StopKind.NONE:
            grouped.setdefault(algo_id(order), []).append(order)
    return [_algo_row(engine, name, levels) for name, levels in grouped.items()]


def _algo_row(engine: Engine, name: str, orders: list[Order]) -> Json:
    fired = next((order for order in orders if order.triggered_ms is not None), None)
    shown = [order for order in orders if order.is_open or order.reason is not Reason.BY_USER] or orders
    first = fired or shown[0]
    market, spec = engine.instruments[first.symbol], first.spec
    return {
        "instType": SWAP,
        "instId": first.symbol,
        "algoId": name,
        "algoClOrdId": first.client_order_id or "",
        "ordId": fired.order_id if fired else "",
        "ordIdList": [fired.order_id] if fired else [],
        "ordType": _algo_kind(orders, shown),
        "side": first.side.value,
        "posSide": LEGS[spec.position_idx],
        "tdMode": "cross",
        "sz": "" if spec.whole_position else contracts(market, first.size),
        "closeFraction": "1" if spec.whole_position else "",
        "reduceOnly": str(spec.reduce_only and spec.position_idx is PositionIdx.ONE_WAY).lower(),
        "last": price(market, first.last_price_on_created),
        "state": _algo_state(first),
        "actualSide": LEVELS.get(fired.spec.stop, "") if fired else "",
        "failCode": "0",
        "cTime": str(min(order.created_ms for order in orders)),
        "uTime": str(max(order.updated_ms for order in orders)),
        "triggerPx": "",
        "ordPx": "",
        **{field: value for order in shown for field, value in _trigger(market, order).items()},
    }


def _algo_kind(orders: list[Order], shown: list[Order]) -> str:
    if orders[0].spec.stop is StopKind.STOP:
        return "trigger"
    return "oco" if len(shown) > 1 else "conditional"


def _algo_state(order: Order) -> str:
    if order.triggered_ms is not None:
        return "effective"
    return "live" if order.is_open else "canceled"


def _trigger(market: Instrument, order: Order) -> Json:
    name = LEVELS.get(order.spec.stop)
    if order.trigger is None:
        return {}
    limit = "-1" if order.price is None else price(market, order.price)
    trigger, by = price(market, order.trigger.price), order.trigger.by.value
    if name is None:
        return {"triggerPx": trigger, "ordPx": limit, "triggerPxType": by}
    return {f"{name}TriggerPx": trigger, f"{name}OrdPx": limit, f"{name}TriggerPxType": by}
