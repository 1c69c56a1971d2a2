"""OKX's words for what can be asked of it: every action becomes one request, without any I/O.

Orders are counted in contracts, and every perpetual is margined cross. What waits for a trigger goes to endpoints of
its own. Protection of a position is in `okx_protection`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec

from exchanges import okx_words as okx
from exchanges.okx_order_rows import STOP_LOSS, TAKE_PROFIT, TRIGGER, AlgoId
from models.enums import MarginMode, OrderType, PositionMode, PositionSide, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.instrument import Instrument
from models.requests import (
    Action,
    AmendOrder,
    BatchOrders,
    CancelAll,
    CancelOrder,
    OrderRequest,
    Protection,
    SetLeverage,
    SetMarginMode,
    SetPositionMode,
)
from models.values import plain

Body = dict[str, Any]

MAX_BATCH: Final = 20
MAX_CANCELS: Final = 20
MAX_ALGO_CANCELS: Final = 10

PLACE: Final = "/api/v5/trade/order"
PLACE_ALGO: Final = "/api/v5/trade/order-algo"
AMEND_ALGO: Final = "/api/v5/trade/amend-algos"
CANCEL_ALGOS: Final = "/api/v5/trade/cancel-algos"
CLOSE: Final = "/api/v5/trade/close-position"
_PLACE_BATCH: Final = "/api/v5/trade/batch-orders"
_AMEND: Final = "/api/v5/trade/amend-order"
_CANCEL: Final = "/api/v5/trade/cancel-order"
_CANCEL_BATCH: Final = "/api/v5/trade/cancel-batch-orders"
_LEVERAGE: Final = "/api/v5/account/set-leverage"
_POSITION_MODE: Final = "/api/v5/account/set-position-mode"

EXPIRING: Final = frozenset({PLACE, _PLACE_BATCH, _AMEND})
"""Endpoints that take the time until which they may act (`expTime`).

https://www.okx.com/docs-v5/en/#overview-transaction-timeouts
"""

_SIDES: Final = {side: word for word, side in okx.SIDES.items()}
_LEGS: Final = {side: word for word, side in okx.LEGS.items()}
_TRIGGERS: Final = {by: word for word, by in okx.TRIGGER_PRICES.items()}
_POSITION_MODES: Final = {mode: word for word, mode in okx.POSITION_MODES.items()}
_TIMES_IN_FORCE: Final = {
    TimeInForce.GTC: "limit",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "post_only",
}
_WITHIN_LIMITS: Final = "1"  # a bound beyond OKX's price limit is brought back to it instead of being refused


@dataclass(frozen=True, slots=True)
class Request:
    """One request to be made: its path and its body."""

    path: str
    body: Any = field(repr=False)

    @property
    def text(self) -> str:
        """The body as it is signed and sent."""
        return msgspec.json.encode(self.body).decode()


def build(action: Action) -> Request:
    """Return the request that asks for an action.

    Raises:
        BadOrder: OKX has no such action, or not in this combination.
    """
    builder = _BUILDERS.get(type(action))
    if builder is None:
        raise BadOrder(f"OKX has no {type(action).__name__}.", code="not_supported")
    return builder(action)


def contracts(instrument: Instrument, size: Decimal) -> str:
    """Return a size as a number of contracts.

    Raises:
        BadOrder: It is no whole number of OKX's steps, or the market is not OKX's.
    """
    if instrument.contract_size is None:
        raise BadOrder(f"{instrument.symbol} is not an OKX market.", code="unknown_symbol")
    if size % instrument.size_step:
        step = plain(instrument.size_step)
        raise BadOrder(f"size: steps of {step}, was {plain(size)}", code="size_off_grid", step=instrument.size_step)
    return plain(size / instrument.contract_size)


def leg(side: PositionSide | None) -> Body:
    """Return the field that names a leg in hedge mode; nothing in one-way mode."""
    return {} if side is None else {"posSide": _LEGS[side]}


def level(name: str, trigger: Decimal, limit: Decimal | None, by: TriggerBy | None) -> Body:
    """Return the fields of one level, `tp` or `sl`; without a limit it takes the market's price."""
    body: Body = {
        f"{name}TriggerPx": plain(trigger),
        f"{name}OrdPx": okx.MARKET_PRICE if limit is None else plain(limit),
    }
    return body | ({} if by is None else {f"{name}TriggerPxType": _TRIGGERS[by]})


def levels(protection: Protection | None) -> Body:
    """Return the fields of the levels that a protection sets."""
    if protection is None:
        return {}
    body: Body = {}
    for name, trigger, limit in (
        (TAKE_PROFIT, protection.take_profit, protection.take_profit_limit),
        (STOP_LOSS, protection.stop_loss, protection.stop_loss_limit),
    ):
        if trigger:
            body |= level(name, trigger, limit, protection.trigger_by)
    return body


def _place(order: OrderRequest) -> Request:
    """https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-order"""
    _refuse_impossible(order)
    if order.order_type.is_trigger:
        return Request(PLACE_ALGO, _algo_body(order))
    if order.closes_position and order.reduce_only and order.order_type.is_market:
        return Request(CLOSE, _close_body(order))
    return Request(PLACE, _order_body(order))


def _order_body(order: OrderRequest) -> Body:
    body = _common(order) | {"clOrdId": order.client_order_id, "sz": contracts(order.instrument, order.size)}
    body |= _execution(order)
    if order.reduce_only:
        body["reduceOnly"] = True
    if attached := levels(order.protection):
        body["attachAlgoOrds"] = [attached]
    return body


def _execution(order: OrderRequest) -> Body:
    """Return how the order executes. One that opens at the market's price keeps the caller's bound, as a limit."""
    if order.order_type.is_market:
        if order.reduce_only or order.price is None:
            return {"ordType": "market"}
        return {"ordType": "ioc", "px": plain(order.price), "pxAmendType": _WITHIN_LIMITS}
    if order.price is None:
        raise BadOrder("A limit order needs a price.", code="price_missing")
    return {"ordType": _TIMES_IN_FORCE[order.time_in_force], "px": plain(order.price)}


def _close_body(order: OrderRequest) -> Body:
    """Close whatever the position is; a reduce-only order larger than it would be refused as a whole.

    Orders that would close it later go with it: OKX refuses to close while they are open.

    https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-close-positions
    """
    return {
        "instId": order.instrument.native_symbol,
        "mgnMode": okx.CROSS,
        "autoCxl": True,
        "clOrdId": order.client_order_id,
        **leg(order.position_side),
    }


def _algo_body(order: OrderRequest) -> Body:
    """Return a conditional order: of the kind that protects where it only reduces, else a plain trigger.

    https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-place-algo-order
    """
    assert order.trigger_price is not None  # refused before
    limit = None if order.order_type.is_market else order.price
    body = _common(order) | {"algoClOrdId": order.client_order_id}
    if order.reduce_only:
        name = TAKE_PROFIT if order.order_type.is_take_profit else STOP_LOSS
        whole = order.closes_position and order.order_type.is_market
        size = {"closeFraction": okx.WHOLE} if whole else {"sz": contracts(order.instrument, order.size)}
        fields = level(name, order.trigger_price, limit, order.trigger_by)
        return body | size | fields | {"ordType": "conditional", "reduceOnly": True, "cxlOnClosePos": True}
    body |= {
        "ordType": TRIGGER,
        "sz": contracts(order.instrument, order.size),
        "triggerPx": plain(order.trigger_price),
        "orderPx": okx.MARKET_PRICE if limit is None else plain(limit),
    }
    if order.trigger_by is not None:
        body["triggerPxType"] = _TRIGGERS[order.trigger_by]
    if attached := levels(order.protection):
        body["attachAlgoOrds"] = [attached]
    return body


def _common(order: OrderRequest) -> Body:
    return {
        "instId": order.instrument.native_symbol,
        "tdMode": okx.CROSS,
        "side": _SIDES[order.side],
        **leg(order.position_side),
    }


def _refuse_impossible(order: OrderRequest) -> None:
    if order.order_type in {OrderType.TRAILING_STOP, OrderType.UNKNOWN}:
        raise BadOrder("Trailing stops are not placed here.", code="trailing_not_supported")
    if order.order_type.is_trigger and order.trigger_price is None:
        raise BadOrder("A conditional order needs a trigger price.", code="trigger_missing")
    if order.order_type.is_trigger and not order.order_type.is_market and order.price is None:
        raise BadOrder("A limit order needs a price.", code="price_missing")
    if order.reduce_only and order.protection is not None:
        raise BadOrder("An order that only reduces cannot carry take-profit or stop-loss.", code="protection_on_close")
    if not order.instrument.is_linear and not order.closes_position:
        raise BadOrder("Coin-settled contracts can be closed here, not opened.", code="inverse_not_traded")


def _place_batch(batch: BatchOrders) -> Request:
    """https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-place-multiple-orders"""
    if not 0 < len(batch.orders) <= MAX_BATCH:
        raise BadOrder(f"A batch holds 1 to {MAX_BATCH} orders.", code="nothing_to_do")
    requests = [_place(order) for order in batch.orders]
    if any(request.path != PLACE for request in requests):
        raise BadOrder("Conditional and closing orders go one by one on OKX.", code="order_type_not_supported")
    return Request(_PLACE_BATCH, [request.body for request in requests])


def _amend(action: AmendOrder) -> Request:
    """https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-amend-order"""
    body: Body = {"instId": action.instrument.native_symbol}
    if action.size is not None:
        body["newSz"] = contracts(action.instrument, action.size)
    if _is_algo(action):
        return Request(AMEND_ALGO, body | _new_levels(action))
    if action.price is not None:
        body["newPx"] = plain(action.price)
    if len(body) == 1:
        raise BadOrder("Nothing to change: no price and no size.", code="nothing_to_change")
    return Request(_AMEND, body | _name(action.order_id, action.client_order_id, "ordId", "clOrdId"))


def _is_algo(action: AmendOrder) -> bool:
    waits = action.replacement is not None and action.replacement.order_type.is_trigger
    return waits or action.trigger_price is not None


def _new_levels(action: AmendOrder) -> Body:
    """Return the changed trigger and limit of an algo order; both are asked for even where one stays.

    https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading-post-amend-algo-order
    """
    wanted = action.replacement
    if wanted is None or wanted.trigger_price is None:
        raise BadOrder("Which trigger price? It is needed to change a conditional order.", code="trigger_missing")
    limit = okx.MARKET_PRICE if wanted.order_type.is_market or wanted.price is None else plain(wanted.price)
    kind = (TAKE_PROFIT if wanted.order_type.is_take_profit else STOP_LOSS).title() if wanted.reduce_only else ""
    named = _name(action.order_id, action.client_order_id, "algoId", "algoClOrdId")
    return named | {f"new{kind}TriggerPx": plain(wanted.trigger_price), f"new{kind}OrdPx": limit}


def _cancel(action: CancelOrder) -> Request:
    """https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-cancel-order"""
    instrument = {"instId": action.instrument.native_symbol}
    if not action.is_trigger:
        return Request(_CANCEL, instrument | _name(action.order_id, action.client_order_id, "ordId", "clOrdId"))
    one_level = AlgoId.read(action.order_id or "").level
    named = _name(action.order_id, action.client_order_id, "algoId", "algoClOrdId")
    if one_level is not None:  # the other level of it stays
        return Request(AMEND_ALGO, instrument | named | {f"new{one_level.title()}TriggerPx": "0"})
    return Request(CANCEL_ALGOS, [instrument | named])


def _cancel_all(action: CancelAll) -> Request:
    """Cancel orders by their ids; those that wait for a trigger go apart, and each algo order goes whole.

    https://www.okx.com/docs-v5/en/#order-book-trading-trade-post-cancel-multiple-orders
    """
    if not action.orders:
        raise BadOrder("There is nothing to cancel.", code="nothing_to_cancel")
    if len({order.is_trigger for order in action.orders}) > 1:
        raise BadOrder("OKX cancels conditional orders in a request of their own.", code="not_supported")
    is_algo = action.orders[0].is_trigger
    ours, theirs = ("algoClOrdId", "algoId") if is_algo else ("clOrdId", "ordId")
    items = [
        {"instId": order.instrument.native_symbol} | _name(order.order_id, order.client_order_id, theirs, ours)
        for order in action.orders
    ]
    distinct = list({tuple(item.items()): item for item in items}.values())  # two levels may be of one algo order
    most = MAX_ALGO_CANCELS if is_algo else MAX_CANCELS
    if len(distinct) > most:
        raise BadOrder(f"OKX cancels {most} orders at a time.", code="not_supported")
    return Request(CANCEL_ALGOS if is_algo else _CANCEL_BATCH, distinct)


def _name(order_id: str | None, client_order_id: str | None, theirs: str, ours: str) -> Body:
    if order_id is not None:
        return {theirs: AlgoId.read(order_id).algo_id}
    if client_order_id is not None:
        return {ours: client_order_id}
    raise BadOrder("Which order? It has neither the venue's id nor ours.", code="order_id_missing")


def _set_leverage(action: SetLeverage) -> Request:
    """https://www.okx.com/docs-v5/en/#trading-account-rest-api-set-leverage"""
    body = {"instId": action.instrument.native_symbol, "mgnMode": okx.CROSS, "lever": plain(action.leverage)}
    return Request(_LEVERAGE, body)


def _set_margin_mode(action: SetMarginMode) -> Request:
    if action.margin_mode is MarginMode.CROSS:
        raise BadOrder("OKX margins perpetuals cross.", code="already_set")
    raise BadOrder("OKX margins perpetuals cross only.", code="margin_mode_not_supported")


def _set_position_mode(action: SetPositionMode) -> Request:
    """Choose for the whole account: OKX has no mode of a market.

    https://www.okx.com/docs-v5/en/#trading-account-rest-api-set-position-mode
    """
    return Request(_POSITION_MODE, {"posMode": _POSITION_MODES[PositionMode(action.position_mode)]})


_Builder = Callable[[Any], Request]
_BUILDERS: Final[Mapping[type[Action], _Builder]] = {
    OrderRequest: _place,
    BatchOrders: _place_batch,
    AmendOrder: _amend,
    CancelOrder: _cancel,
    CancelAll: _cancel_all,
    SetLeverage: _set_leverage,
    SetMarginMode: _set_margin_mode,
    SetPositionMode: _set_position_mode,
}
