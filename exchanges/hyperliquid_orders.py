"""Orders as HyperLiquid takes them, protection included.

HyperLiquid has no market orders: they are immediate-or-cancel limits at the worst price that is acceptable. Triggers
fire by the mark price, and there is neither fill-or-kill nor a trailing stop.

https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint#place-an-order
"""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from exchanges.hyperliquid_wires import Limit, LimitKind, OrderWire, Trigger, TriggerKind, amount
from models.enums import OrderSide, OrderType, TimeInForce, TriggerBy
from models.errors import BadOrder
from models.market import Instrument
from models.requests import OrderRequest, Protection

TRIGGER_TOLERANCE: Final = Decimal("0.1")
"""How far from its trigger a market take-profit or stop may execute: the venue's own bound."""

_CLOID: Final = re.compile(r"0x[0-9a-f]{32}", re.ASCII)
_TIME_IN_FORCE: Final = {TimeInForce.GTC: "Gtc", TimeInForce.IOC: "Ioc", TimeInForce.POST_ONLY: "Alo"}
_TPSL: Final = {
    OrderType.STOP_MARKET: "sl",
    OrderType.STOP_LIMIT: "sl",
    OrderType.TAKE_PROFIT_MARKET: "tp",
    OrderType.TAKE_PROFIT_LIMIT: "tp",
}


class Level(NamedTuple):
    """One protection price to set; `limit` None takes the market's price."""

    tpsl: str
    trigger: Decimal
    limit: Decimal | None


def order_wire(request: OrderRequest) -> OrderWire:
    """Return one order, without its protection.

    Raises:
        BadOrder: HyperLiquid has no such order, or a value that it needs is missing.
    """
    return OrderWire(
        a=asset_of(request.instrument),
        b=request.side is OrderSide.BUY,
        p=amount(_limit_price(request), "price"),
        s=amount(request.size, "size"),
        r=request.reduce_only or request.closes_position,
        t=_trigger_kind(request) if request.order_type.is_trigger else _limit_kind(request),
        c=cloid_of(request.client_order_id),
    )


def _limit_price(request: OrderRequest) -> Decimal:
    if request.price is not None:
        return request.price
    if request.order_type in {OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET} and request.trigger_price:
        return worst_price(request.trigger_price, request.side, request.instrument)
    raise BadOrder("price: HyperLiquid needs the worst price to accept, also for market orders", code="price_missing")


def _limit_kind(request: OrderRequest) -> LimitKind:
    if request.trigger_price is not None:
        raise BadOrder(f"A {request.order_type} order has no trigger price.", code="bad_trigger_price")
    if request.order_type is OrderType.MARKET:
        return LimitKind(Limit("Ioc"))
    if request.order_type is not OrderType.LIMIT:
        raise BadOrder(f"HyperLiquid has no {request.order_type} orders.", code="order_type_not_supported")
    tif = _TIME_IN_FORCE.get(request.time_in_force)
    if tif is None:
        raise BadOrder("HyperLiquid has no fill-or-kill orders.", code="time_in_force_not_supported")
    return LimitKind(Limit(tif))


def _trigger_kind(request: OrderRequest) -> TriggerKind:
    tpsl = _TPSL.get(request.order_type)
    if tpsl is None:
        raise BadOrder("HyperLiquid has no trailing stops.", code="trailing_not_supported")
    _check_trigger_by(request.trigger_by)
    if request.trigger_price is None:
        raise BadOrder("trigger_price: missing", code="trigger_price_missing")
    # a stop buys when the price rises and sells when it falls; a take-profit the other way round
    rises = (request.side is OrderSide.BUY) == (tpsl == "sl")
    if request.trigger_rises is not None and request.trigger_rises is not rises:
        raise BadOrder(
            f"A {request.order_type} to {request.side} fires when the price {'rises' if rises else 'falls'}.",
            code="trigger_direction",
        )
    return _trigger(request.trigger_price, tpsl, is_market=request.order_type.is_market)


def _trigger(price: Decimal, tpsl: str, *, is_market: bool) -> TriggerKind:
    return TriggerKind(Trigger(is_market=is_market, trigger_px=amount(price, "trigger_price"), tpsl=tpsl))


def _check_trigger_by(trigger_by: TriggerBy | None) -> None:
    if trigger_by not in {None, TriggerBy.MARK}:
        raise BadOrder("HyperLiquid fires triggers by the mark price only.", code="trigger_by_not_supported")


def children(request: OrderRequest) -> tuple[OrderWire, ...]:
    """Return the orders that protect what an entry fills: the take-profit, then the stop-loss."""
    if request.protection is None:
        return ()
    return protection_wires(
        request.instrument,
        request.protection,
        side=request.side.opposite,
        size=request.size,
        ids=request.protection_client_ids,
    )


def levels_of(protection: Protection | None) -> list[Level]:
    """Return kind, trigger and limit of what is to be set, the take-profit first; zero only removes."""
    if protection is None:
        return []
    rows = (
        ("tp", protection.take_profit, protection.take_profit_limit),
        ("sl", protection.stop_loss, protection.stop_loss_limit),
    )
    return [Level(tpsl, trigger, limit) for tpsl, trigger, limit in rows if trigger]


def protection_wires(
    instrument: Instrument, protection: Protection, *, side: OrderSide, size: Decimal, ids: tuple[str, ...]
) -> tuple[OrderWire, ...]:
    """Return the reduce-only trigger orders for the prices that are set.

    Args:
        instrument: The market.
        protection: Already on the grid.
        side: The side that closes the position.
        size: In base currency.
        ids: Ours: one per order, or a take-profit's and a stop-loss's of which one is not needed.
    """
    levels = levels_of(protection)
    if levels:
        _check_trigger_by(protection.trigger_by)
    return tuple(
        OrderWire(
            a=asset_of(instrument),
            b=side is OrderSide.BUY,
            p=amount(worst_price(trigger, side, instrument) if limit is None else limit, "price"),
            s=amount(size, "size"),
            r=True,
            t=_trigger(trigger, tpsl, is_market=limit is None),
            c=cloid_of(client_id) if client_id is not None else None,
        )
        for (tpsl, trigger, limit), client_id in zip(levels, _ids_of(levels, ids), strict=True)
    )


def _ids_of(levels: list[Level], ids: tuple[str, ...]) -> list[str | None]:
    if len(ids) == len(levels):
        return list(ids)
    by_kind = dict(zip(("tp", "sl"), ids, strict=False))
    return [by_kind.get(tpsl) for tpsl, _, _ in levels]


def worst_price(trigger: Decimal, side: OrderSide, instrument: Instrument) -> Decimal:
    """Return the limit of a market trigger: ten per cent beyond it, on the grid, never further.

    Raises:
        BadOrder: The trigger is no number that a price can be.
    """
    amount(trigger, "trigger_price")
    is_buy = side is OrderSide.BUY
    bound = trigger * (1 + TRIGGER_TOLERANCE if is_buy else 1 - TRIGGER_TOLERANCE)
    decimals = instrument.price_max_decimals if instrument.price_max_decimals is not None else 6
    if instrument.price_significant_figures is not None:
        # whole numbers are always on the grid, however many figures they have
        decimals = max(min(decimals, instrument.price_significant_figures - 1 - bound.adjusted()), 0)
    rounded = bound.quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR if is_buy else ROUND_CEILING)
    return rounded if rounded > 0 else trigger


def asset_of(instrument: Instrument) -> int:
    """Return the number by which actions name a market."""
    if instrument.asset_id is None:
        raise BadOrder(f"{instrument.symbol} is not a HyperLiquid market.", code="unknown_symbol")
    return instrument.asset_id


def oid_of(text: str) -> int:
    """Return the venue's order id as the number it is on the wire."""
    if not (text.isascii() and text.isdigit()):
        raise BadOrder(f"order_id: expected digits, was {text[:40]!r}", code="bad_order_id")
    return int(text)


def cloid_of(text: str) -> str:
    """Return our order id if it has the form that the venue takes."""
    if _CLOID.fullmatch(text) is None:
        raise BadOrder("client_order_id: expected 0x and 32 hexadecimal digits", code="bad_client_order_id")
    return text
