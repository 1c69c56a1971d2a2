"""Placing, changing and cancelling orders, and closing positions.

https://www.okx.com/docs-v5/en/#order-book-trading-trade
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Final

from sandbox.engine import (
    Instrument,
    OrderSpec,
    OrderType,
    PositionIdx,
    Protection,
    Reason,
    RefusedError,
    Side,
    TimeInForce,
    TriggerBy,
)
from sandbox.okx.shapes import LEGS, TYPES, is_order, order_row
from sandbox.okx.wire import ApiError, Call, Json, contract_of, page, refusal

_TIMES: Final[Mapping[str, TimeInForce]] = {word: time for time, word in TYPES.items()}
_INDEXES: Final[Mapping[str, PositionIdx]] = {word: idx for idx, word in LEGS.items()}
_MARKET_PRICE: Final = "-1"
_KEEPS_UNFILLED_MS: Final = 2 * 3_600_000

Handler = Callable[[Call], Json]


def place(call: Call) -> Json:
    """Place an order."""
    market = call.instrument()
    kind, spec = call.needed("ordType"), basics(call, market)
    spec = replace(spec, size=call.positive("sz") * contract_of(market), client_order_id=call.text("clOrdId") or None)
    if kind in _TIMES:
        limit = bounded(call, market, spec.side, call.positive("px"))
        spec = replace(spec, type=OrderType.LIMIT, price=limit, time_in_force=_TIMES[kind])
    elif kind != "market":
        raise ApiError("51000", "Parameter ordType error")
    spec = with_attached(call, spec)
    refuse_too_large(call, spec)
    order = call.engine.place(call.account_id, spec)
    return {"ordId": order.order_id, "clOrdId": call.text("clOrdId"), "tag": "", "ts": str(call.now_ms)}


def basics(call: Call, market: Instrument) -> OrderSpec:
    """Side, leg and whether it only reduces; in hedge mode side and leg tell that."""
    if call.needed("tdMode") != "cross":
        raise ApiError("51000", "Parameter tdMode error")
    side, leg = Side(call.needed("side")), _INDEXES.get(call.text("posSide") or "net")
    if leg is None:
        raise ApiError("51000", "Parameter posSide error")
    closes = {PositionIdx.LONG: side is Side.SELL, PositionIdx.SHORT: side is Side.BUY}
    return OrderSpec(
        symbol=market.symbol,
        side=side,
        type=OrderType.MARKET,
        size=Decimal(0),
        position_idx=leg,
        reduce_only=closes.get(leg, call.flag("reduceOnly")),
    )


def bounded(call: Call, market: Instrument, side: Side, limit: Decimal) -> Decimal:
    """The limit price, brought back to the venue's own bound where the request lets it."""
    if call.text("pxAmendType") != "1":
        return limit
    furthest = call.world.market.quote(market.venue, market.symbol).mark * (1 + side.sign * market.price_band)
    if side.sign * (limit - furthest) <= 0:
        return limit
    return market.round_price(furthest, ROUND_DOWN if side is Side.BUY else ROUND_UP)


def with_attached(call: Call, spec: OrderSpec) -> OrderSpec:
    """The order with the take-profit and stop-loss that arm when it fills, for as much as it fills."""
    levels: dict[str, Protection] = {}
    for attached in call.params.get("attachAlgoOrds") or []:
        inner = replace(call, params=attached)
        for name in ("tp", "sl"):
            if inner.text(f"{name}TriggerPx"):
                levels[name] = replace(level(inner, name), size=spec.size)
    return replace(spec, take_profit=levels.get("tp"), stop_loss=levels.get("sl"))


def level(call: Call, name: str) -> Protection:
    """One level of a request: its trigger, and its limit unless it takes the market's price."""
    limit = call.text(f"{name}OrdPx")
    return Protection(
        trigger_price=call.positive(f"{name}TriggerPx"),
        by=TriggerBy(call.text(f"{name}TriggerPxType") or "last"),
        limit_price=None if limit in {"", _MARKET_PRICE} else call.positive(f"{name}OrdPx"),
    )


def refuse_too_large(call: Call, spec: OrderSpec) -> None:
    """OKX refuses a reduce-only order that is larger than the position, instead of cutting it."""
    held = abs(call.engine.position(call.account_id, spec.symbol, spec.position_idx).position.size)
    if spec.reduce_only and held and spec.size > held:
        raise ApiError("51112", "Close order size exceeds available size for this position.")


def amend(call: Call) -> Json:
    """Change an order in place."""
    market, order_id = call.instrument(), find(call)
    size = call.decimal("newSz")
    try:
        call.engine.amend(
            call.account_id,
            order_id,
            size=None if size is None else size * contract_of(market),
            price=call.decimal("newPx"),
        )
    except RefusedError as error:
        if error.reason in {Reason.ORDER_FILLED, Reason.ORDER_CANCELLED}:
            raise ApiError("51503", "Modification failed: the order has been filled or canceled.") from None
        if error.reason is not Reason.NOT_MODIFIED:
            raise refusal(error) from None
    return {"ordId": order_id, "clOrdId": call.text("clOrdId"), "reqId": "", "ts": str(call.now_ms)}


def cancel(call: Call) -> Json:
    """Cancel an order."""
    call.instrument()
    try:
        order_id = find(call)
        call.engine.cancel(call.account_id, order_id)
    except (RefusedError, ApiError):
        text = "Cancellation failed as the order has been filled, canceled or does not exist."
        raise ApiError("51400", text) from None
    return {"ordId": order_id, "clOrdId": call.text("clOrdId"), "ts": str(call.now_ms)}


def find(call: Call) -> str:
    """The number of the order that a request names."""
    order_id, client_id = call.text("ordId"), call.text("clOrdId")
    if order_id:
        order = call.engine.order(call.account_id, order_id)
    else:
        order = call.engine.order_by_client_id(call.account_id, client_id)
    if order is None or not is_order(order):
        raise refusal(RefusedError(Reason.ORDER_NOT_FOUND))
    return order.order_id


def close(call: Call) -> list[Json]:
    """Close a position at the market's price."""
    market = call.instrument()
    leg = _INDEXES.get(call.text("posSide") or "net", PositionIdx.ONE_WAY)
    held = call.engine.position(call.account_id, market.symbol, leg).position
    if held.side is None:
        raise refusal(RefusedError(Reason.NO_POSITION))
    spec = OrderSpec(
        symbol=market.symbol,
        side=held.side.opposite,
        type=OrderType.MARKET,
        size=Decimal(0),
        reduce_only=True,
        whole_position=True,
        position_idx=leg,
        client_order_id=call.text("clOrdId") or None,
    )
    try:
        call.engine.place(call.account_id, spec)
    except RefusedError as error:
        raise refusal(error) from None
    return [{"instId": market.symbol, "posSide": LEGS[leg], "clOrdId": call.text("clOrdId"), "tag": ""}]


def details(call: Call) -> list[Json]:
    """One order."""
    order = call.engine.order(call.account_id, find(call))
    if order is None or _is_forgotten(call, order):
        raise refusal(RefusedError(Reason.ORDER_NOT_FOUND))
    return [order_row(call.engine, order)]


def pending(call: Call) -> list[Json]:
    """Open orders, newest first."""
    return _listed(call, lambda order: order.is_open)


def history(call: Call) -> list[Json]:
    """Closed orders, newest first."""
    return _listed(call, lambda order: not order.is_open and not _is_forgotten(call, order))


def _is_forgotten(call: Call, order: Any) -> bool:
    """OKX forgets what was cancelled without a fill after two hours."""
    is_old = order.updated_ms < call.world.clock.now_ms() - _KEEPS_UNFILLED_MS
    return not order.is_open and not order.filled_size and is_old


def _listed(call: Call, wanted: Callable[[Any], bool]) -> list[Json]:
    engine = call.engine
    orders = [o for o in engine.orders(call.account_id) if is_order(o) and call.wants(o.symbol) and wanted(o)]
    found = page(call, orders, cursor=lambda order: order.order_id, moment=lambda order: order.created_ms)
    return [order_row(engine, order) for order in found]
