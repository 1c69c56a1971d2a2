"""Algo orders: what waits for a trigger, alone or as a pair of take-profit and stop-loss.

https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading
"""

from dataclasses import replace
from typing import Final

from sandbox.engine import Order, OrderSpec, OrderType, Reason, RefusedError, StopKind, Trigger, TriggerBy
from sandbox.engine import TriggerDirection as Direction
from sandbox.okx.orders import basics, level, with_attached
from sandbox.okx.shapes import LEVELS, algo_id, algo_rows
from sandbox.okx.wire import ApiError, Call, Json, contract_of, page, refusal

_MARKET_PRICE: Final = "-1"


def place(call: Call) -> Json:
    """Place an algo order; with two levels, each cancels the other."""
    market = call.instrument()
    spec = replace(basics(call, market), client_order_id=call.text("algoClOrdId") or None)
    if call.text("closeFraction") == "1":
        spec = replace(spec, whole_position=True)
        _refuse_second_whole(call, spec)
    else:
        spec = replace(spec, size=call.positive("sz") * contract_of(market))
    if call.needed("ordType") == "trigger":
        specs = [_plain(call, spec)]
    else:
        specs = [_at_level(call, spec, stop) for stop, name in LEVELS.items() if call.text(f"{name}TriggerPx")]
    if not specs:
        raise ApiError("50015", "Either parameter tpTriggerPx or slTriggerPx is required")
    if len(specs) > 1:
        group = f"oco-{call.engine.core.next_number()}"
        specs = [replace(each, oco_group=group) for each in specs]
    orders = []
    for each in specs:
        try:
            orders.append(call.engine.place(call.account_id, each))
        except RefusedError:
            for made in orders:
                call.engine.cancel(call.account_id, made.order_id)
            raise
    return {"algoId": algo_id(orders[0]), "algoClOrdId": call.text("algoClOrdId"), "tag": "", "clOrdId": ""}


def _plain(call: Call, spec: OrderSpec) -> OrderSpec:
    limit = call.text("orderPx")
    is_market = limit in {"", _MARKET_PRICE}
    by = TriggerBy(call.text("triggerPxType") or "last")
    spec = replace(
        spec,
        type=OrderType.MARKET if is_market else OrderType.LIMIT,
        price=None if is_market else call.positive("orderPx"),
        trigger=Trigger(price=call.positive("triggerPx"), by=by),
        stop=StopKind.STOP,
    )
    return with_attached(call, spec)


def _at_level(call: Call, spec: OrderSpec, stop: StopKind) -> OrderSpec:
    asked = level(call, LEVELS[stop])
    rises = (stop is StopKind.TAKE_PROFIT) == (spec.side.sign < 0)
    direction = Direction.RISE if rises else Direction.FALL
    return replace(
        spec,
        type=OrderType.MARKET if asked.limit_price is None else OrderType.LIMIT,
        price=asked.limit_price,
        trigger=Trigger(price=asked.trigger_price, by=asked.by, direction=direction),
        stop=stop,
        close_on_trigger=True,
    )


def _refuse_second_whole(call: Call, spec: OrderSpec) -> None:
    """OKX takes one order for the whole of a position."""
    for order in call.engine.open_orders(call.account_id, symbol=spec.symbol):
        is_same = order.spec.position_idx is spec.position_idx and order.side is spec.side
        if order.spec.whole_position and order.spec.stop is not StopKind.NONE and is_same:
            raise ApiError("51088", "You can only place 1 TP/SL order to close an entire position")


def amend(call: Call) -> Json:
    """Change levels in place, or take one of two away."""
    market, orders = call.instrument(), [order for order in _find(call) if order.is_open]
    if not orders:
        raise ApiError("51503", "Modification failed: the order has been filled or canceled.")
    size = call.decimal("newSz")
    for order in orders:
        name = LEVELS.get(order.spec.stop, "")
        field = f"new{name.title()}TriggerPx"
        trigger, limit = call.decimal(field), call.decimal(f"new{name.title()}OrdPx")
        if trigger is not None and not trigger:
            call.engine.cancel(call.account_id, order.order_id)
            continue
        try:
            call.engine.amend(
                call.account_id,
                order.order_id,
                size=None if size is None else size * contract_of(market),
                trigger_price=trigger,
                price=None if limit is None or limit < 0 else limit,
            )
        except RefusedError as error:
            if error.reason is not Reason.NOT_MODIFIED:
                raise
    held = {LEVELS.get(order.spec.stop, "") for order in orders}
    if any(call.text(f"new{name.title()}TriggerPx") not in {"", "0"} for name in set(LEVELS.values()) - held):
        raise ApiError("51526", "A TP or SL that the order does not hold cannot be added to it")
    return {"algoId": algo_id(orders[0]), "algoClOrdId": call.text("algoClOrdId"), "reqId": ""}


def cancel(call: Call) -> Json:
    """Cancel an algo order, all levels of it."""
    call.instrument()
    orders = [order for order in _find(call) if order.is_open and order.triggered_ms is None]
    if not orders:
        raise ApiError("51400", "Cancellation failed as the order has been filled, canceled or does not exist.")
    for order in orders:
        call.engine.cancel(call.account_id, order.order_id)
    return {"algoId": algo_id(orders[0]), "algoClOrdId": call.text("algoClOrdId")}


def details(call: Call) -> list[Json]:
    """One algo order, open or not."""
    orders = _find(call)
    if not orders:
        raise refusal(RefusedError(Reason.ORDER_NOT_FOUND))
    return algo_rows(call.engine, orders)


def pending(call: Call) -> list[Json]:
    """Algo orders that wait, of the kinds that are asked for, newest first."""
    kinds = call.needed("ordType").split(",")
    open_orders = [o for o in call.engine.open_orders(call.account_id) if o.triggered_ms is None]
    rows = [row for row in algo_rows(call.engine, open_orders) if row["ordType"] in kinds and call.wants(row["instId"])]
    return page(call, rows, cursor=lambda row: str(row["algoId"]), moment=lambda row: int(row["cTime"]))


def history(call: Call) -> list[Json]:
    """Algo orders that fired or were cancelled, of the kinds and the state that are asked for, newest first."""
    kinds, state, number = call.needed("ordType").split(","), call.text("state"), call.text("algoId")
    if not state and not number:
        raise ApiError("50015", "Either parameter state or algoId is required")
    rows = [
        row
        for row in algo_rows(call.engine, call.engine.orders(call.account_id))
        if row["ordType"] in kinds and call.wants(row["instId"]) and row["state"] != "live"
        if row["state"] == state or row["algoId"] == number
    ]
    return page(call, rows, cursor=lambda row: str(row["algoId"]), moment=lambda row: int(row["cTime"]))


def _find(call: Call) -> list[Order]:
    """The orders of the engine that are the algo order which a request names."""
    wanted, client_id = call.text("algoId"), call.text("algoClOrdId")
    algos = [order for order in call.engine.orders(call.account_id) if order.spec.stop is not StopKind.NONE]
    if wanted:
        return [order for order in algos if algo_id(order) == wanted]
    return [order for order in algos if client_id and order.client_order_id == client_id]
