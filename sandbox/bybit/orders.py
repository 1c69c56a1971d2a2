"""Placing, changing and cancelling orders.

https://bybit-exchange.github.io/docs/v5/order/create-order
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sandbox.bybit.errors import AMEND_WORDS, ApiError, bad_parameter, refusal
from sandbox.bybit.wire import Call, Json
from sandbox.engine import (
    Instrument,
    Order,
    OrderSpec,
    OrderType,
    PositionIdx,
    Protection,
    Reason,
    RefusedError,
    Side,
    StopKind,
    TimeInForce,
    Trigger,
    TriggerBy,
    TriggerDirection,
)

LINK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")
MAX_BATCH: Final = 20
SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}
TYPES: Final = {"Market": OrderType.MARKET, "Limit": OrderType.LIMIT}
TIFS: Final = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "PostOnly": TimeInForce.POST_ONLY,
}
TRIGGERS: Final = {"LastPrice": TriggerBy.LAST, "MarkPrice": TriggerBy.MARK, "IndexPrice": TriggerBy.INDEX}
DIRECTIONS: Final = {1: TriggerDirection.RISE, 2: TriggerDirection.FALL}
STOP_FILTERS: Final = {"StopOrder", "tpslOrder"}


def create(call: Call) -> Json:
    """Place an order; the answer only acknowledges it."""
    spec = read_spec(call)
    try:
        order = call.engine.place(call.account_id, spec)
    except RefusedError as error:
        raise refusal(error) from None
    return acknowledgement(order)


def acknowledgement(order: Order) -> Json:
    """What create, amend and cancel answer."""
    return {"orderId": order.order_id, "orderLinkId": order.client_order_id or ""}


def read_spec(call: Call) -> OrderSpec:
    """The order that the request describes.

    Raises:
        ApiError: a parameter is missing or cannot be read.
    """
    instrument = call.linear_symbol()
    side = choice(call, "side", SIDES)
    kind = choice(call, "orderType", TYPES)
    size = call.decimal("qty")
    if size is None:
        raise bad_parameter("Missing some parameters that must be filled in, qty")
    idx = read_idx(call)
    closes = (idx is PositionIdx.LONG and side is Side.SELL) or (idx is PositionIdx.SHORT and side is Side.BUY)
    reduce_only = call.flag("reduceOnly")
    closing_all = size == 0 and reduce_only and call.flag("closeOnTrigger")
    trigger = read_trigger(call)
    take_profit, stop_loss = read_protections(call, size)
    if reduce_only and (take_profit or stop_loss):
        raise bad_parameter("reduce-only orders cannot carry take profit or stop loss")
    return OrderSpec(
        symbol=instrument.symbol,
        side=side,
        type=kind,
        size=size,
        price=read_price(call, kind, side, instrument),
        time_in_force=read_tif(call, kind),
        reduce_only=reduce_only or closes,
        close_on_trigger=call.flag("closeOnTrigger"),
        whole_position=closing_all,
        position_idx=idx,
        client_order_id=read_link_id(call),
        trigger=trigger,
        stop=StopKind.NONE if trigger is None else StopKind.STOP,
        take_profit=take_profit,
        stop_loss=stop_loss,
    )


def choice(call: Call, name: str, table: Mapping[str, Any]) -> Any:
    """One of the venue's words."""
    value = call.needed(name)
    if value not in table:
        raise bad_parameter(f"{name[:1].upper()}{name[1:]} invalid")
    return table[value]


def read_idx(call: Call) -> PositionIdx:
    """positionIdx 0, 1 or 2."""
    value = call.integer("positionIdx", 0)
    if value not in {0, 1, 2}:
        raise bad_parameter("position idx not match position mode")
    return PositionIdx(value)


def read_link_id(call: Call) -> str | None:
    """The client's id: at most 36 letters, digits, dashes and underscores."""
    value = call.text("orderLinkId")
    if value and not LINK_ID.fullmatch(value):
        raise bad_parameter("OrderLinkedID is invalid: at most 36 of letters, digits, - and _")
    return value or None


def read_tif(call: Call, kind: OrderType) -> TimeInForce:
    """timeInForce; market orders are always IOC."""
    if kind is OrderType.MARKET:
        return TimeInForce.IOC
    value = call.text("timeInForce", "GTC")
    if value not in TIFS:
        raise bad_parameter("TimeInForce invalid")
    return TIFS[value]


def read_price(call: Call, kind: OrderType, side: Side, instrument: Instrument) -> Decimal | None:
    """The limit price; for a market order the slippage limit that the client asked for, if any."""
    if kind is OrderType.LIMIT:
        price = call.decimal("price")
        if price is None:
            raise bad_parameter("Price is required for limit orders")
        return price
    tolerance = call.decimal("slippageTolerance")
    if tolerance is None:
        return None
    last = call.engine.market.quote(call.engine.venue, instrument.symbol).last
    unit = call.text("slippageToleranceType")
    if unit == "Percent":
        return instrument.round_price(last * (1 + side.sign * tolerance / 100), "ROUND_HALF_EVEN")
    if unit == "TickSize":
        return last + side.sign * tolerance * instrument.tick_at(last)
    raise bad_parameter("slippageToleranceType invalid")


def read_trigger(call: Call) -> Trigger | None:
    """The condition of a conditional order."""
    price = call.positive("triggerPrice")
    if price is None:
        return None
    direction = call.integer("triggerDirection", 0)
    if direction not in DIRECTIONS:
        raise bad_parameter("TriggerDirection invalid")
    return Trigger(price=price, by=read_trigger_by(call, "triggerBy"), direction=DIRECTIONS[direction])


def read_trigger_by(call: Call, name: str) -> TriggerBy:
    """Which price is watched; the last price unless asked otherwise."""
    value = call.text(name, "LastPrice")
    if value not in TRIGGERS:
        raise bad_parameter(f"{name[:1].upper()}{name[1:]} invalid")
    return TRIGGERS[value]


def read_protections(call: Call, size: Decimal | None) -> tuple[Protection | None, Protection | None]:
    """Attached take-profit and stop-loss: for the whole position (Full) or the order's quantity (Partial)."""
    partial = call.text("tpslMode", "Full") == "Partial"
    return (
        read_protection(call, "takeProfit", "tp", size if partial else None, partial=partial),
        read_protection(call, "stopLoss", "sl", size if partial else None, partial=partial),
    )


def read_protection(call: Call, name: str, prefix: str, size: Decimal | None, *, partial: bool) -> Protection | None:
    """One protection; None when absent or "0"."""
    price = call.positive(name)
    if price is None:
        return None
    limit = call.text(f"{prefix}OrderType", "Market") == "Limit"
    if limit and not partial:
        raise bad_parameter("tpslMode Full supports only market take profit and stop loss")
    return Protection(
        trigger_price=price,
        by=read_trigger_by(call, f"{prefix}TriggerBy"),
        limit_price=call.positive(f"{prefix}LimitPrice") if limit else None,
        size=size,
    )


def find(call: Call) -> Order:
    """The order that orderId or orderLinkId names; orderId wins.

    Raises:
        RefusedError: there is none.
    """
    order_id, link_id = call.text("orderId"), call.text("orderLinkId")
    if not order_id and not link_id:
        raise bad_parameter("Missing some parameters that must be filled in, orderId or orderLinkId")
    if order_id:
        order = call.engine.order(call.account_id, order_id)
    else:
        order = call.engine.order_by_client_id(call.account_id, link_id)
    if order is None or order.symbol != call.needed("symbol"):
        raise RefusedError(Reason.ORDER_NOT_FOUND, order_id or link_id)
    return order


def amend(call: Call) -> Json:
    """Change an open order."""
    call.linear_symbol()
    try:
        order = find(call)
        take_profit, stop_loss = read_protections(call, None)
        call.engine.amend(
            call.account_id,
            order.order_id,
            size=call.positive("qty"),
            price=call.positive("price"),
            trigger_price=call.positive("triggerPrice"),
            take_profit=take_profit,
            stop_loss=stop_loss,
        )
    except RefusedError as error:
        raise refusal(error, AMEND_WORDS) from None
    return acknowledgement(order)


def cancel(call: Call) -> Json:
    """Cancel an open order."""
    call.linear_symbol()
    try:
        return acknowledgement(call.engine.cancel(call.account_id, find(call).order_id))
    except RefusedError as error:
        raise refusal(error) from None


def cancel_all(call: Call) -> Json:
    """Cancel the open orders of a symbol, base coin or settle coin."""
    call.require_linear()
    symbol, base, settle = call.text("symbol"), call.text("baseCoin"), call.text("settleCoin")
    if not (symbol or base or settle):
        raise bad_parameter("Missing some parameters that must be filled in, symbol or baseCoin or settleCoin")
    order_filter = call.text("orderFilter")

    def wanted(order: Order) -> bool:
        instrument = call.engine.instruments[order.symbol]
        pairs = ((symbol, instrument.symbol), (base, instrument.base_coin), (settle, instrument.settle))
        named = all(value == asked for asked, value in pairs if asked)
        conditional = order.spec.stop is not StopKind.NONE
        return named and (not order_filter or conditional == (order_filter in STOP_FILTERS))

    ended = call.engine.cancel_all(call.account_id, where=wanted)
    return {"list": [acknowledgement(order) for order in ended], "success": "1"}


def batch(single: Callable[[Call], Json], *, created: bool = False) -> Callable[[Call], Json]:
    """The batch form of an order endpoint: each request stands alone, each has its own code."""

    def run(call: Call) -> Json:
        requests = call.params.get("request")
        if not isinstance(requests, list) or not 0 < len(requests) <= MAX_BATCH:
            raise bad_parameter(f"request must hold 1 to {MAX_BATCH} orders")
        rows: list[Json] = []
        codes: list[Json] = []
        for item in requests:
            if not isinstance(item, dict):
                raise bad_parameter("params error: request invalid")
            one = replace(call, params={"category": call.category(), **item})
            row = {"category": call.category(), "symbol": str(item.get("symbol", "")), "orderId": ""}
            row["orderLinkId"] = str(item.get("orderLinkId", ""))
            if created:
                row["createAt"] = ""
            try:
                row |= single(one)
                if created:
                    row["createAt"] = str(call.now_ms)
                codes.append({"code": 0, "msg": "OK"})
            except ApiError as error:
                codes.append({"code": error.code, "msg": error.message})
            rows.append(row)
        call.ext["list"] = codes
        return {"list": rows}

    return run
